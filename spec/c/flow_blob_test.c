/* Blobs of a registry: asking, pushing, pulling; each answer that a registry may give. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "content/content_kinds.h"
#include "flow/children.h"
#include "flow/registry_flows.h"
#include "flow_host.h"
#include "test.h"

#define HELLO "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define OTHER "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
#define BLOB "/v2/a/b/blobs/" HELLO
#define POST "POST /v2/a/b/blobs/uploads/"
#define MOUNT POST "?mount=" HELLO "&from=c/d"
#define AT "https://r.io/up/1"
#define HEAD_404 {.ask = "HEAD " BLOB, .status = 404}
#define POST_202 {.ask = POST, .status = 202, .location = AT}
#define DELETE_204 {.ask = "DELETE " AT, .status = 204}
#define PUSH_SCOPE "repository:a/b:pull,push"

static struct flow_host host;
static struct oci_desc found;
static enum oci_put_state state;

static struct oci_repository repo(void)
{
    return (struct oci_repository){.host = &host.host, .origin = flow_origin(), .registry = "r.io", .name = "a/b"};
}

static struct oci_digest digest(const char *text)
{
    struct oci_digest d = {""};
    if (text[0])
        CHECK_INT(oci_digest_parse(oci_str_of(text), &d, NULL), OCI_OK);
    return d;
}

static struct oci_source *hello(void)
{
    struct oci_bytes *b = oci_bytes_new("hello", 5);
    struct oci_source *s = oci_source_bytes(b);
    oci_bytes_unref(b);
    CHECK(s);
    return s;
}

static struct oci_desc desc_of(const char *digest_text, uint64_t size)
{
    struct oci_desc d;
    struct oci_digest g = digest(digest_text);
    oci_desc_set(&d, "text/plain", &g, size);
    return d;
}

static void begin(const struct flow_row *rows, size_t count)
{
    flow_host_init(&host, rows, count);
    found = (struct oci_desc){0};
    state = 99;
}

static struct oci_flow *push_flow(struct oci_source *take, const char *digest_text, uint64_t size,
                                  const struct oci_put *hint)
{
    struct oci_desc d = desc_of(digest_text, size);
    struct oci_repository r = repo();
    return oci_flow_push_blob(&r, &d, take, hint, &found, &state);
}

static int push(struct oci_source *take, const char *digest_text, uint64_t size, const struct oci_put *hint)
{
    return flow_host_run(&host, push_flow(take, digest_text, size, hint));
}

static void end(void)
{
    flow_host_done(&host, false);
}

/* ---- stat ---- */

TEST(stat_tells_the_size)
{
    const struct flow_row rows[] = {
        {.ask = "HEAD " BLOB, .status = 200, .length = 5, .digest = HELLO, .scope = "repository:a/b:pull"},
        {.ask = "HEAD " BLOB, .status = 200},
    };
    struct oci_repository r = repo();
    struct oci_digest d = digest(HELLO);
    begin(FLOW_ROWS(rows));
    CHECK_INT(flow_host_run(&host, oci_flow_stat_blob(&r, &d, &found)), OCI_OK);
    CHECK_INT(found.size, 5);
    CHECK_STR(found.digest.text, HELLO);
    CHECK_INT(flow_host_run(&host, oci_flow_stat_blob(&r, &d, &found)), OCI_OK);
    CHECK(found.size == OCI_SIZE_UNKNOWN);
    end();
}

TEST(stat_fails_for_what_is_not_there_or_lies)
{
    const struct flow_row rows[] = {
        {.status = 404},
        {.status = 200, .length = 5, .digest = OTHER},
        {.status = 200, .length = INT64_MAX},
        {.status = 206, .length = 5},
    };
    static const int codes[] = {OCI_NOT_FOUND, OCI_DIGEST_MISMATCH, OCI_INVALID, OCI_REGISTRY};
    struct oci_repository r = repo();
    struct oci_digest d = digest(HELLO);
    begin(FLOW_ROWS(rows));
    for (int i = 0; i < 4; i++)
        CHECK_INT(flow_host_run(&host, oci_flow_stat_blob(&r, &d, &found)), codes[i]);
    end();
}

/* ---- pushing content whose digest is known ---- */

