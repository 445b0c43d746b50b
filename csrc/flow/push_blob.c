/* Pushing a blob (distribution-spec, Pushing blobs): a session is opened by POST, and closed by a PUT that
 * names the digest.
 *
 *   digest known:   HEAD -> POST (mount) -> PUT with the content
 *   not known yet:  POST -> PATCH with the content, hashed on the way -> PUT
 *
 * Content that the host cannot read (it moves by itself, or reading it blocks) goes through a pipe: a
 * child moves it into one end while the question reads the other. The child begins with the PUT or PATCH,
 * so nothing is fetched that is there already. An answer is acted upon when the children are quiet. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "content/content_kinds.h"
#include "flow/children.h"
#include "flow/registry_ask.h"
#include "flow/watch.h"

enum {
    PIPE_SIZE = 256 * 1024,
    RESTARTS_MAX = 2 /* new sessions after lost ones (security-quirks 4.3) */
};

/* What is to be done when the children are quiet. */
enum outcome { CLOSE_SESSION, STORED, LOOK_FOR_IT, START_AGAIN, GIVE_UP };

struct push {
    struct oci_flow flow;
    struct oci_repository repo;
    char media_type[OCI_MEDIA_TYPE_MAX];
    struct oci_digest digest;
    uint64_t size;              /* OCI_SIZE_UNKNOWN while it is not known */
    struct oci_source *source;  /* owned */
    char *mount_from;           /* to be tried, or NULL. Owned */
    bool is_new, verify;
    bool stream;                /* the digest was not known */
    struct oci_desc *ret_desc;
    enum oci_put_state *ret_state;
    char *session;              /* the upload's address for the next question, or NULL */
    /* The content of one attempt. */
    struct oci_source *watch;   /* hashes the stream */
    struct oci_window *window;  /* the pipe and its ends */
    struct oci_source *pipe_out;
    struct oci_sink *pipe_in;
    bool hashing;               /* a child hashes the file */
    struct oci_digest found;    /* by it */
    uint64_t found_size;
    unsigned restarts;
    enum outcome outcome;
    bool may_restart;           /* if it turns out that the registry does not have it */
    struct oci_err *trouble;    /* why the outcome is in doubt, or NULL */
};

static int ask_post(struct oci_flow *f);
static void drop_session(struct push *p);
static int act(struct oci_flow *f);

static struct push *of(struct oci_flow *f)
{
    return OCI_OWNER(f, struct push, flow);
}

static void doing(struct push *p, struct oci_http *q)
{
    oci_http_doing(q, "pushing a blob to %s/%s", p->repo.registry, p->repo.name);
}

static int finish(struct push *p, enum oci_put_state state)
{
    drop_session(p);
    oci_seen_note(p->repo.seen, p->repo.registry, p->repo.name, &p->digest, p->size);
    if (p->ret_desc)
        oci_desc_set(p->ret_desc, p->media_type, &p->digest, p->size);
    if (p->ret_state)
        *p->ret_state = state;
    return OCI_OK;
}

/* ---- the content of one attempt ---- */

static void drop_content(struct push *p)
{
    oci_source_free(p->watch); /* looks at what it watches: first */
    oci_source_free(p->pipe_out);
    oci_sink_free(p->pipe_in);
    p->window = oci_window_unref(p->window);
    p->watch = p->pipe_out = NULL;
    p->pipe_in = NULL;
    p->hashing = false;
}

static struct oci_source *watched(struct push *p, struct oci_source *inside)
{
    p->watch = inside ? oci_watch_new(inside, &(struct oci_watch_options){.hash = true}) : NULL;
    return p->watch;
}

/* The end of a pipe that a child fills from `from`. NULL: out of memory. */
static struct oci_source *piped(struct push *p, struct oci_source *from)
{
    struct oci_desc want = {0};
    bool check = p->verify && !p->stream;
    if (check)
        oci_desc_set(&want, p->media_type, &p->digest, p->size);
    uint64_t size = p->size == OCI_SIZE_UNKNOWN && from ? from->size : p->size;
    /* Many small blobs may be on their way at once. */
    size_t room = size < PIPE_SIZE ? (size_t)size : PIPE_SIZE;
    p->window = from ? oci_window_new(p->flow.host, room > 0 ? room : 1) : NULL;
    if (!p->window)
        return NULL;
    p->pipe_out = oci_window_source(p->window, size);
    p->pipe_in = oci_window_sink(p->window, check ? &want : NULL);
    if (!p->pipe_out || !p->pipe_in)
        return NULL;
    struct oci_flow *mover = oci_flow_move(p->flow.host, from, p->pipe_in);
    if (mover)
        mover->tolerate = true; /* an early answer ends it; see on_child() */
    oci_spawn(&p->flow, mover);
    return mover ? p->pipe_out : NULL;
}

