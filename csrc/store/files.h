/* files.h - inside store/: the plain files that a pull fills (stores.h, graph.h).
 *
 * All that is fetched is staged in a directory of our own (0700) inside the target: file number i as "fI", what is
 * unpacked from it as the directory "dI". Files that are overwritten wait there, too, until all have their names.
 * A few plain files do without it where the target was not there, as "STAGING.fI" in it: making the directory and removing
 * it would take as long as all the rest. In a target that is there it also says early whether files can be made, and keeps
 * whoever has made it, and fails, from removing it.
 *
 * The flows of a target run one after the other but for puts, each of which touches its own file only; so a job may
 * use the target while its flow waits for it. */
#ifndef OCI_STORE_FILES_H
#define OCI_STORE_FILES_H

#include "flow/graph.h"
#include "store/stores.h"
#include "sys/file.h"

OCI_BEGIN

#define OCI_NO_FILE SIZE_MAX
#define OCI_STAGED_MAX 100 /* bytes of a staged file's name */

struct oci_file {
    const struct oci_desc *desc; /* the manifest's, which outlives the target's use */
    size_t position;             /* in the manifest */
    char *path;                  /* with `to` */
    const char *name;            /* the part of it below `to` */
    bool titled;
    bool unpack;
    bool is_there;               /* as a directory: `unpack` */
    bool wanted;                 /* to be fetched */
    size_t copy_of;              /* the wanted file that has the same content, or OCI_NO_FILE */
    enum oci_file_state state;
};

/* A directory below `to`, kept open for the next name in it. */
struct oci_parent {
    char *dir; /* NULL: none */
    int fd;
};

/* What a commit did, to be undone in reverse order. */
enum oci_deed_kind { OCI_MOVED_IN, OCI_MOVED_ASIDE, OCI_MADE_DIR };
struct oci_deed {
    enum oci_deed_kind kind;
    size_t number;               /* MOVED_ASIDE: of "oN" */
    char *name;                  /* below `to` */
};

struct oci_files {
    struct oci_pull_target base;
    /* set once */
    struct oci_host *host;
    char *to;
    bool overwrite, sync;
    int unpack;
    /* the plan */
    struct oci_file *files;
    size_t count;
    /* from prepare to discard */
    int to_fd, staging_fd;       /* -1: none */
    char staging[64];
    bool beside;                 /* there is no such directory: `staging` begins the names, and staging_fd is to_fd */
    unsigned mode;               /* which the files get when they are verified: they are 0600 before. 0: there is no need */
    bool made_to;                /* the target was not there before */
    bool done;                   /* all have their names */
    bool keep_staging;           /* something of the user's is left in it */
    struct oci_flow *discard;    /* made before the commit: when the files have their names nothing may fail any more */
    struct oci_parent parent;
    struct oci_deed *deeds;
    size_t deed_count, deed_cap;
};

static inline struct oci_files *oci_files_of(struct oci_pull_target *t)
{
    return OCI_OWNER(t, struct oci_files, base);
}

/* files.c */
bool oci_files_is_staged(const struct oci_file *f);
/* A name in staging_fd. */
void oci_files_staged_name(const struct oci_files *t, char letter, size_t number, char name[OCI_STAGED_MAX]);
/* POOL. All have their names: the staging directory is removed if nothing is left in it, as mostly. */
void oci_files_unstage(struct oci_files *t);
struct oci_flow *oci_files_discard_new(struct oci_files *t);

/* files_plan.c */
int oci_files_plan(struct oci_pull_target *t, const struct oci_layer *layers, size_t count, struct oci_err *reterr);
void oci_files_forget(struct oci_files *t);

/* files_look.c: what is there already; the staging directory. */
struct oci_flow *oci_files_prepare(struct oci_pull_target *t);

/* files_dirs.c: those that are there and equal are not wanted any more. */
/* A directory that is there, and was packed by us: only then its entries begin with the title. */
bool oci_files_may_be_same(const struct oci_file *f);
struct oci_flow *oci_files_compare_dirs(struct oci_files *t);

/* files_put.c */
struct oci_flow *oci_files_put(struct oci_pull_target *t, size_t index, struct oci_source *take_source);

/* files_commit.c */
struct oci_flow *oci_files_commit(struct oci_pull_target *t);

/* files_place.c: POOL. Names below the target; nothing that is a link is followed, and everything is noted as a
 * deed. */

/* The directory that `name` is in, and its last part. OCI_NOT_FOUND unless `make`; OCI_EXISTS where a file is in
 * the way, OCI_UNSAFE_PATH where a link is. The descriptor lives until the next call. */
/* "PATH is there already, and is WHAT" (EXISTS), or "PATH is WHAT"; with the path recorded. */
int oci_files_refuse(int code, const char *path, const char *what, struct oci_err *reterr);
int oci_files_parent(struct oci_files *t, const char *name, bool make, int *ret_fd, const char **ret_base,
                     struct oci_err *reterr);
void oci_files_parent_done(struct oci_files *t);
/* Gives a staged file or directory its name; a directory that is there is merged with. */
int oci_files_place(struct oci_files *t, const struct oci_file *f, const char *staged, struct oci_err *reterr);
/* Undoes everything, as far as it goes: what cannot be put back stays in the staging directory (keep_staging). */
void oci_files_undo(struct oci_files *t);
void oci_files_deeds_done(struct oci_files *t);
/* Have two regular files the same bytes? */
int oci_files_same(int a_dirfd, const char *a, int b_dirfd, const char *b, bool *ret_same, struct oci_err *reterr);

OCI_END

#endif
