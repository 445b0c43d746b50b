#include "flow/registry_ask.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/limits.h"

struct oci_http *oci_ask_registry(struct oci_flow *f, const struct oci_repository *r, const char *actions,
                                  const char *method, const char *path, ...)
{
    char rest[OCI_MAX_URL];
    va_list ap;
    va_start(ap, path);
    /* Digests, tags and repository names are short; a longer path is cut here, and refused by oci_http(). */
    vsnprintf(rest, sizeof rest, path, ap);
    va_end(ap);
    struct oci_http *q = oci_http(f, r->origin, method, "/v2/%s%s", r->name, rest);
    oci_http_scope(f, "repository:%s:%s", r->name, actions);
    return q;
}

struct oci_http *oci_ask_address(struct oci_flow *f, const struct oci_repository *r, const char *actions,
                                 const char *method, const char *url, const char *more)
{
    struct oci_http *q = oci_http(f, r->origin, method, "%s%s", url, more);
    oci_http_scope(f, "repository:%s:%s", r->name, actions);
    return q;
}

void oci_http_doing(struct oci_http *q, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(q->doing, sizeof q->doing, fmt, ap);
    va_end(ap);
}

int oci_check_answered_digest(struct oci_flow *f, const struct oci_digest *want)
{
    const struct oci_digest *got = &f->ans.digest;
    if (!oci_digest_is(got) || !oci_digest_same_algorithm(got, want) || oci_digest_equal(got, want))
        return OCI_OK;
    return oci_flow_fail(f, OCI_DIGEST_MISMATCH, "%s: the registry answers for %s, not for %s", f->ask.http.doing,
                         got->text, want->text);
}
