#include "client/contents.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "pack/pack.h"
#include "sys/file.h"

static bool is_directory(const struct oci_piece *p)
{
    return p->kind == OCI_CONTENT_DIR;
}

/* ---- copying ---- */

static void piece_done(struct oci_piece *p)
{
    oci_free(p->path);
    oci_bytes_unref(p->bytes);
    oci_source_free(p->reader);
    oci_free(p->media_type);
    oci_free(p->title);
    oci_json_free(p->annotations);
    oci_json_free(p->urls);
    oci_free(p->prefix);
    for (size_t i = 0; i < p->pack.ignore_count; i++)
        oci_free((char *)(uintptr_t)p->pack.ignore[i]);
    oci_free((void *)(uintptr_t)p->pack.ignore);
}

static int check_piece(const struct oci_content *from, struct oci_err *reterr)
{
    int rc = from->title ? oci_title_check(from->title, reterr) : OCI_OK;
    if (rc == OCI_OK && from->prefix && from->prefix[0])
        rc = oci_title_check(from->prefix, reterr);
    if (rc != OCI_OK)
        return rc;
    if (from->media_type && !oci_media_type_valid(oci_str_of(from->media_type)))
        return oci_err_set(reterr, OCI_INVALID, "\"%s\" is not a media type", from->media_type);
    return OCI_OK;
}

static int copy_compression(const char *name, struct oci_piece *p, struct oci_err *reterr)
{
    static const char *const names[] = {
        [OCI_COMPRESS_GZIP] = "gzip", [OCI_COMPRESS_ZSTD] = "zstd", [OCI_COMPRESS_NONE] = "none"};
    for (size_t i = 0; name && i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i]) == 0) {
            p->pack.compression = (enum oci_compression)i;
            return OCI_OK;
        }
    }
    return name ? oci_err_set(reterr, OCI_INVALID, "\"%s\" is no compression: gzip, zstd and none are", name) : OCI_OK;
}

static bool copy_ignore(const struct oci_content *from, struct oci_piece *p)
{
    if (from->ignore_count == 0)
        return true;
    char **list = oci_calloc(from->ignore_count, sizeof *list);
    p->pack.ignore = (const char *const *)list;
    for (size_t i = 0; list && i < from->ignore_count; i++) {
        list[i] = oci_strdup(from->ignore[i]);
        if (!list[i])
            return false;
        p->pack.ignore_count++;
    }
    return list != NULL;
}

static bool copy_urls(const struct oci_content *from, struct oci_piece *p)
{
    if (from->url_count == 0)
        return true;
    p->urls = oci_json_new_array();
    for (size_t i = 0; p->urls && i < from->url_count; i++) {
        if (oci_json_append(p->urls, oci_json_new_string(from->urls[i])) != OCI_OK)
            return false;
    }
    return p->urls != NULL;
}

static int copy_piece(struct oci_op *op, const struct oci_content *from, struct oci_piece *p,
                      struct oci_err *reterr)
{
    *p = (struct oci_piece){
        .kind = from->kind, .size = OCI_SIZE_UNKNOWN, .embed = from->embed, .pack.host = op->host,
        .pack.follow_links = from->follow_links};
    int rc = check_piece(from, reterr);
    if (rc == OCI_OK)
        rc = copy_compression(from->compression, p, reterr);
    if (rc == OCI_OK && from->kind == OCI_CONTENT_READER)
        rc = oci_op_add_reader(op, from->reader, &p->reader, reterr);
    if (rc != OCI_OK)
        return rc;
    if (from->kind == OCI_CONTENT_BYTES) {
        p->bytes = oci_bytes_ref(from->bytes);
        p->size = p->bytes->len;
    }
    p->path = oci_strdup(from->path);
    p->media_type = oci_strdup(from->media_type);
    p->title = oci_strdup(from->title);
    p->prefix = oci_strdup(from->prefix);
    p->annotations = from->annotations ? oci_json_clone(from->annotations) : NULL;
    bool ok = (!from->path || p->path) && (!from->media_type || p->media_type) && (!from->title || p->title) &&
              (!from->prefix || p->prefix) && (!from->annotations || p->annotations) && copy_urls(from, p) &&
              copy_ignore(from, p);
    return ok ? OCI_OK : oci_err_no_memory(reterr);
}

int oci_contents_copy(struct oci_op *op, const struct oci_content *const *list, size_t count,
                      struct oci_contents *ret_contents, struct oci_err *reterr)
{
    *ret_contents = (struct oci_contents){0};
    size_t readers = 0;
    for (size_t i = 0; i < count; i++)
        readers += list[i]->kind == OCI_CONTENT_READER;
    ret_contents->pieces = oci_calloc(count + 1, sizeof *ret_contents->pieces);
    if (!ret_contents->pieces || oci_op_reader_room(op, readers) != OCI_OK)
        return oci_err_no_memory(reterr);
    int rc = OCI_OK;
    for (size_t i = 0; i < count && rc == OCI_OK; i++) {
        ret_contents->count = i + 1;
        rc = copy_piece(op, list[i], &ret_contents->pieces[i], reterr);
    }
    return rc;
}