TEST(what_is_there_is_not_sent)
{
    const struct flow_row rows[] = {
        {.ask = "HEAD " BLOB, .status = 200, .length = 5, .scope = PUSH_SCOPE},
        {.ask = "HEAD " BLOB, .status = 200, .digest = HELLO},
        {.ask = "HEAD " BLOB, .status = 200, .length = 99, .digest = HELLO}, /* a wrong length is only a hint (Q22) */
    };
    begin(FLOW_ROWS(rows));
    for (int i = 0; i < 3; i++) {
        CHECK_INT(push(hello(), HELLO, 5, NULL), OCI_OK);
        CHECK_INT(state, OCI_PUT_EXISTS);
        CHECK_STR(found.digest.text, HELLO);
        CHECK_STR(found.media_type, "text/plain");
        CHECK_INT(found.size, 5);
    }
    end();
}

/* Q25: some answer 200 to everything. */
TEST(a_200_that_does_not_fit_is_not_believed)
{
    const struct flow_row heads[] = {
        {.ask = "HEAD " BLOB, .status = 200},
        {.ask = "HEAD " BLOB, .status = 200, .length = 4},
        {.ask = "HEAD " BLOB, .status = 200, .length = 5, .digest = OTHER},
        {.ask = "HEAD " BLOB, .status = 403},
        {.ask = "HEAD " BLOB, .status = 405},
        HEAD_404,
    };
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        const struct flow_row rows[] = {
            heads[i],
            {.ask = POST, .status = 202, .location = AT, .scope = PUSH_SCOPE},
            {.ask = "PUT " AT "?digest=" HELLO, .status = 201, .sent = "hello", .scope = PUSH_SCOPE, .sent_type = ""},
        };
        begin(FLOW_ROWS(rows));
        CHECK_INT(push(hello(), HELLO, 5, NULL), OCI_OK);
        CHECK_INT(state, OCI_PUT_DONE);
        end();
    }
}

TEST(new_content_is_not_asked_for)
{
    const struct flow_row rows[] = {POST_202, {.ask = "PUT " AT "?digest=" HELLO, .status = 201}};
    begin(FLOW_ROWS(rows));
    CHECK_INT(push(hello(), HELLO, 5, &(struct oci_put){.is_new = true}), OCI_OK);
    end();
}

/* Q2: the address's own query stays as it is. */
TEST(the_digest_is_appended_to_the_address)
{
    static const char *const pairs[][2] = {
        {"https://r.io/up", "https://r.io/up?digest="},
        {"https://r.io/up?_state=a%3Db%2B&x", "https://r.io/up?_state=a%3Db%2B&x&digest="},
        {"https://r.io/up?", "https://r.io/up?digest="},
        {"https://r.io/up?a=b&", "https://r.io/up?a=b&digest="},
        {"https://r.io/up?a=b#part", "https://r.io/up?a=b&digest="},
    };
    for (size_t i = 0; i < 5; i++) {
        char put[300];
        snprintf(put, sizeof put, "PUT %s" HELLO, pairs[i][1]);
        const struct flow_row rows[] = {
            HEAD_404,
            {.ask = POST, .status = 202, .location = pairs[i][0]},
            {.ask = put, .status = 201},
        };
        begin(FLOW_ROWS(rows));
        CHECK_INT(push(hello(), HELLO, 5, NULL), OCI_OK);
        end();
    }
}

TEST(an_upload_without_an_address_fails)
{
    const struct flow_row rows[] = {HEAD_404, {.ask = POST, .status = 202}};
    begin(FLOW_ROWS(rows));
    CHECK_INT(push(hello(), HELLO, 5, NULL), OCI_REGISTRY);
    CHECK_STR(host.err.text, "pushing a blob to r.io/a/b: the registry opened an upload without saying where");
    end();
}

TEST(mounting)
{
    const struct oci_put hint = {.mount_from = "c/d"};
    const struct flow_row mounted[] = {
        HEAD_404,
        {.ask = MOUNT, .status = 201, .digest = HELLO, .scope = PUSH_SCOPE, .extra_scope = "repository:c/d:pull"},
    };
    begin(FLOW_ROWS(mounted));
    CHECK_INT(push(hello(), HELLO, 5, &hint), OCI_OK);
    CHECK_INT(state, OCI_PUT_MOUNTED);
    end();
    const struct flow_row session[] = {
        HEAD_404,
        {.ask = MOUNT, .status = 202, .location = AT},
        {.ask = "PUT " AT "?digest=" HELLO, .status = 201, .sent = "hello"},
    };
    begin(FLOW_ROWS(session));
    CHECK_INT(push(hello(), HELLO, 5, &hint), OCI_OK);
    CHECK_INT(state, OCI_PUT_DONE);
    end();
    const struct flow_row lie[] = {HEAD_404, {.ask = MOUNT, .status = 201, .digest = OTHER}};
    begin(FLOW_ROWS(lie));
    CHECK_INT(push(hello(), HELLO, 5, &hint), OCI_DIGEST_MISMATCH);
    end();
}

