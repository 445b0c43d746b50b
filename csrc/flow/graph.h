/* graph.h - whole artifacts, written against store.h only: copy between places, push of local content,
 * pull to files.
 *
 * Each is one flat parent flow with bounded parallelism: it walks manifests and nested indexes, moves
 * every digest once, blobs before the manifests that name them, manifests before indexes, the tag last. */
#ifndef OCI_FLOW_GRAPH_H
#define OCI_FLOW_GRAPH_H

#include "base/bytes.h"
#include "flow/store.h"
#include "model/manifest.h"
#include "model/select.h"

OCI_BEGIN

/* What happens to one blob or manifest. Told on the engine thread; `moving` at most as often as bytes
 * move. */
enum oci_progress_state { OCI_STARTED, OCI_MOVING, OCI_EXISTS_ALREADY, OCI_MOUNTED, OCI_DONE, OCI_FAILED };
struct oci_progress_event {
    const char *what;              /* "blob", "config", "manifest", "index" */
    const struct oci_digest *digest; /* may be "" while unknown */
    const char *title;             /* or NULL */
    uint64_t done, total;          /* bytes; total OCI_SIZE_UNKNOWN while unknown */
    enum oci_progress_state state;
};
struct oci_progress {
    void (*fn)(void *ctx, const struct oci_progress_event *event); /* NULL: nobody listens */
    void *ctx;
};

struct oci_graph_options {
    unsigned concurrency;          /* blobs at once; 0: 8. Blobs under 64 KiB go four times as many at once */
    struct oci_progress progress;
    const char *mount_from;        /* copy inside one registry: the source's repository, or NULL */
    bool verify;                   /* hash known content too */
    bool is_new;                   /* push: do not ask first, hash and upload in one pass */
};

/* Copies the graph under `name` (tag or digest) of `from` to `to`. `tag` NULL: no tag (the digest of the
 * root alone). More tags follow the first. *ret_desc: the root. Options and strings are copied. Unknown
 * media types are copied as they are; a manifest whose kind is unknown is a leaf. OCI_LIMIT past
 * OCI_MAX_GRAPH_DEPTH or OCI_MAX_GRAPH_NODES. */
struct oci_flow *oci_flow_copy_graph(struct oci_store *from, const char *name, struct oci_store *to, const char *tag,
                                     const char *const *more_tags, size_t more_count,
                                     const struct oci_graph_options *options, struct oci_desc *ret_desc);

/* One piece of content to push. */
struct oci_push_item {
    /* Media type, annotations, urls as wanted; digest "" and size unknown when they are to be found. */
    struct oci_desc desc;
    struct oci_source *source;        /* owned; NULL: desc.data or the empty object are the content */
    bool embed;                       /* the content of `source` becomes desc.data: at most OCI_MAX_EMBEDDED bytes */
    /* Called once the item's digest and size are known, before the manifest is built (a packed directory
     * annotates itself); NULL: nothing. Engine thread. */
    int (*hashed)(struct oci_push_item *item, struct oci_err *reterr);
};
void oci_push_item_done(struct oci_push_item *i);

/* What an index to push names: something that is there, or another document of the same push. */
struct oci_push_entry {
    /* Of a document its media type, digest and size are filled in, and its artifact type unless one is here. */
    struct oci_desc desc;
    bool is_document;
    size_t document; /* its number; less than that of the index */
};

/* A manifest or index to push. */
struct oci_push_document {
    /* Borrowed until the flow has ended. */
    const char *where;                /* begins messages about it, or NULL */
    const char *artifact_type;
    const char *empty_config_type;    /* or NULL (manifest.h) */
    const struct oci_json *annotations;
    const struct oci_desc *subject;   /* or NULL. Read when the document is built, and before anything is asked */
    bool version_1_0, docker;         /* its shape (manifest.h) */
    struct oci_digest expect;         /* what it must get, else DIGEST_MISMATCH before it has a name; "": whatever */
    bool is_index;
    /* Owned, and the arrays allocated with base/mem. A manifest: */
    struct oci_push_item *config;     /* NULL: the empty config */
    struct oci_push_item *layers;
    size_t count;
    /* An index: */
    struct oci_push_entry *entries;
    size_t entry_count;
    /* Or either, when it is not to be built: put as it is, and all else here is not looked at. */
    struct oci_manifest *ready;
};
void oci_push_document_done(struct oci_push_document *d);

/* Documents in such an order that an index follows those it names; each but the last, the root, is named by one. */
struct oci_push_graph {
    struct oci_push_document *documents; /* owned, allocated with base/mem */
    size_t count;
    /* Borrowed for the call. */
    const char *tag;                  /* the root's, or NULL: by digest alone */
    const char *const *more_tags;     /* follow the first */
    size_t more_count;
    bool fallback, immutable;
};
void oci_push_graph_done(struct oci_push_graph *g);

