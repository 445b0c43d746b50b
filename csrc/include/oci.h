/* oci.h - the core as lua/ and spec/c see it: clients, operations, results. Not installed.
 *
 * Threads: a client and its memory places may be used from any thread. An operation belongs to the thread that waits for it;
 * it may be canceled from any. Nothing here calls back into the caller: an operation that has something for the caller
 * (progress, wants bytes, has bytes, done) is ready, and its mailbox's wake-up fires.
 * Strings passed in are copied. What a result or an event shows lives as long as the operation. *_free(NULL) does nothing.
 * After a fork every handle made before fails in the child with OCI_INVALID "... was made before fork()", and is abandoned
 * by its free function. */
#ifndef OCI_INCLUDE_OCI_H
#define OCI_INCLUDE_OCI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "json/json.h"
#include "json/yaml.h"
#include "model/lint.h"
#include "model/manifest.h"
#include "model/reference.h"
#include "model/select.h"
#include "model/wasm.h"

OCI_BEGIN

#define OCI_VERSION "0.1.0"

/* ---- client ---- */

struct oci_credential_option {
    const char *registry;     /* host[:port]; NULL: any registry */
    const char *username, *password, *token, *identity_token; /* NULL where absent; all NULL: anonymous, look nowhere */
};
struct oci_registry_option {
    const char *host;
    int plain_http;           /* 1, 0, -1 not said */
    const char *ca_file;      /* or NULL */
};
struct oci_client_options {
    const struct oci_registry_option *registries;
    size_t registry_count;
    const struct oci_credential_option *credentials; /* the client's; an operation's own win */
    size_t credential_count;
    unsigned concurrency;     /* 0: 8 */
    double timeout, connect_timeout, stall_timeout; /* seconds; 0: default */
    int retries;              /* -1: default */
    const char *user_agent;
};
#define OCI_CLIENT_OPTIONS_INIT { .retries = -1 }

struct oci_client;
int oci_client_new(const struct oci_client_options *options, struct oci_client **ret_client, struct oci_err *reterr);
/* Lets go: operations that run keep what they need and go on. */
void oci_client_free(struct oci_client *c);
/* The next warning not yet shown (a sentence without secrets), copied to buf; false: none. */
bool oci_client_warning(struct oci_client *c, char *buf, size_t size);
/* "lua-oci/0.1.0 libcurl/... OpenSSL/... cJSON/..." */
void oci_versions(char *buf, size_t size);

/* ---- mailbox: one for each Lua state ---- */

struct oci_op;
struct oci_mailbox;
int oci_mailbox_new(struct oci_mailbox **ret_mailbox, struct oci_err *reterr);
/* Operations that are left are canceled. When it is the last one of the process, the engine and the pool end. */
void oci_mailbox_free(struct oci_mailbox *m);
/* Blocks until one of `ops` is ready: 1 and *ret_index; 0: the time is over (timeout < 0: no end); -1: a signal came. */
int oci_mailbox_wait(struct oci_mailbox *m, struct oci_op *const *ops, size_t count, double timeout, size_t *ret_index);
/* A descriptor that is readable while any operation of this mailbox is ready and not yet seen (for nginx's dispatcher), and
 * the next operation's id (ids are counted from 1, never used twice); 0: none. */
int oci_mailbox_fd(struct oci_mailbox *m, struct oci_err *reterr);
uint64_t oci_mailbox_next(struct oci_mailbox *m);
/* A Unix socket (in a directory of its own, 0700) that nginx's cosocket can connect to. Nobody watches it: after connecting
 * call oci_mailbox_next() until it gives 0, before the first receive. That takes the connection (of this process alone:
 * SO_PEERCRED), and path and directory are gone. From then on a byte is sent whenever the descriptor above becomes readable:
 * after each receive call oci_mailbox_next() until 0 again. *ret_path is borrowed until then. */
