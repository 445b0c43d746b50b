/* A tar read in pieces gives what it gives in one: the same entries, the same bytes, the same error. The first byte says
 * how large the pieces are. */
#include "pack/tar_reader.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
    uint64_t sum; /* of all that was told */
    int rc;
};

static void add(struct seen *s, const void *p, size_t len)
{
    for (size_t i = 0; i < len; i++)
        s->sum = (s->sum ^ ((const uint8_t *)p)[i]) * 0x100000001b3u;
}

static void add_entry(struct seen *s, const struct oci_tar_reader *r)
{
    if (r->size > OCI_MAX_SIZE || r->name.len > OCI_MAX_PATH ||
        (r->size && (r->kind == OCI_TAR_SYMLINK || r->kind == OCI_TAR_HARDLINK)))
        abort();
    add(s, r->name.p, r->name.len);
    add(s, &r->kind, sizeof r->kind);
    add(s, &r->size, sizeof r->size);
}

static struct seen read_all(const uint8_t *p, size_t len, size_t piece)
{
    struct seen s = {0};
    struct oci_tar_reader r;
    struct oci_err err = {0};
    oci_tar_reader_init(&r);
    while (len > 0 && s.rc >= 0 && s.rc != OCI_TAR_OVER) {
        size_t used = 0, n = len < piece ? len : piece;
        s.rc = oci_tar_reader_next(&r, p, n, &used, &err);
        if (used > n || (s.rc >= 0 && s.rc != OCI_TAR_OVER && used == 0))
            abort();
        if (s.rc == OCI_TAR_ENTRY)
            add_entry(&s, &r);
        else if (s.rc == OCI_TAR_DATA)
            add(&s, p, used);
        p += used;
        len -= used;
    }
    s.rc = s.rc < 0 ? s.rc : oci_tar_reader_end(&r, &err);
    if (s.rc != err.code || (s.rc && !err.text[0]))
        abort();
    oci_tar_reader_done(&r);
    return s;
}

/* The sums of headers are put right, so that the fuzzer need not guess them. */
static void seal(uint8_t *p, size_t len)
{
    for (; len >= OCI_TAR_BLOCK; p += OCI_TAR_BLOCK, len -= OCI_TAR_BLOCK) {
        unsigned sum = 8 * ' ';
        if (memcmp(p + 257, "ustar", 5) != 0)
            continue;
        for (size_t i = 0; i < OCI_TAR_BLOCK; i++)
            sum += i >= 148 && i < 156 ? 0 : p[i];
        for (size_t i = 6; i-- > 0; sum >>= 3)
            p[148 + i] = (uint8_t)('0' + (sum & 7));
        p[154] = p[155] = ' ';
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t tar[1u << 16];
    if (size < 1 || size - 1 > sizeof tar)
        return 0;
    size_t len = size - 1;
    memcpy(tar, data + 1, len);
    seal(tar, len);
    struct seen whole = read_all(tar, len, sizeof tar), parts = read_all(tar, len, 1 + data[0]);
    if (whole.rc != parts.rc || whole.sum != parts.sum)
        abort();
    return 0;
}
