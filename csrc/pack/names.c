#include "pack/names.h"

#include <string.h>

#include "base/str.h"

#define LONG 120 /* bytes of a path in a message */

int oci_pack_refuse(struct oci_err *reterr, int code, const char *path, const char *what)
{
    bool first = reterr && reterr->code == OCI_OK;
    /* Of a long path its end, so that what is wrong with it is not cut off. */
    size_t len = strlen(path), from = len > LONG ? len - LONG : 0;
    while (((unsigned char)path[from] & 0xC0) == 0x80)
        from++;
    oci_err_set(reterr, code, "%s%s %s", from > 0 ? "..." : "", path + from, what);
    return first ? oci_err_about(reterr, "%s", path) : code;
}

static size_t slashes(const char *path)
{
    size_t n = 0;
    for (; *path; path++)
        n += *path == '/';
    return n;
}

static bool is(struct oci_str s, const char *z)
{
    return oci_str_eq(s, z);
}

static int check_part(const char *name, struct oci_str part, struct oci_err *reterr)
{
    if (is(part, ".."))
        return oci_pack_refuse(reterr, OCI_UNSAFE_PATH, name, "would leave its directory");
    if (part.len > 255)
        return oci_pack_refuse(reterr, OCI_INVALID, name, "has a part of more than 255 bytes");
    return OCI_OK;
}

/* The next part of *rest between slashes; false at the end. "." is passed over. */
static bool next_part(const char **rest, struct oci_str *ret_part)
{
    for (;;) {
        *rest += strspn(*rest, "/");
        ret_part->p = *rest;
        ret_part->len = strcspn(*rest, "/");
        *rest += ret_part->len;
        if (ret_part->len == 0)
            return false;
        if (!is(*ret_part, "."))
            return true;
    }
}

static int clean(const char *name, char path[OCI_MAX_PATH], struct oci_err *reterr)
{
    size_t len = 0;
    struct oci_str part;
    for (const char *rest = name; next_part(&rest, &part);) {
        int rc = check_part(name, part, reterr);
        if (rc != OCI_OK)
            return rc;
        if (len + part.len + 2 > OCI_MAX_PATH)
            return oci_pack_refuse(reterr, OCI_LIMIT, name, "is longer than a path may be");
        if (len > 0)
            path[len++] = '/';
        memcpy(path + len, part.p, part.len);
        len += part.len;
    }
    path[len] = '\0';
    return OCI_OK;
}

static int check_text(const char *path, const char *text, const char *what, struct oci_err *reterr)
{
    return oci_str_is_printable(oci_str_of(text)) ? OCI_OK : oci_pack_refuse(reterr, OCI_INVALID, path, what);
}

int oci_pack_clean_name(const char *name, const char *strip, char ret_path[OCI_MAX_PATH], struct oci_err *reterr)
{
    if (*name == '/')
        return oci_pack_refuse(reterr, OCI_UNSAFE_PATH, name, "is an absolute path");
    int rc = check_text(name, name, "has control characters or is not UTF-8", reterr);
    char path[OCI_MAX_PATH], prefix[OCI_MAX_PATH];
    path[0] = prefix[0] = '\0';
    if (rc == OCI_OK)
        rc = clean(name, path, reterr);
    if (rc == OCI_OK && strip)
        rc = clean(strip, prefix, reterr);
    if (rc != OCI_OK)
        return rc;
    const char *from = path;
    size_t len = strlen(prefix);
    if (len > 0 && strncmp(path, prefix, len) == 0 && (path[len] == '/' || path[len] == '\0'))
        from = path[len] == '/' ? path + len + 1 : path + len;
    if (*from && slashes(from) >= OCI_PACK_MAX_DEPTH)
        return oci_pack_refuse(reterr, OCI_LIMIT, name, "lies more than 64 levels deep");
    memcpy(ret_path, from, strlen(from) + 1);
    return OCI_OK;
}

int oci_pack_check_link(const char *path, const char *target, struct oci_err *reterr)
{
    if (*target == '\0')
        return oci_pack_refuse(reterr, OCI_INVALID, path, "is a link to nothing");
    if (*target == '/')
        return oci_pack_refuse(reterr, OCI_UNSAFE_PATH, path, "is a link to an absolute path");
    if (strlen(target) >= OCI_MAX_PATH)
        return oci_pack_refuse(reterr, OCI_LIMIT, path, "is a link to a path that is too long");
    int rc = check_text(path, target, "is a link whose target has control characters or is not UTF-8", reterr);
    if (rc != OCI_OK)
        return rc;
    size_t up = 0, above = slashes(path);
    bool down = false;
    struct oci_str part;
    for (const char *rest = target; next_part(&rest, &part);) {
        if (!is(part, "..")) {
            down = true;
            continue;
        }
        if (down || ++up > above)
            return oci_pack_refuse(reterr, OCI_UNSAFE_PATH, path, "is a link that may lead out of the directory");
    }
    return OCI_OK;
}
