#include "model/registry_error.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/redact.h"
#include "base/str.h"
#include "json/json.h"

#define MESSAGE_MAX 240 /* bytes of the registry's own words in our text */
#define DOING_MAX 220
#define ERRORS_MAX 8    /* of the registry's errors that are kept */

/* The registry's first word that we know, else its first word; "" when it has none. */
struct answer {
    char code[64];
    char message[MESSAGE_MAX];
    struct oci_json *errors; /* array of cleaned {code, message, detail}, or NULL */
};

/* One line that may be shown; line breaks within become spaces. */
static void clean_text(char *buf, size_t size, const char *s)
{
    size_t len = strlen(s);
    while (len > 0 && (unsigned char)s[len - 1] <= ' ')
        len--;
    size_t n = len < size ? len : size - 1;
    /* Not in the middle of a character: the half would be shown as a question mark. */
    while (n > 0 && n < len && ((unsigned char)s[n] & 0xC0) == 0x80)
        n--;
    for (size_t i = 0; i < n; i++)
        buf[i] = s[i] == '\n' || s[i] == '\r' || s[i] == '\t' ? ' ' : s[i];
    buf[n] = '\0';
    oci_redact(buf);
    oci_sanitise(buf);
}

/* ---- what codes and statuses mean (DESIGN section 5) ---------------------------------------- */

static int code_meaning(const char *code, enum oci_asked_for asked)
{
    struct oci_str c = oci_str_of(code);
    size_t tail = strlen("_UNKNOWN");
    if (c.len > tail && oci_str_eq_nocase((struct oci_str){c.p + c.len - tail, tail}, "_UNKNOWN"))
        return OCI_NOT_FOUND;
    if (oci_str_eq_nocase(c, "UNAUTHORIZED"))
        return OCI_UNAUTHORIZED;
    if (oci_str_eq_nocase(c, "DENIED"))
        return OCI_DENIED;
    if (oci_str_eq_nocase(c, "UNSUPPORTED"))
        return OCI_UNSUPPORTED;
    if (oci_str_eq_nocase(c, "TOOMANYREQUESTS"))
        return OCI_RATE_LIMITED;
    if (oci_str_eq_nocase(c, "DIGEST_INVALID") && asked == OCI_ASKED_UPLOAD)
        return OCI_DIGEST_MISMATCH;
    return OCI_OK;
}

static int status_meaning(int status, enum oci_asked_for asked)
{
    switch (status) {
    case 401:
        return OCI_UNAUTHORIZED;
    case 403:
        return OCI_DENIED;
    case 404:
        return OCI_NOT_FOUND;
    case 405:
        return OCI_UNSUPPORTED;
    case 409:
    case 412:
        return OCI_CONFLICT;
    case 413:
        return OCI_LIMIT;
    case 429:
        return OCI_RATE_LIMITED;
    case 400:
        /* distribution and Harbor refuse to delete by tag in this way (Q29). */
        return asked == OCI_ASKED_UNTAG ? OCI_UNSUPPORTED : OCI_REGISTRY;
    default:
        return OCI_REGISTRY;
    }
}

static bool is_retryable(int status, int meaning)
{
    return meaning == OCI_RATE_LIMITED || status == 408 || status == 425 ||
           (status >= 500 && status != 501 && status != 505);
}

static const char *reason_phrase(int status)
{
    static const struct {
        int status;
        const char *phrase;
    } known[] = {
        {400, "Bad Request"},         {401, "Unauthorized"},
        {403, "Forbidden"},           {404, "Not Found"},
        {405, "Method Not Allowed"},  {406, "Not Acceptable"},
        {408, "Request Timeout"},     {409, "Conflict"},
        {412, "Precondition Failed"}, {413, "Content Too Large"},
        {415, "Unsupported Media Type"}, {416, "Range Not Satisfiable"},
        {429, "Too Many Requests"},   {500, "Internal Server Error"},
        {501, "Not Implemented"},     {502, "Bad Gateway"},
        {503, "Service Unavailable"}, {504, "Gateway Timeout"},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].status == status)
            return known[i].phrase;
    }
    return status < 400 ? "unexpected answer" : "error";
}