int oci_mailbox_socket(struct oci_mailbox *m, const char **ret_path, struct oci_err *reterr);
void oci_mailbox_socket_close(struct oci_mailbox *m);

/* The network will be asked soon: gets it ready in the background. The mailbox keeps it. */
void oci_mailbox_warm_up(struct oci_mailbox *m);

/* ---- operations ---- */

/* What every operation takes. */
struct oci_call_options {
    double timeout, connect_timeout, stall_timeout; /* seconds; 0: the client's */
    int retries;                                    /* -1: the client's */
    unsigned concurrency;                           /* 0: the client's */
    const struct oci_credential_option *credentials;
    size_t credential_count;
    bool progress;                                  /* progress events are wanted */
};
#define OCI_CALL_OPTIONS_INIT { .retries = -1 }

enum oci_content_kind {
    OCI_CONTENT_FILE,   /* path; a directory's path is packed */
    OCI_CONTENT_BYTES,
    OCI_CONTENT_DIR,    /* path, packed */
    OCI_CONTENT_READER  /* bytes come by oci_op_give(op, reader, ...) */
};
/* One piece of content: a config, a layer, a blob. */
struct oci_content {
    enum oci_content_kind kind;
    const char *path;
    struct oci_bytes *bytes;                /* a reference is taken */
    unsigned reader;                        /* the caller's number, from 1 */
    const char *media_type;                 /* or NULL: octet-stream, or tar, tar+gzip, tar+zstd for a directory */
    const char *title;                      /* or NULL */
    const struct oci_json *annotations;     /* object of strings, or NULL */
    const char *const *urls;
    size_t url_count;
    bool embed;                             /* in the descriptor, too: at most 64 KiB, else OCI_LIMIT */
    /* Of a directory only: */
    const char *prefix;                     /* begins the entries' names; NULL: the title does, and oras is told to unpack */
    const char *compression;                /* "gzip" (or NULL), "zstd", "none" */
    const char *const *ignore;              /* patterns of what is left out */
    size_t ignore_count;
    bool follow_links;                      /* what they lead to is packed */
    /* Of a file, to oci_start_digest() only: what is in it, decompressed */
    bool unpacked;
};

/* An entry of an index: something that is there, or another document of the same push. */
struct oci_entry {
    const struct oci_desc *desc;            /* of a document: its platform, annotations, artifact type (or NULL) and urls */
    size_t document;                        /* its number from 1 in `others`, before the index itself; 0: none */
};

/* A manifest or index to be built. */
struct oci_document {
    const char *where;                      /* begins messages about it ("manifests[2]"), or NULL */
    const char *artifact_type;              /* or NULL */
    const char *empty_config_type;          /* or NULL (model/manifest.h) */
    const struct oci_json *annotations;
    const struct oci_desc *subject;         /* or NULL */
    bool version_1_0, docker;               /* the shape of image-spec 1.0, of Docker (model/manifest.h) */
    const struct oci_digest *expect;        /* what it must get, or NULL */
    /* A manifest: */
    const struct oci_content *config;       /* or NULL */
    const struct oci_content *contents;     /* layers, then files */
    size_t count;
    /* An index: */
    bool is_index;
    const struct oci_entry *entries;
    size_t entry_count;
    /* Or one that is not built: bytes as they are; the root's are linted. */
    struct oci_bytes *bytes;
    const char *media_type;                 /* or NULL */
};

struct oci_push_spec {
    struct oci_document root;
    const struct oci_document *others;      /* in such an order that an index follows what it names; each is named once */
    size_t other_count;
    const struct oci_reference *subject;    /* the root's, to be resolved first: in the repository that is pushed to. Or NULL */
    const char *const *tags;                /* more tags */
    size_t tag_count;
    bool is_new;
    bool fallback, immutable;               /* flow/graph.h; `immutable` protects the reference's own tag */
};
/* Result: one descriptor (with reference and tags), and the bytes of the root. A packed directory is annotated
 * (io.deis.oras.content.unpack and .digest) when it has a title and no prefix; files' media types and sizes are found. With
 * neither an artifact type nor a config's media type the type is application/vnd.unknown.artifact.v1, with a warning. A
 * reference's digest is what the root must get: OCI_DIGEST_MISMATCH otherwise, before it has a name. What the lint calls an
 * error is OCI_INVALID before anything is asked or sent. */
