/* The pure parts of net/: the retry schedule, scopes, token answers, header fields, timers. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "model/descriptor.h"
#include "net/response.h"
#include "net/retry.h"
#include "net/scope.h"
#include "net/timer.h"
#include "net/token_answer.h"

/* ---- retry ---- */

TEST(retry_backs_off_with_full_jitter)
{
    struct oci_retry r;
    uint64_t delay = 0;
    oci_retry_init(&r, 6, 0);
    /* The largest chance gives the largest delay: 250 ms * 2^n. */
    for (unsigned n = 0; n < 5; n++) {
        const uint64_t most = 250u << n;
        struct oci_retry other = r;
        CHECK(oci_retry_next(&r, OCI_TROUBLE_STATUS, 0, 0, most, &delay));
        CHECK_INT(delay, most);
        CHECK(oci_retry_next(&other, OCI_TROUBLE_STATUS, 0, 0, most + 1, &delay));
        CHECK_INT(delay, 0); /* anything from 0 on */
    }
}

TEST(retry_delay_is_bounded)
{
    struct oci_retry r;
    uint64_t delay = 0;
    oci_retry_init(&r, 1000, 0);
    for (int n = 0; n < 200; n++) {
        CHECK(oci_retry_next(&r, OCI_TROUBLE_STATUS, 0, 0, UINT64_MAX - (uint64_t)n, &delay));
        CHECK(delay <= OCI_RETRY_MAX_MS);
    }
}

TEST(retry_ends)
{
    struct oci_retry r;
    uint64_t delay = 0;
    oci_retry_init(&r, 5, 0);
    for (int n = 0; n < 5; n++)
        CHECK(oci_retry_next(&r, OCI_TROUBLE_BROKEN, 0, 0, 0, &delay));
    CHECK(!oci_retry_next(&r, OCI_TROUBLE_BROKEN, 0, 0, 0, &delay));
    oci_retry_init(&r, 0, 0);
    CHECK(!oci_retry_next(&r, OCI_TROUBLE_STATUS, 0, 0, 0, &delay));
}

TEST(retry_kinds_have_limits_of_their_own)
{
    static const struct {
        enum oci_trouble kind;
        int most;
    } cases[] = {{OCI_TROUBLE_TIMEOUT, 1}, {OCI_TROUBLE_NAME, 2}, {OCI_TROUBLE_CONNECT, 3}};
    for (size_t i = 0; i < 3; i++) {
        struct oci_retry r;
        uint64_t delay = 0;
        int n = 0;
        oci_retry_init(&r, 100, 0);
        while (n < 50 && oci_retry_next(&r, cases[i].kind, 0, 0, 0, &delay))
            n++;
        CHECK_INT(n, cases[i].most);
        CHECK(oci_retry_next(&r, OCI_TROUBLE_BROKEN, 0, 0, 0, &delay));
    }
}

TEST(retry_after_is_honoured_up_to_a_minute)
{
    struct oci_retry r;
    uint64_t delay = 0;
    oci_retry_init(&r, 5, 0);
    CHECK(oci_retry_next(&r, OCI_TROUBLE_STATUS, 7, 0, 0, &delay));
    CHECK_INT(delay, 7000); /* never earlier */
    CHECK(oci_retry_next(&r, OCI_TROUBLE_STATUS, 7, 0, 250, &delay));
    CHECK_INT(delay, 7250);
    CHECK(!oci_retry_next(&r, OCI_TROUBLE_STATUS, 61, 0, 0, &delay));
    CHECK(!oci_retry_next(&r, OCI_TROUBLE_STATUS, 1000000000, 0, 0, &delay));
    CHECK(oci_retry_next(&r, OCI_TROUBLE_STATUS, 60, 0, 0, &delay));
}

