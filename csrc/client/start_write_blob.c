/* push_blob and digest: one content, hashed and then put, or put as a stream. */
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "client/contents.h"
#include "pack/pack.h"

#define KEEP_FILE (64u << 10) /* read once: hashed and sent from memory */

/* WORK: bytes in memory. */
struct hash_bytes {
    struct oci_work work;
    const struct oci_bytes *bytes;
    const char *algorithm;
    struct oci_digest digest;
};

struct write_blob {
    struct oci_task task;         /* `to` is the place of push_blob; digest has none */
    struct oci_contents contents; /* one */
    char algorithm[16];
    bool is_new, unpacked;
    struct hash_bytes hash_bytes;
    struct oci_hash_file_work hash_file;
    struct oci_tar_digest_work tar_digest;
    struct oci_sink *sink; /* hashes what is moved into it */
    struct oci_source *source;
    struct oci_desc desc;
};

static struct write_blob *write_of(struct oci_flow *f)
{
    return (struct write_blob *)(void *)f;
}

static struct oci_piece *piece_of(struct write_blob *p)
{
    return &p->contents.pieces[0];
}

static void write_free(struct oci_flow *f)
{
    struct write_blob *p = write_of(f);
    oci_hash_file_work_done(&p->hash_file);
    oci_tar_digest_work_done(&p->tar_digest);
    oci_sink_free(p->sink);
    oci_source_free(p->source);
    oci_contents_done(&p->contents);
    oci_desc_done(&p->desc);
    oci_task_done(&p->task);
}

static const struct oci_flow_type write_type = {.name = "write blob", .free = write_free};

static int give(struct oci_flow *f)
{
    struct write_blob *p = write_of(f);
    const struct oci_opened_place *place = p->task.to.store ? &p->task.to : NULL;
    int rc = oci_result_set_desc(p->task.op, &p->desc, place, NULL, NULL, 0);
    return rc == OCI_OK ? rc : oci_flow_no_memory(f);
}

/* ---- putting ---- */

static int check_digest(struct oci_flow *f)
{
    struct write_blob *p = write_of(f);
    const struct oci_digest *want = &p->task.to.ref.digest;
    if (!oci_digest_is(want) || oci_digest_equal(want, &p->desc.digest))
        return OCI_OK;
    return oci_flow_fail(f, OCI_DIGEST_MISMATCH, "the reference names %s, but the content is %s", want->text,
                         p->desc.digest.text);
}

static int on_put(struct oci_flow *f)
{
    int rc = check_digest(f); /* of a stream; else it was known before */
    return rc == OCI_OK ? give(f) : rc;
}

/* What is asked for is the descriptor as it is known so far; what is answered takes its place. */
static int put(struct oci_flow *f)
{
    struct write_blob *p = write_of(f);
    struct oci_store *s = p->task.to.store;
    struct oci_source *source = p->source ? p->source : oci_piece_source(piece_of(p));
    p->source = NULL;
    if (!source)
        return oci_flow_no_memory(f);
    const struct oci_put hint = {.is_new = p->is_new};
    struct oci_desc asked;
    oci_desc_set(&asked, p->desc.media_type, &p->desc.digest, p->desc.size);
    oci_spawn(f, s->type->put(s, &asked, source, &hint, &p->desc, NULL));
    return oci_ask_children(f, on_put);
}

/* ---- hashing ---- */

static int on_hashed(struct oci_flow *f)
{
    struct write_blob *p = write_of(f);
    if (!p->task.to.store)
        return give(f);
    int rc = check_digest(f);
    return rc == OCI_OK ? put(f) : rc;
}

static int run_hash_bytes(struct oci_work *w, struct oci_err *reterr)
{
    struct hash_bytes *h = OCI_OWNER(w, struct hash_bytes, work);
    return oci_digest_of(oci_str_of(h->algorithm), h->bytes->p, h->bytes->len, &h->digest, reterr);
}

static int on_bytes_hashed(struct oci_flow *f)
{
    struct write_blob *p = write_of(f);
    p->desc.digest = p->hash_bytes.digest;
    p->desc.size = p->hash_bytes.bytes->len;
    return on_hashed(f);
}

static int on_file_hashed(struct oci_flow *f)
{
    struct write_blob *p = write_of(f);
    p->desc.digest = p->hash_file.digest;
    p->desc.size = piece_of(p)->size = p->hash_file.size;
    if (p->hash_file.bytes && !(p->source = oci_source_bytes(p->hash_file.bytes)))
        return oci_flow_no_memory(f);
    return on_hashed(f);
}

static int on_unpacked(struct oci_flow *f)
{
    struct write_blob *p = write_of(f);
    p->desc.digest = p->tar_digest.digest;
    p->desc.size = p->tar_digest.size;
    return give(f);
}