int oci_start_push(struct oci_client *c, struct oci_mailbox *m, const struct oci_reference *to,
                   const struct oci_push_spec *spec, const struct oci_call_options *o, struct oci_op **ret_op,
                   struct oci_err *reterr);

struct oci_pull_options {
    bool stream;             /* to the caller (oci_op_take_file), in the manifest's order; nothing is on disk */
    const char *to;          /* else: directory */
    bool overwrite, sync;
    int unpack;              /* -1, 0, 1 (store/stores.h) */
    struct oci_selection what; /* zeroed: everything */
};
/* Result: descriptor, bytes of the manifest, files. Of a stream it is there before anything is fetched. */
int oci_start_pull(struct oci_client *c, struct oci_mailbox *m, const struct oci_reference *from,
                   const struct oci_pull_options *p, const struct oci_call_options *o, struct oci_op **ret_op,
                   struct oci_err *reterr);

/* The manifest that a pull for this platform (an object; NULL: the host's) would take. Result: descriptor, bytes. */
int oci_start_choose(struct oci_client *c, struct oci_mailbox *m, const struct oci_reference *from,
                     const struct oci_json *platform, const struct oci_call_options *o, struct oci_op **ret_op,
                     struct oci_err *reterr);

/* Copies a graph; `to` without tag and digest takes the source's tag. Result: descriptor. */
int oci_start_copy(struct oci_client *c, struct oci_mailbox *m, const struct oci_reference *from,
                   const struct oci_reference *to, const char *const *tags, size_t tag_count,
                   const struct oci_call_options *o, struct oci_op **ret_op, struct oci_err *reterr);

/* The small ones. Those without more arguments share one function. */
enum oci_simple {
    OCI_RESOLVE,        /* descriptor */
    OCI_TAGS,           /* names */
    OCI_REPOSITORIES,   /* names; a registry alone */
    OCI_UNTAG,
    OCI_DELETE,         /* by digest, or the digest the tag names: the manifest and all its tags */
    OCI_FETCH_MANIFEST, /* descriptor, bytes */
    OCI_FETCH_CONFIG,   /* descriptor, bytes; INVALID for an index */
    OCI_STAT_BLOB       /* descriptor; the reference has the blob's digest */
};
int oci_start_simple(struct oci_client *c, struct oci_mailbox *m, enum oci_simple what, const struct oci_reference *r,
                     const struct oci_call_options *o, struct oci_op **ret_op, struct oci_err *reterr);

/* Result: descriptor. */
int oci_start_tag(struct oci_client *c, struct oci_mailbox *m, const struct oci_reference *r, const char *const *tags,
                  size_t count, const struct oci_call_options *o, struct oci_op **ret_op, struct oci_err *reterr);
/* Pushes a manifest's bytes as they are (media type NULL: what the document says); `tags` as in push. Result: descriptor. */
int oci_start_push_manifest(struct oci_client *c, struct oci_mailbox *m, const struct oci_reference *to,
                            struct oci_bytes *bytes, const char *media_type, const char *const *tags, size_t tag_count,
                            const struct oci_call_options *o, struct oci_op **ret_op, struct oci_err *reterr);
/* Result: descriptor, bytes. At most `limit` bytes (0: 64 MiB), else OCI_LIMIT. `length` OCI_SIZE_UNKNOWN: to the end; a
 * part is not verified. */
