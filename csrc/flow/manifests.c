/* Getting, asking for and putting manifests (distribution-spec, Pulling manifests, Pushing manifests).
 *
 * Which type a manifest has: T01 to T05 and Q24. Which digest: Q20. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "content/content_kinds.h"
#include "flow/registry_ask.h"
#include "model/manifest.h"

#define PUT_AGAIN          5  /* times, after DIGEST_INVALID; */
#define PUT_AGAIN_PAUSE_MS 20u /* the first after so long, each further one after twice as long */

/* ---- get and head ---- */

struct get {
    struct oci_flow flow;
    struct oci_repository repo;
    char *name;
    struct oci_digest asked;     /* "" when the name is a tag */
    size_t max;
    struct oci_sink *sink;
    struct oci_bytes *bytes;
    struct oci_desc *ret_desc;
    struct oci_bytes **ret_bytes; /* NULL: only the descriptor is wanted */
};

static struct get *of_get(struct oci_flow *f)
{
    return OCI_OWNER(f, struct get, flow);
}

static void get_free(struct oci_flow *f)
{
    struct get *g = of_get(f);
    oci_sink_free(g->sink);
    oci_bytes_unref(g->bytes);
    oci_free(g->name);
}

static struct oci_http *ask_get(struct get *g, const char *method, const char *words)
{
    struct oci_http *q = oci_ask_registry(&g->flow, &g->repo, OCI_PULL, method, "/manifests/%s", g->name);
    q->accept = OCI_ACCEPT_MANIFESTS; /* Q18 */
    oci_http_doing(q, "%s %s/%s%s%s", words, g->repo.registry, g->repo.name, strchr(g->name, ':') ? "@" : ":",
                   g->name);
    return q;
}

/* Of what was asked for, else of what the registry answers for, else sha256. */
static struct oci_str algorithm_of(struct oci_flow *f)
{
    struct get *g = of_get(f);
    if (oci_digest_is(&g->asked))
        return oci_digest_algorithm(&g->asked);
    if (oci_digest_is(&f->ans.digest) && oci_digest_can_verify(&f->ans.digest))
        return oci_digest_algorithm(&f->ans.digest);
    return OCI_STR(OCI_SHA256);
}

static int verify(struct oci_flow *f, struct oci_digest *ret_digest)
{
    struct get *g = of_get(f);
    struct oci_err err = {0};
    int rc = oci_digest_of(algorithm_of(f), g->bytes->p, g->bytes->len, ret_digest, &err);
    if (rc == OCI_OK && oci_digest_is(&g->asked) && !oci_digest_equal(&g->asked, ret_digest))
        rc = oci_err_set(&err, OCI_DIGEST_MISMATCH, "the registry sent content with the digest %s", ret_digest->text);
    if (rc < 0) {
        oci_err_wrap(&err, "%s", f->ask.http.doing);
        return oci_err_copy(&f->err, &err);
    }
    return oci_check_answered_digest(f, ret_digest);
}

/* A media type that this library knows as a manifest's. */
static bool is_manifest_type(const char *type)
{
    return oci_media_type_is_manifest(type) || oci_media_type_is_index(type);
}

/* The media type and the artifact type of what came. Under a digest that was asked for, content of a kind
 * that is not known here is taken as it is; under a tag nothing but its type says that it is a manifest
 * (T05). */
static int identify(struct oci_flow *f, const struct oci_digest *digest)
{
    struct get *g = of_get(f);
    const char *sent = f->ans.content_type;
    bool by_digest = oci_digest_is(&g->asked);
    bool known = is_manifest_type(sent);
    if (!known && !by_digest && !oci_media_type_says_nothing(sent))
        return oci_flow_fail(f, OCI_INVALID, "%s: the registry sent %s, which is no manifest", f->ask.http.doing, sent);
    char algorithm[OCI_DIGEST_MAX];
    oci_str_copy(algorithm, sizeof algorithm, oci_digest_algorithm(digest));
    struct oci_err err = {0};
    struct oci_manifest *m = NULL;
    int rc = oci_manifest_parse(g->bytes, known ? sent : NULL, algorithm, &m, &err);
    if (rc == OCI_INVALID && by_digest && !known) {
        oci_desc_set(g->ret_desc, sent[0] ? sent : OCI_TYPE_OCTETS, digest, g->bytes->len);
        return OCI_OK;
    }
    if (rc < 0) {
        oci_err_wrap(&err, "%s", f->ask.http.doing);
        return oci_err_copy(&f->err, &err);
    }
    char *artifact_type = m->self.artifact_type;
    m->self.artifact_type = NULL;
    oci_desc_set(g->ret_desc, m->self.media_type, digest, g->bytes->len);
    g->ret_desc->artifact_type = artifact_type;
    oci_manifest_free(m);
    return OCI_OK;
}