TEST(retry_has_a_budget_of_time_that_progress_renews)
{
    struct oci_retry r;
    uint64_t delay = 0;
    oci_retry_init(&r, 100, 1000);
    CHECK(oci_retry_next(&r, OCI_TROUBLE_STATUS, 0, 1000 + 119000, 0, &delay));
    CHECK(!oci_retry_next(&r, OCI_TROUBLE_STATUS, 0, 1000 + 121000, 0, &delay));
    CHECK(!oci_retry_next(&r, OCI_TROUBLE_STATUS, 60, 1000 + 61000, 0, &delay)); /* would end after it */
    oci_retry_progress(&r, (1u << 20) - 1, 200000);
    CHECK(!oci_retry_next(&r, OCI_TROUBLE_STATUS, 0, 200000, 0, &delay));
    oci_retry_progress(&r, 1, 200000);
    CHECK(oci_retry_next(&r, OCI_TROUBLE_STATUS, 0, 200000, 0, &delay));
}

TEST(retry_attempts_begin_anew_with_progress_only)
{
    struct oci_retry r;
    uint64_t delay = 0;
    int n = 0;
    oci_retry_init(&r, 2, 0);
    /* One byte for each connection holds nobody for ever. */
    while (n < 50 && oci_retry_next(&r, OCI_TROUBLE_BROKEN, 0, 0, 0, &delay)) {
        oci_retry_progress(&r, 1, 0);
        n++;
    }
    CHECK_INT(n, 2);
    for (n = 0; n < 50; n++) {
        oci_retry_progress(&r, 1u << 20, 0);
        CHECK(oci_retry_next(&r, OCI_TROUBLE_BROKEN, 0, 0, 0, &delay));
    }
}

TEST(retry_statuses)
{
    static const int yes[] = {408, 429, 499, 500, 502, 503, 504, 520, 521, 522, 523, 524};
    static const int no[] = {200, 301, 400, 401, 403, 404, 409, 413, 416, 501, 505, 507, 519, 525, 0};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        CHECK(oci_retry_status(yes[i]));
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        CHECK(!oci_retry_status(no[i]));
}

/* ---- scopes ---- */

static void check_scopes(const char *text, bool sorted, const char *want)
{
    struct oci_scopes s = {.count = 0};
    struct oci_buf b;
    oci_buf_init(&b, 4096);
    CHECK_INT(oci_scopes_add(&s, text), OCI_OK);
    CHECK_INT(oci_scopes_print(&s, sorted, &b), OCI_OK);
    CHECK_STR(b.p ? b.p : "", want);
    oci_buf_done(&b);
    oci_scopes_done(&s);
}

TEST(scope_is_normalised)
{
    check_scopes("repository:a/b:pull", false, "repository:a/b:pull");
    check_scopes("repository:a:push,pull,push", false, "repository:a:pull,push");
    check_scopes("repository:a:push  repository:a:pull", false, "repository:a:pull,push");
    check_scopes("repository:b:pull repository:a:pull", false, "repository:b:pull repository:a:pull");
    check_scopes("repository:b:pull repository:a:pull", true, "repository:a:pull repository:b:pull");
    check_scopes("registry:catalog:*", false, "registry:catalog:*");
    check_scopes("repository:a:pull,*,push", false, "repository:a:*");
    check_scopes("repository:host:5000/a:pull", false, "repository:host:5000/a:pull");
    check_scopes("repository(plugin):a:pull", false, "repository(plugin):a:pull");
    check_scopes("aws", false, "aws");
    check_scopes("a:b", false, "a:b");
    check_scopes("repository:a:", false, "repository:a");
    check_scopes("  ", false, "");
    check_scopes(NULL, false, "");
}

TEST(scope_is_bounded)
{
    struct oci_scopes s = {.count = 0};
    char text[64];
    for (int i = 0; i < OCI_SCOPES_MAX; i++) {
        snprintf(text, sizeof text, "repository:r%d:pull", i);
        CHECK_INT(oci_scopes_add(&s, text), OCI_OK);
    }
    CHECK_INT(oci_scopes_add(&s, "repository:more:pull"), OCI_LIMIT);
    CHECK_INT(oci_scopes_add(&s, "repository:r0:push"), OCI_OK);
    CHECK_INT(oci_scopes_add(&s, "repository:r0:a,b,c,d,e,f,g,h,i"), OCI_LIMIT);
    CHECK_INT(oci_scopes_add(&s, "repository:x\r\ny:pull"), OCI_INVALID);
    oci_scopes_done(&s);
}