static int hash_unpacked(struct oci_flow *f)
{
    struct write_blob *p = write_of(f);
    if (piece_of(p)->kind != OCI_CONTENT_FILE)
        return oci_flow_fail(f, OCI_INVALID, "only a file is unpacked");
    oci_tar_digest_work_init(&p->tar_digest, piece_of(p)->path, p->algorithm);
    return oci_ask_work(f, &p->tar_digest.work, on_unpacked);
}

static int on_moved(struct oci_flow *f)
{
    struct write_blob *p = write_of(f);
    memcpy(p->desc.media_type, oci_piece_media_type(piece_of(p)),
           strlen(oci_piece_media_type(piece_of(p))) + 1);
    return on_hashed(f);
}

static int hash(struct oci_flow *f)
{
    struct write_blob *p = write_of(f);
    struct oci_piece *piece = piece_of(p);
    if (piece->kind == OCI_CONTENT_BYTES) {
        p->hash_bytes = (struct hash_bytes){
            .work = {.run = run_hash_bytes}, .bytes = piece->bytes, .algorithm = p->algorithm};
        return oci_ask_work(f, &p->hash_bytes.work, on_bytes_hashed);
    }
    if (piece->kind == OCI_CONTENT_FILE && strcmp(p->algorithm, OCI_SHA256) == 0) {
        oci_hash_file_work_init(&p->hash_file, piece->path, KEEP_FILE);
        return oci_ask_work(f, &p->hash_file.work, on_file_hashed);
    }
    p->source = oci_piece_source(piece);
    p->sink = oci_sink_hash(oci_str_of(p->algorithm), &p->desc);
    if (!p->source || !p->sink)
        return oci_flow_no_memory(f);
    return oci_ask_move(f, p->source, p->sink, on_moved);
}

static int on_looked(struct oci_flow *f)
{
    struct write_blob *p = write_of(f);
    static const struct oci_digest none = {""};
    struct oci_piece *piece = piece_of(p);
    oci_desc_set(&p->desc, oci_piece_media_type(piece), &none, piece->size);
    if (p->unpacked)
        return hash_unpacked(f);
    bool stream = p->is_new || piece->kind == OCI_CONTENT_READER;
    return stream && p->task.to.store ? put(f) : hash(f);
}

static int write_first(struct oci_flow *f)
{
    return oci_ask_work(f, oci_contents_look(&write_of(f)->contents), on_looked);
}

/* ---- starting ---- */

static int begin(struct oci_op *op, const struct oci_content *content, struct oci_str algorithm,
                 struct write_blob **ret_task, struct oci_err *reterr)
{
    struct write_blob *p = oci_task_new(sizeof *p, &write_type, op, write_first);
    if (!p)
        return oci_err_no_memory(reterr);
    oci_hash_file_work_init(&p->hash_file, "", 0);
    *ret_task = p;
    struct oci_hash *probe;
    int rc = oci_hash_new(algorithm, &probe, reterr);
    if (rc != OCI_OK)
        return rc;
    oci_hash_free(probe);
    rc = oci_str_copy(p->algorithm, sizeof p->algorithm, algorithm);
    return rc == OCI_OK ? oci_contents_copy(op, &content, 1, &p->contents, reterr) : rc;
}

int oci_start_push_blob(struct oci_client *c, struct oci_mailbox *m, const struct oci_reference *to,
                        const struct oci_content *content, bool is_new, const struct oci_call_options *o,
                        struct oci_op **ret_op, struct oci_err *reterr)
{
    struct oci_op *op;
    int rc = oci_op_begin(c, m, "push_blob", to, o, &op, reterr);
    if (rc != OCI_OK)
        return rc;
    struct write_blob *p = NULL;
    bool named = oci_digest_is(&to->digest);
    rc = begin(op, content, named ? oci_digest_algorithm(&to->digest) : OCI_STR(OCI_SHA256), &p, reterr);
    bool sha256 = rc != OCI_OK || strcmp(p->algorithm, OCI_SHA256) == 0;
    if (!sha256 && content->kind == OCI_CONTENT_READER)
        rc = oci_err_set(reterr, OCI_UNSUPPORTED, "a stream is put under a sha256 digest only");
    if (rc == OCI_OK)
        rc = oci_place_open(c, op->engine, to, true, &op->call, &p->task.to, reterr);
    if (rc == OCI_OK)
        p->is_new = is_new && sha256; /* what is hashed on the way is hashed with sha256 */
    return oci_op_launch(op, rc, ret_op, reterr);
}

int oci_start_digest(struct oci_client *c, struct oci_mailbox *m, const struct oci_content *content,
                     const char *algorithm, const struct oci_call_options *o, struct oci_op **ret_op,
                     struct oci_err *reterr)
{
    struct oci_op *op;
    int rc = oci_op_begin(c, m, "digest", NULL, o, &op, reterr);
    if (rc != OCI_OK)
        return rc;
    struct write_blob *p = NULL;
    rc = begin(op, content, oci_str_of(algorithm ? algorithm : OCI_SHA256), &p, reterr);
    if (rc == OCI_OK)
        p->unpacked = content->unpacked;
    return oci_op_launch(op, rc, ret_op, reterr);
}