/* A file is hashed beside its upload, reading it a second time (transfer-speed 2.1). Content that was
 * exchanged in between does not match the digest in the PUT, and is refused by the registry. */
static void hash_beside(struct push *p, const char *path)
{
    p->hashing = true;
    oci_spawn(&p->flow, oci_flow_hash_file(p->flow.host, path, 0, &p->found, &p->found_size, NULL));
}

/* What the PUT or PATCH reads. NULL: out of memory. */
static struct oci_source *make_content(struct push *p)
{
    struct oci_source *s = p->source;
    const char *path = p->stream ? oci_source_file_path(oci_watch_inside(s)) : NULL;
    if (path)
        hash_beside(p, path);
    bool watch = p->stream && !path;
    if (watch && s->type->read) {
        s = watched(p, s); /* where reading is a job, so is hashing */
        watch = false;
    }
    if (s && (!s->type->read || s->type->on_pool || (p->verify && !p->stream)))
        s = piped(p, s);
    return watch ? watched(p, s) : s;
}

/* ---- is it there? ---- */

/* `lenient`: the registry has just said that it took it. Otherwise a 200 alone is not believed: some
 * answer that to everything (Q25), and some name another length than they have (Q22). */
static bool is_there(struct oci_flow *f, bool lenient)
{
    struct push *p = of(f);
    const struct oci_answer *a = &f->ans;
    if (a->status != 200)
        return false;
    if (oci_digest_is(&a->digest) && oci_digest_same_algorithm(&a->digest, &p->digest))
        return oci_digest_equal(&a->digest, &p->digest);
    if (a->length != OCI_SIZE_UNKNOWN && p->size != OCI_SIZE_UNKNOWN)
        return a->length == p->size;
    return lenient;
}

static int on_head(struct oci_flow *f)
{
    struct push *p = of(f);
    if (!is_there(f, false))
        return ask_post(f);
    if (p->size == OCI_SIZE_UNKNOWN)
        p->size = f->ans.length;
    return finish(p, OCI_PUT_EXISTS);
}

static struct oci_http *ask_head(struct oci_flow *f)
{
    struct push *p = of(f);
    /* With the scope of a push: the token is the one that the upload needs. */
    struct oci_http *q = oci_ask_registry(f, &p->repo, OCI_PUSH, "HEAD", "/blobs/%s", p->digest.text);
    doing(p, q);
    return q;
}

/* ---- sessions ---- */

/* Q4: each answer may name a new address, and the last one counts. False: there is none. */
static bool keep_session(struct oci_flow *f)
{
    struct push *p = of(f);
    if (!f->ans.location)
        return p->session != NULL;
    oci_free(p->session);
    p->session = f->ans.location;
    f->ans.location = NULL;
    p->session[strcspn(p->session, "#")] = '\0';
    return true;
}

static void drop_session(struct push *p)
{
    oci_free(p->session);
    p->session = NULL;
}

/* PUT to the session with the digest in the query. Q2: the query that is there already is signed, and
 * stays as it is, byte for byte. */
static struct oci_http *ask_close(struct oci_flow *f)
{
    struct push *p = of(f);
    char more[OCI_DIGEST_MAX + 16];
    const char *query = strchr(p->session, '?');
    const char *join = !query ? "?" : query[1] && !oci_ends_with(query, "&") ? "&" : "";
    snprintf(more, sizeof more, "%sdigest=%s", join, p->digest.text);
    struct oci_http *q = oci_ask_address(f, &p->repo, OCI_PUSH, "PUT", p->session, more);
    q->asked_for = OCI_ASKED_UPLOAD;
    doing(p, q);
    return q;
}

/* After a failure: the registry may forget what it has (distribution-spec, Canceling an upload). */
static int abandon(struct oci_flow *f)
{
    struct push *p = of(f);
    if (!p->session)
        return OCI_OK;
    struct oci_http *q = oci_ask_address(f, &p->repo, OCI_PUSH, "DELETE", p->session, "");
    doing(p, q);
    return oci_ask_http(f, NULL, 204, 202, 200, 404, 0);
}

/* ---- acting on the outcome, when the children are quiet ---- */

static bool make_trouble(struct push *p)
{
    if (!p->trouble)
        p->trouble = oci_calloc(1, sizeof *p->trouble);
    return p->trouble != NULL;
}

static void drop_trouble(struct push *p)
{
    oci_free(p->trouble);
    p->trouble = NULL;
}

static int on_child(struct oci_flow *f)
{
    struct push *p = of(f);
    const struct oci_err *err = &f->ans.child->err;
    /* A pipe whose reader left early cancels its writer: then the answer counts. Else the source is to
     * blame, and not what the registry made of half of it. */
    if (err->code && err->code != OCI_CANCELED && p->outcome != STORED) {
        if (!make_trouble(p))
            return oci_flow_no_memory(f);
        *p->trouble = *err;
        p->outcome = GIVE_UP;
    }
    return oci_children(f) > 0 ? oci_ask_children(f, on_child) : act(f);
}