static bool covers(const char *have, const char *need)
{
    struct oci_scopes h = {.count = 0}, n = {.count = 0};
    CHECK_INT(oci_scopes_add(&h, have), OCI_OK);
    CHECK_INT(oci_scopes_add(&n, need), OCI_OK);
    bool is = oci_scopes_cover(&h, &n);
    oci_scopes_done(&h);
    oci_scopes_done(&n);
    return is;
}

TEST(scope_cover)
{
    CHECK(covers("repository:a:pull,push", "repository:a:pull"));
    CHECK(covers("repository:a:*", "repository:a:pull,push"));
    CHECK(covers("", ""));
    CHECK(!covers("repository:a:pull", "repository:a:pull,push"));
    CHECK(!covers("repository:a:pull", "repository:b:pull"));
    /* A token that was widened for a mount is for the mount only. */
    CHECK(!covers("repository:a:pull,push repository:b:pull", "repository:a:pull"));
    CHECK(!covers("repository:a:pull", "repository:a:pull repository:b:pull"));
}

TEST(scope_repository)
{
    bool oom = false;
    char *name = oci_scope_repository("repository:a/b:pull,push repository:c:pull", &oom);
    CHECK_STR(name, "a/b");
    oci_free(name);
    name = oci_scope_repository("repository:host:5000/a:pull", &oom);
    CHECK_STR(name, "host:5000/a");
    oci_free(name);
    CHECK(oci_scope_repository("registry:catalog:*", &oom) == NULL);
    CHECK(oci_scope_repository(NULL, &oom) == NULL);
    CHECK(!oom);
}

/* ---- token answers ---- */

static int token(const char *text, struct oci_token_answer *a)
{
    struct oci_err err = {0};
    int rc = oci_token_answer_parse(text, strlen(text), a, &err);
    CHECK_INT(rc, err.code);
    CHECK(strstr(err.text, "s3cret") == NULL);
    return rc;
}

static void check_token(const char *text, const char *want, uint64_t lifetime)
{
    struct oci_token_answer a = {0};
    CHECK_INT(token(text, &a), OCI_OK);
    CHECK_STR(a.token, want);
    CHECK_INT(a.lifetime_s, lifetime);
    oci_token_answer_done(&a);
}

TEST(token_answer_is_read)
{
    check_token("{\"token\":\"t\"}", "t", 60);
    check_token("{\"access_token\":\"a\",\"expires_in\":300}", "a", 300);
    check_token("{\"token\":\"t\",\"access_token\":\"t\"}", "t", 60);
    check_token("{\"token\":\"t\",\"access_token\":\"a\"}", "a", 60);
    check_token("{\"token\":\"t\",\"access_token\":\"\"}", "t", 60);
    check_token("{\"token\":\"t\",\"expires_in\":1}", "t", 60);
    check_token("{\"token\":\"t\",\"expires_in\":-5}", "t", 60);
    check_token("{\"token\":\"t\",\"expires_in\":\"300\"}", "t", 60);
    check_token("{\"token\":\"t\",\"expires_in\":300.5}", "t", 60);
    check_token("{\"token\":\"t\",\"expires_in\":null}", "t", 60);
    check_token("{\"token\":\"t\",\"expires_in\":999999999}", "t", 86400);
    check_token("{\"token\":\"t\",\"issued_at\":\"1999-01-01T00:00:00Z\",\"expires_in\":120}", "t", 120);
}

TEST(token_answer_says_when_it_is_ambiguous)
{
    struct oci_token_answer a = {0};
    CHECK_INT(token("{\"token\":\"t\",\"access_token\":\"a\",\"refresh_token\":\"r\"}", &a), OCI_OK);
    CHECK(a.ambiguous);
    CHECK_STR(a.refresh_token, "r");
    oci_token_answer_done(&a);
    CHECK_INT(token("{\"token\":\"t\",\"access_token\":\"t\"}", &a), OCI_OK);
    CHECK(!a.ambiguous);
    oci_token_answer_done(&a);
}