/* Q15 */
TEST(a_refused_mount_becomes_an_upload)
{
    static const int refusals[] = {400, 401, 403, 404, 405};
    for (size_t i = 0; i < 5; i++) {
        const struct flow_row rows[] = {
            HEAD_404,
            {.ask = MOUNT, .status = refusals[i]},
            {.ask = POST, .status = 202, .location = AT, .extra_scope = ""},
            {.ask = "PUT " AT "?digest=" HELLO, .status = 201},
        };
        begin(FLOW_ROWS(rows));
        CHECK_INT(push(hello(), HELLO, 5, &(struct oci_put){.mount_from = "c/d"}), OCI_OK);
        end();
    }
}

/* Q6 */
TEST(another_success_than_201_is_verified)
{
    static const int statuses[] = {200, 202, 204};
    for (size_t i = 0; i < 6; i++) {
        const struct flow_row rows[] = {
            HEAD_404,
            POST_202,
            {.ask = "PUT " AT "?digest=" HELLO, .status = statuses[i % 3]},
            {.ask = "HEAD " BLOB, .status = i < 3 ? 200 : 404, .length = i == 0 ? 0 : 5},
            DELETE_204,
        };
        begin(rows, i < 3 ? 4 : 5);
        CHECK_INT(push(hello(), HELLO, 5, NULL), i < 3 ? OCI_OK : OCI_REGISTRY);
        end();
    }
}

TEST(the_registry_must_have_stored_what_was_sent)
{
    const struct flow_row rows[] = {
        HEAD_404, POST_202, {.ask = "PUT " AT "?digest=" HELLO, .status = 201, .digest = OTHER}, DELETE_204,
    };
    begin(FLOW_ROWS(rows));
    CHECK_INT(push(hello(), HELLO, 5, NULL), OCI_DIGEST_MISMATCH);
    end();
    /* Q20: another algorithm says nothing. */
    const struct flow_row other[] = {
        HEAD_404,
        POST_202,
        {.ask = "PUT " AT "?digest=" HELLO, .status = 201,
         .digest = "sha512:9b71d224bd62f3785d96d46ad3ea3d73319bfbc2890caadae2dff72519673ca7"
                   "2323c3d99ba5c11d7c7acc6e14b8c5da0c4663475c2e5c3adef46f73bcdec043"},
    };
    begin(FLOW_ROWS(other));
    CHECK_INT(push(hello(), HELLO, 5, NULL), OCI_OK);
    end();
}

/* Q17: the session is gone, since an earlier PUT closed it. */
TEST(a_lost_success_is_found)
{
    const struct flow_row unknown[] = {
        HEAD_404,
        POST_202,
        {.ask = "PUT " AT "?digest=" HELLO, .status = 404},
        {.ask = "HEAD " BLOB, .status = 200, .length = 5},
    };
    begin(FLOW_ROWS(unknown));
    CHECK_INT(push(hello(), HELLO, 5, NULL), OCI_OK);
    end();
    const struct flow_row lost[] = {
        HEAD_404,
        POST_202,
        {.ask = "PUT " AT "?digest=" HELLO, .lost = OCI_NETWORK, .after = 5},
        {.ask = "HEAD " BLOB, .status = 200, .length = 5},
    };
    begin(FLOW_ROWS(lost));
    CHECK_INT(push(hello(), HELLO, 5, NULL), OCI_OK);
    end();
}

