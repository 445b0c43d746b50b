/* Small things that need no engine: files that match a pattern, the clock, the terminal (oci.h). */
#include <string.h>

#include "base/glob.h"
#include "base/mem.h"
#include "include/oci.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/terminal.h"
#include "sys/thread.h"

#define GLOB_MAX_FILES 100000
#define GLOB_MAX_DEPTH 64

double oci_now(void)
{
    return (double)oci_clock_ms() / 1000;
}

unsigned oci_generation(void)
{
    return oci_fork_generation();
}

unsigned oci_terminal_columns(int fd)
{
    return oci_terminal_width(fd);
}

struct walk {
    const char *pattern;
    char **found;
    size_t count, cap;
    struct oci_err *err;
};

static int keep(struct walk *w, char *take_path)
{
    char **grown = oci_grow(w->found, &w->cap, w->count + 2, sizeof *grown, GLOB_MAX_FILES + 1);
    if (!grown) {
        oci_free(take_path);
        if (w->count >= GLOB_MAX_FILES - 1)
            return oci_err_set(w->err, OCI_LIMIT, "more than %d files match \"%s\"", GLOB_MAX_FILES - 1,
                               w->pattern);
        return oci_err_no_memory(w->err);
    }
    w->found = grown;
    grown[w->count++] = take_path;
    grown[w->count] = NULL;
    return OCI_OK;
}

static int walk(struct walk *w, int dirfd, const char *prefix, unsigned depth);

/* The entry `name` of the directory, whose path from the root is `take_path`. */
static int visit(struct walk *w, int dirfd, const char *name, char *take_path, unsigned depth)
{
    struct oci_file_info info;
    if (!take_path)
        return oci_err_no_memory(w->err);
    int rc = oci_file_info(dirfd, name, false, &info, w->err);
    if (rc == OCI_OK && info.kind == OCI_FILE_DIRECTORY) {
        int fd = -1;
        if (depth == 0)
            rc = oci_err_set(w->err, OCI_LIMIT, "%s: more than %d folders deep", take_path, GLOB_MAX_DEPTH);
        else
            rc = oci_dir_open_beneath(dirfd, name, false, &fd, w->err);
        if (rc == OCI_OK)
            rc = walk(w, fd, take_path, depth - 1);
        oci_fd_close(fd);
    } else if (rc == OCI_OK && oci_glob_match(w->pattern, take_path)) {
        /* A link counts as what it leads to; one that leads nowhere does not count. */
        bool is_file =
            info.kind == OCI_FILE_REGULAR ||
            (info.kind == OCI_FILE_SYMLINK && oci_file_info(dirfd, name, true, &info, NULL) == OCI_OK &&
             info.kind == OCI_FILE_REGULAR);
        if (is_file)
            return keep(w, take_path);
    }
    oci_free(take_path);
    return rc;
}

static int walk(struct walk *w, int dirfd, const char *prefix, unsigned depth)
{
    char **names = NULL;
    size_t count = 0;
    int rc = oci_dir_list(dirfd, &names, &count, w->err);
    for (size_t i = 0; rc == OCI_OK && i < count; i++) {
        /* Hidden folders are only entered by a pattern that could name them. */
        if (names[i][0] == '.' && w->pattern[0] != '.' && !strstr(w->pattern, "/."))
            continue;
        rc = visit(w, dirfd, names[i], oci_asprintf("%s%s%s", prefix, *prefix ? "/" : "", names[i]), depth);
    }
    oci_names_free(names);
    return rc;
}

int oci_glob(const char *root, const char *pattern, char ***ret_paths, size_t *ret_count,
             struct oci_err *reterr)
{
    struct walk w = {.pattern = pattern, .err = reterr};
    int fd = -1;
    int rc = oci_dir_open(OCI_CWD, root, false, &fd, reterr);
    if (rc == OCI_OK)
        rc = walk(&w, fd, "", GLOB_MAX_DEPTH);
    oci_fd_close(fd);
    if (rc == OCI_OK && w.count == 0)
        rc = oci_err_set(reterr, OCI_NOT_FOUND, "no file in %s matches \"%s\"", root, pattern);
    if (rc) {
        for (size_t i = 0; i < w.count; i++)
            oci_free(w.found[i]);
        oci_free(w.found);
        return rc;
    }
    *ret_paths = w.found;
    *ret_count = w.count;
    return OCI_OK;
}