static int when_quiet(struct oci_flow *f, enum outcome outcome)
{
    of(f)->outcome = outcome;
    return oci_children(f) > 0 ? oci_ask_children(f, on_child) : act(f);
}

/* The answer is lost, or tells of a lost session: `outcome` finds out. */
static int in_doubt(struct oci_flow *f, enum outcome outcome, bool may_restart)
{
    struct push *p = of(f);
    if (!make_trouble(p))
        return oci_flow_no_memory(f);
    *p->trouble = f->ans.err;
    if (!p->trouble->code)
        oci_registry_error(p->trouble, f->ans.status, NULL, 0, OCI_ASKED_UPLOAD, f->ask.http.doing);
    p->may_restart = may_restart && !p->source->type->one_shot && p->restarts < RESTARTS_MAX;
    /* Nothing of a one-shot source is sent twice; but the caller may have another one. */
    p->trouble->retryable |= p->source->type->one_shot;
    return when_quiet(f, outcome);
}

static int give_up(struct oci_flow *f)
{
    return oci_err_copy(&f->err, of(f)->trouble);
}

static int start_again(struct oci_flow *f)
{
    struct push *p = of(f);
    if (!p->may_restart)
        return give_up(f);
    p->restarts++;
    drop_session(p);
    drop_content(p);
    drop_trouble(p);
    if (p->stream)
        p->digest.text[0] = '\0';
    return ask_post(f);
}

static int on_look(struct oci_flow *f)
{
    struct push *p = of(f);
    if (is_there(f, true))
        return finish(p, OCI_PUT_DONE);
    if (p->trouble)
        return start_again(f);
    return oci_flow_fail(f, OCI_REGISTRY, "%s: the registry accepted it, and does not have it", f->ask.http.doing);
}

/* Q17: an answer that was lost, or came for the second time, is settled by asking for the blob. */
static int look_for_it(struct oci_flow *f)
{
    ask_head(f);
    return oci_ask_http(f, on_look, 200, 404, 403, 405, OCI_WANT_LOST, 0);
}

static int on_closed(struct oci_flow *f)
{
    switch (f->ans.status) {
    case 201:
        return oci_check_answered_digest(f, &of(f)->digest) < 0 ? f->err.code : when_quiet(f, STORED);
    case 400:
        /* After the first of two the session may have held half of the content (security-quirks 4.2). */
        return f->ans.resent ? in_doubt(f, LOOK_FOR_IT, true) : oci_flow_fail_answer(f);
    case 404:
        return in_doubt(f, LOOK_FOR_IT, true);
    case 0:
        return in_doubt(f, LOOK_FOR_IT, false); /* it was repeated below already */
    default:
        return when_quiet(f, LOOK_FOR_IT); /* Q6 */
    }
}

static int want_closed(struct oci_flow *f)
{
    return oci_ask_http(f, on_closed, 201, 200, 202, 204, 400, 404, OCI_WANT_LOST, 0);
}

/* The stream was sent: now its digest is known. */
static int close_stream(struct oci_flow *f)
{
    struct push *p = of(f);
    uint64_t size;
    if (p->hashing) {
        p->digest = p->found;
        size = p->found_size;
    } else if (oci_watch_result(p->watch, &p->digest, &size, &f->err) < 0) {
        return oci_err_wrap(&f->err, "pushing a blob to %s/%s", p->repo.registry, p->repo.name);
    }
    if (p->size != OCI_SIZE_UNKNOWN && p->size != size)
        return oci_flow_fail(f, OCI_SIZE_MISMATCH, "pushing a blob to %s/%s: it has %llu bytes instead of %llu",
                             p->repo.registry, p->repo.name, (unsigned long long)size, (unsigned long long)p->size);
    p->size = size;
    ask_close(f);
    return want_closed(f);
}

static int act(struct oci_flow *f)
{
    struct push *p = of(f);
    switch (p->outcome) {
    case CLOSE_SESSION:
        return close_stream(f);
    case STORED:
        return finish(p, OCI_PUT_DONE);
    case LOOK_FOR_IT:
        return look_for_it(f);
    case START_AGAIN:
        return start_again(f);
    case GIVE_UP:
        break;
    }
    return give_up(f);
}

/* ---- sending ---- */

static int on_patched(struct oci_flow *f)
{
    /* Q11: what the answer's Range says is not reliable; the digest decides. */
    if (f->ans.status / 100 == 2)
        return keep_session(f), when_quiet(f, CLOSE_SESSION);
    return in_doubt(f, START_AGAIN, true);
}