static int on_got(struct oci_flow *f)
{
    struct get *g = of_get(f);
    struct oci_digest digest;
    if (verify(f, &digest) < 0 || identify(f, &digest) < 0)
        return f->err.code;
    if (g->ret_bytes) {
        *g->ret_bytes = g->bytes;
        g->bytes = NULL;
    }
    return OCI_OK;
}

static int start_get(struct oci_flow *f)
{
    struct get *g = of_get(f);
    if (strchr(g->name, ':') && oci_digest_parse(oci_str_of(g->name), &g->asked, &f->err) < 0)
        return f->err.code;
    if (oci_digest_is(&g->asked) && !oci_digest_can_verify(&g->asked))
        return oci_flow_fail(f, OCI_UNSUPPORTED, "content cannot be verified against %s: only sha256 and sha512 can",
                             g->asked.text);
    g->sink = oci_sink_bytes(g->max, NULL, &g->bytes);
    if (!g->sink)
        return oci_flow_no_memory(f);
    struct oci_http *q = ask_get(g, "GET", "getting the manifest");
    q->into = g->sink;
    return oci_ask_http(f, on_got, 200, 0);
}

static int on_head(struct oci_flow *f)
{
    struct get *g = of_get(f);
    const struct oci_answer *a = &f->ans;
    /* The body of a GET tells what a HEAD left out, or why it was refused (Q20, Q43). */
    bool enough = a->status == 200 && oci_digest_is(&a->digest) && is_manifest_type(a->content_type) &&
                  a->length != OCI_SIZE_UNKNOWN;
    if (!enough)
        return start_get(f);
    const struct oci_digest *digest = oci_digest_is(&g->asked) ? &g->asked : &a->digest;
    if (oci_check_answered_digest(f, digest) < 0)
        return f->err.code;
    if (a->length > OCI_MAX_SIZE)
        return oci_flow_fail(f, OCI_INVALID, "%s: the registry names an impossible size", f->ask.http.doing);
    oci_desc_set(g->ret_desc, a->content_type, digest, a->length);
    return OCI_OK;
}

static int start_head(struct oci_flow *f)
{
    struct get *g = of_get(f);
    if (strchr(g->name, ':') && oci_digest_parse(oci_str_of(g->name), &g->asked, &f->err) < 0)
        return f->err.code;
    ask_get(g, "HEAD", "asking for the manifest");
    return oci_ask_http(f, on_head, 200, 400, 403, 405, 501, 0);
}

static const struct oci_flow_type get_type = {.name = "get manifest", .free = get_free};
static const struct oci_flow_type head_type = {.name = "head manifest", .free = get_free};

static struct get *get_new(const struct oci_repository *r, const char *name, const struct oci_flow_type *type,
                           oci_step_fn first, struct oci_desc *ret_desc)
{
    struct get *g = oci_flow_new(sizeof *g, type, r->host, first);
    if (!g)
        return NULL;
    g->repo = *r;
    g->max = OCI_MAX_MANIFEST;
    g->ret_desc = ret_desc;
    g->name = oci_strdup(name);
    if (!g->name) {
        oci_flow_free(&g->flow);
        return NULL;
    }
    return g;
}

struct oci_flow *oci_flow_get_manifest(const struct oci_repository *r, const char *name, size_t max,
                                       struct oci_desc *ret_desc, struct oci_bytes **ret_bytes)
{
    struct get *g = get_new(r, name, &get_type, start_get, ret_desc);
    if (!g)
        return NULL;
    if (max > 0)
        g->max = max;
    g->ret_bytes = ret_bytes;
    return &g->flow;
}

struct oci_flow *oci_flow_head_manifest(const struct oci_repository *r, const char *name, struct oci_desc *ret_desc)
{
    struct get *g = get_new(r, name, &head_type, start_head, ret_desc);
    return g ? &g->flow : NULL;
}

/* ---- put ---- */

struct put {
    struct oci_flow flow;
    struct oci_repository repo;
    char media_type[OCI_MEDIA_TYPE_MAX];
    struct oci_digest digest;
    size_t len;
    char *name;                /* the tag, or the digest */
    struct oci_source *source;
    struct oci_err trouble;    /* the answer was lost */
    unsigned refusals;         /* as DIGEST_INVALID */
    struct oci_work pause;
};

static struct put *of_put(struct oci_flow *f)
{
    return OCI_OWNER(f, struct put, flow);
}