TEST(a_lost_session_is_begun_anew_twice)
{
    const struct flow_row once[] = {
        HEAD_404, POST_202, {.ask = "PUT " AT "?digest=" HELLO, .status = 404},
        HEAD_404, {.ask = POST, .status = 202, .location = AT "2"},
        {.ask = "PUT " AT "2?digest=" HELLO, .status = 201, .sent = "hello"},
    };
    begin(FLOW_ROWS(once));
    CHECK_INT(push(hello(), HELLO, 5, NULL), OCI_OK);
    end();
    const struct flow_row ever[] = {
        HEAD_404, POST_202, {.ask = "PUT " AT "?digest=" HELLO, .status = 404},
        HEAD_404, POST_202, {.ask = "PUT " AT "?digest=" HELLO, .status = 404},
        HEAD_404, POST_202, {.ask = "PUT " AT "?digest=" HELLO, .status = 404},
        HEAD_404, DELETE_204,
    };
    begin(FLOW_ROWS(ever));
    CHECK_INT(push(hello(), HELLO, 5, NULL), OCI_NOT_FOUND);
    end();
}

TEST(an_answer_that_stays_lost_is_the_error)
{
    const struct flow_row rows[] = {
        HEAD_404,
        POST_202,
        {.ask = "PUT " AT "?digest=" HELLO, .lost = OCI_TIMEOUT, .after = 3},
        {.ask = "HEAD " BLOB, .lost = OCI_NETWORK},
        DELETE_204,
    };
    begin(FLOW_ROWS(rows));
    CHECK_INT(push(hello(), HELLO, 5, NULL), OCI_TIMEOUT);
    end();
}

TEST(wrong_content_is_refused_by_the_registry)
{
    const char *body = "{\"errors\":[{\"code\":\"DIGEST_INVALID\"}]}";
    const struct flow_row rows[] = {
        HEAD_404, POST_202, {.ask = "PUT " AT "?digest=" HELLO, .status = 400, .body = body}, DELETE_204,
    };
    begin(FLOW_ROWS(rows));
    CHECK_INT(push(hello(), HELLO, 5, NULL), OCI_DIGEST_MISMATCH);
    end();
    /* Sent twice into one session the content may be there one and a half times: once more, into a new
     * one. */
    const struct flow_row resent[] = {
        HEAD_404, POST_202, {.ask = "PUT " AT "?digest=" HELLO, .status = 400, .body = body, .resent = true},
        HEAD_404, {.ask = POST, .status = 202, .location = AT "2"}, {.ask = "PUT " AT "2?digest=" HELLO, .status = 201},
    };
    begin(FLOW_ROWS(resent));
    CHECK_INT(push(hello(), HELLO, 5, NULL), OCI_OK);
    end();
}

TEST(content_of_another_size_is_not_sent)
{
    begin(NULL, 0);
    CHECK_INT(push(hello(), HELLO, 6, NULL), OCI_SIZE_MISMATCH);
    end();
}

/* ---- sources of other kinds ---- */

/* "hello", read once, or by jobs, or moving by itself. */
struct odd {
    struct oci_source base;
    struct oci_source_type type;
    struct oci_source *inside;
    int fails; /* after two bytes */
    size_t given;
    bool *freed;
};

static struct odd *of_odd(struct oci_source *s)
{
    return OCI_OWNER(s, struct odd, base);
}

static int odd_read(struct oci_source *s, void *p, size_t max, size_t *ret_n, struct oci_err *reterr)
{
    struct odd *o = of_odd(s);
    if (o->fails && o->given >= 2)
        return oci_err_set(reterr, o->fails, "the source broke");
    if (o->given == 5)
        return OCI_END_OF_CONTENT;
    size_t n = max < 2 ? max : o->given == 4 ? 1 : 2;
    memcpy(p, &"hello"[o->given], n);
    o->given += n;
    *ret_n = n;
    return OCI_OK;
}

static int odd_rewind(struct oci_source *s, struct oci_err *reterr)
{
    (void)reterr;
    of_odd(s)->given = 0;
    return OCI_OK;
}

static struct oci_flow *odd_into(struct oci_source *s, struct oci_sink *k)
{
    return oci_flow_move(&host.host, of_odd(s)->inside, k);
}

static void odd_free(struct oci_source *s)
{
    if (of_odd(s)->freed)
        *of_odd(s)->freed = true;
    oci_source_free(of_odd(s)->inside);
    free(s);
}

static struct odd *odd(void)
{
    struct odd *o = calloc(1, sizeof *o);
    o->type = (struct oci_source_type){.name = "odd", .read = odd_read, .rewind = odd_rewind, .free = odd_free};
    o->base = (struct oci_source){.type = &o->type, .size = OCI_SIZE_UNKNOWN};
    return o;
}

