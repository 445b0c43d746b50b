/* store_kit.h - stores driven by hand: each call runs one flow to its end on a pool_host. */
#ifndef STORE_KIT_H
#define STORE_KIT_H

#include "flow/store.h"
#include "pool_host.h"
#include "store/stores.h"

/* All give the error's code; `err` may be NULL. */
int kit_put(struct pool_host *h, struct oci_store *s, struct oci_bytes *data, const char *algorithm,
            enum oci_put_state *ret_state, struct oci_err *err);
/* With the descriptor as it is (it may lie), from a source of one's own. */
int kit_put_source(struct pool_host *h, struct oci_store *s, const struct oci_desc *desc, struct oci_source *take,
                   struct oci_desc *ret_desc, enum oci_put_state *ret_state, struct oci_err *err);
int kit_get(struct pool_host *h, struct oci_store *s, const struct oci_desc *desc, struct oci_bytes **ret_bytes,
            struct oci_err *err);
int kit_stat(struct pool_host *h, struct oci_store *s, const struct oci_digest *digest, struct oci_desc *ret_desc,
             struct oci_err *err);
int kit_put_manifest(struct pool_host *h, struct oci_store *s, const struct oci_desc *desc, struct oci_bytes *bytes,
                     const char *tag, struct oci_err *err);
int kit_get_manifest(struct pool_host *h, struct oci_store *s, const char *name, struct oci_desc *ret_desc,
                     struct oci_bytes **ret_bytes, struct oci_err *err);
int kit_untag(struct pool_host *h, struct oci_store *s, const char *tag, struct oci_err *err);
int kit_remove(struct pool_host *h, struct oci_store *s, const struct oci_digest *digest, struct oci_err *err);
/* The tags, joined by spaces; static. Fails the test when they cannot be listed. */
const char *kit_tags(struct pool_host *h, struct oci_store *s);

/* A manifest with one layer, all of it put into `s` but the manifest: bytes and descriptor are the caller's. */
struct oci_bytes *kit_manifest(struct pool_host *h, struct oci_store *s, unsigned seed, struct oci_desc *ret_desc);

#endif