struct oci_pushed {
    struct oci_desc desc;             /* the root's */
    struct oci_bytes *bytes;
    bool fallback;                    /* it has the shape of image-spec 1.0 because the registry refused the other */
};
void oci_pushed_done(struct oci_pushed *p);

/* Pushes content and the documents made of it; the graph becomes the flow's, also on failure. All documents are linted
 * before anything is asked: OCI_INVALID for an error. Items of unknown digest are hashed first (WORK for files, MOVE
 * into a hash for others), then put; one-shot sources are put as streams. Equal content is put once.
 *
 * `fallback`: a document of the shape of image-spec 1.1 that the registry refuses for what it is (400, 405, 406, 415,
 * 422 or 501 that is not about names, sizes or digests) is put in the shape of 1.0, and so are those after it. Never
 * where a subject or a digest is asked for; when 1.0 is refused too, the first refusal is the error.
 * `immutable`: OCI_EXISTS if the tag names something else. Asked before anything is put (when it names something,
 * content is only hashed and compared), and again before the root is put; between that and the tag's move somebody else
 * may still be faster. */
struct oci_flow *oci_flow_push_graph(struct oci_store *to, struct oci_push_graph *take_graph,
                                     const struct oci_graph_options *options, struct oci_pushed *ret_pushed);
/* Builds what would be pushed: content is read and hashed, and nothing is asked, put or kept. */
struct oci_flow *oci_flow_build_graph(struct oci_host *host, struct oci_push_graph *take_graph,
                                      const struct oci_graph_options *options, struct oci_pushed *ret_pushed);

/* Pushes a ready manifest's bytes and moves tags to it. */
struct oci_flow *oci_flow_push_manifest(struct oci_store *to, const struct oci_desc *desc, struct oci_bytes *bytes,
                                        const char *tag, const char *const *more_tags, size_t more_count);

/* Tags what `name` names with each of `tags`. *ret_desc: the manifest's. */
struct oci_flow *oci_flow_tag(struct oci_store *s, const char *name, const char *const *tags, size_t count,
                              struct oci_desc *ret_desc);

/* The manifest that `name` means: itself, or of an index the one for a platform (the host's when NULL), also in nested
 * indexes. The results are the caller's, and written before the flow ends; *ret_manifest is freed by the caller. OCI_NOT_FOUND
 * (with the platforms that there are) when none is for it; OCI_INVALID, naming the digests, for an index without platforms
 * unless one was asked for. `platform` is borrowed. */
struct oci_flow *oci_flow_choose_manifest(struct oci_store *from, const char *name, const struct oci_json *platform,
                                          struct oci_desc *ret_desc, struct oci_bytes **ret_bytes,
                                          struct oci_manifest **ret_manifest);

/* Where pulled files go: implemented by store/files.c and client/stream_target.c. Names are checked before anything is
 * downloaded. */
struct oci_pull_target;
struct oci_pull_target_type {
    /* WORK-free check of all names at once: OCI_UNSAFE_PATH, INVALID (duplicates, also under case
     * folding), LIMIT. The layers outlive the pull's other calls, and their descriptors are the manifest's. */
    int (*plan)(struct oci_pull_target *t, const struct oci_layer *layers, size_t count, struct oci_err *reterr);
    /* Looks which files are there already (EXISTS before any download) and makes the staging directory. */
    struct oci_flow *(*prepare)(struct oci_pull_target *t);
    size_t (*count)(struct oci_pull_target *t);                              /* files to be had */
    const struct oci_desc *(*desc)(struct oci_pull_target *t, size_t index);
    bool (*wanted)(struct oci_pull_target *t, size_t index);                 /* false: unchanged, not fetched again */
    /* Stages one file: `take_source` is the blob. */
    struct oci_flow *(*put)(struct oci_pull_target *t, size_t index, struct oci_source *take_source);
    /* Renames all staged files to their names, or none. */
    struct oci_flow *(*commit)(struct oci_pull_target *t);
    /* Removes the staging directory. Called after failure too, and again when it was canceled. */
    struct oci_flow *(*discard)(struct oci_pull_target *t);
    bool in_order;  /* one file after the other; prepare, commit and discard are NULL: there is nothing to do */
};
struct oci_pull_target {
    const struct oci_pull_target_type *type;
};

/* Pulls what is selected (`what`, borrowed; NULL: all) of the manifest that `name` and its platform mean
 * (oci_flow_choose_manifest), or that it brings, to the target (borrowed). *ret_desc is that manifest's and *ret_manifest
 * it, in which the target's layers are: the caller's, also after a failure, and written before the target's plan() is asked. */
struct oci_flow *oci_flow_pull_artifact(struct oci_store *from, const char *name, const struct oci_selection *what,
                                        struct oci_pull_target *target, const struct oci_graph_options *options,
                                        struct oci_desc *ret_desc, struct oci_manifest **ret_manifest);

OCI_END

#endif
