/* yaml_scalar.h - private to json/: what a YAML scalar means (yaml.h has the table). */
#ifndef OCI_JSON_YAML_SCALAR_H
#define OCI_JSON_YAML_SCALAR_H

#include "base/str.h"
#include "json/node.h"

OCI_BEGIN

enum oci_yaml_kind {
    OCI_YAML_TEXT,
    OCI_YAML_NULL,
    OCI_YAML_BOOL,
    OCI_YAML_INTEGER,
    OCI_YAML_FLOAT,
    OCI_YAML_NOT_FINITE, /* .inf, .nan */
    OCI_YAML_BEYOND      /* an integer that a double cannot hold */
};

struct oci_yaml_scalar {
    enum oci_yaml_kind kind;
    double number; /* INTEGER and FLOAT; BOOL: 0 or 1 */
};

/* What a plain scalar of this text is. */
struct oci_yaml_scalar oci_yaml_resolve(struct oci_str s);

OCI_END

#endif