static struct odd *one_shot(void)
{
    struct odd *o = odd();
    o->type.one_shot = true;
    o->type.rewind = NULL;
    return o;
}

static struct odd *by_itself(int fails)
{
    struct odd *inside = odd();
    struct odd *o = odd();
    inside->fails = fails;
    o->type.read = NULL;
    o->type.rewind = NULL;
    o->type.into = odd_into;
    o->inside = &inside->base;
    return o;
}

static struct odd *by_jobs(int fails)
{
    struct odd *o = odd();
    o->type.on_pool = true;
    o->fails = fails;
    return o;
}

TEST(a_source_is_freed_with_the_flow_whatever_happens)
{
    bool gone = false;
    struct odd *o = odd();
    o->freed = &gone;
    begin(NULL, 0);
    oci_flow_free(push_flow(&o->base, HELLO, 5, NULL));
    CHECK(gone);
    end();
}

TEST(what_the_host_cannot_read_goes_through_a_pipe)
{
    const struct flow_row rows[] = {
        HEAD_404, POST_202, {.ask = "PUT " AT "?digest=" HELLO, .status = 201, .sent = "hello"},
        HEAD_404, POST_202, {.ask = "PUT " AT "?digest=" HELLO, .status = 201, .sent = "hello"},
        HEAD_404, POST_202, {.ask = "PUT " AT "?digest=" HELLO, .status = 404},
        HEAD_404, POST_202, {.ask = "PUT " AT "?digest=" HELLO, .status = 201, .sent = "hello"},
    };
    begin(FLOW_ROWS(rows));
    host.piece = 3;
    CHECK_INT(push(&by_jobs(0)->base, HELLO, 5, NULL), OCI_OK);
    CHECK(host.jobs > 0);
    CHECK_INT(push(&by_itself(0)->base, HELLO, 5, NULL), OCI_OK);
    CHECK_INT(push(&by_itself(0)->base, HELLO, 5, NULL), OCI_OK); /* twice: the pipe is made anew */
    end();
}

TEST(nothing_is_read_of_what_is_there)
{
    const struct flow_row rows[] = {{.ask = "HEAD " BLOB, .status = 200, .length = 5}};
    begin(FLOW_ROWS(rows));
    CHECK_INT(push(&by_jobs(OCI_IO)->base, HELLO, 5, NULL), OCI_OK);
    CHECK_INT(host.jobs, 0);
    end();
}

TEST(a_source_that_breaks_is_the_error_and_not_the_registry)
{
    static const int codes[] = {OCI_IO, OCI_NETWORK, OCI_NOT_FOUND, OCI_DIGEST_MISMATCH};
    for (int i = 0; i < 12; i++) {
        const struct flow_row rows[] = {
            HEAD_404, POST_202, {.ask = "PUT " AT "?digest=" HELLO, .status = 201}, DELETE_204,
        };
        begin(FLOW_ROWS(rows));
        int code = codes[i % 4];
        struct odd *o = i < 4 ? by_jobs(code) : i < 8 ? by_itself(code) : odd();
        if (i >= 8)
            o->fails = code;
        if (i == 9) { /* read by the host itself, NETWORK looks like a lost answer: it is looked for */
            oci_source_free(&o->base);
            flow_host_done(&host, true);
            continue;
        }
        CHECK_INT(push(&o->base, HELLO, 5, NULL), code);
        CHECK_STR(host.err.text, "the source broke");
        end();
    }
}

/* An answer that comes before the body was read ends the pipe, and counts. */
TEST(an_early_answer_counts)
{
    for (int i = 0; i < 4; i++) {
        const struct flow_row rows[] = {
            HEAD_404, POST_202,
            {.ask = "PUT " AT "?digest=" HELLO, .status = i < 2 ? 201 : 413, .early = true},
            DELETE_204,
        };
        begin(rows, i < 2 ? 3 : 4);
        struct odd *o = i % 2 ? by_jobs(0) : by_itself(0);
        CHECK_INT(push(&o->base, HELLO, 5, NULL), i < 2 ? OCI_OK : OCI_LIMIT);
        end();
    }
}

