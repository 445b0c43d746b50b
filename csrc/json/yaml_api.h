/* yaml_api.h - private to json/: libyaml, loaded at first use. */
#ifndef OCI_JSON_YAML_API_H
#define OCI_JSON_YAML_API_H

#include <yaml.h>

#include "base/err.h"

OCI_BEGIN

#define OCI_YAML_CALLS(X)         \
    X(yaml_parser_initialize)     \
    X(yaml_parser_delete)         \
    X(yaml_parser_set_encoding)   \
    X(yaml_parser_set_input_string) \
    X(yaml_parser_parse)          \
    X(yaml_event_delete)

struct oci_yaml_api {
#define X(name) __typeof__(name) *name;
    OCI_YAML_CALLS(X)
#undef X
};

/* Any thread, blocks. OCI_UNSUPPORTED with the reason when it cannot be loaded. Never unloaded. */
int oci_yaml_api(const struct oci_yaml_api **ret_api, struct oci_err *reterr);

OCI_END

#endif