void oci_contents_done(struct oci_contents *c)
{
    for (size_t i = 0; i < c->count; i++)
        piece_done(&c->pieces[i]);
    oci_free(c->pieces);
    *c = (struct oci_contents){0};
}

/* ---- looking (POOL) ---- */

static int look_at(struct oci_piece *p, struct oci_err *reterr)
{
    struct oci_file_info info;
    int rc = oci_file_info(OCI_CWD, p->path, true, &info, reterr);
    if (rc != OCI_OK)
        return rc;
    if (info.kind == OCI_FILE_DIRECTORY) {
        p->kind = OCI_CONTENT_DIR;
    } else if (info.kind != OCI_FILE_REGULAR) {
        oci_err_set(reterr, OCI_INVALID, "%s is neither a file nor a directory", p->path);
        if (reterr)
            snprintf(reterr->path, sizeof reterr->path, "%s", p->path);
        return OCI_INVALID;
    } else if (p->prefix || p->pack.ignore_count > 0 || p->pack.compression != OCI_COMPRESS_GZIP ||
               p->pack.follow_links) {
        return oci_err_set(reterr, OCI_INVALID, "%s is a file: only a directory is packed by options", p->path);
    } else {
        p->size = info.size;
    }
    return OCI_OK;
}

static int look(struct oci_work *w, struct oci_err *reterr)
{
    struct oci_contents *c = OCI_OWNER(w, struct oci_contents, look);
    int rc = OCI_OK;
    for (size_t i = 0; i < c->count && rc == OCI_OK; i++) {
        if (c->pieces[i].kind == OCI_CONTENT_FILE)
            rc = look_at(&c->pieces[i], reterr);
    }
    return rc;
}

struct oci_work *oci_contents_look(struct oci_contents *c)
{
    c->look = (struct oci_work){.run = look};
    return &c->look;
}

/* ---- using ---- */

struct oci_source *oci_piece_source(struct oci_piece *p)
{
    struct oci_source *s = NULL;
    switch (p->kind) {
    case OCI_CONTENT_BYTES:
        return oci_source_bytes(p->bytes);
    case OCI_CONTENT_DIR:
        return oci_source_packed(p->path, p->prefix ? p->prefix : p->title, &p->pack);
    case OCI_CONTENT_READER:
        s = p->reader;
        p->reader = NULL;
        return s;
    case OCI_CONTENT_FILE:
    default:
        return oci_source_file(p->path, p->size);
    }
}

const char *oci_piece_media_type(const struct oci_piece *p)
{
    if (p->media_type)
        return p->media_type;
    static const char *const archives[] = {[OCI_COMPRESS_GZIP] = OCI_TYPE_LAYER_TAR_GZIP,
                                           [OCI_COMPRESS_ZSTD] = OCI_TYPE_LAYER_TAR_ZSTD,
                                           [OCI_COMPRESS_NONE] = OCI_TYPE_LAYER_TAR};
    return is_directory(p) ? archives[p->pack.compression] : OCI_TYPE_OCTETS;
}

/* What oras looks for before it unpacks: the digest of the uncompressed tar stands beside the word. */
static int on_hashed(struct oci_push_item *item, struct oci_err *reterr)
{
    const struct oci_digest *tar = item->source ? oci_source_packed_tar_digest(item->source) : NULL;
    if (tar && oci_digest_is(tar) &&
        oci_desc_annotate(&item->desc, OCI_ANNOTATION_CONTENT_DIGEST, tar->text) != OCI_OK)
        return oci_err_no_memory(reterr);
    return OCI_OK;
}

int oci_piece_item(struct oci_piece *p, struct oci_push_item *ret_item)
{
    static const struct oci_digest none = {""};
    struct oci_push_item *item = ret_item;
    *item = (struct oci_push_item){0};
    oci_desc_set(&item->desc, oci_piece_media_type(p), &none, p->size);
    item->embed = p->embed;
    item->desc.urls = p->urls;
    p->urls = NULL;
    if (p->annotations && !(item->desc.annotations = oci_json_clone(p->annotations)))
        return OCI_NO_MEMORY;
    if (p->title && oci_desc_annotate(&item->desc, OCI_ANNOTATION_TITLE, p->title) != OCI_OK)
        return OCI_NO_MEMORY;
    /* A directory without a title is a file system layer: nobody is to unpack it beside other files. One with a prefix
     * of its own is an archive that happens to be made here. */
    if (is_directory(p) && p->title && !p->prefix) {
        if (oci_desc_annotate(&item->desc, OCI_ANNOTATION_UNPACK, "true") != OCI_OK)
            return OCI_NO_MEMORY;
        item->hashed = on_hashed;
    }
    item->source = oci_piece_source(p);
    return item->source ? OCI_OK : OCI_NO_MEMORY;
}