TEST(verify_hashes_on_the_way)
{
    const struct flow_row good[] = {
        HEAD_404, POST_202, {.ask = "PUT " AT "?digest=" HELLO, .status = 201, .sent = "hello"},
    };
    const struct oci_put hint = {.verify = true};
    begin(FLOW_ROWS(good));
    CHECK_INT(push(hello(), HELLO, 5, &hint), OCI_OK);
    end();
    const struct flow_row bad[] = {
        {.ask = "HEAD /v2/a/b/blobs/" OTHER, .status = 404}, POST_202,
        {.ask = "PUT " AT "?digest=" OTHER, .status = 400}, DELETE_204,
    };
    begin(FLOW_ROWS(bad));
    int rc = push(hello(), OTHER, 5, &hint);
    CHECK(rc == OCI_DIGEST_MISMATCH || rc == OCI_REGISTRY);
    end();
}

/* Once a byte of it is on the wire nothing of it is sent twice. */
TEST(a_one_shot_source_is_sent_once)
{
    const struct flow_row rows[] = {
        HEAD_404, POST_202, {.ask = "PUT " AT "?digest=" HELLO, .status = 404}, HEAD_404, DELETE_204,
        HEAD_404, POST_202, {.ask = "PUT " AT "?digest=" HELLO, .lost = OCI_NETWORK, .after = 2}, HEAD_404, DELETE_204,
    };
    begin(FLOW_ROWS(rows));
    CHECK_INT(push(&one_shot()->base, HELLO, 5, NULL), OCI_NOT_FOUND);
    CHECK_INT(push(&one_shot()->base, HELLO, 5, NULL), OCI_NETWORK);
    CHECK(host.err.retryable);
    end();
}

/* ---- streams: the digest is not known ---- */

TEST(a_stream_is_hashed_on_the_way)
{
    static const int patched[] = {202, 201, 200, 204};
    for (int i = 0; i < 4; i++) {
        const struct flow_row rows[] = {
            {.ask = POST, .status = 202, .location = AT, .scope = PUSH_SCOPE},
            {.ask = "PATCH " AT, .status = patched[i], .location = i ? AT "?s=2" : NULL, .sent = "hello"},
            {.ask = i ? "PUT " AT "?s=2&digest=" HELLO : "PUT " AT "?digest=" HELLO, .status = 201, .digest = HELLO},
        };
        begin(FLOW_ROWS(rows));
        struct odd *o = i == 0 ? one_shot() : i == 1 ? by_jobs(0) : i == 2 ? by_itself(0) : odd();
        CHECK_INT(push(&o->base, "", OCI_SIZE_UNKNOWN, NULL), OCI_OK);
        CHECK_STR(found.digest.text, HELLO);
        CHECK_INT(found.size, 5);
        CHECK_INT(state, OCI_PUT_DONE);
        end();
    }
}

static void write_file(char *path, const char *content, size_t times)
{
    int fd = mkstemp(path);
    CHECK(fd >= 0);
    for (size_t i = 0; i < times; i++)
        CHECK_INT(write(fd, content, strlen(content)), strlen(content));
    close(fd);
}

TEST(a_file_is_hashed_beside_its_upload)
{
    const struct flow_row rows[] = {
        POST_202,
        {.ask = "PATCH " AT, .status = 202, .sent = "hello"},
        {.ask = "PUT " AT "?digest=" HELLO, .status = 201},
    };
    char path[] = "/tmp/flow_blob_XXXXXX";
    write_file(path, "hello", 1);
    begin(FLOW_ROWS(rows));
    CHECK_INT(push(oci_source_file(path, OCI_SIZE_UNKNOWN), "", OCI_SIZE_UNKNOWN, NULL), OCI_OK);
    CHECK_STR(found.digest.text, HELLO);
    CHECK_INT(found.size, 5);
    end();
    unlink(path);
    begin(NULL, 0);
    const struct flow_row gone[] = {POST_202, {.ask = "PATCH " AT, .status = 202}, DELETE_204};
    flow_host_done(&host, false);
    begin(FLOW_ROWS(gone));
    CHECK_INT(push(oci_source_file(path, OCI_SIZE_UNKNOWN), "", OCI_SIZE_UNKNOWN, NULL), OCI_NOT_FOUND);
    end();
}

TEST(a_stream_of_another_size_than_promised)
{
    const struct flow_row rows[] = {POST_202, {.ask = "PATCH " AT, .status = 202}, DELETE_204};
    begin(FLOW_ROWS(rows));
    CHECK_INT(push(&odd()->base, "", 7, NULL), OCI_SIZE_MISMATCH);
    end();
}