int oci_start_fetch_blob(struct oci_client *c, struct oci_mailbox *m, const struct oci_reference *r, uint64_t offset,
                         uint64_t length, uint64_t limit, const struct oci_call_options *o, struct oci_op **ret_op,
                         struct oci_err *reterr);
/* Result: descriptor. */
int oci_start_push_blob(struct oci_client *c, struct oci_mailbox *m, const struct oci_reference *to,
                        const struct oci_content *content, bool is_new, const struct oci_call_options *o,
                        struct oci_op **ret_op, struct oci_err *reterr);
/* Bytes come by oci_op_take(). The descriptor of the result is there as soon as the first bytes or the end are. */
int oci_start_open_blob(struct oci_client *c, struct oci_mailbox *m, const struct oci_reference *r, uint64_t offset,
                        uint64_t length, const struct oci_call_options *o, struct oci_op **ret_op, struct oci_err *reterr);

/* A file of an artifact by its name, as pull would write it: a layer, or with more parts a file in a packed directory. An
 * archive is unpacked as it comes. As open_blob; the result also has the size, the descriptor is the layer's. `platform` as in
 * oci_start_choose(). */
int oci_start_open_file(struct oci_client *c, struct oci_mailbox *m, const struct oci_reference *from, const char *path,
                        const struct oci_json *platform, const struct oci_call_options *o, struct oci_op **ret_op,
                        struct oci_err *reterr);

/* Small files out of an archive (pack/find.h): of each pattern the first regular file whose clean name, without a slash before
 * it, matches (base/glob.h). Result: entries. LIMIT when one has more than `limit` bytes, INVALID for what is no proper archive or
 * has such a file twice.
 * A blob is verified as a whole; a file is read only as far as it takes. */
struct oci_archive {
    const char *path;                 /* of a tar, tar+gzip or tar+zstd; or: */
    const struct oci_reference *blob; /* with the digest of one */
    uint64_t size;                    /* of the blob, SIZE_MISMATCH where more come; or OCI_SIZE_UNKNOWN */
    const char *const *patterns;
    size_t count;
    uint64_t limit;
    bool cut;                         /* of larger files the first bytes are given */
};
int oci_start_read_entries(struct oci_client *c, struct oci_mailbox *m, const struct oci_archive *archive,
                           const struct oci_call_options *o, struct oci_op **ret_op, struct oci_err *reterr);

/* ---- what an operation says ---- */

uint64_t oci_op_id(const struct oci_op *op);
/* Something is there for the caller: an event, bytes, or the end. Cheap; takes no system call. */
bool oci_op_ready(struct oci_op *op);
bool oci_op_over(struct oci_op *op);
/* Readable while ready; made at the first call. */
int oci_op_fd(struct oci_op *op, struct oci_err *reterr);
void oci_op_cancel(struct oci_op *op);
/* Cancels what still runs and returns at once. */
void oci_op_free(struct oci_op *op);

enum oci_event_kind { OCI_EVENT_NONE, OCI_EVENT_PROGRESS, OCI_EVENT_WANTS_BYTES };
struct oci_event {
    enum oci_event_kind kind;
    unsigned reader;                 /* WANTS_BYTES: for this reader */
    size_t room;                     /* WANTS_BYTES: so many at most now */
    const char *what, *state;        /* PROGRESS: as in DESIGN section 4 ("blob", "moving"), static */
    char digest[OCI_DIGEST_MAX];     /* or "" */
    char title[256];                 /* or "" (cut) */
    uint64_t done, total;            /* total OCI_SIZE_UNKNOWN: not known */
};
/* The next event; false: none. `moving` events of one blob replace each other, at most ten a second. */
bool oci_op_event(struct oci_op *op, struct oci_event *ret_event);
/* The totals so far (op:progress()): bytes moved, bytes known to be moved, blobs done, blobs known. */
struct oci_totals { uint64_t done, total; unsigned blobs_done, blobs; };
void oci_op_totals(struct oci_op *op, struct oci_totals *ret_totals);

