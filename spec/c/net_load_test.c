/* Many questions at once, paused content, cancels at any moment. For ThreadSanitizer and AddressSanitizer, too. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "content/content_kinds.h"
#include "net_kit.h"
#include "sys/pool.h"
#include "sys/thread.h"

struct load {
    struct bench bench;
    char digest[160], url[300];
    char *p;
    size_t len;
};

static struct load set_up(size_t len, const struct oci_net_options *options)
{
    struct load b = {.bench = bench_up(options, NULL), .p = kit_pattern(len), .len = len};
    kit_put_blob("a", b.p, len, b.digest);
    snprintf(b.url, sizeof b.url, "/v2/a/blobs/%s", b.digest);
    return b;
}

static void tear_down(struct load *b)
{
    bench_down(&b->bench);
    free(b->p);
}

/* In place: the sink keeps the address of a->bytes. */
static void pull(struct load *b, struct ask *a)
{
    *a = (struct ask){
        .method = "GET", .url = b->url, .scope = "repository:a:pull", .origin = b->bench.origin, .expect_size = b->len};
    ask_bytes(a, b->len);
}

static void check(const struct load *b, const struct ask *a)
{
    if (a->rc != OCI_OK)
        FAIL("%s", a->err.text);
    CHECK_INT(a->status, 200);
    CHECK_INT(a->bytes->len, b->len);
    CHECK_MEM(a->bytes->p, b->p, b->len);
}

TEST(load_500_questions_at_once)
{
    struct load b = set_up(3000, NULL);
    char user[] = "alice", password[] = "s3cret:pass";
    struct oci_credential c = {.username = user, .password = password};
    oci_origin_free(b.bench.origin);
    b.bench.origin = kit_origin(b.bench.net, b.bench.registry, &c);
    kit_auth("{'mode': 'bearer'}");
    enum { N = 500 };
    static struct ask many[N];
    for (int i = 0; i < N; i++) {
        pull(&b, &many[i]);
        ask_start(&many[i]);
    }
    for (int i = 0; i < N; i++) {
        ask_wait(&many[i]);
        check(&b, &many[i]);
        ask_done(&many[i]);
    }
    CHECK_INT(kit_info("token_requests"), 1);
    CHECK(kit_info("max_open") <= 32 + 2); /* the token's, and this question's */
    tear_down(&b);
}

/* ---- paused content ---- */

static struct ask windowed(struct load *b, struct oci_window **ret_window)
{
    struct ask a = {.method = "GET", .url = b->url, .origin = b->bench.origin, .expect_size = b->len};
    *ret_window = oci_window_new(oci_engine_host(kit_engine()), 65536);
    CHECK(*ret_window != NULL);
    a.into = oci_window_sink(*ret_window, NULL);
    CHECK(a.into != NULL);
    return a;
}

static struct oci_mutex lock = OCI_MUTEX_INIT;
static struct oci_cond changed;
static unsigned changes;

static void on_change(void *ctx)
{
    (void)ctx;
    oci_mutex_lock(&lock);
    changes++;
    oci_cond_broadcast(&changed);
    oci_mutex_unlock(&lock);
}

/* All of it, in pieces. */
static void drain(const struct load *b, struct oci_window *w)
{
    size_t have = 0, n = 0;
    static char piece[10000];
    for (;;) {
        struct oci_err err = {0};
        oci_mutex_lock(&lock);
        unsigned seen = changes;
        oci_mutex_unlock(&lock);
        int rc = oci_window_take(w, piece, sizeof piece, &n, &err);
        if (rc == OCI_END_OF_CONTENT)
            break;
        if (rc == OCI_OK) {
            CHECK(have + n <= b->len);
            CHECK_MEM(piece, b->p + have, n);
            have += n;
            continue;
        }
        if (rc != OCI_PAUSED)
            FAIL("%s", err.text);
        oci_mutex_lock(&lock);
        while (changes == seen)
            oci_cond_wait(&changed, &lock);
        oci_mutex_unlock(&lock);
    }
    CHECK_INT(have, b->len);
}

static void watch(struct oci_window *w)
{
    oci_cond_init(&changed);
    oci_window_on_change(w, on_change, NULL);
}