TEST(a_broken_patch_is_repeated_only_from_the_beginning)
{
    const struct flow_row breaks[] = {
        {.ask = "PATCH " AT, .lost = OCI_NETWORK, .after = 2},
        {.ask = "PATCH " AT, .status = 404},
        {.ask = "PATCH " AT, .status = 503},
    };
    static const int codes[] = {OCI_NETWORK, OCI_NOT_FOUND, OCI_REGISTRY};
    for (int i = 0; i < 9; i++) {
        const struct flow_row rows[] = {
            POST_202,
            breaks[i % 3],
            {.ask = POST, .status = 202, .location = AT "2"},
            {.ask = "PATCH " AT "2", .status = 202, .sent = "hello"},
            {.ask = "PUT " AT "2?digest=" HELLO, .status = 201},
        };
        begin(FLOW_ROWS(rows));
        struct odd *o = i < 3 ? odd() : i < 6 ? by_jobs(0) : by_itself(0);
        CHECK_INT(push(&o->base, "", OCI_SIZE_UNKNOWN, NULL), OCI_OK);
        end();
        const struct flow_row once[] = {POST_202, breaks[i % 3], DELETE_204};
        begin(FLOW_ROWS(once));
        CHECK_INT(push(&one_shot()->base, "", OCI_SIZE_UNKNOWN, NULL), codes[i % 3]);
        CHECK(host.err.retryable);
        end();
    }
}

TEST(a_stream_that_was_not_read_to_its_end_has_no_digest)
{
    const struct flow_row rows[] = {POST_202, {.ask = "PATCH " AT, .status = 202, .early = true}, DELETE_204};
    begin(FLOW_ROWS(rows));
    CHECK_INT(push(&odd()->base, "", OCI_SIZE_UNKNOWN, NULL), OCI_INVALID);
    end();
}

/* ---- pulling ---- */

static struct oci_bytes *pulled;

static int pull(const char *digest_text, uint64_t size, uint64_t offset, uint64_t length, bool verify)
{
    struct oci_desc d = desc_of(digest_text, size);
    struct oci_repository r = repo();
    struct oci_sink *sink = oci_sink_bytes(1000, verify ? &d : NULL, &pulled);
    pulled = NULL;
    int rc = flow_host_run(&host, oci_flow_pull_blob(&r, &d, offset, length, sink));
    oci_sink_free(sink);
    return rc;
}

TEST(pulls_a_blob)
{
    const struct flow_row rows[] = {
        {.ask = "GET " BLOB, .status = 200, .body = "hello", .scope = "repository:a/b:pull"},
        {.ask = "GET " BLOB, .status = 200, .body = "hello", .digest = HELLO},
    };
    begin(FLOW_ROWS(rows));
    for (int i = 0; i < 2; i++) {
        CHECK_INT(pull(HELLO, 5, 0, 0, true), OCI_OK);
        CHECK_STR(pulled->p, "hello");
        oci_bytes_unref(pulled);
    }
    end();
}

TEST(what_does_not_match_is_not_pulled)
{
    const struct flow_row rows[] = {
        {.status = 200, .body = "hellO"},
        {.status = 200, .body = "hell"},
        {.status = 200, .body = "hellooooo"},
        {.status = 200, .body = ""},
        {.status = 404},
        {.status = 206, .body = "hello"},
        {.lost = OCI_NETWORK},
    };
    static const int codes[] = {OCI_DIGEST_MISMATCH, OCI_NETWORK, OCI_SIZE_MISMATCH, OCI_NETWORK,
                                OCI_NOT_FOUND, OCI_REGISTRY, OCI_NETWORK};
    begin(FLOW_ROWS(rows));
    for (int i = 0; i < 7; i++) {
        CHECK_INT(pull(HELLO, 5, 0, 0, true), codes[i]);
        CHECK(!pulled);
    }
    end();
    const struct flow_row lie[] = {{.status = 200, .body = "hello", .digest = OTHER}};
    begin(FLOW_ROWS(lie));
    CHECK_INT(pull(HELLO, 5, 0, 0, true), OCI_DIGEST_MISMATCH);
    oci_bytes_unref(pulled);
    end();
}

static uint64_t range_from, range_length, expect_size;

