/* open_file: one file of an artifact through the caller's window; of a packed directory, too, out of the archive as it comes. */
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "client/op.h"
#include "flow/children.h"
#include "pack/untar_file.h"

struct open_file {
    struct oci_task task;
    char *path;
    struct oci_selection what;       /* only its platform */
    struct oci_desc desc;            /* of the manifest, then of the layer */
    struct oci_manifest *m;
    const struct oci_desc *layer;
    char inside[OCI_MAX_PATH];       /* the path below the packed directory; "": the layer is the file */
    char *strip;
    struct oci_window *archive;      /* what of the layer is on its way to be unpacked */
    struct oci_source *from, *file;
    struct oci_sink *into_archive, *to;
};

static struct open_file *of(struct oci_flow *f)
{
    return (struct open_file *)(void *)f;
}

static void open_file_free(struct oci_flow *f)
{
    struct open_file *p = of(f);
    oci_source_free(p->file);
    oci_source_free(p->from);
    oci_sink_free(p->into_archive);
    oci_sink_free(p->to);
    oci_window_unref(p->archive);
    oci_selection_done(&p->what);
    oci_manifest_free(p->m);
    oci_desc_done(&p->desc);
    oci_free(p->strip);
    oci_free(p->path);
    oci_task_done(&p->task);
}

static const struct oci_flow_type open_file_type = {.name = "open file", .free = open_file_free};

/* ---- which layer ---- */

/* Is it the layer's name, or a path below it? `*ret_below` is then what is behind the slash, or NULL. */
static bool is_under(const char *path, const char *name, const char **ret_below)
{
    size_t len = strlen(name);
    bool begins = strncmp(path, name, len) == 0;
    *ret_below = begins && path[len] == '/' ? path + len + 1 : NULL;
    return begins && path[len] == '\0';
}

/* OCI_OK; p->layer NULL: there is none. A file's own name counts before a directory's, the longest of those first. */
static int find_layer(struct open_file *p, const struct oci_layer *layers, size_t count, const char **ret_below)
{
    size_t longest = 0;
    for (size_t i = 0; i < count; i++) {
        const struct oci_desc *d = layers[i].desc;
        const char *below;
        char *name = oci_layer_name(d, false), *dir = oci_layer_name(d, true);
        if (!name || !dir) {
            oci_free(name);
            oci_free(dir);
            return OCI_NO_MEMORY;
        }
        bool itself = is_under(p->path, name, &below);
        size_t len = strlen(dir);
        is_under(p->path, dir, &below);
        if (itself || (below && len > longest && (oci_layer_is_directory(d) || oci_layer_is_tar(d)))) {
            p->layer = d;
            *ret_below = itself ? NULL : below;
            longest = len;
        }
        oci_free(name);
        oci_free(dir);
        if (itself)
            break;
    }
    return OCI_OK;
}

/* ---- the file is the layer ---- */

static int on_moved(struct oci_flow *f)
{
    (void)f;
    return OCI_OK;
}

/* The caller may look at it while the bytes come. */
static int publish(struct open_file *p, uint64_t size)
{
    struct oci_op *op = p->task.op;
    op->result.stream_size = size;
    int rc = oci_result_set_desc(op, &p->desc, &p->task.from, NULL, NULL, 0);
    if (rc == OCI_OK)
        oci_op_publish(op);
    return rc;
}

static struct oci_source *layer_source(struct open_file *p)
{
    struct oci_store *s = p->task.from.store;
    return p->layer->data ? oci_source_bytes(p->layer->data) : s->type->source(s, p->layer);
}

static int give_layer(struct oci_flow *f)
{
    struct open_file *p = of(f);
    p->from = layer_source(p);
    p->to = oci_window_sink(p->task.op->window, p->layer);
    if (!p->from || !p->to || publish(p, p->layer->size) != OCI_OK)
        return oci_flow_no_memory(f);
    return oci_ask_move(f, p->from, p->to, on_moved);
}

/* ---- the file is in the layer ---- */

static void on_found(void *ctx, uint64_t size)
{
    struct oci_flow *f = ctx;
    if (publish(of(f), size) != OCI_OK)
        oci_window_stop(of(f)->archive); /* which ends it all */
}