TEST(load_stall_timer_stands_still_while_nobody_reads)
{
    struct oci_net_options o = {.retries = 0, .stall_timeout_ms = 1000};
    struct load b = set_up(3000000, &o);
    struct oci_window *w = NULL;
    struct ask slow = windowed(&b, &w);
    watch(w);
    ask_start(&slow);
    oci_mutex_lock(&lock);
    while (!oci_window_has(w))
        oci_cond_wait(&changed, &lock);
    oci_mutex_unlock(&lock);
    /* A question that does stall takes a second; by then the other one was paused as long. */
    kit_rules("[{'path': '/tags/', 'action': {'stall': -1}}]");
    struct ask stalls = {.method = "GET", .url = "/v2/a/tags/list", .origin = b.bench.origin};
    ask_run(&stalls);
    CHECK_INT(stalls.rc, OCI_TIMEOUT);
    drain(&b, w);
    ask_wait(&slow);
    CHECK_INT(slow.rc, OCI_OK);
    ask_done(&slow);
    oci_window_unref(w);
    tear_down(&b);
}

/* More readers that nobody reads from than there are slots: others still get their turn. */
TEST(load_paused_downloads_keep_no_slot)
{
    struct load b = set_up(2000000, NULL);
    enum { N = 40 };
    static struct ask many[N];
    static struct oci_window *windows[N];
    oci_cond_init(&changed);
    for (int i = 0; i < N; i++) {
        many[i] = windowed(&b, &windows[i]);
        ask_start(&many[i]);
    }
    struct ask one;
    pull(&b, &one);
    ask_run(&one);
    check(&b, &one);
    ask_done(&one);
    for (int i = 0; i < N; i++)
        oci_window_stop(windows[i]);
    for (int i = 0; i < N; i++) {
        ask_wait(&many[i]);
        CHECK(many[i].rc != OCI_OK);
        ask_done(&many[i]);
        oci_window_unref(windows[i]);
    }
    tear_down(&b);
}

/* A reader that has had bytes already cannot begin anew: what comes again is skipped. */
TEST(load_broken_download_into_a_window)
{
    struct load b = set_up(500000, NULL);
    struct oci_window *w = NULL;
    kit_config("{'ranges': false}");
    kit_rules("[{'method': 'GET', 'action': {'cut': 300000}}]");
    struct ask a = windowed(&b, &w);
    watch(w);
    ask_start(&a);
    drain(&b, w);
    ask_wait(&a);
    CHECK_STR(a.err.text, "");
    CHECK_INT(kit_count("GET", b.digest, NULL, NULL), 2);
    ask_done(&a);
    oci_window_unref(w);
    tear_down(&b);
}

static void give(struct oci_window *w, const char *p, size_t len)
{
    while (len > 0) {
        size_t n = 0;
        oci_mutex_lock(&lock);
        unsigned seen = changes;
        oci_mutex_unlock(&lock);
        int rc = oci_window_give(w, p, len > 7000 ? 7000 : len, &n);
        if (rc == OCI_PAUSED || (rc == OCI_OK && n == 0)) {
            oci_mutex_lock(&lock);
            while (changes == seen)
                oci_cond_wait(&changed, &lock);
            oci_mutex_unlock(&lock);
            continue;
        }
        CHECK_INT(rc, OCI_OK);
        p += n;
        len -= n;
    }
}

/* A stream of unknown length, given piece by piece from here. */
TEST(load_paused_upload)
{
    struct load b = set_up(1000000, NULL);
    struct ask post = {.method = "POST", .url = "/v2/b/blobs/uploads/", .origin = b.bench.origin};
    ask_run(&post);
    CHECK_INT(post.status, 202);
    struct oci_window *w = oci_window_new(oci_engine_host(kit_engine()), 65536);
    CHECK(w != NULL);
    watch(w);
    struct ask patch = {.method = "PATCH", .url = post.location, .origin = b.bench.origin, .once = true};
    patch.body = oci_window_source(w, UINT64_MAX);
    CHECK(patch.body != NULL);
    ask_start(&patch);
    give(w, b.p, b.len);
    oci_window_give_end(w, NULL);
    ask_wait(&patch);
    CHECK_STR(patch.err.text, "");
    CHECK_INT(patch.status, 202);
    CHECK_INT(kit_count("PATCH", NULL, NULL, "transfer-encoding: chunked"), 1);
    char url[1024];
    snprintf(url, sizeof url, "%s&digest=%s", patch.location, b.digest);
    struct ask put = {.method = "PUT", .url = url, .origin = b.bench.origin};
    ask_run(&put);
    CHECK_INT(put.status, 201); /* the registry has hashed what came */
    ask_done(&patch);
    oci_window_unref(w);
    tear_down(&b);
}

