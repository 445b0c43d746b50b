#include "net_kit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "content/content_kinds.h"
#include "sys/pool.h"
#include "sys/thread.h"
#include "test.h"
#include "json/json.h"

static const short any_status[] = {200, 201, 202, 204, 206, 404, OCI_WANT_5XX, 0};

/* ---- the engine ---- */

static struct oci_mutex lock = OCI_MUTEX_INIT;
static struct oci_cond changed;
static bool ready;

struct oci_engine *kit_engine(void)
{
    struct oci_err err = {0};
    if (!ready)
        oci_cond_init(&changed);
    ready = true;
    struct oci_engine *e = oci_engine_get(&err);
    if (!e)
        FAIL("%s", err.text);
    return e;
}

struct oci_net *kit_net(const struct oci_net_options *options)
{
    struct oci_err err = {0};
    struct oci_net *n = NULL;
    if (oci_net_new(kit_engine(), options, &n, &err) != OCI_OK)
        FAIL("%s", err.text);
    return n;
}

struct oci_origin *kit_origin(struct oci_net *n, const char *registry, const struct oci_credential *credential)
{
    struct oci_err err = {0};
    struct oci_origin *o = NULL;
    if (oci_origin_new(n, registry, credential, NULL, &o, &err) != OCI_OK)
        FAIL("%s", err.text);
    return o;
}

struct errand {
    struct oci_call call;
    void (*fn)(void *ctx);
    void *ctx;
    bool done;
};

static void run_errand(struct oci_call *c)
{
    struct errand *e = OCI_OWNER(c, struct errand, call);
    e->fn(e->ctx);
    oci_mutex_lock(&lock);
    e->done = true;
    oci_cond_broadcast(&changed);
    oci_mutex_unlock(&lock);
}

void kit_on_engine(void (*fn)(void *ctx), void *ctx)
{
    struct oci_host *h = oci_engine_host(kit_engine());
    struct errand e = {.fn = fn, .ctx = ctx};
    oci_list_init(&e.call.link);
    e.call.fn = run_errand;
    h->call(h, &e.call);
    oci_mutex_lock(&lock);
    while (!e.done)
        oci_cond_wait(&changed, &lock);
    oci_mutex_unlock(&lock);
}

static void count_running(void *ctx)
{
    *(unsigned *)ctx = oci_driver_running(oci_engine_driver(kit_engine()));
}

void kit_stop(void)
{
    unsigned running = 1;
    kit_on_engine(count_running, &running);
    CHECK_INT(running, 0);
    oci_engine_stop();
}

/* ---- one question ---- */

struct ask_flow {
    struct oci_flow flow;
    struct ask *ask;
};

static void keep(char *to, size_t size, const char *from)
{
    oci_str_copy(to, size, oci_str_of(from));
}

static int on_answer(struct oci_flow *f)
{
    struct ask *a = OCI_OWNER(f, struct ask_flow, flow)->ask;
    const struct oci_answer *n = &f->ans;
    a->status = n->status;
    a->resent = n->resent;
    a->length = n->length;
    a->answer_err = n->err;
    keep(a->location, sizeof a->location, n->location);
    keep(a->link, sizeof a->link, n->link);
    keep(a->content_type, sizeof a->content_type, n->content_type);
    keep(a->digest, sizeof a->digest, n->digest.text);
    keep(a->range, sizeof a->range, n->range);
    return OCI_OK;
}

static int first(struct oci_flow *f)
{
    struct ask *a = OCI_OWNER(f, struct ask_flow, flow)->ask;
    struct oci_http *q = oci_http(f, a->origin, a->method, "%s", a->url);
    if (a->scope)
        oci_http_scope(f, "%s", a->scope);
    if (a->extra_scope)
        oci_http_extra_scope(f, "%s", a->extra_scope);
    q->accept = a->accept;
    q->body = a->body;
    q->into = a->into;
    q->expect_size = a->expect_size ? a->expect_size : OCI_SIZE_UNKNOWN;
    q->range_from = a->range_from;
    q->range_length = a->range_length;
    q->once = a->once;
    snprintf(q->doing, sizeof q->doing, "testing");
    int rc = oci_ask_http(f, on_answer, 200, 0);
    const short *want = a->want ? a->want : any_status;
    size_t i = 0;
    for (; want[i]; i++)
        q->want[i] = want[i];
    q->want[i] = 0;
    return rc;
}

