/* flow_store.h - a place in memory for the tests of whole artifacts: strict as a registry (a manifest
 * whose blobs are not there fails the test), asynchronous, with a log of what was done, and with moods. */
#ifndef FLOW_STORE_H
#define FLOW_STORE_H

#include "base/buf.h"
#include "base/map.h"
#include "flow/store.h"
#include "model/manifest.h"

enum fake_source { FAKE_READ, FAKE_INTO, FAKE_JOBS };

struct fake_store {
    struct oci_store base;
    struct oci_store_type type;  /* .remote, .one_space may be set by the test */
    struct oci_map blobs;        /* digest -> bytes */
    struct oci_map manifests;    /* digest -> bytes; where all is one space they are blobs, too */
    struct oci_map types;        /* digest -> media type */
    struct oci_map tags;         /* name -> digest */
    enum fake_source sources;    /* how its blobs can be had */
    bool lenient;                /* takes a manifest whose content is not there */
    int refuses;                 /* not 0: the status with which a manifest that has an artifactType is refused */
    unsigned fail_at;            /* the operation (1: the first) that fails ... */
    int fail_code;               /* ... with this */
    unsigned operations;
    struct oci_buf log;          /* "put blob 2cf24d\n", "put manifest v1\n", ... as they happen */
    unsigned putting, most_putting; /* blobs on their way at once */
};

void fake_store_init(struct fake_store *s, struct oci_host *host);
void fake_store_done(struct fake_store *s);
void fake_store_empty(struct fake_store *s);

/* Fills it, for a test; *ret_desc may be NULL. */
void fake_add_blob(struct fake_store *s, const char *text, const char *media_type, struct oci_desc *ret_desc);
/* A manifest of these layers, with the empty config; `tag` may be NULL. */
void fake_add_manifest(struct fake_store *s, const struct oci_desc *layers, size_t count, const char *tag,
                       struct oci_desc *ret_desc);
void fake_add_index(struct fake_store *s, const struct oci_desc *manifests, size_t count, const char *tag,
                    struct oci_desc *ret_desc);
/* Bytes as they are. */
void fake_add_document(struct fake_store *s, const char *text, const char *media_type, const char *tag,
                       struct oci_desc *ret_desc);
/* The digest that a tag names, or "". */
const char *fake_tag(struct fake_store *s, const char *tag);
bool fake_has(struct fake_store *s, const struct oci_desc *d);
size_t fake_count(const struct fake_store *s, const char *line_start); /* lines of the log that begin so */

#endif