/* ---- cancels ---- */

static unsigned seed = 12345;
static unsigned chance(unsigned below)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 16) % below;
}

static void any(struct load *b, struct ask *a)
{
    if (chance(3) > 0) {
        pull(b, a);
        return;
    }
    *a = (struct ask){.method = "POST",
                      .url = "/v2/a/blobs/uploads/?digest=sha256:"
                             "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                      .scope = "repository:a:pull,push",
                      .origin = b->bench.origin};
    ask_body(a, b->p, chance(2) ? 1000 : b->len); /* refused in the end: the digest is another */
}

TEST(load_cancel_at_any_moment)
{
    struct oci_net_options o = {.retries = 3, .stall_timeout_ms = 1000};
    struct load b = set_up(200000, &o);
    char user[] = "alice", password[] = "s3cret:pass";
    struct oci_credential c = {.username = user, .password = password};
    oci_origin_free(b.bench.origin);
    b.bench.origin = kit_origin(b.bench.net, b.bench.registry, &c);
    kit_auth("{'mode': 'bearer', 'expires_in': 60, 'lifetime': 1}");
    kit_rules("[{'method': 'GET', 'skip': 3, 'times': 5, 'action': {'cut': 70000}},"
              " {'method': 'GET', 'skip': 10, 'times': 5, 'action': {'stall': 100}},"
              " {'method': 'POST', 'skip': 2, 'times': 5, 'action': {'reset': true}},"
              " {'skip': 20, 'times': 5, 'action': {'status': 503}},"
              " {'skip': 30, 'times': 5, 'action': {'redirect': {'location': '{scheme}://{other}{path}'}}}]");
    enum { N = 60, ROUNDS = 6 };
    static struct ask many[N];
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < N; i++) {
            any(&b, &many[i]);
            ask_start(&many[i]);
            if (chance(2))
                ask_cancel(&many[chance((unsigned)i + 1)]);
        }
        for (int i = 0; i < N; i++) {
            if (chance(8) == 0)
                kit_info("active"); /* lets some time pass */
            if (chance(4) > 0)
                ask_cancel(&many[i]);
        }
        for (int i = 0; i < N; i++) {
            ask_wait(&many[i]);
            ask_done(&many[i]);
        }
    }
    kit_rules("[]");
    struct ask one;
    pull(&b, &one);
    ask_run(&one);
    check(&b, &one);
    ask_done(&one);
    tear_down(&b); /* checks that nothing is left over */
}

/* ---- forks (ThreadSanitizer does not let the child start a thread) ---- */

/* Nor under AddressSanitizer: that of gcc 12 does not hold its allocator's locks over a fork, and once in some dozens of
 * runs the child waits for one for ever. */
#if !defined __SANITIZE_THREAD__ && !defined __SANITIZE_ADDRESS__
TEST(load_fork_in_the_middle_of_downloads)
{
    struct load b = set_up(3000000, NULL);
    enum { N = 8 };
    static struct ask many[N];
    for (int i = 0; i < N; i++) {
        pull(&b, &many[i]);
        ask_start(&many[i]);
    }
    pid_t pid = fork();
    if (pid == 0) {
        alarm(30);
        /* A client of its own, with a new engine. */
        struct load mine = b;
        mine.bench.net = kit_net(NULL);
        mine.bench.origin = kit_origin(mine.bench.net, b.bench.registry, NULL);
        struct ask a;
        pull(&mine, &a);
        ask_run(&a);
        bool good = a.rc == OCI_OK && a.bytes->len == b.len && memcmp(a.bytes->p, b.p, b.len) == 0;
        oci_origin_free(mine.bench.origin);
        oci_net_free(mine.bench.net);
        oci_origin_free(b.bench.origin); /* the parent's: nothing happens */
        oci_net_free(b.bench.net);
        oci_engine_stop();
        _exit(good ? 0 : 1);
    }
    for (int i = 0; i < N; i++) {
        ask_wait(&many[i]);
        check(&b, &many[i]);
        ask_done(&many[i]);
    }
    int status = 0;
    CHECK_INT(waitpid(pid, &status, 0), pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    tear_down(&b);
}
#endif
