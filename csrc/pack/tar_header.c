#include "pack/tar_header.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"

#define MAX_OCTAL_11 077777777777u /* 8 GiB less one; in seconds, the year 2242 */

/* POSIX.1-2017, pax, "ustar Interchange Format". */
struct block {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100];
    char magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155], unused[12];
};
_Static_assert(sizeof(struct block) == OCI_TAR_BLOCK, "a tar block");

/* `size` less one digits and a NUL. */
static void put_octal(char *field, size_t size, uint64_t n)
{
    field[--size] = '\0';
    while (size > 0) {
        field[--size] = (char)('0' + (n & 7));
        n >>= 3;
    }
}

static void seal(struct block *h)
{
    memset(h->checksum, ' ', sizeof h->checksum);
    unsigned sum = 0;
    const unsigned char *p = (const unsigned char *)h;
    for (size_t i = 0; i < sizeof *h; i++)
        sum += p[i];
    put_octal(h->checksum, 7, sum); /* six digits, NUL, space */
}

static void begin(struct block *h, char type, bool executable, uint64_t size, int64_t mtime)
{
    memset(h, 0, sizeof *h);
    put_octal(h->mode, sizeof h->mode, executable ? 0755 : 0644);
    put_octal(h->uid, sizeof h->uid, 0);
    put_octal(h->gid, sizeof h->gid, 0);
    put_octal(h->size, sizeof h->size, size > MAX_OCTAL_11 ? 0 : size);
    put_octal(h->mtime, sizeof h->mtime, mtime > (int64_t)MAX_OCTAL_11 ? 0 : (uint64_t)mtime);
    h->type = type;
    memcpy(h->magic, "ustar", 6);
    memcpy(h->version, "00", 2);
    put_octal(h->major, sizeof h->major, 0);
    put_octal(h->minor, sizeof h->minor, 0);
}

static bool is_ascii(const char *s)
{
    for (; *s; s++) {
        if ((unsigned char)*s > 126)
            return false;
    }
    return true;
}

/* As much as fits, for readers that know no pax records. */
static void put_cut(char *field, size_t size, const char *s)
{
    for (size_t i = 0; i < size && s[i]; i++)
        field[i] = (unsigned char)s[i] > 126 ? '_' : s[i];
}

/* The name in one field, or cut at a slash into prefix and name. False: neither fits. */
static bool put_name(struct block *h, const char *name)
{
    size_t len = strlen(name);
    if (!is_ascii(name))
        return false;
    if (len <= sizeof h->name) {
        memcpy(h->name, name, len);
        return true;
    }
    for (size_t at = len < sizeof h->prefix + 1 ? len - 1 : sizeof h->prefix; at > 0; at--) {
        if (name[at] != '/' || at + 1 == len)
            continue;
        if (len - at - 1 > sizeof h->name)
            return false;
        memcpy(h->prefix, name, at);
        memcpy(h->name, name + at + 1, len - at - 1);
        return true;
    }
    return false;
}

/* "LENGTH key=value\n"; the length counts its own digits. */
static int add_record(struct oci_buf *b, const char *key, const char *value)
{
    size_t rest = strlen(key) + strlen(value) + 3, len = 0, next = rest;
    while (len != next) {
        len = next;
        next = rest + (size_t)snprintf(NULL, 0, "%zu", len);
    }
    return oci_buf_addf(b, "%zu %s=%s\n", len, key, value);
}

static int add_number(struct oci_buf *b, const char *key, uint64_t n)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
    return add_record(b, key, digits);
}

static int pad(struct oci_buf *b)
{
    static const char zeros[OCI_TAR_BLOCK];
    return oci_buf_add(b, zeros, (OCI_TAR_BLOCK - b->len % OCI_TAR_BLOCK) % OCI_TAR_BLOCK);
}

/* The extended header with `records`, before the entry's own. */
static int add_extended(struct oci_buf *b, const char *name, int64_t mtime, const struct oci_buf *records)
{
    struct block h;
    begin(&h, 'x', false, records->len, mtime);
    char own[128];
    snprintf(own, sizeof own, "PaxHeaders.0/%.80s", name);
    put_cut(h.name, sizeof h.name, own);
    seal(&h);
    int rc = oci_buf_add(b, &h, sizeof h);
    if (rc == OCI_OK)
        rc = oci_buf_add(b, records->p, records->len);
    return rc == OCI_OK ? pad(b) : rc;
}

static int fill(struct block *h, const struct oci_tar_entry *e, const char *name, struct oci_buf *records)
{
    int rc = OCI_OK;
    bool regular = e->kind == OCI_FILE_REGULAR, directory = e->kind == OCI_FILE_DIRECTORY;
    char type = regular ? '0' : directory ? '5' : '2';
    begin(h, type, directory || (regular && e->executable), regular ? e->size : 0, e->mtime);
    if (e->kind == OCI_FILE_SYMLINK)
        put_octal(h->mode, sizeof h->mode, 0777); /* what a link's mode is everywhere */
    if (!put_name(h, name)) {
        put_cut(h->name, sizeof h->name, name);
        rc = add_record(records, "path", name);
    }
    if (e->kind == OCI_FILE_SYMLINK) {
        put_cut(h->link, sizeof h->link, e->link);
        if (rc == OCI_OK && (strlen(e->link) > sizeof h->link || !is_ascii(e->link)))
            rc = add_record(records, "linkpath", e->link);
    }
    if (rc == OCI_OK && regular && e->size > MAX_OCTAL_11)
        rc = add_number(records, "size", e->size);
    if (rc == OCI_OK && e->mtime > (int64_t)MAX_OCTAL_11)
        rc = add_number(records, "mtime", (uint64_t)e->mtime);
    seal(h);
    return rc;
}

int oci_tar_add_header(struct oci_buf *b, const struct oci_tar_entry *e)
{
    char name[OCI_MAX_PATH * 2 + 2];
    size_t len = strlen(e->name);
    if (len + 2 > sizeof name)
        return OCI_LIMIT;
    memcpy(name, e->name, len + 1);
    if (e->kind == OCI_FILE_DIRECTORY)
        memcpy(name + len, "/", 2);
    oci_auto(oci_buf) struct oci_buf records;
    oci_buf_init(&records, 4 * OCI_MAX_PATH);
    struct block h;
    int rc = fill(&h, e, name, &records);
    if (rc == OCI_OK && records.len > 0)
        rc = add_extended(b, name, e->mtime, &records);
    return rc == OCI_OK ? oci_buf_add(b, &h, sizeof h) : rc;
}