static const struct oci_flow_type type = {.name = "test"};

static void on_over(struct oci_flow *f, void *ctx)
{
    struct ask *a = ctx;
    oci_mutex_lock(&lock);
    a->rc = f->err.code;
    a->err = f->err;
    a->flow = NULL;
    a->over = true;
    oci_cond_broadcast(&changed);
    oci_mutex_unlock(&lock);
}

static void start(void *ctx)
{
    struct ask *a = ctx;
    oci_driver_start(oci_engine_driver(kit_engine()), a->flow, on_over, a);
}

void ask_start(struct ask *a)
{
    struct ask_flow *f = oci_flow_new(sizeof *f, &type, oci_engine_host(kit_engine()), first);
    CHECK(f != NULL);
    f->ask = a;
    a->flow = &f->flow;
    kit_on_engine(start, a);
}

static void cancel(void *ctx)
{
    struct ask *a = ctx;
    if (a->flow)
        oci_driver_cancel(oci_engine_driver(kit_engine()), a->flow);
}

void ask_cancel(struct ask *a)
{
    kit_on_engine(cancel, a);
}

void ask_wait(struct ask *a)
{
    oci_mutex_lock(&lock);
    while (!a->over)
        oci_cond_wait(&changed, &lock);
    oci_mutex_unlock(&lock);
}

void ask_run(struct ask *a)
{
    ask_start(a);
    ask_wait(a);
}

void ask_bytes(struct ask *a, size_t max)
{
    a->into = oci_sink_bytes(max, NULL, &a->bytes);
    CHECK(a->into != NULL);
}

void ask_body(struct ask *a, const void *p, size_t len)
{
    struct oci_bytes *b = oci_bytes_new(p, len);
    a->body = b ? oci_source_bytes(b) : NULL;
    CHECK(a->body != NULL);
    oci_bytes_unref(b);
}

void ask_done(struct ask *a)
{
    oci_source_free(a->body);
    oci_sink_free(a->into);
    oci_bytes_unref(a->bytes);
    a->body = NULL;
    a->into = NULL;
    a->bytes = NULL;
}

/* ---- the registry ---- */

static const char *address(const char *name)
{
    const char *value = getenv(name);
    if (!value || !*value)
        SKIP("the test registry is not running (OCI_TEST_SWITCHES)");
    return value;
}

const char *kit_registry(void)
{
    const char *a = address("OCI_TEST_SWITCHES");
    free(kit_control("POST", "/_reset", "{}"));
    return a;
}

const char *kit_second(void)
{
    return address("OCI_TEST_SWITCHES2");
}

static int connect_to(const char *hostport)
{
    char host[64];
    snprintf(host, sizeof host, "%s", hostport);
    char *colon = strrchr(host, ':');
    CHECK(colon != NULL);
    *colon = '\0';
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(colon + 1))};
    CHECK_INT(inet_pton(AF_INET, host, &to.sin_addr), 1);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0);
    if (connect(fd, (const struct sockaddr *)(const void *)&to, sizeof to) != 0)
        FAIL("cannot connect to the test registry");
    return fd;
}

static void send_all(int fd, const void *p, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, p, len, MSG_NOSIGNAL);
        CHECK(n > 0);
        p = (const char *)p + n;
        len -= (size_t)n;
    }
}

static char *receive_all(int fd)
{
    size_t cap = 1 << 16, len = 0;
    char *all = malloc(cap);
    CHECK(all != NULL);
    for (;;) {
        ssize_t n = recv(fd, all + len, cap - len - 1, 0);
        CHECK(n >= 0);
        if (n == 0)
            break;
        len += (size_t)n;
        if (cap - len < 2)
            all = realloc(all, cap *= 2);
        CHECK(all != NULL);
    }
    all[len] = '\0';
    return all;
}

static char *request(const char *method, const char *path, const void *body, size_t len, int want)
{
    char head[512];
    const char *to = address("OCI_TEST_SWITCHES");
    int fd = connect_to(to);
    snprintf(head, sizeof head,
             "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: "
             "%zu\r\n\r\n",
             method, path, to, len);
    send_all(fd, head, strlen(head));
    send_all(fd, body, len);
    char *all = receive_all(fd);
    close(fd);
    if (strlen(all) < 12 || atoi(all + 9) != want)
        FAIL("%s %s: %.200s", method, path, all);
    char *end = strstr(all, "\r\n\r\n");
    memmove(all, end + 4, strlen(end + 4) + 1);
    return all;
}