/* Readers (push): OCI_OK (*ret_taken may be less than len), OCI_PAUSED, or the operation is over (OCI_CANCELED). */
int oci_op_give(struct oci_op *op, unsigned reader, const void *p, size_t len, size_t *ret_taken);
void oci_op_give_end(struct oci_op *op, unsigned reader, const char *failure); /* NULL: the end; else the reader failed so */
/* open_blob: OCI_OK, OCI_END_OF_CONTENT (verified), OCI_PAUSED (none now), or the error (when the operation is over). */
int oci_op_take(struct oci_op *op, void *p, size_t max, size_t *ret_n, struct oci_err *reterr);
/* A pull that is a stream: as above, of the file at *ret_index of the result. OCI_OK with *ret_n 0: it is there as a whole, and
 * verified; OCI_END_OF_CONTENT: all of them are. */
int oci_op_take_file(struct oci_op *op, void *p, size_t max, size_t *ret_n, size_t *ret_index, struct oci_err *reterr);

/* ---- results ---- */

struct oci_result_desc {
    struct oci_desc desc;
    char *reference;       /* HOST/REPO@DIGEST, or NULL */
    char **tags;           /* NULL-terminated, or NULL */
};
struct oci_result_file {
    const char *path, *title; /* owned; the manifest's. title NULL: none; path NULL: a title that is no safe path (of a stream) */
    const struct oci_desc *desc;
    const char *state;        /* "fetched", "unchanged", "unpacked" */
    size_t position;          /* of its layer in the manifest, from 0 */
};
struct oci_result {
    bool has_desc;
    struct oci_result_desc desc;
    struct oci_bytes *bytes;           /* or NULL */
    const struct oci_manifest *manifest; /* of `bytes`, or NULL: what a pull is of */
    char *const *names;
    size_t name_count;
    const struct oci_result_file *files;
    size_t file_count;
    struct oci_bytes **entries;        /* read_entries: one for each pattern, NULL where nothing matched it */
    size_t entry_count;
    uint64_t stream_size;              /* open_file: bytes that come */
    bool fallback;                     /* push: it has the shape of image-spec 1.0, since the registry refused the other */
};
/* After oci_op_over(): OCI_OK and *ret_result, or the error. Of what gives bytes also before, once they are there. */
int oci_op_result(struct oci_op *op, const struct oci_result **ret_result, struct oci_err *reterr);

/* ---- small things for the caller: any thread, at once ---- */

/* The regular files below `root` (links to files too, links to directories are not entered) whose path relative to it
 * matches `pattern` (base/glob.h), sorted bytewise. *ret_paths is a NULL-terminated array of base/mem strings. NOT_FOUND when
 * nothing matches, LIMIT past 100 000. */
int oci_glob(const char *root, const char *pattern, char ***ret_paths, size_t *ret_count, struct oci_err *reterr);
/* Seconds since some moment, suspended time included. */
double oci_now(void);
/* Grows with every fork() that this process has seen: handles of another generation fail. */
unsigned oci_generation(void);
/* The width of the terminal behind a descriptor; 0: it is none (or a dumb one). */
unsigned oci_terminal_columns(int fd);

/* ---- without I/O: any thread, at once ---- */
/* reference: model/reference.h; json: json/json.h; manifest: model/manifest.h; digest: model/digest.h */

/* Builds what push would send for contents that need no network (files are read, directories packed): result as that of
 * push; runs as an operation since files take time. */
int oci_start_build(struct oci_client *c, struct oci_mailbox *m, const struct oci_push_spec *spec,
                    const struct oci_call_options *o, struct oci_op **ret_op, struct oci_err *reterr);
/* Result: descriptor of the content. */
int oci_start_digest(struct oci_client *c, struct oci_mailbox *m, const struct oci_content *content, const char *algorithm,
                     const struct oci_call_options *o, struct oci_op **ret_op, struct oci_err *reterr);

OCI_END

#endif
