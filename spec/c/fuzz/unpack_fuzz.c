/* Archives of any bytes into a directory: no crash, and nothing beside the directory. The first byte says whether the
 * rest is compressed here, so that the fuzzer need not guess checksums. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "pack/pack.h"
#include "sys/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A stored gzip member of the bytes; deflate would only cost time. */
static size_t wrap(const uint8_t *p, size_t len, uint8_t *out, size_t max)
{
    z_stream z = {0};
    if (deflateInit2(&z, 0, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        abort();
    z.next_in = (Bytef *)(uintptr_t)p;
    z.avail_in = (uInt)len;
    z.next_out = out;
    z.avail_out = (uInt)max;
    if (deflate(&z, Z_FINISH) != Z_STREAM_END)
        abort();
    size_t n = z.total_out;
    deflateEnd(&z);
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char box[64];
    static int box_fd = -1, file = -1;
    static uint8_t wrapped[1u << 20];
    if (size < 1 || size > sizeof wrapped / 2)
        return 0;
    if (box_fd < 0) {
        strcpy(box, "unpack-XXXXXX"); /* beside the program */
        file = memfd_create("archive", MFD_CLOEXEC);
        if (!mkdtemp(box) || file < 0 || oci_dir_open(OCI_CWD, box, false, &box_fd, NULL) != OCI_OK)
            abort();
    }
    const uint8_t *p = data + 1;
    size_t len = size - 1;
    if (data[0] & 1) {
        len = wrap(p, len, wrapped, sizeof wrapped);
        p = wrapped;
    }
    int to;
    struct oci_err err = {0};
    if (ftruncate(file, 0) != 0 || pwrite(file, p, len, 0) != (ssize_t)len ||
        oci_dir_open(box_fd, "to", true, &to, NULL) != OCI_OK)
        abort();
    oci_file_force_fallbacks(data[0] & 2);
    struct oci_unpack_options o = {.file_fd = file, .archive = "a", .dirfd = to, .strip = data[0] & 4 ? "t" : NULL,
                                   .max_bytes = 1u << 20, .max_entries = 64};
    int rc = oci_unpack(&o, &err);
    if (rc != err.code || (rc != OCI_OK && !err.text[0]))
        abort();
    oci_fd_close(to);
    if (oci_dir_remove_all(box_fd, "to", NULL) != OCI_OK)
        abort();
    char **names;
    size_t count;
    if (oci_dir_list(box_fd, &names, &count, NULL) != OCI_OK || count != 0)
        abort(); /* something beside it */
    oci_names_free(names);
    return 0;
}
