/* lint_inside.h - what the files of the lint share. Not for others. */
#ifndef OCI_MODEL_LINT_INSIDE_H
#define OCI_MODEL_LINT_INSIDE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/str.h"
#include "model/lint.h"
#include "model/media_type.h"

OCI_BEGIN

/* ---- rules: number, severity, name ---------------------------------------------------------- */

/* clang-format off */
#define OCI_LINT_RULES(X) \
    X(D01, WARNING, "D01") X(D03, ERROR, "D03") X(D04, ERROR, "D04") X(D05, ERROR, "D05") X(D07, ERROR, "D07") \
    X(D09, ERROR, "D09") X(D10, ERROR, "D10") X(D11, WARNING, "D11") X(D12, ERROR, "D12") X(D13, ERROR, "D13") \
    X(D14, ERROR, "D14") X(D16, ERROR, "D16") X(D18, WARNING, "D18") X(D19, WARNING, "D19") X(D21, WARNING, "D21") \
    X(G01, ERROR, "G01") X(G05, ERROR, "G05") X(G06, ERROR, "G06") X(G07, ERROR, "G07") \
    X(M01, ERROR, "M01") X(M02, WARNING, "M02") X(M03, ERROR, "M03") X(M04, ERROR, "M04") X(M05, ERROR, "M05") \
    X(M07, ERROR, "M07") X(M11, WARNING, "M11") X(M12, ERROR, "M12") X(M13, ERROR, "M13") X(M14, ERROR, "M14") \
    X(M20, WARNING, "M20") X(M22, ERROR, "M22") X(M23, ERROR, "M23") X(M24, HINT, "M24") X(M26, ERROR, "M26") \
    X(M27, HINT, "M27") X(Z02, HINT, "Z02") X(Z03, WARNING, "Z03") X(Z04, HINT, "Z04") \
    X(I02, ERROR, "I02") X(I03, WARNING, "I03") X(I04, ERROR, "I04") X(I05, ERROR, "I05") X(I06, ERROR, "I06") \
    X(I07, ERROR, "I07") X(I10, WARNING, "I10") X(I12, WARNING, "I12") X(I14, ERROR, "I14") X(I15, ERROR, "I15") \
    X(P01, ERROR, "P01") X(P02, WARNING, "P02") X(P03, ERROR, "P03") X(P04, WARNING, "P04") X(P05, HINT, "P05") \
    X(P05T, ERROR, "P05") X(P06, WARNING, "P06") X(P07, WARNING, "P07") X(P07T, ERROR, "P07") X(P09, HINT, "P09") \
    X(L04, ERROR, "L04") X(L05, ERROR, "L05") X(L17, HINT, "L17") X(T07, HINT, "T07") \
    X(A01, ERROR, "A01") X(A02, ERROR, "A02") X(A03, ERROR, "A03") X(A04, WARNING, "A04") X(A05, ERROR, "A05") \
    X(A06, ERROR, "A06") X(A07, ERROR, "A07") X(A09, HINT, "A09") X(A10, HINT, "A10") X(A11, WARNING, "A11") \
    X(A12, WARNING, "A12") X(A14, WARNING, "A14") X(A15, WARNING, "A15") \
    X(X03, ERROR, "X03") X(X04, ERROR, "X04") X(X05, ERROR, "X05") X(X09, ERROR, "X09") X(X10, HINT, "X10") \
    X(X11, ERROR, "X11") X(Y07, WARNING, "Y07") X(Y09, ERROR, "Y09") X(R05, ERROR, "R05") X(R08, WARNING, "R08") \
    X(S08, HINT, "S08") X(S11, HINT, "S11") \
    X(A2, HINT, "seed-A2") X(A3, HINT, "seed-A3") X(A4, HINT, "seed-A4") X(A5, HINT, "seed-A5") \
    X(A6, HINT, "seed-A6") X(A9, HINT, "seed-A9") X(A11S, HINT, "seed-A11") X(A12S, HINT, "seed-A12")
/* clang-format on */

enum oci_rule {
#define X(id, severity, name) OCI_RULE_##id,
    OCI_LINT_RULES(X)
#undef X
    OCI_RULE_NONE
};

/* ---- the document (lint_read.c) ------------------------------------------------------------- */

enum oci_lint_kind { OCI_LINT_NULL, OCI_LINT_BOOL, OCI_LINT_NUMBER, OCI_LINT_STRING, OCI_LINT_ARRAY, OCI_LINT_OBJECT };

struct oci_lint_node {
    const char *key;  /* of a member, decoded; else NULL */
    const char *text; /* a string decoded, a number as it is written; else NULL. Without zero bytes */
    struct oci_lint_node *parent, *next, *first;
    uint32_t index; /* among its siblings */
    uint8_t kind;   /* enum oci_lint_kind */
    bool integer;   /* a number without fraction and exponent */
    bool repeated;  /* a member whose key was there before */
};