static void put_free(struct oci_flow *f)
{
    struct put *p = of_put(f);
    oci_source_free(p->source);
    oci_free(p->name);
}

static const struct oci_flow_type put_type = {.name = "put manifest", .free = put_free};

static struct oci_http *ask_put(struct put *p, const char *method)
{
    struct oci_http *q = oci_ask_registry(&p->flow, &p->repo, OCI_PUSH, method, "/manifests/%s", p->name);
    oci_http_doing(q, "pushing the manifest %s/%s%s%s", p->repo.registry, p->repo.name,
                   strchr(p->name, ':') ? "@" : ":", p->name);
    return q;
}

/* After an answer that was lost, or said too little: does the name mean these bytes now? */
static int on_look(struct oci_flow *f)
{
    struct put *p = of_put(f);
    const struct oci_answer *a = &f->ans;
    bool comparable = oci_digest_is(&a->digest) && oci_digest_same_algorithm(&a->digest, &p->digest);
    if (a->status == 200 && (comparable ? oci_digest_equal(&a->digest, &p->digest) : a->length == p->len))
        return OCI_OK;
    if (p->trouble.code)
        return oci_err_copy(&f->err, &p->trouble);
    if (a->status == 0)
        return oci_flow_fail_answer(f);
    return oci_flow_fail(f, OCI_REGISTRY, "%s: the registry accepted it, and does not have it", f->ask.http.doing);
}

static int look(struct oci_flow *f)
{
    struct oci_http *q = ask_put(of_put(f), "HEAD");
    q->accept = OCI_ACCEPT_MANIFESTS;
    return oci_ask_http(f, on_look, 200, 404, 403, 405, OCI_WANT_LOST, 0);
}

static int start_put(struct oci_flow *f);

/* Only its second turn comes late. */
static int run_pause(struct oci_work *w, struct oci_err *reterr)
{
    (void)reterr;
    struct put *p = OCI_OWNER(w, struct put, pause);
    if (w->again_ms)
        return OCI_OK;
    w->again_ms = PUT_AGAIN_PAUSE_MS << (p->refusals - 1);
    return OCI_AGAIN;
}

/* docker-registry 2.8 says DIGEST_INVALID while another upload commits, once more, a blob that the manifest names: it
 * reads a link file that is being rewritten. The bytes are what they are called, so it is asked again. */
static int refused(struct oci_flow *f)
{
    struct put *p = of_put(f);
    if (f->ans.err.code != OCI_DIGEST_MISMATCH || p->refusals == PUT_AGAIN)
        return oci_flow_fail_answer(f);
    p->refusals++;
    p->pause = (struct oci_work){.run = run_pause};
    return oci_ask_work(f, &p->pause, start_put);
}

static int on_put(struct oci_flow *f)
{
    struct put *p = of_put(f);
    if (f->ans.status == 400)
        return refused(f);
    if (f->ans.status == 0) {
        p->trouble = f->ans.err;
        return look(f);
    }
    if (oci_check_answered_digest(f, &p->digest) < 0)
        return f->err.code;
    /* Q6: a digest of the same algorithm has just been compared. */
    bool sure = oci_digest_is(&f->ans.digest) && oci_digest_same_algorithm(&f->ans.digest, &p->digest);
    return f->ans.status == 201 || sure ? OCI_OK : look(f);
}

static int start_put(struct oci_flow *f)
{
    struct put *p = of_put(f);
    struct oci_http *q = ask_put(p, "PUT");
    q->body = p->source;
    snprintf(q->content_type, sizeof q->content_type, "%s", p->media_type);
    q->accept = OCI_ACCEPT_MANIFESTS;
    q->asked_for = OCI_ASKED_UPLOAD;
    return oci_ask_http(f, on_put, 201, 200, 202, 204, 400, OCI_WANT_LOST, 0);
}

struct oci_flow *oci_flow_put_manifest(const struct oci_repository *r, const struct oci_desc *desc,
                                       struct oci_bytes *bytes, const char *tag)
{
    struct put *p = oci_flow_new(sizeof *p, &put_type, r->host, start_put);
    if (!p)
        return NULL;
    p->repo = *r;
    memcpy(p->media_type, desc->media_type, sizeof p->media_type);
    p->digest = desc->digest;
    p->len = bytes->len;
    p->name = oci_strdup(tag ? tag : desc->digest.text);
    p->source = oci_source_bytes(bytes);
    if (!p->name || !p->source) {
        oci_flow_free(&p->flow);
        return NULL;
    }
    return &p->flow;
}
