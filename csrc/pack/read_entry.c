/* read_entry.c - one small file out of an archive (pack.h). Nothing is written anywhere. */
#include <string.h>

#include "base/buf.h"
#include "base/glob.h"
#include "base/mem.h"
#include "pack/entries.h"
#include "pack/names.h"
#include "pack/pack.h"
#include "sys/file.h"

#define MAX_TAR_BYTES (1ull << 30) /* looked through: the caller waits for it */
#define RATIO_AFTER (16u << 20)    /* what is looked into is small */

static int read_content(struct oci_entries *entries, const char *pattern, struct oci_buf *b, struct oci_err *reterr)
{
    const void *p;
    size_t n;
    int rc;
    while ((rc = oci_entries_read(entries, &p, &n, reterr)) == OCI_OK) {
        int added = oci_buf_add(b, p, n);
        if (added == OCI_LIMIT)
            return oci_err_set(reterr, OCI_LIMIT, "%s in it has more than %zu bytes", pattern, b->max);
        if (added != OCI_OK)
            return oci_err_no_memory(reterr);
    }
    return rc == OCI_END_OF_CONTENT ? OCI_OK : rc;
}

/* Names begin with a slash in the bundles that opa builds; nothing is written, so no name is dangerous: one that would be
 * refused elsewhere is none that anybody asks for. */
static bool is_wanted(const struct oci_entry *e, const char *pattern)
{
    char path[OCI_MAX_PATH];
    return e->kind == OCI_ENTRY_FILE &&
           oci_pack_clean_name(e->name + strspn(e->name, "/"), NULL, path, NULL) == OCI_OK &&
           oci_glob_match(pattern, path);
}

static int look(struct oci_entries *entries, const char *pattern, struct oci_buf *b, struct oci_err *reterr)
{
    struct oci_entry e;
    for (;;) {
        int rc = oci_entries_next(entries, &e, reterr);
        if (rc == OCI_END_OF_CONTENT)
            return oci_err_set(reterr, OCI_NOT_FOUND, "there is no %s in it", pattern);
        if (rc != OCI_OK)
            return rc;
        if (is_wanted(&e, pattern))
            return read_content(entries, pattern, b, reterr);
    }
}

static int run(int fd, const char *pattern, size_t limit, struct oci_bytes **ret_bytes, struct oci_err *reterr)
{
    struct oci_entries *entries = NULL;
    struct oci_entries_options o = {.fd = fd, .max_bytes = MAX_TAR_BYTES, .ratio_after = RATIO_AFTER};
    struct oci_buf b;
    oci_buf_init(&b, limit);
    int rc = oci_entries_open(&o, &entries, reterr);
    if (rc == OCI_OK)
        rc = look(entries, pattern, &b, reterr);
    if (rc == OCI_OK) {
        size_t len = b.len;
        char *p = oci_buf_take(&b);
        *ret_bytes = p ? oci_bytes_new_take(p, len) : NULL;
        rc = *ret_bytes ? OCI_OK : oci_err_no_memory(reterr);
    }
    oci_entries_close(entries);
    oci_buf_done(&b);
    return rc;
}

int oci_pack_read_entry(const char *archive, const char *pattern, size_t limit, struct oci_bytes **ret_bytes,
                        struct oci_err *reterr)
{
    struct oci_err err = {0};
    int fd = -1;
    int rc = oci_file_open_read(OCI_CWD, archive, true, &fd, NULL, &err);
    if (rc == OCI_OK && (rc = run(fd, pattern, limit, ret_bytes, &err)) != OCI_OK)
        oci_err_wrap(&err, "reading %.200s", archive);
    oci_fd_close(fd);
    oci_err_copy(reterr, &err);
    return rc;
}
