#include "ops.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "test.h"

struct oci_client *ops_client;
struct oci_mailbox *ops_mailbox;

void ops_begin(void)
{
    struct oci_err err = {0};
    if (oci_client_new(NULL, &ops_client, &err) != OCI_OK || oci_mailbox_new(&ops_mailbox, &err) != OCI_OK)
        FAIL("%s", err.text);
}

/* By name: a sanitizer has threads of its own. */
static bool is_ours(const char *tid)
{
    char path[300], name[32] = "";
    snprintf(path, sizeof path, "/proc/self/task/%s/comm", tid);
    FILE *f = fopen(path, "r");
    if (f && !fgets(name, sizeof name, f))
        name[0] = '\0';
    if (f)
        fclose(f);
    return strncmp(name, "oci-", 4) == 0;
}

unsigned ops_threads(void)
{
    DIR *d = opendir("/proc/self/task");
    unsigned n = 0;
    for (struct dirent *e; d && (e = readdir(d));)
        n += e->d_name[0] != '.' && is_ours(e->d_name);
    if (d)
        closedir(d);
    return n;
}

void ops_end(void)
{
    oci_mailbox_free(ops_mailbox);
    oci_client_free(ops_client);
    ops_mailbox = NULL;
    ops_client = NULL;
}

const struct oci_reference *ops_ref(const char *fmt, ...)
{
    static struct oci_reference refs[16];
    static unsigned next;
    struct oci_reference *r = &refs[next++ % 16];
    char text[4096];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    oci_reference_done(r);
    struct oci_err err = {0};
    if (oci_reference_parse(text, strlen(text), r, &err) != OCI_OK)
        FAIL("%s", err.text);
    return r;
}

const char *ops_text(const char *fmt, ...)
{
    static char texts[16][4096];
    static unsigned next;
    char *text = texts[next++ % 16];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof texts[0], fmt, ap);
    va_end(ap);
    return text;
}

void ops_wait(struct oci_op *op)
{
    struct oci_event e;
    while (!oci_op_over(op)) {
        size_t at;
        CHECK_INT(oci_mailbox_wait(ops_mailbox, &op, 1, -1, &at), 1);
        while (oci_op_event(op, &e))
            continue;
    }
}

const struct oci_result *ops_result(struct oci_op *op)
{
    ops_wait(op);
    const struct oci_result *r = NULL;
    struct oci_err err = {0};
    if (oci_op_result(op, &r, &err) != OCI_OK)
        FAIL("%s: %s", oci_err_name(err.code), err.text);
    return r;
}

const struct oci_err *ops_error(struct oci_op *op)
{
    static struct oci_err err;
    ops_wait(op);
    const struct oci_result *r = NULL;
    oci_err_clear(&err);
    CHECK(oci_op_result(op, &r, &err) < 0);
    return &err;
}

static const char *digest_of(struct oci_op *op)
{
    static char digests[8][OCI_DIGEST_MAX];
    static unsigned next;
    char *digest = digests[next++ % 8];
    const struct oci_result *r = ops_result(op);
    CHECK(r->has_desc);
    memcpy(digest, r->desc.desc.digest.text, OCI_DIGEST_MAX);
    oci_op_free(op);
    return digest;
}

const char *ops_push(const struct oci_reference *to, const struct oci_push_spec *spec)
{
    struct oci_op *op = NULL;
    struct oci_err err = {0};
    if (oci_start_push(ops_client, ops_mailbox, to, spec, NULL, &op, &err) != OCI_OK)
        FAIL("%s", err.text);
    return digest_of(op);
}

const char *ops_copy(const struct oci_reference *from, const struct oci_reference *to)
{
    struct oci_op *op = NULL;
    struct oci_err err = {0};
    if (oci_start_copy(ops_client, ops_mailbox, from, to, NULL, 0, NULL, &op, &err) != OCI_OK)
        FAIL("%s", err.text);
    return digest_of(op);
}

struct oci_op *ops_pull(const struct oci_reference *from, const char *to)
{
    struct oci_op *op = NULL;
    struct oci_err err = {0};
    const struct oci_pull_options options = {.to = to, .unpack = -1};
    if (oci_start_pull(ops_client, ops_mailbox, from, &options, NULL, &op, &err) != OCI_OK)
        FAIL("%s", err.text);
    return op;
}

struct oci_op *ops_simple(enum oci_simple what, const struct oci_reference *r)
{
    struct oci_op *op = NULL;
    struct oci_err err = {0};
    if (oci_start_simple(ops_client, ops_mailbox, what, r, NULL, &op, &err) != OCI_OK)
        FAIL("%s", err.text);
    return op;
}

const struct oci_content ops_reader_content = {.kind = OCI_CONTENT_READER, .reader = 1, .title = "stream"};

struct oci_op *ops_start_reader(void)
{
    struct oci_op *op = NULL;
    struct oci_err err = {0};
    if (oci_start_digest(ops_client, ops_mailbox, &ops_reader_content, OCI_SHA256, NULL, &op, &err) != OCI_OK)
        FAIL("%s", err.text);
    return op;
}

void ops_wait_for_wish(struct oci_op *op)
{
    struct oci_event e = {0};
    while (e.kind != OCI_EVENT_WANTS_BYTES) {
        size_t at;
        CHECK_INT(oci_mailbox_wait(ops_mailbox, &op, 1, -1, &at), 1);
        CHECK(!oci_op_over(op));
        oci_op_event(op, &e);
    }
    while (oci_op_event(op, &e))
        continue;
}

void ops_serve(struct oci_op *op, const struct oci_bytes *bytes, size_t piece)
{
    size_t given = 0;
    bool ended = false;
    while (!oci_op_over(op)) {
        size_t at;
        struct oci_event e;
        CHECK_INT(oci_mailbox_wait(ops_mailbox, &op, 1, -1, &at), 1);
        while (oci_op_event(op, &e)) {
            if (e.kind != OCI_EVENT_WANTS_BYTES || ended)
                continue;
            CHECK_INT(e.reader, 1);
            CHECK(e.room > 0);
            size_t n = bytes->len - given < piece ? bytes->len - given : piece;
            size_t taken = 0;
            int rc = n > 0 ? oci_op_give(op, 1, bytes->p + given, n, &taken) : OCI_OK;
            given += taken;
            ended = rc == OCI_OK && given == bytes->len;
            if (ended)
                oci_op_give_end(op, 1, NULL);
        }
    }
}