static void see_range(struct flow_host *h, const struct oci_http *q, struct flow_row *ret_row)
{
    (void)h;
    range_from = q->range_from;
    range_length = q->range_length;
    expect_size = q->expect_size;
    *ret_row = (struct flow_row){.status = 206, .body = "ell"};
}

TEST(pulls_a_part)
{
    begin(NULL, 0);
    host.answer = see_range;
    CHECK_INT(pull(HELLO, 5, 1, 3, false), OCI_OK);
    CHECK_STR(pulled->p, "ell");
    CHECK(range_from == 1 && range_length == 3 && expect_size == 3);
    oci_bytes_unref(pulled);
    /* More than there is: as much as there is. */
    CHECK_INT(pull(HELLO, 4, 1, 100, false), OCI_OK);
    CHECK(range_from == 1 && range_length == 3 && expect_size == 3);
    oci_bytes_unref(pulled);
    CHECK_INT(pull(HELLO, OCI_SIZE_UNKNOWN, 1, OCI_SIZE_UNKNOWN, false), OCI_OK);
    CHECK(range_from == 1 && range_length == OCI_SIZE_UNKNOWN && expect_size == OCI_SIZE_UNKNOWN);
    oci_bytes_unref(pulled);
    end();
}

TEST(a_part_that_is_not_there)
{
    const struct flow_row rows[] = {{.status = 416}, {.status = 200, .body = "hello"}};
    begin(FLOW_ROWS(rows));
    CHECK_INT(pull(HELLO, OCI_SIZE_UNKNOWN, 9, 1, false), OCI_INVALID);
    CHECK_INT(pull(HELLO, 5, 1, 3, false), OCI_UNSUPPORTED);
    CHECK_INT(pull(HELLO, 5, 6, 1, false), OCI_INVALID);
    CHECK(!pulled);
    CHECK_INT(pull(HELLO, 5, 5, 1, false), OCI_OK);
    CHECK_INT(pulled->len, 0);
    oci_bytes_unref(pulled);
    end();
}

/* ---- every question canceled ---- */

static void good_registry(struct flow_host *h, const struct oci_http *q, struct flow_row *ret_row)
{
    (void)h;
    static const struct {
        const char *method;
        int status;
    } answers[] = {{"HEAD", 404}, {"POST", 202}, {"PATCH", 202}, {"PUT", 201}, {"GET", 200}, {"DELETE", 204}};
    for (size_t i = 0; i < 6; i++) {
        if (strcmp(q->method, answers[i].method) == 0)
            *ret_row = (struct flow_row){.status = answers[i].status, .location = AT, .body = "hello"};
    }
}

TEST(a_push_canceled_anywhere_leaves_no_session)
{
    for (int kind = 0; kind < 8; kind++) {
        for (unsigned turn = 1;; turn++) {
            begin(NULL, 0);
            host.answer = good_registry;
            host.cancel_at_turn = turn;
            host.piece = 2;
            struct odd *o = kind % 4 == 0   ? odd()
                            : kind % 4 == 1 ? by_jobs(0)
                            : kind % 4 == 2 ? by_itself(0)
                                            : one_shot();
            int rc = push(&o->base, kind < 4 ? HELLO : "", kind < 4 ? 5 : OCI_SIZE_UNKNOWN, NULL);
            CHECK(rc == OCI_OK || rc == OCI_CANCELED);
            char methods[100];
            flow_host_methods(&host, methods, sizeof methods);
            bool opened = strstr(methods, "POST ") != NULL; /* and something came after it */
            if (rc == OCI_CANCELED && opened)
                CHECK(oci_ends_with(methods, "DELETE"));
            unsigned turns = host.turns;
            end();
            if (turn > turns)
                break;
        }
    }
}

TEST(a_pull_canceled_anywhere_ends)
{
    for (unsigned turn = 1;; turn++) {
        begin(NULL, 0);
        host.answer = good_registry;
        host.cancel_at_turn = turn;
        host.piece = 2;
        int rc = pull(HELLO, 5, 0, 0, true);
        CHECK(rc == OCI_OK || rc == OCI_CANCELED);
        CHECK(rc == OCI_CANCELED || pulled);
        oci_bytes_unref(pulled); /* the sink may have had all of it already */
        unsigned turns = host.turns;
        end();
        if (turn > turns)
            break;
    }
}
