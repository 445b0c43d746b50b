#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

const char *oci_err_name(int code)
{
    switch (code) {
#define X(name, value, text) \
    case value:              \
        return #name;
        OCI_ERRORS(X)
#undef X
    default:
        return "UNKNOWN";
    }
}

const char *oci_err_meaning(int code)
{
    switch (code) {
#define X(name, value, text) \
    case value:              \
        return text;
        OCI_ERRORS(X)
#undef X
    default:
        return "unknown error";
    }
}

void oci_err_clear(struct oci_err *err)
{
    if (!err)
        return;
    /* Not all of its 1.8 KiB: this is done several times for each question. */
    err->code = err->status = 0;
    err->retryable = false;
    err->text[0] = err->url[0] = err->path[0] = err->registry[0] = err->platforms[0] = '\0';
}

/* What was cut ends in "...", at a character's boundary; all of it is made fit to be shown. */
static void tidy(char *text, size_t size, bool cut)
{
    if (cut) {
        size_t at = size - 4;
        while (at > 0 && ((unsigned char)text[at] & 0xC0) == 0x80)
            at--;
        memcpy(text + at, "...", 4);
    }
    oci_sanitise(text);
}

int oci_err_setv(struct oci_err *err, int code, const char *fmt, va_list ap)
{
    if (!err || err->code != OCI_OK)
        return code;
    err->code = code;
    int len = vsnprintf(err->text, sizeof err->text, fmt, ap);
    if (len < 0)
        snprintf(err->text, sizeof err->text, "%s", oci_err_meaning(code));
    tidy(err->text, sizeof err->text, len >= (int)sizeof err->text);
    return code;
}

int oci_err_set(struct oci_err *err, int code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    oci_err_setv(err, code, fmt, ap);
    va_end(ap);
    return code;
}

int oci_err_errno(struct oci_err *err, int errnum, const char *what, const char *path)
{
    int code = errnum == ENOMEM ? OCI_NO_MEMORY : OCI_IO;
    if (!err || err->code != OCI_OK)
        return code;
    char reason[128];
    const char *text = strerror_r(errnum, reason, sizeof reason); /* strerror() is not for threads */
    oci_err_set(err, code, "%s%s%s: %s", what, path ? " " : "", path ? path : "", text);
    return path ? oci_err_about(err, "%s", path) : code;
}

int oci_err_about(struct oci_err *err, const char *fmt, ...)
{
    if (!err || err->code == OCI_OK)
        return OCI_OK;
    va_list ap;
    va_start(ap, fmt);
    int len = vsnprintf(err->path, sizeof err->path, fmt, ap);
    va_end(ap);
    if (len < 0)
        err->path[0] = '\0';
    tidy(err->path, sizeof err->path, len >= (int)sizeof err->path);
    return err->code;
}

void oci_err_add(struct oci_err *err, const char *words)
{
    if (!err || err->code == OCI_OK)
        return;
    size_t len = strlen(err->text);
    if (len > 1 && err->text[len - 1] == '.' && err->text[len - 2] != '.')
        len--;
    int more = snprintf(err->text + len, sizeof err->text - len, "; %s", words);
    tidy(err->text, sizeof err->text, more >= (int)(sizeof err->text - len));
}

int oci_err_no_memory(struct oci_err *err)
{
    return oci_err_set(err, OCI_NO_MEMORY, "%s", oci_err_meaning(OCI_NO_MEMORY));
}

int oci_err_wrap(struct oci_err *err, const char *fmt, ...)
{
    if (!err || err->code == OCI_OK)
        return OCI_OK;
    char joined[2 * sizeof err->text + 2];
    va_list ap;
    va_start(ap, fmt);
    int len = vsnprintf(joined, sizeof err->text, fmt, ap);
    va_end(ap);
    if (len < 0)
        return err->code;
    size_t have = strlen(joined);
    memcpy(joined + have, ": ", 2);
    memcpy(joined + have + 2, err->text, strlen(err->text) + 1);
    size_t total = strlen(joined);
    bool cut = total >= sizeof err->text;
    memcpy(err->text, joined, cut ? sizeof err->text : total + 1);
    tidy(err->text, sizeof err->text, cut);
    return err->code;
}

int oci_err_copy(struct oci_err *to, const struct oci_err *from)
{
    if (to && to->code == OCI_OK)
        *to = *from;
    return from->code;
}
