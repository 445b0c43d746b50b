#include "tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

char *tree_temporary(char dir[TREE_PATH])
{
    const char *where = getenv("TMPDIR");
    if (!where || strlen(where) > TREE_PATH - 20)
        where = "/tmp";
    snprintf(dir, TREE_PATH, "%s/oci-test-XXXXXX", where);
    CHECK(mkdtemp(dir) != NULL);
    CHECK_INT(chmod(dir, 0755), 0);
    return dir;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

int tree_is_at(const char *found, const char *at, const char *path)
{
    size_t len = strlen(at);
    return strncmp(found, at, len) == 0 && found[len] == '/' && strcmp(found + len + 1, path) == 0;
}

void tree_remove(const char *dir)
{
    CHECK(strstr(dir, "/oci-test-") != NULL);
    CHECK_INT(nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0); /* a shell would take longer than the test */
}

static void join(char *out, size_t size, const char *at, const char *path)
{
    int n = snprintf(out, size, "%s/%s", at, path);
    CHECK(n > 0 && (size_t)n < size);
}

static void make_parents(char *full)
{
    for (char *p = full + 1; (p = strchr(p, '/')) != NULL; p++) {
        *p = '\0';
        mkdir(full, 0755); /* there already, mostly */
        *p = '/';
    }
}

void tree_dir(const char *at, const char *path)
{
    char full[4096];
    join(full, sizeof full, at, path);
    make_parents(full);
    mkdir(full, 0755);
    struct stat st;
    CHECK_INT(stat(full, &st), 0);
    CHECK(S_ISDIR(st.st_mode));
}

void tree_put(const char *at, const char *path, const char *text, unsigned mode)
{
    tree_put_bytes(at, path, text, strlen(text), mode);
}

void tree_put_bytes(const char *at, const char *path, const void *p, size_t len, unsigned mode)
{
    char full[4096];
    join(full, sizeof full, at, path);
    make_parents(full);
    int fd = open(full, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CHECK(fd >= 0);
    for (size_t done = 0; done < len;) {
        ssize_t n = write(fd, (const char *)p + done, len - done);
        CHECK(n > 0);
        done += (size_t)n;
    }
    CHECK_INT(fchmod(fd, mode), 0);
    CHECK_INT(close(fd), 0);
}

void tree_link(const char *at, const char *path, const char *target)
{
    char full[4096];
    join(full, sizeof full, at, path);
    make_parents(full);
    CHECK_INT(symlink(target, full), 0);
}

const char *tree_get(const char *at, const char *path)
{
    static char text[65536];
    char full[4096];
    join(full, sizeof full, at, path);
    int fd = open(full, O_RDONLY | O_NOFOLLOW);
    CHECK(fd >= 0);
    ssize_t n = read(fd, text, sizeof text - 1);
    CHECK(n >= 0);
    close(fd);
    text[n] = '\0';
    return text;
}

unsigned tree_mode(const char *at, const char *path)
{
    char full[4096];
    struct stat st;
    join(full, sizeof full, at, path);
    CHECK_INT(lstat(full, &st), 0);
    return st.st_mode & 07777u;
}

int tree_exists(const char *at, const char *path)
{
    char full[4096];
    struct stat st;
    join(full, sizeof full, at, path);
    return lstat(full, &st) == 0;
}

size_t tree_count(const char *at)
{
    DIR *d = opendir(at);
    CHECK(d != NULL);
    size_t n = 0;
    struct dirent *e;
    while ((e = readdir(d)) != NULL)
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(d);
    return n;
}

/* Static. */
__attribute__((format(printf, 1, 0))) static const char *command_of(const char *fmt, va_list ap)
{
    static char command[8192];
    int n = vsnprintf(command, sizeof command, fmt, ap);
    CHECK(n > 0 && (size_t)n < sizeof command);
    return command;
}

int tree_shell(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int status = system(command_of(fmt, ap));
    va_end(ap);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

void tree_output(char *out, size_t size, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    FILE *f = popen(command_of(fmt, ap), "r");
    va_end(ap);
    CHECK(f != NULL);
    size_t len = fread(out, 1, size - 1, f);
    out[len] = '\0';
    CHECK_INT(pclose(f), 0);
}