static int send_content(struct oci_flow *f)
{
    struct push *p = of(f);
    struct oci_source *content = make_content(p);
    if (!content)
        return oci_flow_no_memory(f);
    if (!p->stream) {
        ask_close(f)->body = content;
        return want_closed(f);
    }
    struct oci_http *q = oci_ask_address(f, &p->repo, OCI_PUSH, "PATCH", p->session, "");
    q->asked_for = OCI_ASKED_UPLOAD;
    q->once = true;
    q->body = content;
    doing(p, q);
    return oci_ask_http(f, on_patched, 202, 200, 201, 204, 404, OCI_WANT_LOST, OCI_WANT_5XX, 0);
}

static int on_session(struct oci_flow *f)
{
    struct push *p = of(f);
    bool mounting = p->mount_from != NULL;
    oci_free(p->mount_from);
    p->mount_from = NULL;
    if (f->ans.status == 201)
        return oci_check_answered_digest(f, &p->digest) < 0 ? f->err.code : finish(p, OCI_PUT_MOUNTED);
    if (mounting)
        oci_seen_forget(p->repo.seen, p->repo.registry, &p->digest);
    /* Q15: 202 is a session as good as any; all else means that it cannot be mounted. */
    if (mounting && f->ans.status != 202)
        return ask_post(f);
    if (!keep_session(f))
        return oci_flow_fail(f, OCI_REGISTRY, "%s: the registry opened an upload without saying where",
                             f->ask.http.doing);
    return send_content(f);
}

static int ask_post(struct oci_flow *f)
{
    struct push *p = of(f);
    struct oci_http *q;
    if (!p->mount_from) {
        q = oci_ask_registry(f, &p->repo, OCI_PUSH, "POST", "/blobs/uploads/");
        doing(p, q);
        return oci_ask_http(f, on_session, 202, 0);
    }
    q = oci_ask_registry(f, &p->repo, OCI_PUSH, "POST", "/blobs/uploads/?mount=%s&from=%s", p->digest.text,
                         p->mount_from);
    oci_http_extra_scope(f, "repository:%s:" OCI_PULL, p->mount_from);
    doing(p, q);
    return oci_ask_http(f, on_session, 201, 202, 400, 401, 403, 404, 405, 0);
}

static int start(struct oci_flow *f)
{
    struct push *p = of(f);
    if (p->source->size != OCI_SIZE_UNKNOWN) {
        if (p->size == OCI_SIZE_UNKNOWN)
            p->size = p->source->size;
        if (p->size != p->source->size)
            return oci_flow_fail(f, OCI_SIZE_MISMATCH,
                                 "pushing a blob to %s/%s: the content has %llu bytes instead of %llu",
                                 p->repo.registry, p->repo.name, (unsigned long long)p->source->size,
                                 (unsigned long long)p->size);
    }
    if (p->stream || p->is_new)
        return ask_post(f);
    ask_head(f);
    /* What cannot be asked may still be pushed. */
    return oci_ask_http(f, on_head, 200, 404, 403, 405, 0);
}

static void push_free(struct oci_flow *f)
{
    struct push *p = of(f);
    drop_content(p);
    drop_session(p);
    drop_trouble(p);
    oci_source_free(p->source);
    oci_free(p->mount_from);
}

static const struct oci_flow_type push_type = {.name = "push blob", .abandon = abandon, .free = push_free};

/* A repository that may have it, or NULL. */
static const char *where_it_is(const struct push *p, const struct oci_put *hint)
{
    if (p->stream)
        return NULL;
    if (hint && hint->mount_from)
        return hint->mount_from;
    const char *seen = oci_seen_where(p->repo.seen, p->repo.registry, &p->digest);
    return oci_str_equal(seen, p->repo.name) ? NULL : seen;
}

struct oci_flow *oci_flow_push_blob(const struct oci_repository *r, const struct oci_desc *desc,
                                    struct oci_source *take_source, const struct oci_put *hint,
                                    struct oci_desc *ret_desc, enum oci_put_state *ret_state)
{
    struct push *p = take_source ? oci_flow_new(sizeof *p, &push_type, r->host, start) : NULL;
    if (!p) {
        oci_source_free(take_source);
        return NULL;
    }
    p->repo = *r;
    p->source = take_source;
    snprintf(p->media_type, sizeof p->media_type, "%s", desc->media_type[0] ? desc->media_type : OCI_TYPE_OCTETS);
    p->digest = desc->digest;
    p->size = desc->size;
    p->stream = !oci_digest_is(&desc->digest);
    p->is_new = hint && hint->is_new;
    p->verify = hint && hint->verify;
    p->ret_desc = ret_desc;
    p->ret_state = ret_state;
    const char *from = where_it_is(p, hint);
    p->mount_from = oci_strdup(from);
    if (from && !p->mount_from) {
        oci_flow_free(&p->flow);
        return NULL;
    }
    return &p->flow;
}
