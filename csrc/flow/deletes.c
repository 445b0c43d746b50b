/* Deleting tags and manifests (distribution-spec, Content Management; Q29). */
#include "base/mem.h"
#include "flow/registry_ask.h"

struct deletion {
    struct oci_flow flow;
    struct oci_repository repo;
    char *name; /* tag or digest */
    bool tag;
};

static struct deletion *of(struct oci_flow *f)
{
    return OCI_OWNER(f, struct deletion, flow);
}

static void deletion_free(struct oci_flow *f)
{
    oci_free(of(f)->name);
}

static int on_deleted(struct oci_flow *f)
{
    /* 404 to the second attempt: the first one had done it. */
    return f->ans.status == 404 && !f->ans.resent ? oci_flow_fail_answer(f) : OCI_OK;
}

static int start(struct oci_flow *f)
{
    struct deletion *d = of(f);
    struct oci_http *q = oci_ask_registry(f, &d->repo, OCI_DELETE, "DELETE", "/manifests/%s", d->name);
    q->asked_for = d->tag ? OCI_ASKED_UNTAG : OCI_ASKED_OTHER;
    oci_http_doing(q, d->tag ? "removing the tag %s/%s:%s" : "deleting the manifest %s/%s@%s", d->repo.registry,
                   d->repo.name, d->name);
    return oci_ask_http(f, on_deleted, 202, 200, 204, 404, 0);
}

static const struct oci_flow_type deletion_type = {.name = "delete", .free = deletion_free};

static struct oci_flow *deletion_new(const struct oci_repository *r, const char *name, bool tag)
{
    struct deletion *d = oci_flow_new(sizeof *d, &deletion_type, r->host, start);
    if (!d)
        return NULL;
    d->repo = *r;
    d->tag = tag;
    d->name = oci_strdup(name);
    if (!d->name) {
        oci_flow_free(&d->flow);
        return NULL;
    }
    return &d->flow;
}

struct oci_flow *oci_flow_delete_tag(const struct oci_repository *r, const char *tag)
{
    return deletion_new(r, tag, true);
}

struct oci_flow *oci_flow_delete_manifest(const struct oci_repository *r, const struct oci_digest *digest)
{
    return deletion_new(r, digest->text, false);
}