TEST(token_answer_without_a_token_is_refused)
{
    struct oci_token_answer a = {0};
    CHECK_INT(token("{}", &a), OCI_UNAUTHORIZED);
    CHECK_INT(token("{\"token\":\"\"}", &a), OCI_UNAUTHORIZED);
    CHECK_INT(token("{\"token\":7}", &a), OCI_UNAUTHORIZED);
    CHECK_INT(token("[]", &a), OCI_REGISTRY);
    CHECK_INT(token("\"s3cret\"", &a), OCI_REGISTRY);
    CHECK_INT(token("s3cret", &a), OCI_REGISTRY);
    CHECK_INT(token("", &a), OCI_REGISTRY);
    CHECK_INT(token("{\"token\":\"s3cret\\r\\nX: y\"}", &a), OCI_REGISTRY);
    CHECK_INT(token("{\"token\":\"s3cret \"}", &a), OCI_REGISTRY);
    CHECK_INT(token("{\"token\":\"s3cret\\u00e4\"}", &a), OCI_REGISTRY);
    CHECK(a.token == NULL);
}

TEST(token_answer_takes_long_tokens_and_is_bounded)
{
    static char text[200000];
    struct oci_token_answer a = {0};
    memcpy(text, "{\"token\":\"", 10);
    memset(text + 10, 'x', 60000);
    memcpy(text + 60010, "\"}", 3);
    CHECK_INT(token(text, &a), OCI_OK);
    CHECK_INT(strlen(a.token), 60000);
    oci_token_answer_done(&a);
    memset(text + 10, 'x', 70000);
    memcpy(text + 70010, "\"}", 3);
    CHECK_INT(token(text, &a), OCI_REGISTRY);
    memset(text + 10, ' ', 140000);
    CHECK_INT(token(text, &a), OCI_REGISTRY);
}

TEST(token_is_replaced_before_its_end)
{
    CHECK_INT(oci_token_until_ms(1000, 60), 1000 + 54000); /* a tenth */
    CHECK_INT(oci_token_until_ms(0, 300), 270000);
    CHECK_INT(oci_token_until_ms(0, 3600), 3540000); /* a minute at most */
    CHECK_INT(oci_token_until_ms(0, 10), 5000);      /* five seconds at least */
    CHECK_INT(oci_token_until_ms(0, 3), 0);
}

/* ---- header fields ---- */

static int line(struct oci_response *r, const char *text)
{
    return oci_response_line(r, text, strlen(text), NULL);
}

TEST(response_collects_what_is_read)
{
    struct oci_response r;
    oci_response_init(&r);
    CHECK_INT(line(&r, "HTTP/1.1 202 Accepted\r\n"), OCI_OK);
    CHECK_INT(line(&r, "LOCATION:  /u?x=1 \r\n"), OCI_OK);
    CHECK_INT(line(&r, "Location: /second\r\n"), OCI_OK);
    CHECK_INT(line(&r, "content-length: 12\r\n"), OCI_OK);
    CHECK_INT(line(&r, "Link: </a>; rel=x\r\n"), OCI_OK);
    CHECK_INT(line(&r, "Link: </b>; rel=next\r\n"), OCI_OK);
    CHECK_INT(line(&r, "WWW-Authenticate: Basic realm=x\r\n"), OCI_OK);
    CHECK_INT(line(&r, "Range: 0-1\rX\r\n"), OCI_OK);
    CHECK(!r.complete);
    CHECK_INT(line(&r, "\r\n"), OCI_OK);
    CHECK(r.complete);
    CHECK_INT(line(&r, "Location: /trailer\r\n"), OCI_OK);
    CHECK_INT(r.status, 202);
    CHECK_STR(r.fields[OCI_FIELD_LOCATION], "/u?x=1");
    CHECK_STR(r.fields[OCI_FIELD_LINK], "</a>; rel=x, </b>; rel=next");
    CHECK(r.fields[OCI_FIELD_RANGE] == NULL); /* a control character in it */
    CHECK_INT(r.length, 12);
    CHECK_INT(r.challenges.count, 1);
    oci_response_done(&r);
}

