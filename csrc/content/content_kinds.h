/* content_kinds.h - the sources and sinks that come with the core: bytes, files, the caller's window, a pipe, a hash.
 *
 * Constructors return the caller's object (oci_source_free, oci_sink_free) or NULL: out of memory. */
#ifndef OCI_CONTENT_CONTENT_KINDS_H
#define OCI_CONTENT_CONTENT_KINDS_H

#include "base/bytes.h"
#include "flow/content.h"
#include "flow/flow.h"

OCI_BEGIN

/* ---- sources ---- */

struct oci_source *oci_source_bytes(struct oci_bytes *bytes); /* takes a reference */
/* A regular file, opened (POOL) at each use, links followed; a size that changed since the first open, or that differs
 * from `size` (OCI_SIZE_UNKNOWN: any), is SIZE_MISMATCH. The path is copied. */
struct oci_source *oci_source_file(const char *path, uint64_t size);
/* As above below a directory descriptor (borrowed; must stay open), links refused: a layout's blob. */
struct oci_source *oci_source_file_at(int dirfd, const char *rel, uint64_t size);
/* The same below a directory that is found out (POOL) when the source is opened; `offset` and `length`
 * (OCI_SIZE_UNKNOWN: to the end) choose a part of it, `size` is that of the whole file. */
struct oci_source_file_options {
    int (*dir)(void *ctx, int *ret_dirfd, struct oci_err *reterr); /* the descriptor stays its owner's */
    void *ctx;
    const char *rel;
    const char *where;           /* begins the message when it cannot be opened. Copied */
    uint64_t size, offset, length;
};
struct oci_source *oci_source_file_in(const struct oci_source_file_options *options);

/* The path of a file source, or NULL: so that a file can be hashed in one job (oci_hash_file_work). */
const char *oci_source_file_path(const struct oci_source *s);

/* ---- sinks ---- */

/* Collects at most `max` bytes; `want` (may be NULL, or digest "") is verified at the end, inline. On success
 * *ret_bytes is the caller's. */
struct oci_sink *oci_sink_bytes(size_t max, const struct oci_desc *want, struct oci_bytes **ret_bytes);

/* Only counts and hashes; the digest and size go to *ret_desc at the end. The hash runs inline: give it content on
 * the pool or small content. */
struct oci_sink *oci_sink_hash(struct oci_str algorithm, struct oci_desc *ret_desc);

struct oci_file_sink_options {
    int dirfd;                   /* where; borrowed, stays open until the sink is freed */
    const char *temporary;       /* name of the new file; copied */
    const char *final;           /* renamed to this by the last job; NULL: it stays under its temporary name. Copied */
    bool by_digest;              /* renamed to the encoded part of its digest. A regular file of the same size that is
                                  * there already is kept, one of another size replaced; all else is UNSAFE_PATH */
    const char *name;            /* in messages; NULL: final, else temporary. Copied */
    unsigned mode;               /* permission bits, less the umask */
    unsigned verified_mode;      /* exactly, once the content is verified; 0: as it is */
    bool replace;                /* final: replace what is there, else OCI_EXISTS */
    bool writeback;              /* start writing to disk early: it will be synced soon */
    const struct oci_desc *want; /* digest and size to verify. Copied. NULL or digest "": only hashed (sha256) */
    struct oci_desc *ret_desc;   /* digest and size found, may be NULL */
    struct oci_host *host;       /* for its jobs */
};
/* Writes blocks on the engine; a hash job on the pool follows the written file for content above 4 MiB, below it
 * hashes inline. end() compares size and digest, and renames on the pool; on failure the temporary file is removed.
 * What fits in one block stays in memory until then: one job makes, writes, hashes and renames it. */
struct oci_sink *oci_sink_file(const struct oci_file_sink_options *options);

/* ---- the pipe and the caller's window: a bounded ring (256 KiB) between a writer and a reader ----
 * Both ends in the core: a pipe. One end with the caller (another thread): the window. */
struct oci_window;
struct oci_window *oci_window_new(struct oci_host *host, size_t capacity); /* 0: 256 KiB; at least 64 KiB */
struct oci_window *oci_window_ref(struct oci_window *w);
struct oci_window *oci_window_unref(struct oci_window *w); /* returns NULL */
/* Ends in the core (engine thread). Each may be made once, and holds a reference. A reader that closes early fails its
 * writer with OCI_CANCELED; a writer that fails passes its error to the reader. */
struct oci_source *oci_window_source(struct oci_window *w, uint64_t size);
/* `want`: what comes through is hashed and verified; the verdict reaches the reader before the end does. May be
 * NULL. One write is at most 64 KiB. Restarted (a GET that is sent again) it passes over what the reader may have
 * had: verification tells whether it was the same. */
struct oci_sink *oci_window_sink(struct oci_window *w, const struct oci_desc *want);
/* Ends with the caller. Any thread, one at a time; never block. */
/* OCI_OK, OCI_PAUSED (0 taken), or OCI_CANCELED: nobody reads any more. */
int oci_window_give(struct oci_window *w, const void *p, size_t len, size_t *ret_taken);
/* NULL: the end; else why there is no more. */
void oci_window_give_end(struct oci_window *w, const struct oci_err *err);
/* Takes up to max bytes: OCI_OK, OCI_END_OF_CONTENT (verified if asked), OCI_PAUSED (none now), or the error. */
int oci_window_take(struct oci_window *w, void *p, size_t max, size_t *ret_n, struct oci_err *reterr);
void oci_window_stop(struct oci_window *w); /* the caller reads no more */
size_t oci_window_room(struct oci_window *w);  /* bytes that give would take now; 0 too when nobody reads any more */
bool oci_window_wants(struct oci_window *w);   /* the core reads, and half of the window at least is free */
bool oci_window_has(struct oci_window *w);     /* bytes, the end or an error are there to be taken */
/* Called (engine thread, no lock held) whenever wants or has may have become true. Set it before the flow starts. */
void oci_window_on_change(struct oci_window *w, void (*fn)(void *ctx), void *ctx);

/* ---- work ---- */

/* Hashes a whole file (sha256), in slices: it says AGAIN between them. Files up to `keep` bytes are kept too, so
 * that they need not be opened again. Embed it; set path and ask it as WORK; _done afterwards, also when it was
 * canceled. */
struct oci_hash_file_work {
    struct oci_work work;
    const char *path;          /* borrowed */
    size_t keep;
    struct oci_digest digest;  /* out */
    uint64_t size;             /* out */
    struct oci_bytes *bytes;   /* out: the content when size <= keep, else NULL; _done lets go of it */
    struct oci_hash *hash;     /* between two slices */
    int fd;
};
void oci_hash_file_work_init(struct oci_hash_file_work *w, const char *path, size_t keep);
void oci_hash_file_work_done(struct oci_hash_file_work *w);

OCI_END

#endif
