/* Flows as objects, and the questions that a step may ask. Who answers them is driver.c's business. */
#include "flow/flow.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "flow/driver_inside.h"

void *oci_flow_new(size_t size, const struct oci_flow_type *type, struct oci_host *host, oci_step_fn first)
{
    assert(size >= sizeof(struct oci_flow));
    struct oci_flow *f = oci_calloc(1, size);
    if (!f)
        return NULL;
    f->type = type;
    f->host = host;
    f->drv.next = first;
    oci_list_init(&f->drv.ready);
    oci_list_init(&f->drv.sibling);
    oci_list_init(&f->drv.children);
    oci_list_init(&f->drv.ended);
    oci_answer_clear(&f->ans);
    return f;
}

void oci_flow_free(struct oci_flow *f)
{
    if (!f)
        return;
    if (f->type->free)
        f->type->free(f);
    oci_question_forget(f);
    oci_answer_clear(&f->ans);
    oci_free(f);
}

void oci_answer_clear(struct oci_answer *a)
{
    oci_free(a->location);
    oci_free(a->link);
    a->location = a->link = NULL;
    a->status = 0;
    a->content_type[0] = a->digest.text[0] = a->range[0] = '\0';
    a->length = OCI_SIZE_UNKNOWN;
    a->resent = false;
    a->child = NULL;
    oci_err_clear(&a->err);
}

void oci_question_forget(struct oci_flow *f)
{
    if (f->question == OCI_Q_HTTP) {
        struct oci_http *q = &f->ask.http;
        oci_free(q->url);
        oci_free(q->scope);
        oci_free(q->extra_scope);
        q->url = q->scope = q->extra_scope = NULL;
        q->body = NULL;
        q->into = NULL;
    }
    f->question = OCI_Q_NONE;
}

/* ---- failing ---- */

int oci_flow_fail(struct oci_flow *f, int code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    oci_err_setv(&f->err, code, fmt, ap);
    va_end(ap);
    return code;
}

int oci_flow_no_memory(struct oci_flow *f)
{
    return oci_err_no_memory(&f->err);
}

int oci_flow_fail_answer(struct oci_flow *f)
{
    if (f->ans.err.code)
        return oci_err_copy(&f->err, &f->ans.err);
    /* `doing` outlives the question: nothing else was asked in this step yet. */
    const char *doing = f->ask.http.doing;
    if (f->ans.status >= 400)
        return oci_registry_error(&f->err, f->ans.status, NULL, 0, f->ask.http.asked_for, doing);
    return oci_flow_fail(f, OCI_REGISTRY, "%s: the registry's answer %d was not expected", doing, f->ans.status);
}

/* ---- asking ---- */

/* A new string of at most `max` bytes. NULL: out of memory, or longer (then *ret_long). */
static char *OCI_PRINTF(3, 0) format(size_t max, bool *ret_long, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int len = vsnprintf(NULL, 0, fmt, ap);
    *ret_long = len < 0 || (size_t)len > max;
    char *s = *ret_long ? NULL : oci_alloc((size_t)len + 1);
    if (s)
        vsnprintf(s, (size_t)len + 1, fmt, again);
    va_end(again);
    return s;
}

static void OCI_PRINTF(3, 0) set_string(struct oci_flow *f, char **member, const char *fmt, va_list ap)
{
    bool too_long;
    oci_free(*member);
    *member = format(OCI_MAX_URL, &too_long, fmt, ap);
    if (too_long)
        oci_flow_fail(f, OCI_LIMIT, "%s: the address is longer than %d bytes",
                      f->ask.http.doing[0] ? f->ask.http.doing : "asking the registry", OCI_MAX_URL);
    f->drv.oom |= !*member; /* without it nothing is asked, whatever the reason */
}

struct oci_http *oci_http(struct oci_flow *f, struct oci_origin *origin, const char *method, const char *fmt, ...)
{
    oci_question_forget(f);
    f->question = OCI_Q_HTTP;
    f->ask.http = (struct oci_http){.method = method, .origin = origin, .expect_size = OCI_SIZE_UNKNOWN};
    va_list ap;
    va_start(ap, fmt);
    set_string(f, &f->ask.http.url, fmt, ap);
    va_end(ap);
    return &f->ask.http;
}

void oci_http_scope(struct oci_flow *f, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    set_string(f, &f->ask.http.scope, fmt, ap);
    va_end(ap);
}

void oci_http_extra_scope(struct oci_flow *f, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    set_string(f, &f->ask.http.extra_scope, fmt, ap);
    va_end(ap);
}

/* Something that could not be reported earlier: a failed allocation, a string that is too long. */
static int ready_to_ask(struct oci_flow *f, oci_step_fn next)
{
    if (f->err.code && !f->drv.abandoning)
        return f->err.code;
    if (f->drv.oom)
        return oci_flow_no_memory(f);
    f->drv.next = next;
    return OCI_ASKED;
}

int oci_ask_http(struct oci_flow *f, oci_step_fn next, ...)
{
    assert(f->question == OCI_Q_HTTP);
    va_list ap;
    va_start(ap, next);
    size_t count = 0;
    int status;
    while ((status = va_arg(ap, int)) != 0) {
        assert(count < OCI_WANT_MAX);
        f->ask.http.want[count++] = (short)status;
    }
    va_end(ap);
    return ready_to_ask(f, next);
}

int oci_ask_work(struct oci_flow *f, struct oci_work *w, oci_step_fn next)
{
    oci_question_forget(f);
    f->question = OCI_Q_WORK;
    f->ask.work = w;
    return ready_to_ask(f, next);
}

int oci_ask_move(struct oci_flow *f, struct oci_source *from, struct oci_sink *to, oci_step_fn next)
{
    oci_question_forget(f);
    f->question = OCI_Q_MOVE;
    f->ask.move.from = from;
    f->ask.move.to = to;
    return ready_to_ask(f, next);
}

unsigned oci_children(const struct oci_flow *f)
{
    return f->drv.live_children + f->drv.ended_children;
}

int oci_ask_children(struct oci_flow *f, oci_step_fn each)
{
    oci_question_forget(f);
    f->question = OCI_Q_CHILDREN;
    int rc = ready_to_ask(f, each);
    assert(rc != OCI_ASKED || oci_children(f) > 0);
    return rc;
}