static int on_child(struct oci_flow *f)
{
    return oci_children(f) > 0 ? oci_ask_children(f, on_child) : OCI_OK;
}

/* The layer goes through a window (where it is verified) to the pool, which unpacks, and what it finds to the caller's. */
static int give_inside(struct oci_flow *f)
{
    struct open_file *p = of(f);
    p->archive = oci_window_new(f->host, 0);
    if (!p->archive)
        return oci_flow_no_memory(f);
    const struct oci_untar_file_options o = {
        .host = f->host, .archive = p->archive, .path = p->inside, .called = p->path, .strip = p->strip, .on_found = on_found, .ctx = f};
    p->from = layer_source(p);
    p->into_archive = oci_window_sink(p->archive, p->layer);
    p->file = oci_source_untar_file(&o);
    p->to = oci_window_sink(p->task.op->window, NULL);
    if (!p->from || !p->into_archive || !p->file || !p->to)
        return oci_flow_no_memory(f);
    oci_spawn(f, oci_flow_move(f->host, p->from, p->into_archive));
    oci_spawn(f, oci_flow_move(f->host, p->file, p->to));
    return oci_ask_children(f, on_child);
}

static int look_inside(struct oci_flow *f, const char *below)
{
    struct open_file *p = of(f);
    if (oci_untar_clean_path(below, p->inside, &f->err) != OCI_OK)
        return f->err.code;
    if (!p->inside[0])
        return oci_flow_fail(f, OCI_INVALID, "%.200s is a directory, not a file", p->path);
    if (oci_desc_title(p->layer) && !(p->strip = oci_layer_name(p->layer, true)))
        return oci_flow_no_memory(f);
    return give_inside(f);
}

/* ---- the whole ---- */

static int on_chosen(struct oci_flow *f)
{
    struct open_file *p = of(f);
    struct oci_layer *layers;
    size_t count;
    const char *below = NULL;
    if (oci_select_layers(NULL, p->m, &layers, &count, &f->err) != OCI_OK)
        return f->err.code;
    int rc = find_layer(p, layers, count, &below);
    oci_free(layers);
    oci_desc_done(&p->desc);
    p->desc = (struct oci_desc){0};
    if (rc != OCI_OK || (p->layer && oci_desc_copy(p->layer, &p->desc) != OCI_OK))
        return oci_flow_no_memory(f);
    if (!p->layer)
        return oci_flow_fail(f, OCI_NOT_FOUND, "there is no file %.200s in it", p->path);
    if (!oci_digest_can_verify(&p->layer->digest))
        return oci_flow_fail(f, OCI_UNSUPPORTED, "content with the digest %s cannot be verified",
                             p->layer->digest.text);
    return below ? look_inside(f, below) : give_layer(f);
}

static int first(struct oci_flow *f)
{
    struct open_file *p = of(f);
    oci_spawn(f, oci_flow_choose_manifest(p->task.from.store, oci_place_name(&p->task.from), p->what.platform, &p->desc,
                                          NULL, &p->m));
    return oci_ask_children(f, on_chosen);
}

int oci_start_open_file(struct oci_client *c, struct oci_mailbox *m, const struct oci_reference *from, const char *path,
                        const struct oci_json *platform, const struct oci_call_options *o, struct oci_op **ret_op,
                        struct oci_err *reterr)
{
    const struct oci_selection what = {.platform = platform};
    struct oci_op *op;
    int rc = oci_op_begin(c, m, "open_file", from, o, &op, reterr);
    if (rc != OCI_OK)
        return rc;
    struct open_file *p = oci_task_new(sizeof *p, &open_file_type, op, first);
    if (!p || oci_selection_copy(&what, &p->what) != OCI_OK || !(p->path = oci_strdup(path)))
        rc = oci_err_no_memory(reterr);
    if (rc == OCI_OK)
        rc = oci_place_open(c, op->engine, from, false, &op->call, &p->task.from, reterr);
    if (rc == OCI_OK)
        rc = oci_op_make_window(op, reterr);
    return oci_op_launch(op, rc, ret_op, reterr);
}
