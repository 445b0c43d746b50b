#include "tar_box.h"

#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "sys/file.h"
#include "test.h"

struct oci_buf tar_made;
struct oci_err box_err;
char box_dir[TREE_PATH], box_to[TREE_PATH + 8];

void tar_begin(void)
{
    oci_buf_done(&tar_made);
    oci_buf_init(&tar_made, 512u << 20);
}

static void pad(void)
{
    static const char zeros[512];
    CHECK_INT(oci_buf_add(&tar_made, zeros, (512 - tar_made.len % 512) % 512), OCI_OK);
}

void tar_add_bytes(const struct tar_entry *e, const void *p, size_t len)
{
    char h[512] = {0};
    size_t name_len = e->name_len ? e->name_len : strlen(e->name);
    CHECK(name_len <= 100);
    memcpy(h, e->name, name_len);
    snprintf(h + 100, 8, "%07o", e->mode ? e->mode & 07777 : 0644);
    snprintf(h + 108, 8, "%07o", 12345);
    snprintf(h + 116, 8, "%07o", 12345);
    snprintf(h + 124, 12, "%011llo", (unsigned long long)len & 077777777777);
    if (e->claim) {
        memset(h + 124, 0, 12);
        h[124] = (char)0x80;
        for (int i = 0; i < 8; i++)
            h[135 - i] = (char)(e->claim >> 8 * i);
    }
    snprintf(h + 136, 12, "%011o", 0);
    memset(h + 148, ' ', 8);
    h[156] = e->type ? e->type : '0';
    if (e->link)
        strncpy(h + 157, e->link, 100);
    memcpy(h + 257, "ustar\0" "00", 8);
    unsigned sum = 0;
    for (size_t i = 0; i < sizeof h; i++)
        sum += (unsigned char)h[i];
    snprintf(h + 148, 8, "%06o", sum);
    CHECK_INT(oci_buf_add(&tar_made, h, sizeof h), OCI_OK);
    CHECK_INT(oci_buf_add(&tar_made, p, len), OCI_OK);
    pad();
}

void tar_add(struct tar_entry e)
{
    const char *content = e.content ? e.content : "";
    tar_add_bytes(&e, content, strlen(content));
}

void tar_pax(const char *key, const char *value)
{
    char record[8192];
    size_t rest = strlen(key) + strlen(value) + 3, len = 0, next = rest;
    while (len != next) {
        len = next;
        next = rest + (size_t)snprintf(NULL, 0, "%zu", len);
    }
    snprintf(record, sizeof record, "%zu %s=%s\n", len, key, value);
    tar_add((struct tar_entry){.name = "PaxHeaders/x", .type = 'x', .content = record});
}

void tar_end(void)
{
    static const char zeros[1024];
    CHECK_INT(oci_buf_add(&tar_made, zeros, sizeof zeros), OCI_OK);
}

struct oci_buf tar_gzip(const void *p, size_t len)
{
    struct oci_buf b;
    oci_buf_init(&b, 512u << 20);
    z_stream z = {0};
    CHECK_INT(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    CHECK_INT(oci_buf_reserve(&b, deflateBound(&z, len)), OCI_OK);
    z.next_in = (Bytef *)(uintptr_t)p;
    z.avail_in = (uInt)len;
    z.next_out = (Bytef *)b.p;
    z.avail_out = (uInt)b.cap;
    CHECK_INT(deflate(&z, Z_FINISH), Z_STREAM_END);
    b.len = z.total_out;
    deflateEnd(&z);
    return b;
}

/* ---- one unpacking -------------------------------------------------------------------------- */

void box_make(void)
{
    tree_temporary(box_dir);
    snprintf(box_to, sizeof box_to, "%s/to", box_dir);
    tree_dir(box_dir, "to");
    tree_put(box_dir, "outside/sentinel", "untouched", 0600);
}

void box_check(void)
{
    static const struct {
        const char *path;
        unsigned mode;
    } all[] = {{".", 0755}, {"to", 0755}, {"archive", 0600}, {"outside", 0755}, {"outside/sentinel", 0600}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        CHECK_INT(tree_mode(box_dir, all[i].path), all[i].mode);
    char outside[TREE_PATH + 16];
    snprintf(outside, sizeof outside, "%s/outside", box_dir);
    CHECK_INT(tree_count(box_dir), 3);
    CHECK_INT(tree_count(outside), 1);
    CHECK_STR(tree_get(box_dir, "outside/sentinel"), "untouched");
}

int box_unpack_bytes(const void *p, size_t len, struct oci_unpack_options o)
{
    int fd, dirfd;
    char path[TREE_PATH + 16];
    tree_put_bytes(box_dir, "archive", p, len, 0600);
    snprintf(path, sizeof path, "%s/archive", box_dir);
    CHECK_INT(oci_file_open_read(OCI_CWD, path, false, &fd, NULL, NULL), OCI_OK);
    CHECK_INT(oci_dir_open(OCI_CWD, box_to, false, &dirfd, NULL), OCI_OK);
    oci_err_clear(&box_err);
    o.file_fd = fd;
    o.archive = "the archive";
    o.dirfd = dirfd;
    int rc = oci_unpack(&o, &box_err);
    CHECK_INT(rc, box_err.code);
    if (rc != OCI_OK)
        CHECK(strncmp(box_err.text, "unpacking the archive: ", 23) == 0);
    oci_fd_close(fd);
    oci_fd_close(dirfd);
    return rc;
}

int box_unpack_with(struct oci_unpack_options o)
{
    tar_end();
    return box_unpack_bytes(tar_made.p, tar_made.len, o);
}

int box_unpack(void)
{
    return box_unpack_with((struct oci_unpack_options){.strip = "t"});
}

void box_check_refused(void (*craft)(void), int code, const char *text)
{
    for (int fallback = 0; fallback < 2; fallback++) {
        oci_file_force_fallbacks(fallback);
        box_make();
        tar_begin();
        craft();
        int rc = box_unpack();
        if (rc != code)
            FAIL("%s instead of %s: %s", oci_err_name(rc), oci_err_name(code), box_err.text);
        if (!strstr(box_err.text, text))
            FAIL("%s", box_err.text);
        box_check();
        tree_remove(box_dir);
    }
    oci_file_force_fallbacks(false);
}

static struct tar_entry one;

static void craft_one(void)
{
    tar_add(one);
}

void box_check_entry(struct tar_entry e, int code, const char *text)
{
    one = e;
    box_check_refused(craft_one, code, text);
}
