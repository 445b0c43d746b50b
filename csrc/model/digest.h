/* digest.h - content digests (image-spec descriptor.md, Digests). With sign/ the only user of openssl/.
 *
 * Any algorithm that meets the grammar parses; sha256 and sha512 are built and verified, the encoded part of these
 * two must be exactly 64 or 128 lower-case hex digits. Content under another algorithm is never reported as verified:
 * oci_hash_new() answers OCI_UNSUPPORTED. */
#ifndef OCI_MODEL_DIGEST_H
#define OCI_MODEL_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

OCI_BEGIN

#define OCI_DIGEST_MAX 144 /* "sha512:" and 128 digits and a NUL, with room; longer digests are OCI_INVALID */

#define OCI_SHA256 "sha256"
#define OCI_SHA512 "sha512"

/* A parsed digest: always valid, so that it may become part of a path or URL. "" means: none. */
struct oci_digest {
    char text[OCI_DIGEST_MAX];
};

int oci_digest_parse(struct oci_str s, struct oci_digest *ret_digest, struct oci_err *reterr);
bool oci_digest_is(const struct oci_digest *d);                      /* not "" */
bool oci_digest_equal(const struct oci_digest *a, const struct oci_digest *b);
struct oci_str oci_digest_algorithm(const struct oci_digest *d);
struct oci_str oci_digest_encoded(const struct oci_digest *d);       /* the part after the colon */
bool oci_digest_can_verify(const struct oci_digest *d);
bool oci_digest_same_algorithm(const struct oci_digest *a, const struct oci_digest *b);

/* A running hash. Not for two threads at once, but may move between threads. */
struct oci_hash;
/* `algorithm` is "sha256" or "sha512" (or a whole digest's algorithm). OCI_UNSUPPORTED, OCI_NO_MEMORY. */
int oci_hash_new(struct oci_str algorithm, struct oci_hash **ret_hash, struct oci_err *reterr);
int oci_hash_add(struct oci_hash *h, const void *p, size_t len);
int oci_hash_restart(struct oci_hash *h);
/* Gives the digest; the hash can then only be restarted or freed. */
int oci_hash_end(struct oci_hash *h, struct oci_digest *ret_digest);
void oci_hash_free(struct oci_hash *h); /* NULL does nothing */

/* OpenSSL reads its configuration, as libcurl will have it do at its start, half a millisecond: to be called while libcurl
 * is being loaded elsewhere. */
void oci_crypto_warm_up(void);

/* The digest of `len` bytes. */
int oci_digest_of(struct oci_str algorithm, const void *p, size_t len, struct oci_digest *ret_digest,
                  struct oci_err *reterr);
/* OCI_OK, or OCI_DIGEST_MISMATCH / OCI_UNSUPPORTED with a text that names both digests. */
int oci_digest_check(const struct oci_digest *want, const void *p, size_t len, struct oci_err *reterr);

OCI_END

#endif