/* ---- reading the body ----------------------------------------------------------------------- */

static struct oci_json *clean_value(const struct oci_json *v);

static struct oci_json *clean_string(const char *s)
{
    char *copy = oci_strdup(s);
    if (!copy)
        return NULL;
    oci_redact(copy);
    oci_sanitise(copy);
    struct oci_json *v = oci_json_new_string(copy);
    oci_free(copy);
    return v;
}

static struct oci_json *clean_container(const struct oci_json *v, bool object)
{
    struct oci_json *to = object ? oci_json_new_object() : oci_json_new_array();
    int rc = to ? OCI_OK : OCI_NO_MEMORY;
    for (const struct oci_json *m = oci_json_first(v); rc == OCI_OK && m; m = oci_json_next(m)) {
        struct oci_json *value = clean_value(m);
        if (!object) {
            rc = oci_json_append(to, value);
            continue;
        }
        char key[64];
        clean_text(key, sizeof key, oci_json_key(m));
        rc = oci_json_set(to, key, value);
    }
    if (rc) {
        oci_json_free(to);
        return NULL;
    }
    return to;
}

/* A copy that may be shown: the detail of an error can be any JSON (Q44). As deep as the reader allows. */
static struct oci_json *clean_value(const struct oci_json *v)
{
    enum oci_json_kind kind = oci_json_kind(v);
    if (kind == OCI_JSON_STRING)
        return clean_string(oci_json_string(v));
    if (kind == OCI_JSON_OBJECT || kind == OCI_JSON_ARRAY)
        return clean_container(v, kind == OCI_JSON_OBJECT);
    return oci_json_clone(v);
}

static int keep_error(struct answer *a, const struct oci_json *error)
{
    static const char *const keys[] = {"code", "message", "detail"};
    struct oci_json *kept = oci_json_new_object();
    int rc = kept ? OCI_OK : OCI_NO_MEMORY;
    for (size_t i = 0; rc == OCI_OK && i < sizeof keys / sizeof keys[0]; i++) {
        const struct oci_json *v = oci_json_get(error, keys[i]);
        if (v && oci_json_kind(v) != OCI_JSON_NULL)
            rc = oci_json_add(kept, keys[i], clean_value(v));
    }
    if (rc) {
        oci_json_free(kept);
        return rc;
    }
    return oci_json_append(a->errors, kept);
}

static int read_errors(struct answer *a, const struct oci_json *errors, enum oci_asked_for asked)
{
    size_t kept = 0;
    a->errors = oci_json_new_array();
    int rc = a->errors ? OCI_OK : OCI_NO_MEMORY;
    for (const struct oci_json *e = oci_json_first(errors); rc == OCI_OK && e && kept < ERRORS_MAX;
         e = oci_json_next(e)) {
        const char *code = oci_json_string(oci_json_get(e, "code"));
        const char *message = oci_json_string(oci_json_get(e, "message"));
        if (oci_json_kind(e) != OCI_JSON_OBJECT)
            continue;
        bool better = code && !code_meaning(a->code, asked) && code_meaning(code, asked);
        if (kept == 0 || better) {
            clean_text(a->code, sizeof a->code, code ? code : "");
            clean_text(a->message, sizeof a->message, message ? message : "");
        }
        rc = keep_error(a, e);
        kept++;
    }
    return rc;
}

/* What token servers and other programs in the way say instead of errors[]. */
static void read_other(struct answer *a, const struct oci_json *root)
{
    static const char *const keys[] = {"error_description", "message", "details", "detail", "error"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0] && !a->message[0]; i++) {
        const char *s = oci_json_string(oci_json_get(root, keys[i]));
        if (s)
            clean_text(a->message, sizeof a->message, s);
    }
}

