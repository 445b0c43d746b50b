/* registry_flows.h - the distribution-spec's endpoints, each as a flow. store/registry.c offers them
 * behind store.h.
 *
 * Strings and descriptors passed in are copied; pointers named ret_* must stay valid until the flow has
 * ended. */
#ifndef OCI_FLOW_REGISTRY_FLOWS_H
#define OCI_FLOW_REGISTRY_FLOWS_H

#include "flow/seen.h"
#include "flow/store.h"

OCI_BEGIN

/* A repository of one registry. */
struct oci_repository {
    struct oci_host *host;
    struct oci_origin *origin;
    const char *registry; /* as the user wrote it, for messages; borrowed, outlives the flows */
    const char *name;     /* borrowed, outlives the flows */
    struct oci_seen *seen; /* borrowed; NULL: nothing is remembered */
};

/* HEAD; 404: NOT_FOUND. */
struct oci_flow *oci_flow_stat_blob(const struct oci_repository *r, const struct oci_digest *digest,
                                    struct oci_desc *ret_desc);

/* Pushes a blob (flow/push_blob.c).
 *   known digest: HEAD (unless hint->is_new) -> POST, with mount= when hint->mount_from, or what was seen, names
 *     another repository -> PUT. A refused mount, or a refused scope for it, becomes a plain upload (Q15).
 *   desc->digest "": POST -> PATCH (the whole stream, hashed on the way) -> PUT with the digest.
 * A source without `read` or with on_pool is joined to the PUT or PATCH by a pipe, after HEAD and POST. A
 * PUT answered BLOB_UPLOAD_UNKNOWN or lost after all was sent is settled by HEAD (Q17). Abandon: DELETE
 * the session. */
struct oci_flow *oci_flow_push_blob(const struct oci_repository *r, const struct oci_desc *desc,
                                    struct oci_source *take_source, const struct oci_put *hint,
                                    struct oci_desc *ret_desc, enum oci_put_state *ret_state);

/* GET into `sink` (borrowed): the whole blob, or a range of it (length 0: whole). The sink verifies. */
struct oci_flow *oci_flow_pull_blob(const struct oci_repository *r, const struct oci_desc *desc, uint64_t offset,
                                    uint64_t length, struct oci_sink *sink);

/* Manifests: get verifies a digest that was asked for and Docker-Content-Digest of the same algorithm
 * (Q20); a Content-Type that is no manifest type without a digest known is OCI_INVALID (T05). head falls
 * back to GET where the digest is missing or HEAD is refused (Q20, Q43). put compares the digest that the
 * registry answers. */
struct oci_flow *oci_flow_get_manifest(const struct oci_repository *r, const char *name, size_t max,
                                       struct oci_desc *ret_desc, struct oci_bytes **ret_bytes);
struct oci_flow *oci_flow_head_manifest(const struct oci_repository *r, const char *name, struct oci_desc *ret_desc);
struct oci_flow *oci_flow_put_manifest(const struct oci_repository *r, const struct oci_desc *desc,
                                       struct oci_bytes *bytes, const char *tag);

/* All pages: Link followed on the same origin, repeated pages and pages past OCI_MAX_PAGES are errors,
 * `tags: null` is empty (Q31 to Q34). `registry` gives origin and host only for repositories. */
struct oci_flow *oci_flow_list_tags(const struct oci_repository *r, struct oci_names *ret_names);
struct oci_flow *oci_flow_list_repositories(const struct oci_repository *r, struct oci_names *ret_names);

/* DELETE by tag: only the tag; where the registry cannot (400, 405): OCI_UNSUPPORTED. By digest: the
 * manifest. */
struct oci_flow *oci_flow_delete_tag(const struct oci_repository *r, const char *tag);
struct oci_flow *oci_flow_delete_manifest(const struct oci_repository *r, const struct oci_digest *digest);

OCI_END

#endif