TEST(response_forgets_interim_answers)
{
    struct oci_response r;
    oci_response_init(&r);
    CHECK_INT(line(&r, "HTTP/1.1 100 Continue\r\n"), OCI_OK);
    CHECK_INT(line(&r, "Location: /early\r\n"), OCI_OK);
    CHECK_INT(line(&r, "\r\n"), OCI_OK);
    CHECK(!r.complete);
    CHECK_INT(line(&r, "HTTP/1.1 200 OK\r\n"), OCI_OK);
    CHECK_INT(line(&r, "\r\n"), OCI_OK);
    CHECK(r.complete && !r.fields[OCI_FIELD_LOCATION]);
    CHECK_INT(r.status, 200);
    CHECK(r.length == OCI_SIZE_UNKNOWN);
    oci_response_done(&r);
}

TEST(response_is_bounded)
{
    struct oci_response r;
    oci_response_init(&r);
    CHECK_INT(line(&r, "HTTP/1.1 200 OK\r\n"), OCI_OK);
    int n = 1;
    while (n < 10000 && line(&r, "X: y\r\n") == OCI_OK)
        n++;
    CHECK_INT(n, OCI_MAX_HEADER_LINES);
    oci_response_done(&r);
    static char big[OCI_MAX_HEADERS];
    memset(big, 'a', sizeof big - 1);
    CHECK_INT(line(&r, "HTTP/1.1 200 OK\r\n"), OCI_OK);
    CHECK_INT(line(&r, big), OCI_LIMIT);
    oci_response_done(&r);
    /* What is too long to be of use is not there. */
    CHECK_INT(line(&r, "HTTP/1.1 200 OK\r\n"), OCI_OK);
    memcpy(big, "Location: ", 10);
    big[20000] = '\0';
    CHECK_INT(line(&r, big), OCI_OK);
    CHECK(r.fields[OCI_FIELD_LOCATION] == NULL);
    oci_response_done(&r);
}

/* ---- timers ---- */

static struct oci_timers timers;
static int fired[3], order;
static struct oci_timer many[3];

static void fire(struct oci_timer *t)
{
    fired[t - many] = ++order;
}

static void fire_and_change(struct oci_timer *t)
{
    fire(t);
    oci_timer_stop(&many[1]);
    oci_timer_start(&timers, &many[2], 500);
    oci_timer_start(&timers, t, 40);
}

static void set_up_timers(void)
{
    oci_timers_init(&timers);
    order = 0;
    for (int i = 0; i < 3; i++) {
        fired[i] = 0;
        oci_timer_init(&many[i], fire);
    }
}

TEST(timer_fires_when_due)
{
    set_up_timers();
    CHECK_INT(oci_timers_wait(&timers, 0, 1000), 1000);
    oci_timer_start(&timers, &many[0], 10);
    oci_timer_start(&timers, &many[1], 20);
    CHECK_INT(oci_timers_wait(&timers, 5, 1000), 5);
    oci_timers_run(&timers, 9);
    CHECK_INT(order, 0);
    oci_timers_run(&timers, 10);
    CHECK_INT(fired[0], 1);
    CHECK_INT(order, 1);
    oci_timer_start(&timers, &many[1], 30); /* later */
    oci_timers_run(&timers, 29);
    CHECK_INT(order, 1);
    CHECK_INT(oci_timers_wait(&timers, 29, 1000), 1);
    oci_timers_run(&timers, 1000);
    CHECK_INT(order, 2);
    oci_timers_run(&timers, 2000);
    CHECK_INT(order, 2);
}

TEST(timer_may_be_changed_while_timers_fire)
{
    set_up_timers();
    many[0].fn = fire_and_change;
    for (int i = 0; i < 3; i++)
        oci_timer_start(&timers, &many[i], 10 + (uint64_t)i);
    oci_timers_run(&timers, 30);
    CHECK_INT(fired[0], 1);
    CHECK_INT(fired[1], 0); /* stopped by the first */
    CHECK_INT(fired[2], 0); /* moved by it */
    CHECK_INT(oci_timers_wait(&timers, 30, 1000), 10);
    oci_timers_run(&timers, 499);
    CHECK_INT(order, 2); /* the first again, which moves the third once more */
    CHECK_INT(fired[2], 0);
}