char *kit_control(const char *method, const char *path, const char *body)
{
    return request(method, path, body, strlen(body), 200);
}

static void post_quoted(const char *path, const char *before, const char *json, const char *after)
{
    char *text = oci_asprintf("%s%s%s", before, json, after);
    CHECK(text != NULL);
    for (char *p = text; *p; p++) {
        if (*p == '\'')
            *p = '"';
    }
    free(kit_control("POST", path, text));
    oci_free(text);
}

void kit_rules(const char *json_array)
{
    post_quoted("/_switch", "{'rules': ", json_array, "}");
}
void kit_auth(const char *json)
{
    post_quoted("/_auth", "", json, "");
}
void kit_config(const char *json)
{
    post_quoted("/_config", "", json, "");
}

static struct oci_json *get_json(const char *path)
{
    struct oci_json *root = NULL;
    struct oci_err err = {0};
    char *text = kit_control("GET", path, "");
    if (oci_json_parse(text, strlen(text), 64 << 20, &root, &err) != OCI_OK)
        FAIL("%s: %s", path, err.text);
    free(text);
    return root;
}

static bool header_matches(const struct oci_json *headers, const char *want)
{
    char name[64];
    if (want[0] == '!')
        return oci_json_get(headers, want + 1) == NULL;
    const char *colon = strchr(want, ':');
    CHECK(colon && (size_t)(colon - want) < sizeof name);
    snprintf(name, sizeof name, "%.*s", (int)(colon - want), want);
    const char *value = oci_json_string(oci_json_get(headers, name));
    return value && strstr(value, colon[1] == ' ' ? colon + 2 : colon + 1);
}

int kit_count(const char *method, const char *path_part, const char *origin, const char *header)
{
    struct oci_json *root = get_json("/_log");
    int n = 0;
    for (const struct oci_json *e = oci_json_first(root); e; e = oci_json_next(e)) {
        n += (!method || strcmp(oci_json_string(oci_json_get(e, "method")), method) == 0) &&
             (!path_part || strstr(oci_json_string(oci_json_get(e, "path")), path_part)) &&
             (!origin || strcmp(oci_json_string(oci_json_get(e, "origin")), origin) == 0) &&
             (!header || header_matches(oci_json_get(e, "headers"), header));
    }
    oci_json_free(root);
    return n;
}

int kit_info(const char *key)
{
    struct oci_json *root = get_json("/_info");
    uint64_t n = 0;
    CHECK(oci_json_size(oci_json_get(root, key), &n));
    oci_json_free(root);
    return (int)n;
}

void kit_put_blob(const char *repository, const void *p, size_t len, char digest[160])
{
    struct oci_digest d;
    char path[512];
    CHECK_INT(oci_digest_of(OCI_STR("sha256"), p, len, &d, NULL), OCI_OK);
    snprintf(digest, 160, "%s", d.text);
    snprintf(path, sizeof path, "/v2/%s/blobs/uploads/?digest=%s", repository, d.text);
    free(request("POST", path, p, len, 201));
}

struct bench bench_up(const struct oci_net_options *options, const struct oci_credential *credential)
{
    struct bench b = {.registry = kit_registry()};
    b.net = kit_net(options);
    b.origin = kit_origin(b.net, b.registry, credential);
    return b;
}

void bench_down(struct bench *b)
{
    oci_origin_free(b->origin);
    oci_net_free(b->net);
    kit_stop();
    oci_pool_stop();
}

void bench_pull(const struct bench *b, struct ask *a, const char *digest, const char *p, size_t len)
{
    char url[300];
    snprintf(url, sizeof url, "/v2/a/blobs/%s", digest);
    a->method = "GET";
    a->url = url;
    a->origin = b->origin;
    a->expect_size = a->expect_size ? a->expect_size : len;
    ask_bytes(a, len + 100);
    ask_run(a);
    if (a->rc != OCI_OK)
        FAIL("%s", a->err.text);
    CHECK_INT(a->status, 200);
    CHECK_INT(a->bytes->len, len);
    CHECK_MEM(a->bytes->p, p, len);
}

char *kit_pattern(size_t len)
{
    char *p = malloc(len + 1);
    CHECK(p != NULL);
    for (size_t i = 0; i < len; i++)
        p[i] = (char)(i * 31 + (i >> 8) * 7);
    p[len] = '\0';
    return p;
}
