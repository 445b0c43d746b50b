/* files_dirs.c - directories that are there already as they would come: packed again they give the tar that the layer's
 * annotation names (pack.h: the same bytes each time, if it was us who packed it). They are not fetched (files.h). */
#include "base/mem.h"
#include "flow/children.h"
#include "pack/pack.h"
#include "store/files.h"

struct compare {
    struct oci_flow flow;
    struct oci_files *t;
    size_t next;                /* file to be compared */
    struct oci_source *packed;
    struct oci_sink nowhere;
    uint64_t layer_size;
};

static struct compare *of(struct oci_flow *f)
{
    return OCI_OWNER(f, struct compare, flow);
}

/* What is more than could ever come out of the layer is another directory, and need not be read to its end. */
static int nowhere_write(struct oci_sink *s, const void *p, size_t len, struct oci_err *reterr)
{
    (void)p;
    s->written += len;
    if (oci_unpack_would_take(OCI_OWNER(s, struct compare, nowhere)->layer_size, s->written))
        return OCI_OK;
    return oci_err_set(reterr, OCI_LIMIT, "it is larger than what the layer holds");
}

static int nowhere_end(struct oci_sink *s, int rc, struct oci_err *reterr)
{
    (void)s;
    (void)reterr;
    return rc;
}

static const struct oci_sink_type nowhere_type = {.name = "nowhere", .write = nowhere_write, .end = nowhere_end};

/* What cannot be packed is different. */
static bool is_same(const struct compare *c, const struct oci_file *f, const struct oci_flow *child)
{
    const struct oci_digest *d = child->err.code == OCI_OK ? oci_source_packed_tar_digest(c->packed) : NULL;
    return d && oci_str_equal(d->text, oci_desc_annotation(f->desc, OCI_ANNOTATION_CONTENT_DIGEST));
}

static int compare_next(struct oci_flow *f);

static int on_packed(struct oci_flow *f)
{
    struct compare *c = of(f);
    struct oci_file *file = &c->t->files[c->next];
    if (f->ans.child->err.code == OCI_NO_MEMORY)
        return oci_flow_no_memory(f);
    if (is_same(c, file, f->ans.child)) {
        file->wanted = false;
        file->state = OCI_FILE_UNCHANGED;
    }
    oci_source_free(c->packed);
    c->packed = NULL;
    c->next++;
    return compare_next(f);
}

bool oci_files_may_be_same(const struct oci_file *f)
{
    return f->is_there && f->titled && oci_desc_annotation(f->desc, OCI_ANNOTATION_CONTENT_DIGEST) != NULL;
}

static int compare_next(struct oci_flow *f)
{
    struct compare *c = of(f);
    const struct oci_pack_options o = {.compression = OCI_COMPRESS_NONE, .host = f->host};
    while (c->next < c->t->count && !oci_files_may_be_same(&c->t->files[c->next]))
        c->next++;
    if (c->next == c->t->count)
        return OCI_OK;
    const struct oci_file *file = &c->t->files[c->next];
    c->packed = oci_source_packed(file->path, file->name, &o);
    if (!c->packed)
        return oci_flow_no_memory(f);
    c->nowhere = (struct oci_sink){.type = &nowhere_type};
    c->layer_size = file->desc->size;
    struct oci_flow *child = oci_flow_move(f->host, c->packed, &c->nowhere);
    if (child)
        child->tolerate = true;
    oci_spawn(f, child);
    return oci_ask_children(f, on_packed);
}

static void compare_free(struct oci_flow *f)
{
    oci_source_free(of(f)->packed);
}

struct oci_flow *oci_files_compare_dirs(struct oci_files *t)
{
    static const struct oci_flow_type type = {.name = "files compare", .free = compare_free};
    struct compare *c = oci_flow_new(sizeof *c, &type, t->host, compare_next);
    if (!c)
        return NULL;
    c->t = t;
    return &c->flow;
}
