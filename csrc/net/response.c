#include "net/response.h"

#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "model/descriptor.h"

#define MOST_FIELD (16u << 10) /* a Location is at most OCI_MAX_URL; nothing else we read is longer */

static const char *const names[OCI_FIELD_COUNT] = {
    [OCI_FIELD_LOCATION] = "location",
    [OCI_FIELD_LINK] = "link",
    [OCI_FIELD_CONTENT_TYPE] = "content-type",
    [OCI_FIELD_CONTENT_RANGE] = "content-range",
    [OCI_FIELD_RANGE] = "range",
    [OCI_FIELD_RETRY_AFTER] = "retry-after",
    [OCI_FIELD_DIGEST] = "docker-content-digest",
    [OCI_FIELD_WARNING] = "warning",
};

static void forget_answer(struct oci_response *r)
{
    for (size_t i = 0; i < OCI_FIELD_COUNT; i++) {
        oci_free(r->fields[i]);
        r->fields[i] = NULL;
    }
    oci_challenges_done(&r->challenges);
    memset(&r->challenges, 0, sizeof r->challenges);
    r->status = 0;
    r->complete = false;
    r->length = OCI_SIZE_UNKNOWN;
}

void oci_response_init(struct oci_response *r)
{
    memset(r, 0, sizeof *r);
    r->length = OCI_SIZE_UNKNOWN;
}

void oci_response_done(struct oci_response *r)
{
    forget_answer(r);
    oci_response_init(r);
}

/* "HTTP/1.1 200 OK" (RFC 9112 section 4). An interim answer (1xx) may come before the final one. */
static void status_line(struct oci_response *r, struct oci_str line)
{
    struct oci_str version, rest;
    uint64_t status = 0;
    forget_answer(r);
    if (oci_str_cut(line, ' ', &version, &rest) && rest.len >= 3)
        oci_str_to_u64((struct oci_str){rest.p, 3}, 999, &status);
    r->status = (int)status;
}

static int join(char **field, struct oci_str value)
{
    char *both = oci_asprintf("%s, %.*s", *field, (int)value.len, value.p);
    if (!both)
        return OCI_NO_MEMORY;
    oci_free(*field);
    *field = both;
    return OCI_OK;
}

static int keep(struct oci_response *r, enum oci_field f, struct oci_str value)
{
    if (value.len > MOST_FIELD)
        return OCI_OK; /* as if it were not there: whoever needs it says so */
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.p[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) /* libcurl lets a bare CR through */
            return OCI_OK;
    }
    if (r->fields[f] && f == OCI_FIELD_LINK)
        return join(&r->fields[f], value);
    if (r->fields[f])
        return OCI_OK;
    r->fields[f] = oci_strndup(value.p, value.len);
    return r->fields[f] ? OCI_OK : OCI_NO_MEMORY;
}

static int field_line(struct oci_response *r, struct oci_str line)
{
    struct oci_str name, value;
    if (!oci_str_cut(line, ':', &name, &value))
        return OCI_OK;
    value = oci_str_trim(value);
    if (oci_str_eq_nocase(name, "www-authenticate"))
        return oci_challenges_add(&r->challenges, value.p, value.len);
    if (oci_str_eq_nocase(name, "content-length")) {
        oci_str_to_u64(value, OCI_MAX_SIZE, &r->length);
        return OCI_OK;
    }
    for (size_t i = 0; i < OCI_FIELD_COUNT; i++) {
        if (oci_str_eq_nocase(name, names[i]))
            return keep(r, (enum oci_field)i, value);
    }
    return OCI_OK;
}

int oci_response_line(struct oci_response *r, const char *p, size_t len, struct oci_err *reterr)
{
    r->bytes += len;
    r->lines++;
    if (r->bytes > OCI_MAX_HEADERS || r->lines > OCI_MAX_HEADER_LINES)
        return oci_err_set(reterr, OCI_LIMIT, "the header of the answer is too large");
    struct oci_str line = {p, len};
    while (line.len > 0 && (line.p[line.len - 1] == '\n' || line.p[line.len - 1] == '\r'))
        line.len--;
    if (r->complete)
        return OCI_OK; /* trailers after a chunked body */
    int rc = OCI_OK;
    if (line.len >= 5 && memcmp(line.p, "HTTP/", 5) == 0)
        status_line(r, line);
    else if (line.len == 0)
        r->complete = r->status >= 200;
    else
        rc = field_line(r, line);
    return rc == OCI_OK ? OCI_OK : oci_err_no_memory(reterr);
}
