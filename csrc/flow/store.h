/* store.h - the port for places that keep content: registry, layout, memory, plain files.
 *
 * Nothing here blocks: each function gives a flow (the caller's to start or spawn; NULL: out of memory) or
 * a lazy source. What a function returns through a pointer is written before its flow ends, and must stay
 * valid until then. A store outlives its flows and sources. A copied blob is to->put(desc,
 * from->source(desc)). */
#ifndef OCI_FLOW_STORE_H
#define OCI_FLOW_STORE_H

#include "base/bytes.h"
#include "flow/flow.h"
#include "model/reference.h"

OCI_BEGIN

struct oci_names {
    char **items; /* owned strings */
    size_t count, cap;
};
void oci_names_init(struct oci_names *n);
void oci_names_done(struct oci_names *n);
int oci_names_add(struct oci_names *n, const char *name, size_t len); /* OCI_LIMIT past OCI_MAX_NAMES */

/* What putting may know. */
struct oci_put {
    const char *mount_from; /* a repository of the same registry that has it, or NULL */
    bool is_new;            /* the caller says it is not there: do not ask first */
    bool verify;            /* hash on the way although the digest is known and the destination checks */
    const char *title;      /* plain files: the name it gets */
};

/* How putting went (for progress and results). */
enum oci_put_state { OCI_PUT_DONE, OCI_PUT_EXISTS, OCI_PUT_MOUNTED };

struct oci_store;
struct oci_store_type {
    const char *name;
    /* Reads blobs. The source is the caller's: oci_source_free(). */
    struct oci_source *(*source)(struct oci_store *s, const struct oci_desc *desc);
    /* A part of a blob (registry: ranged GET). `length` OCI_SIZE_UNKNOWN: to the end. Not verified. */
    struct oci_source *(*source_range)(struct oci_store *s, const struct oci_desc *desc, uint64_t offset,
                                       uint64_t length);
    /* Size (and digest) of a blob; OCI_NOT_FOUND. */
    struct oci_flow *(*stat)(struct oci_store *s, const struct oci_digest *digest, struct oci_desc *ret_desc);
    /* Takes a blob. With desc->digest "" it is hashed on the way (sha256). ret_desc (may be NULL): media
     * type, digest, size as stored; ret_state may be NULL. `take_source` is freed when the flow has ended. */
    struct oci_flow *(*put)(struct oci_store *s, const struct oci_desc *desc, struct oci_source *take_source,
                            const struct oci_put *hint, struct oci_desc *ret_desc, enum oci_put_state *ret_state);
    /* `name` is a tag or a digest. Bytes are verified against a digest asked for; the descriptor is that
     * of the bytes. At most `max` bytes (0: OCI_MAX_MANIFEST), else OCI_LIMIT. */
    struct oci_flow *(*get_manifest)(struct oci_store *s, const char *name, size_t max, struct oci_desc *ret_desc,
                                     struct oci_bytes **ret_bytes);
    struct oci_flow *(*head_manifest)(struct oci_store *s, const char *name, struct oci_desc *ret_desc);
    /* Stores exactly these bytes; `tag` NULL: by digest alone. In a layout the tag makes everything put
     * before durable. */
    struct oci_flow *(*put_manifest)(struct oci_store *s, const struct oci_desc *desc, struct oci_bytes *bytes,
                                     const char *tag);
    struct oci_flow *(*tags)(struct oci_store *s, struct oci_names *ret_names);
    struct oci_flow *(*untag)(struct oci_store *s, const char *tag);
    /* Removes a manifest and all its tags. */
    struct oci_flow *(*remove)(struct oci_store *s, const struct oci_digest *digest);
    void (*free)(struct oci_store *s);
    bool remote;        /* asking costs a round trip */
    bool checks_digest; /* refuses content that does not match by itself */
    bool one_space;     /* manifests are blobs here (a layout): one named by an index goes by put() */
};
struct oci_store {
    const struct oci_store_type *type;
    struct oci_host *host;
};
void oci_store_free(struct oci_store *s); /* NULL does nothing */

OCI_END

#endif
