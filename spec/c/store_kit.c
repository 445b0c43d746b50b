#include "store_kit.h"

#include <stdio.h>
#include <string.h>

#include "content/content_kinds.h"
#include "model/manifest.h"
#include "scratch.h"
#include "test.h"

int kit_put_source(struct pool_host *h, struct oci_store *s, const struct oci_desc *desc, struct oci_source *take,
                   struct oci_desc *ret_desc, enum oci_put_state *ret_state, struct oci_err *err)
{
    struct oci_put hint = {.is_new = false};
    return pool_host_run(h, s->type->put(s, desc, take, &hint, ret_desc, ret_state), err);
}

int kit_put(struct pool_host *h, struct oci_store *s, struct oci_bytes *data, const char *algorithm,
            enum oci_put_state *ret_state, struct oci_err *err)
{
    struct oci_desc desc = scratch_desc(data, algorithm);
    return kit_put_source(h, s, &desc, oci_source_bytes(data), NULL, ret_state, err);
}

int kit_get(struct pool_host *h, struct oci_store *s, const struct oci_desc *desc, struct oci_bytes **ret_bytes,
            struct oci_err *err)
{
    struct oci_source *source = s->type->source(s, desc);
    struct oci_sink *sink = oci_sink_bytes(64u << 20, desc, ret_bytes);
    int rc = pool_host_run(h, pool_host_move(h, source, sink), err);
    oci_source_free(source);
    oci_sink_free(sink);
    return rc;
}

int kit_stat(struct pool_host *h, struct oci_store *s, const struct oci_digest *digest, struct oci_desc *ret_desc,
             struct oci_err *err)
{
    return pool_host_run(h, s->type->stat(s, digest, ret_desc), err);
}

int kit_put_manifest(struct pool_host *h, struct oci_store *s, const struct oci_desc *desc, struct oci_bytes *bytes,
                     const char *tag, struct oci_err *err)
{
    return pool_host_run(h, s->type->put_manifest(s, desc, bytes, tag), err);
}

int kit_get_manifest(struct pool_host *h, struct oci_store *s, const char *name, struct oci_desc *ret_desc,
                     struct oci_bytes **ret_bytes, struct oci_err *err)
{
    return pool_host_run(h, s->type->get_manifest(s, name, 0, ret_desc, ret_bytes), err);
}

int kit_untag(struct pool_host *h, struct oci_store *s, const char *tag, struct oci_err *err)
{
    return pool_host_run(h, s->type->untag(s, tag), err);
}

int kit_remove(struct pool_host *h, struct oci_store *s, const struct oci_digest *digest, struct oci_err *err)
{
    return pool_host_run(h, s->type->remove(s, digest), err);
}

const char *kit_tags(struct pool_host *h, struct oci_store *s)
{
    static char joined[16384];
    struct oci_names names = {0};
    struct oci_err err;
    if (pool_host_run(h, s->type->tags(s, &names), &err) != OCI_OK)
        FAIL("%s", err.text);
    joined[0] = '\0';
    for (size_t i = 0; i < names.count; i++) {
        size_t len = strlen(joined);
        snprintf(joined + len, sizeof joined - len, "%s%s", i ? " " : "", names.items[i]);
    }
    oci_names_done(&names);
    return joined;
}

struct oci_bytes *kit_manifest(struct pool_host *h, struct oci_store *s, unsigned seed, struct oci_desc *ret_desc)
{
    struct oci_bytes *layer = scratch_bytes(1000 + seed % 1000, seed), *config = oci_bytes_new("{}", 2);
    struct oci_desc desc = scratch_desc(layer, "sha256");
    struct oci_manifest_spec spec = {.artifact_type = "application/x.test", .layers = &desc, .layer_count = 1};
    struct oci_manifest *m;
    struct oci_err err;
    CHECK_INT(oci_manifest_build(&spec, &m, NULL), OCI_OK);
    if (kit_put(h, s, layer, "sha256", NULL, &err) != OCI_OK || kit_put(h, s, config, "sha256", NULL, &err) != OCI_OK)
        FAIL("%s", err.text);
    struct oci_bytes *bytes = oci_bytes_ref(m->bytes);
    oci_desc_set(ret_desc, OCI_TYPE_MANIFEST, &m->self.digest, m->self.size);
    oci_manifest_free(m);
    oci_bytes_unref(layer);
    oci_bytes_unref(config);
    return bytes;
}
