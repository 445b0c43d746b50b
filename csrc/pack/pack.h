/* pack.h - directories to deterministic archives, and the safe way back. libarchive only reads.
 *
 * Packing: entries sorted bytewise, no owner names, ids 0, time 0 (or SOURCE_DATE_EPOCH), modes 0755 or 0644, symbolic links
 * kept when they stay inside (or followed, where that is asked for), everything else (hard links to the same file are
 * files; FIFOs, devices, sockets) refused; names all begin with the title; the archive ends after two zero blocks without
 * padding; gzip without name and time, fixed level. What would be refused on the way back is refused.
 *
 * The tar is cut into blocks of 1 MiB, and each is compressed by itself: a gzip archive is one member for each block, a
 * zstd archive one frame. So several threads work on it, and the bytes do not depend on how many there were. It costs
 * 0.4 % of size. Members one after the other are gzip by its specification (RFC 1952 section 2.2), and every reader that
 * was tried takes them: gzip, tar, libarchive, Python, and what is made with Go (oras, helm, opa, skopeo; eStargz layers
 * have thousands of members). Known not to go on behind the first member: flate2::read::GzDecoder (Rust; its
 * MultiGzDecoder does) and DecompressionStream (browsers); an archive of up to 1 MiB of tar is a single member. One
 * member made of blocks would need a compressor that ends a block without ending the stream: zlib can, and takes two
 * and a half times as long as libdeflate, which cannot.
 *
 * Patterns of what is left out are read as git reads the lines of .gitignore, without comments and blanks: a pattern
 * without a slash (but at its end) is compared with names anywhere, with one it is a path from the top; '*' and '?' match
 * all but '/', a leading '.' too, [a-z] and [!a-z] one character, "**" between slashes any number of directories; a slash at
 * the end means directories only; '!' takes back in; the last one that matches counts. What is in a directory that is
 * left out cannot be taken back in. (helm reads .helmignore the same way but for '!', which there leaves out all that
 * does not match: "!x" alone is "*" and "!x" here, before all others.)
 *
 * Unpacking: names relative to a directory descriptor, no link ever followed, files and directories and links that stay
 * inside; hard links, devices and the rest are UNSAFE_PATH; setuid, ownership and the like never; bounded in bytes,
 * entries and depth, and, from 1 GiB on, in how much comes out of how little (200 times). */
#ifndef OCI_PACK_PACK_H
#define OCI_PACK_PACK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "flow/content.h"
#include "flow/flow.h"
#include "model/digest.h"

OCI_BEGIN

enum oci_compression { OCI_COMPRESS_GZIP, OCI_COMPRESS_ZSTD, OCI_COMPRESS_NONE };

struct oci_pack_options {
    enum oci_compression compression; /* zeroed: gzip */
    const char *const *ignore;        /* patterns of what is left out; copied */
    size_t ignore_count;
    bool follow_links;                /* what they lead to is packed, wherever that is */
    struct oci_host *host;            /* for its jobs */
};
/* A directory as a source: packed again at each use. The size is unknown before it was read to its end once. `prefix`
 * begins every entry's name (the layer's title). Strings are copied; `options` may not be NULL. */
struct oci_source *oci_source_packed(const char *dir, const char *prefix, const struct oci_pack_options *options);
/* After it was read to the end: the digest of the uncompressed tar (io.deis.oras.content.digest). */
const struct oci_digest *oci_source_packed_tar_digest(const struct oci_source *s);

struct oci_unpack_options {
    int file_fd;            /* the archive: tar, tar+gzip or tar+zstd, by its own bytes */
    const char *archive;    /* its name for messages */
    int dirfd;              /* entries are created below this directory */
    const char *strip;      /* a leading "STRIP/" is taken off names; names without it are used as they are; NULL: none */
    const char *want_tar_digest; /* digest of the uncompressed tar to be verified, or NULL */
    uint64_t max_bytes;     /* 0: 64 GiB */
    uint64_t max_entries;   /* 0: 1 000 000 */
    uint64_t ratio_after;   /* bytes of tar from which on the ratio counts; 0: 1 GiB */
};
/* Unpacking in slices, so that it can be stopped between them. What the options name is borrowed until _free. Creates new
 * files only (into a fresh directory). */
struct oci_unpacking;
int oci_unpacking_new(const struct oci_unpack_options *o, struct oci_unpacking **ret_unpacking, struct oci_err *reterr);
/* POOL: blocks for some tens of milliseconds. OCI_AGAIN: there is more; OCI_OK: all is there. */
int oci_unpacking_some(struct oci_unpacking *x, struct oci_err *reterr);
void oci_unpacking_free(struct oci_unpacking *x); /* NULL does nothing; what was made stays */
/* May so many bytes of tar come out of an archive of this size, when nothing else is said? Beyond that it is a bomb. */
bool oci_unpack_would_take(uint64_t archive_size, uint64_t tar_size);
/* POOL: blocks. All of it. */
int oci_unpack(const struct oci_unpack_options *o, struct oci_err *reterr);

/* WORK: the digest and the size of the tar in a file that is tar, tar+gzip or tar+zstd by its own bytes, or of what else is
 * compressed so: not looked into. Bounded as unpacking is by the ratio. */
struct oci_untar_stream;
struct oci_tar_digest_work {
    struct oci_work work;
    const char *archive;             /* borrowed */
    const char *algorithm;           /* borrowed */
    struct oci_digest digest;        /* out */
    uint64_t size;                   /* out */
    struct oci_untar_stream *stream; /* between two slices */
    int fd;
};
void oci_tar_digest_work_init(struct oci_tar_digest_work *t, const char *archive, const char *algorithm);
void oci_tar_digest_work_done(struct oci_tar_digest_work *t); /* also of a zeroed one */

OCI_END

#endif
