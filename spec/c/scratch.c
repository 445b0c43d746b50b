#include "scratch.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "sys/file.h"
#include "test.h"

static char dir[200];
static pid_t owner;

static void remove_dir(void)
{
    if (dir[0] && getpid() == owner)
        oci_dir_remove_all(OCI_CWD, dir, NULL);
}

const char *scratch_dir(void)
{
    if (dir[0])
        return dir;
    const char *tmp = getenv("OCI_TEST_TMP");
    if (!tmp)
        tmp = getenv("TMPDIR");
    snprintf(dir, sizeof dir, "%s/oci-c-XXXXXX", tmp ? tmp : "/tmp");
    CHECK(mkdtemp(dir));
    owner = getpid();
    CHECK_INT(atexit(remove_dir), 0);
    return dir;
}

const char *scratch_path(const char *fmt, ...)
{
    static char buffers[8][1024];
    static unsigned next;
    char *b = buffers[next++ % 8];
    int n = snprintf(b, sizeof buffers[0], "%s/", scratch_dir());
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(b + n, sizeof buffers[0] - (size_t)n, fmt, ap);
    va_end(ap);
    return b;
}

void scratch_write(const char *path, const void *p, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    CHECK(fd >= 0);
    CHECK_INT(write(fd, p, len), (ssize_t)len);
    CHECK_INT(close(fd), 0);
}

void scratch_text(const char *path, const char *text)
{
    scratch_write(path, text, strlen(text));
}

struct oci_bytes *scratch_read(const char *path)
{
    struct oci_bytes *b = NULL;
    oci_file_read_all(OCI_CWD, path, 1u << 30, &b, NULL);
    return b;
}

bool scratch_exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

bool scratch_has(const char *path, const void *p, size_t len)
{
    struct oci_bytes *b = scratch_read(path);
    bool same = b && b->len == len && memcmp(b->p, p, len) == 0;
    oci_bytes_unref(b);
    return same;
}

static char tree[64 * 1024];

static void add_tree(const char *path, const char *shown)
{
    struct dirent **names;
    int count = scandir(path, &names, NULL, alphasort);
    CHECK(count >= 0);
    for (int i = 0; i < count; i++) {
        const char *name = names[i]->d_name;
        char sub[1024], sub_shown[1024];
        struct stat st;
        snprintf(sub, sizeof sub, "%s/%s", path, name);
        snprintf(sub_shown, sizeof sub_shown, "%s%s", shown, name);
        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && lstat(sub, &st) == 0) {
            size_t len = strlen(tree);
            snprintf(tree + len, sizeof tree - len, "%s%s\n", sub_shown, S_ISDIR(st.st_mode) ? "/" : "");
            if (S_ISDIR(st.st_mode)) {
                strcat(sub_shown, "/");
                add_tree(sub, sub_shown);
            }
        }
        free(names[i]);
    }
    free(names);
}

const char *scratch_tree(const char *path)
{
    tree[0] = '\0';
    add_tree(path, "");
    return tree;
}

struct oci_bytes *scratch_bytes(size_t len, unsigned seed)
{
    char *p = oci_alloc(len + 1);
    CHECK(p);
    uint64_t x = 88172645463325252ull + seed * 2654435761u;
    for (size_t i = 0; i < len; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        p[i] = (char)(x & 0xff);
    }
    p[len] = '\0';
    return oci_bytes_new_take(p, len);
}

struct oci_desc scratch_desc(const struct oci_bytes *b, const char *algorithm)
{
    struct oci_desc d = {0};
    struct oci_digest digest;
    CHECK_INT(oci_digest_of(oci_str_of(algorithm), b->p, b->len, &digest, NULL), OCI_OK);
    oci_desc_set(&d, OCI_TYPE_OCTETS, &digest, b->len);
    return d;
}