/* One short printable line is worth showing; a web page is not. */
static void read_text(struct answer *a, const char *body, size_t len)
{
    while (len > 0 && strchr(" \t\r\n", body[len - 1]) && body[len - 1])
        len--;
    struct oci_str line = oci_str_trim((struct oci_str){body, len});
    if (line.len == 0 || line.len >= MESSAGE_MAX - 40 || line.p[0] == '<' || line.p[0] == '{' || line.p[0] == '[' ||
        !oci_str_is_printable(line))
        return;
    char text[MESSAGE_MAX];
    if (oci_str_copy(text, sizeof text, line) == OCI_OK)
        clean_text(a->message, sizeof a->message, text);
}

static int read_body(struct answer *a, const char *body, size_t len, enum oci_asked_for asked)
{
    struct oci_json *root = NULL;
    int rc = oci_json_parse(body, len, OCI_MAX_ERROR_BODY, &root, NULL);
    if (rc == OCI_NO_MEMORY)
        return rc;
    if (rc) {
        read_text(a, body, len);
        return OCI_OK;
    }
    const struct oci_json *errors = oci_json_get(root, "errors");
    if (oci_json_kind(errors) == OCI_JSON_ARRAY)
        rc = read_errors(a, errors, asked);
    if (rc == OCI_OK)
        read_other(a, root);
    oci_json_free(root);
    return rc;
}

/* ---- the result ----------------------------------------------------------------------------- */

/* The array as text that fits: without details when it must be, without the last entries, or not at all. */
static int print_errors(struct oci_json *errors, char *buf, size_t size)
{
    oci_auto(oci_buf) struct oci_buf b;
    oci_buf_init(&b, size - 1);
    buf[0] = '\0';
    size_t count = oci_json_count(errors);
    int rc = count > 0 ? oci_json_print(errors, &b) : OCI_LIMIT;
    if (rc == OCI_LIMIT) {
        struct oci_json *e = NULL;
        for (size_t i = count; i-- > 0 && (e = oci_json_detach_item(errors, 0));) {
            oci_json_free(oci_json_detach(e, "detail"));
            oci_json_append(errors, e);
        }
    }
    for (; rc == OCI_LIMIT && count > 0; count--) {
        oci_buf_clear(&b);
        rc = oci_json_print(errors, &b);
        if (rc == OCI_LIMIT)
            oci_json_free(oci_json_detach_item(errors, count - 1));
    }
    return rc == OCI_OK ? oci_str_copy(buf, size, oci_str_of(b.p)) : rc;
}

int oci_registry_error(struct oci_err *err, int status, const char *body, size_t len, enum oci_asked_for asked,
                       const char *doing)
{
    struct answer a = {0};
    int rc = body && len > 0 ? read_body(&a, body, len, asked) : OCI_OK;
    char registry[sizeof err->registry] = "";
    if (rc == OCI_OK && a.errors && print_errors(a.errors, registry, sizeof registry) == OCI_NO_MEMORY)
        rc = OCI_NO_MEMORY;
    oci_json_free(a.errors);
    if (rc)
        return oci_err_no_memory(err);
    int meaning = code_meaning(a.code, asked);
    if (meaning == OCI_OK)
        meaning = status_meaning(status, asked);
    if (!err || err->code != OCI_OK)
        return meaning;
    err->status = status;
    err->retryable = is_retryable(status, meaning);
    memcpy(err->registry, registry, sizeof registry);
    /* Of something long to say before it, the registry's word must not be cut off. */
    int shown = strlen(doing) > DOING_MAX ? DOING_MAX : (int)strlen(doing);
    const char *what = a.code[0] ? a.code : reason_phrase(status);
    return oci_err_set(err, meaning, "%.*s%s: %d %s%s%s", shown, doing, doing[shown] ? "..." : "", status, what,
                       a.message[0] ? ": " : "", a.message);
}
