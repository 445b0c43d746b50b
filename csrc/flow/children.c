#include "flow/children.h"

#include "base/mem.h"
#include "content/content_kinds.h"

/* ---- move ---- */

struct move_flow {
    struct oci_flow flow;
    struct oci_source *from;
    struct oci_sink *to;
};

static int done(struct oci_flow *f)
{
    (void)f;
    return OCI_OK;
}

static int start_move(struct oci_flow *f)
{
    struct move_flow *m = OCI_OWNER(f, struct move_flow, flow);
    return oci_ask_move(f, m->from, m->to, done);
}

static const struct oci_flow_type move_type = {.name = "move"};

struct oci_flow *oci_flow_move(struct oci_host *host, struct oci_source *from, struct oci_sink *to)
{
    struct move_flow *m = oci_flow_new(sizeof *m, &move_type, host, start_move);
    if (!m)
        return NULL;
    m->from = from;
    m->to = to;
    return &m->flow;
}

/* ---- hash a file ---- */

struct hash_flow {
    struct oci_flow flow;
    char *path;
    struct oci_hash_file_work job;
    struct oci_digest *ret_digest;
    uint64_t *ret_size;
    struct oci_bytes **ret_bytes;
};

static void hash_free(struct oci_flow *f)
{
    struct hash_flow *h = OCI_OWNER(f, struct hash_flow, flow);
    oci_hash_file_work_done(&h->job);
    oci_free(h->path);
}

static int on_hashed(struct oci_flow *f)
{
    struct hash_flow *h = OCI_OWNER(f, struct hash_flow, flow);
    *h->ret_digest = h->job.digest;
    *h->ret_size = h->job.size;
    if (h->ret_bytes) {
        *h->ret_bytes = h->job.bytes;
        h->job.bytes = NULL;
    }
    return OCI_OK;
}

static int start_hash(struct oci_flow *f)
{
    struct hash_flow *h = OCI_OWNER(f, struct hash_flow, flow);
    return oci_ask_work(f, &h->job.work, on_hashed);
}

static const struct oci_flow_type hash_type = {.name = "hash file", .free = hash_free};

struct oci_flow *oci_flow_hash_file(struct oci_host *host, const char *path, size_t keep, struct oci_digest *ret_digest,
                                    uint64_t *ret_size, struct oci_bytes **ret_bytes)
{
    struct hash_flow *h = oci_flow_new(sizeof *h, &hash_type, host, start_hash);
    if (!h)
        return NULL;
    h->path = oci_strdup(path);
    h->ret_digest = ret_digest;
    h->ret_size = ret_size;
    h->ret_bytes = ret_bytes;
    oci_hash_file_work_init(&h->job, h->path, keep);
    if (!h->path) {
        oci_flow_free(&h->flow);
        return NULL;
    }
    return &h->flow;
}

int oci_flow_fail_child(struct oci_flow *f)
{
    return oci_err_copy(&f->err, &f->ans.child->err);
}
