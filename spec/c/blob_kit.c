#include "blob_kit.h"

#include <stdlib.h>
#include <string.h>

#include "flow/children.h"
#include "test.h"

struct flow_host blob_host;
struct oci_desc blob_found;
enum oci_put_state blob_state;

struct oci_repository blob_repo(void)
{
    return flow_repository(&blob_host);
}

struct oci_digest blob_digest(const char *text)
{
    struct oci_digest d = {""};
    if (text[0])
        CHECK_INT(oci_digest_parse(oci_str_of(text), &d, NULL), OCI_OK);
    return d;
}

struct oci_source *blob_hello(void)
{
    struct oci_bytes *b = oci_bytes_new("hello", 5);
    struct oci_source *s = oci_source_bytes(b);
    oci_bytes_unref(b);
    CHECK(s);
    return s;
}

struct oci_desc blob_desc(const char *digest_text, uint64_t size)
{
    struct oci_desc d;
    struct oci_digest g = blob_digest(digest_text);
    oci_desc_set(&d, "text/plain", &g, size);
    return d;
}

void blob_begin(const struct flow_row *rows, size_t count)
{
    flow_host_init(&blob_host, rows, count);
    blob_found = (struct oci_desc){0};
    blob_state = 99;
}

struct oci_flow *blob_push_flow(struct oci_source *take, const char *digest_text, uint64_t size,
                                const struct oci_put *hint)
{
    struct oci_desc d = blob_desc(digest_text, size);
    struct oci_repository r = blob_repo();
    return oci_flow_push_blob(&r, &d, take, hint, &blob_found, &blob_state);
}

int blob_push(struct oci_source *take, const char *digest_text, uint64_t size, const struct oci_put *hint)
{
    return flow_host_run(&blob_host, blob_push_flow(take, digest_text, size, hint));
}

void blob_end(void)
{
    flow_host_done(&blob_host, false);
}

/* ---- sources ---- */

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
    return oci_flow_move(&blob_host.host, of_odd(s)->inside, k);
}

static void odd_free(struct oci_source *s)
{
    if (of_odd(s)->freed)
        *of_odd(s)->freed = true;
    oci_source_free(of_odd(s)->inside);
    free(s);
}

struct odd *odd(void)
{
    struct odd *o = calloc(1, sizeof *o);
    o->type = (struct oci_source_type){.name = "odd", .read = odd_read, .rewind = odd_rewind, .free = odd_free};
    o->base = (struct oci_source){.type = &o->type, .size = OCI_SIZE_UNKNOWN};
    return o;
}

struct odd *one_shot(void)
{
    struct odd *o = odd();
    o->type.one_shot = true;
    o->type.rewind = NULL;
    return o;
}

struct odd *by_itself(int fails)
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

struct odd *by_jobs(int fails)
{
    struct odd *o = odd();
    o->type.on_pool = true;
    o->fails = fails;
    return o;
}

void blob_good_registry(struct flow_host *h, const struct oci_http *q, struct flow_row *ret_row)
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
