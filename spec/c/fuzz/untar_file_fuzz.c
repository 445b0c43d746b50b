/* Archives of any bytes, in pieces, through the decompressor and the tar reader: no crash, no byte that was not there, and the
 * same entries whatever the pieces are. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pack/tar_reader.h"
#include "pack/unpress.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct sum {
    uint64_t entries, bytes, names;
    int rc;
};

/* Reads tar bytes in pieces of at most `piece`. */
static struct sum read_tar(const uint8_t *p, size_t len, size_t piece)
{
    struct oci_tar_reader r;
    struct sum s = {0};
    oci_tar_reader_init(&r);
    while (len > 0 && s.rc >= 0 && s.rc != OCI_TAR_OVER) {
        size_t n = len < piece ? len : piece, used;
        s.rc = oci_tar_reader_next(&r, p, n, &used, NULL);
        if (used > n || (s.rc >= 0 && used == 0 && s.rc != OCI_TAR_OVER))
            abort();
        if (s.rc == OCI_TAR_ENTRY) {
            s.entries++;
            for (size_t i = 0; i < r.name.len; i++)
                s.names = s.names * 31 + (unsigned char)r.name.p[i];
        }
        s.bytes += s.rc == OCI_TAR_DATA ? used : 0;
        p += used;
        len -= used;
    }
    if (s.rc >= 0)
        s.rc = oci_tar_reader_end(&r, NULL);
    oci_tar_reader_done(&r);
    return s;
}

static void unpress(const uint8_t *p, size_t len, size_t piece)
{
    struct oci_unpress u = {0};
    uint8_t out[4096];
    size_t at = 0, end = len < piece ? len : piece, used = 0, n = 0, all = 0;
    while (oci_unpress(&u, p + at, end - at, &used, out, sizeof out, &n, NULL) == OCI_OK) {
        at += used;
        all += n;
        if (at > end || n > sizeof out)
            abort();
        if (used == 0 && n == 0 && end == len)
            break;
        if (used == 0 && n == 0)
            end = len - end < piece ? len : end + piece;
        if (all > 4u << 20) /* enough */
            break;
    }
    (void)oci_unpress_end(&u, NULL);
    oci_unpress_done(&u);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    size_t piece = data[0] + 1u;
    struct sum a = read_tar(data + 1, size - 1, piece), b = read_tar(data + 1, size - 1, SIZE_MAX);
    if (a.entries != b.entries || a.bytes != b.bytes || a.names != b.names || a.rc != b.rc)
        abort();
    unpress(data + 1, size - 1, piece + 4);
    return 0;
}