struct oci_lint {
    struct oci_findings found;
    int rc; /* OCI_NO_MEMORY, OCI_LIMIT: what is found is incomplete */
    struct oci_err *err;
    struct oci_lint_node *root; /* NULL: no document could be read */
    void *chunks;               /* of nodes */
    char *text;                 /* of all strings and numbers */
    struct oci_map seen;        /* layer types whose names have been looked at */
};

/* Reads the bytes and says what is wrong with them as JSON. Sets l->root, or l->rc, or neither. */
void oci_lint_read(struct oci_lint *l, const char *p, size_t len);
void oci_lint_read_done(struct oci_lint *l);

static inline bool oci_lint_is(const struct oci_lint_node *n, enum oci_lint_kind kind)
{
    return n && n->kind == kind;
}
/* The text of a string, else NULL. */
static inline const char *oci_lint_string(const struct oci_lint_node *n)
{
    return oci_lint_is(n, OCI_LINT_STRING) ? n->text : NULL;
}
static inline bool oci_lint_in(const char *s, const char *const *list)
{
    while (*list && strcmp(s, *list) != 0)
        list++;
    return *list != NULL;
}

/* ---- findings (lint.c) ---------------------------------------------------------------------- */

/* A finding at `at`, or at its member `member` (there or not) unless that is NULL. */
void oci_lint_say(struct oci_lint *l, enum oci_rule rule, const struct oci_lint_node *at, const char *member,
                  const char *fmt, ...) OCI_PRINTF(5, 6);
/* Out of memory: nothing more is found. */
void oci_lint_no_memory(struct oci_lint *l);

/* Finds the members of `object` that `keys` (NULL at the end) names: slots[i] is keys[i]'s first, or NULL. A key that
 * differs from one of them only in case is X10; any other is `unknown` (OCI_RULE_NONE: fine). */
void oci_lint_members(struct oci_lint *l, const struct oci_lint_node *object, const char *const *keys,
                      const struct oci_lint_node **slots, enum oci_rule unknown);

/* ---- the parts ------------------------------------------------------------------------------ */

/* What a descriptor is called in sentences, and the rules that differ by its place. */
struct oci_lint_place {
    const char *what;
    enum oci_rule shape; /* it is not a descriptor at all */
    enum oci_rule type;  /* its mediaType is malformed */
    bool names;          /* ref.name may be here */
};

enum {
    OCI_DESC_MEDIA_TYPE,
    OCI_DESC_DIGEST,
    OCI_DESC_SIZE,
    OCI_DESC_URLS,
    OCI_DESC_ANNOTATIONS,
    OCI_DESC_DATA,
    OCI_DESC_ARTIFACT_TYPE,
    OCI_DESC_PLATFORM,
    OCI_DESC_MEMBERS
};

struct oci_lint_desc {
    const struct oci_lint_node *member[OCI_DESC_MEMBERS];
    const char *type; /* mediaType; "" when there is none that is well-formed */
    bool has_size;
    uint64_t size;
    bool empty_blob; /* its content is nothing or {} */
};

/* lint_desc.c. False: not an object, and *ret_desc is zeroed. */
bool oci_lint_desc(struct oci_lint *l, const struct oci_lint_node *n, const struct oci_lint_place *place,
                   struct oci_lint_desc *ret_desc);
/* An artifactType, where there is one. */
void oci_lint_artifact_type(struct oci_lint *l, const struct oci_lint_node *n, enum oci_rule rule);
/* lint_uri.c */
bool oci_lint_uri(const char *s);
bool oci_lint_http(const char *uri);
/* lint_platform.c */
void oci_lint_platform(struct oci_lint *l, const struct oci_lint_node *n);
/* lint_annotations.c. `rule` is for what is no map; `names`: ref.name may be here. */
void oci_lint_annotations(struct oci_lint *l, const struct oci_lint_node *n, enum oci_rule rule, bool names);
/* lint_values.c: what predefined annotations hold. */
bool oci_lint_date_time(const char *s); /* RFC 3339 */
bool oci_lint_licenses(const char *s);  /* an SPDX expression */
bool oci_lint_ref_name(const char *s);  /* annotations.md, ref.name */
bool oci_lint_full_name(const char *s); /* a reference with its registry */
/* lint_document.c: by media type and shape. */
void oci_lint_document(struct oci_lint *l, const char *media_type);
/* lint_manifest.c: what an image manifest and an index have besides the members common to both. */
void oci_lint_manifest(struct oci_lint *l, const struct oci_lint_node *config, const struct oci_lint_node *layers,
                       const struct oci_lint_node *artifact_type);
void oci_lint_index(struct oci_lint *l, const struct oci_lint_node *manifests, bool docker);
void oci_lint_subject(struct oci_lint *l, const struct oci_lint_node *subject, enum oci_rule rule);
/* lint_names.c: the seed's advice about names. */
void oci_lint_name_artifact(struct oci_lint *l, const struct oci_lint_node *n);
void oci_lint_name_config(struct oci_lint *l, const struct oci_lint_desc *d);
void oci_lint_name_layer(struct oci_lint *l, const struct oci_lint_desc *d);

OCI_END

#endif
