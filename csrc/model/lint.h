/* lint.h - the rules that a document can break: JSON, descriptors, manifests, indexes, annotations, the layout's
 * marker.
 *
 * The rules have the numbers of the project's page of validity (spec/validity.lua has them all and says what covers
 * each); "seed-A3" and the like are what opencontainers/artifacts advised authors to do. Severity follows the level
 * that the specification gives a rule: MUST is an error, SHOULD a warning, the rest a hint. But what
 * oci_manifest_parse() refuses is an error whatever the text says, and so is an empty `layers` (the schema refuses it).
 *
 * Reading is lenient here, since what oci_manifest_parse() refuses has to be described: the reader is its own, and
 * nothing but findings comes out of it. Time is linear in the bytes, but for keys, which are sorted. */
#ifndef OCI_MODEL_LINT_H
#define OCI_MODEL_LINT_H

#include <stddef.h>

#include "base/err.h"

OCI_BEGIN

#define OCI_MAX_FINDINGS 1000 /* those beyond are left out */

#define OCI_TYPE_DESCRIPTOR    "application/vnd.oci.descriptor.v1+json"
#define OCI_TYPE_LAYOUT_HEADER "application/vnd.oci.layout.header.v1+json"

enum oci_severity { OCI_SEVERITY_ERROR, OCI_SEVERITY_WARNING, OCI_SEVERITY_HINT };

struct oci_finding {
    const char *rule; /* "M07"; static */
    enum oci_severity severity;
    char *path;    /* JSON path, of where a missing member would be, too: layers[3].digest; "" is the document */
    char *message; /* one sentence that tells the author what to do */
};

/* In the order of the document as far as it goes: JSON first, then what the members mean. */
struct oci_findings {
    struct oci_finding *items;
    size_t count, cap;
};

/* Lints `len` bytes. `media_type` is what the sender called them, or NULL: besides the types of manifests and indexes
 * OCI_TYPE_DESCRIPTOR, OCI_TYPE_LAYOUT_HEADER and OCI_TYPE_IMAGE_CONFIG choose the rules; for others the document's own
 * word and shape do. What is no JSON gives a finding (X09, X03), not a failure. OCI_LIMIT (over OCI_MAX_MANIFEST bytes,
 * OCI_MAX_JSON_NODES values or OCI_MAX_JSON_DEPTH levels) or OCI_NO_MEMORY. The caller's: oci_findings_done(). */
int oci_lint(const char *p, size_t len, const char *media_type, struct oci_findings *ret_findings,
             struct oci_err *reterr);
void oci_findings_done(struct oci_findings *f);

/* "error", "warning", "hint". Static. */
const char *oci_severity_name(enum oci_severity severity);

/* For what is about to be written: OCI_OK when no finding is an error, else OCI_INVALID, and the text is the first. */
int oci_lint_refuse(const char *p, size_t len, const char *media_type, struct oci_err *reterr);

OCI_END

#endif
