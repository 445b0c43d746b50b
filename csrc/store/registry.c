/* registry.c - a repository of a registry as a store: the flows of flow/registry_flows.h, and lazy sources
 * (store.h). */
#include "flow/registry_flows.h"

#include "base/limits.h"
#include "base/mem.h"
#include "content/content_kinds.h"
#include "store/stores.h"

struct registry {
    struct oci_store base;
    struct oci_repository repo;
    char *registry, *name; /* what repo shows */
};

static struct registry *registry(struct oci_store *s)
{
    return OCI_OWNER(s, struct registry, base);
}

/* ---- a blob that is not here yet ----------------------------------------------------------- */

struct remote {
    struct oci_source base;
    const struct oci_repository *repo; /* the store's, which outlives it */
    struct oci_desc desc;              /* digest and size */
    uint64_t offset, length;           /* length 0: the whole blob */
};

static struct oci_flow *remote_into(struct oci_source *s, struct oci_sink *sink)
{
    struct remote *r = OCI_OWNER(s, struct remote, base);
    return oci_flow_pull_blob(r->repo, &r->desc, r->offset, r->length, sink);
}

static void remote_free(struct oci_source *s)
{
    oci_free(OCI_OWNER(s, struct remote, base));
}

static const struct oci_source_type remote_type = {
    .name = "remote blob",
    .into = remote_into,
    .free = remote_free,
};

static struct remote *remote_new(struct oci_store *s, const struct oci_desc *desc)
{
    struct remote *r = oci_calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->base.type = &remote_type;
    r->base.size = desc->size;
    r->repo = &registry(s)->repo;
    oci_desc_set(&r->desc, desc->media_type, &desc->digest, desc->size);
    return r;
}

static struct oci_source *registry_source(struct oci_store *s, const struct oci_desc *desc)
{
    struct remote *r = remote_new(s, desc);
    return r ? &r->base : NULL;
}

static struct oci_source *nothing(void)
{
    struct oci_bytes *none = oci_bytes_new("", 0);
    struct oci_source *s = none ? oci_source_bytes(none) : NULL;
    oci_bytes_unref(none);
    return s;
}

static struct oci_source *registry_source_range(struct oci_store *s, const struct oci_desc *desc, uint64_t offset,
                                                uint64_t length)
{
    if (offset == 0 && (length == OCI_SIZE_UNKNOWN || length == desc->size))
        return registry_source(s, desc);
    if (length == 0)
        return nothing();
    struct remote *r = remote_new(s, desc);
    if (!r)
        return NULL;
    r->offset = offset;
    r->length = length;
    uint64_t rest = desc->size == OCI_SIZE_UNKNOWN ? OCI_SIZE_UNKNOWN : offset < desc->size ? desc->size - offset : 0;
    r->base.size = length < rest ? length : rest;
    return &r->base;
}

/* ---- flows --------------------------------------------------------------------------------- */

static struct oci_flow *registry_stat(struct oci_store *s, const struct oci_digest *digest, struct oci_desc *ret_desc)
{
    return oci_flow_stat_blob(&registry(s)->repo, digest, ret_desc);
}

static struct oci_flow *registry_put(struct oci_store *s, const struct oci_desc *desc, struct oci_source *take_source,
                                     const struct oci_put *hint, struct oci_desc *ret_desc,
                                     enum oci_put_state *ret_state)
{
    return oci_flow_push_blob(&registry(s)->repo, desc, take_source, hint, ret_desc, ret_state);
}

static struct oci_flow *registry_get_manifest(struct oci_store *s, const char *name, size_t max,
                                              struct oci_desc *ret_desc, struct oci_bytes **ret_bytes)
{
    return oci_flow_get_manifest(&registry(s)->repo, name, max ? max : OCI_MAX_MANIFEST, ret_desc, ret_bytes);
}

static struct oci_flow *registry_head_manifest(struct oci_store *s, const char *name, struct oci_desc *ret_desc)
{
    return oci_flow_head_manifest(&registry(s)->repo, name, ret_desc);
}

static struct oci_flow *registry_put_manifest(struct oci_store *s, const struct oci_desc *desc,
                                              struct oci_bytes *bytes, const char *tag)
{
    return oci_flow_put_manifest(&registry(s)->repo, desc, bytes, tag);
}

static struct oci_flow *registry_tags(struct oci_store *s, struct oci_names *ret_names)
{
    return oci_flow_list_tags(&registry(s)->repo, ret_names);
}

static struct oci_flow *registry_untag(struct oci_store *s, const char *tag)
{
    return oci_flow_delete_tag(&registry(s)->repo, tag);
}

static struct oci_flow *registry_remove(struct oci_store *s, const struct oci_digest *digest)
{
    return oci_flow_delete_manifest(&registry(s)->repo, digest);
}

static void registry_free(struct oci_store *s)
{
    struct registry *r = registry(s);
    oci_free(r->registry);
    oci_free(r->name);
    oci_free(r);
}

static const struct oci_store_type registry_type = {
    .name = "registry",
    .source = registry_source,
    .source_range = registry_source_range,
    .stat = registry_stat,
    .put = registry_put,
    .get_manifest = registry_get_manifest,
    .head_manifest = registry_head_manifest,
    .put_manifest = registry_put_manifest,
    .tags = registry_tags,
    .untag = registry_untag,
    .remove = registry_remove,
    .free = registry_free,
    .remote = true,
    .checks_digest = true,
};

struct oci_store *oci_store_registry(struct oci_host *host, struct oci_origin *origin, const char *registry_name,
                                     const char *repository, struct oci_seen *seen)
{
    struct registry *r = oci_calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->base.type = &registry_type;
    r->base.host = host;
    r->registry = oci_strdup(registry_name);
    r->name = oci_strdup(repository);
    if (!r->registry || !r->name) {
        registry_free(&r->base);
        return NULL;
    }
    r->repo = (struct oci_repository){host, origin, r->registry, r->name, seen};
    return &r->base;
}
