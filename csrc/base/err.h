/* err.h - why a call failed.
 *
 * Functions return an int: OCI_OK (0), a positive "not an error" word of enum oci_word, or a negative enum
 * oci_error. The reason goes into the caller's fixed-size struct oci_err: nothing is allocated to report an error,
 * the first error wins, and the text has no secret, no function name and no control character. */
#ifndef OCI_BASE_ERR_H
#define OCI_BASE_ERR_H

#include <stdbool.h>
#include <stdarg.h>
#include <stddef.h>

#include "base/hidden.h"

OCI_BEGIN

/* Name (also the code that Lua sees), value, what it means. DESIGN section 5 has the closed list. */
#define OCI_ERRORS(X)                                                  \
    X(NOT_FOUND, -1, "not found")                                      \
    X(UNAUTHORIZED, -2, "authentication required or refused")          \
    X(DENIED, -3, "access denied")                                     \
    X(DIGEST_MISMATCH, -4, "content does not match its digest")        \
    X(SIZE_MISMATCH, -5, "content does not have its size")             \
    X(INVALID, -6, "malformed input")                                  \
    X(UNSAFE_PATH, -7, "path would leave its place")                   \
    X(EXISTS, -8, "something else is there already")                   \
    X(CONFLICT, -9, "changed by somebody else meanwhile")              \
    X(UNSUPPORTED, -10, "not supported")                               \
    X(RATE_LIMITED, -11, "too many requests")                          \
    X(TIMEOUT, -12, "timed out")                                       \
    X(CANCELED, -13, "canceled")                                       \
    X(NETWORK, -14, "network failure")                                 \
    X(TLS, -15, "TLS failure")                                         \
    X(IO, -16, "file operation failed")                                \
    X(LIMIT, -17, "over a limit")                                      \
    X(NO_MEMORY, -18, "out of memory")                                 \
    X(REGISTRY, -19, "the registry failed")

enum oci_error {
#define X(name, value, text) OCI_##name = (value),
    OCI_ERRORS(X)
#undef X
    OCI_OK = 0
};

/* Results that are neither success nor failure. */
enum oci_word {
    OCI_END_OF_CONTENT = 1, /* a source has nothing more */
    OCI_PAUSED = 2,         /* try again when resumed (content.h) */
    OCI_AGAIN = 3,          /* a job on the pool wants to run again later (flow.h) */
    OCI_ASKED = 4           /* a step asked a question; its flow goes on with the answer (flow.h) */
};

struct oci_err {
    int code;            /* enum oci_error; 0: nothing reported yet */
    int status;          /* HTTP status, or 0 */
    bool retryable;      /* the same call may succeed later */
    char text[400];      /* one line for a person */
    char url[300];       /* without user information and query, or "" */
    char path[300];      /* the file it is about, or "" */
    char registry[500];  /* JSON array of the registry's own {code, message, detail}, or "" */
    char platforms[300]; /* for NOT_FOUND in an index: the platforms it has, comma separated, or "" */
};

/* "NOT_FOUND" for OCI_NOT_FOUND; "UNKNOWN" for what is no error. Static. */
const char *oci_err_name(int code);
/* The table's text. Static. */
const char *oci_err_meaning(int code);

/* Clears `err`, which may be NULL. */
void oci_err_clear(struct oci_err *err);

/* Records `code` with a formatted text unless `err` already holds an error; returns `code`, so that failing is
 * `return oci_err_set(err, OCI_INVALID, "...", ...)`. `err` may be NULL. Control characters in the text become '?';
 * text that does not fit is cut at a UTF-8 boundary. */
int oci_err_set(struct oci_err *err, int code, const char *fmt, ...) OCI_PRINTF(3, 4);
int oci_err_setv(struct oci_err *err, int code, const char *fmt, va_list ap) OCI_PRINTF(3, 0);

/* As oci_err_set() with the text "<what> <path>: <strerror(errnum)>", code IO (NO_MEMORY for ENOMEM),
 * and `path` recorded. `path` may be NULL. */
int oci_err_errno(struct oci_err *err, int errnum, const char *what, const char *path);

/* OCI_NO_MEMORY with its text. */
int oci_err_no_memory(struct oci_err *err);

/* Puts "context: " before the text of a reported error. Does nothing if none is there. Returns err->code. */
int oci_err_wrap(struct oci_err *err, const char *fmt, ...) OCI_PRINTF(2, 3);

/* Records which file a reported error is about, instead of what was recorded. Does nothing if none is there. Returns err->code. */
int oci_err_about(struct oci_err *err, const char *fmt, ...) OCI_PRINTF(2, 3);

/* Puts "; more words" behind the text of a reported error, as far as they fit. */
void oci_err_add(struct oci_err *err, const char *words);

/* Copies `from` to `to` (may be NULL) unless `to` already holds an error; returns from->code. */
int oci_err_copy(struct oci_err *to, const struct oci_err *from);

OCI_END

#endif
