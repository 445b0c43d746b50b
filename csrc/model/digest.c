#include "model/digest.h"

/* The functions of sha.h are called old since 3.0, and are there. What is new (EVP_MD_fetch) runs the same code, and
 * costs every process 0.4 ms and 170 KiB before the first byte. */
#define OPENSSL_API_COMPAT 0x10101000L
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <string.h>

#include "base/mem.h"

static bool is_lower_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* component *( separator component ), as image-spec descriptor.md, Digests, has it. */
static bool valid_algorithm(struct oci_str s)
{
    bool after_separator = true;
    for (size_t i = 0; i < s.len; i++) {
        bool separator = s.p[i] == '+' || s.p[i] == '.' || s.p[i] == '_' || s.p[i] == '-';
        if (separator ? after_separator : !is_lower_alnum(s.p[i]))
            return false;
        after_separator = separator;
    }
    return !after_separator;
}

static bool valid_encoded(struct oci_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.p[i];
        if (!is_lower_alnum(c) && !(c >= 'A' && c <= 'Z') && c != '=' && c != '_' && c != '-')
            return false;
    }
    return s.len > 0;
}

static bool lower_hex(struct oci_str s, size_t digits)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!(s.p[i] >= '0' && s.p[i] <= '9') && !(s.p[i] >= 'a' && s.p[i] <= 'f'))
            return false;
    }
    return s.len == digits;
}

/* How many hex digits a registered algorithm has (blake3 is registered after image-spec 1.1.1), or 0. */
static size_t hex_digits(struct oci_str algorithm)
{
    if (oci_str_eq(algorithm, OCI_SHA256) || oci_str_eq(algorithm, "blake3"))
        return 64;
    return oci_str_eq(algorithm, OCI_SHA512) ? 128 : 0;
}

int oci_digest_parse(struct oci_str s, struct oci_digest *ret_digest, struct oci_err *reterr)
{
    int shown = s.len < 150 ? (int)s.len : 150;
    struct oci_str algorithm, encoded;
    if (!oci_str_cut(s, ':', &algorithm, &encoded) || !valid_algorithm(algorithm) || !valid_encoded(encoded))
        return oci_err_set(reterr, OCI_INVALID, "\"%.*s\" is not a digest (algorithm:encoded)", shown, s.p);
    size_t digits = hex_digits(algorithm);
    if (digits > 0 && !lower_hex(encoded, digits))
        return oci_err_set(reterr, OCI_INVALID, "the digest \"%.*s\" needs exactly %zu lower-case hex digits", shown,
                           s.p, digits);
    if (s.len >= OCI_DIGEST_MAX)
        return oci_err_set(reterr, OCI_INVALID, "the digest \"%.*s...\" is longer than %d characters", 40, s.p,
                           OCI_DIGEST_MAX - 1);
    memcpy(ret_digest->text, s.p, s.len);
    ret_digest->text[s.len] = '\0';
    return OCI_OK;
}

bool oci_digest_is(const struct oci_digest *d)
{
    return d->text[0] != '\0';
}

bool oci_digest_equal(const struct oci_digest *a, const struct oci_digest *b)
{
    return strcmp(a->text, b->text) == 0;
}

struct oci_str oci_digest_algorithm(const struct oci_digest *d)
{
    return (struct oci_str){d->text, strcspn(d->text, ":")};
}

struct oci_str oci_digest_encoded(const struct oci_digest *d)
{
    const char *colon = strchr(d->text, ':');
    return oci_str_of(colon ? colon + 1 : "");
}

static bool implemented(struct oci_str algorithm)
{
    return oci_str_eq(algorithm, OCI_SHA256) || oci_str_eq(algorithm, OCI_SHA512);
}

bool oci_digest_can_verify(const struct oci_digest *d)
{
    return implemented(oci_digest_algorithm(d));
}

bool oci_digest_same_algorithm(const struct oci_digest *a, const struct oci_digest *b)
{
    struct oci_str x = oci_digest_algorithm(a);
    struct oci_str y = oci_digest_algorithm(b);
    return x.len == y.len && memcmp(x.p, y.p, x.len) == 0;
}

/* ---- hashing ------------------------------------------------------------------------------- */

struct oci_hash {
    bool sha512, running;
    union {
        SHA256_CTX sha256;
        SHA512_CTX sha512;
    } u;
};

void oci_crypto_warm_up(void)
{
    OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG | OPENSSL_INIT_ADD_ALL_CIPHERS | OPENSSL_INIT_ADD_ALL_DIGESTS, NULL);
}

int oci_hash_new(struct oci_str algorithm, struct oci_hash **ret_hash, struct oci_err *reterr)
{
    if (!implemented(algorithm)) {
        oci_err_set(reterr, OCI_UNSUPPORTED, "digests of the algorithm \"%.*s\" cannot be computed here",
                    algorithm.len < 100 ? (int)algorithm.len : 100, algorithm.p);
        return OCI_UNSUPPORTED;
    }
    struct oci_hash *h = oci_calloc(1, sizeof *h);
    if (!h) {
        oci_err_no_memory(reterr);
        return OCI_NO_MEMORY;
    }
    h->sha512 = oci_str_eq(algorithm, OCI_SHA512);
    if (oci_hash_restart(h) != OCI_OK) {
        oci_free(h);
        oci_err_no_memory(reterr);
        return OCI_NO_MEMORY;
    }
    *ret_hash = h;
    return OCI_OK;
}

int oci_hash_restart(struct oci_hash *h)
{
    h->running = h->sha512 ? SHA512_Init(&h->u.sha512) : SHA256_Init(&h->u.sha256);
    return h->running ? OCI_OK : OCI_NO_MEMORY;
}

int oci_hash_add(struct oci_hash *h, const void *p, size_t len)
{
    if (!h->running)
        return OCI_INVALID;
    int done = h->sha512 ? SHA512_Update(&h->u.sha512, p, len) : SHA256_Update(&h->u.sha256, p, len);
    return done ? OCI_OK : OCI_NO_MEMORY;
}

int oci_hash_end(struct oci_hash *h, struct oci_digest *ret_digest)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char sum[SHA512_DIGEST_LENGTH];
    const size_t len = h->sha512 ? SHA512_DIGEST_LENGTH : SHA256_DIGEST_LENGTH;
    if (!h->running)
        return OCI_INVALID;
    h->running = false;
    if (!(h->sha512 ? SHA512_Final(sum, &h->u.sha512) : SHA256_Final(sum, &h->u.sha256)))
        return OCI_NO_MEMORY;
    char *to = stpcpy(ret_digest->text, h->sha512 ? OCI_SHA512 : OCI_SHA256);
    *to++ = ':';
    for (size_t i = 0; i < len; i++) {
        *to++ = digits[sum[i] >> 4];
        *to++ = digits[sum[i] & 15];
    }
    *to = '\0';
    return OCI_OK;
}

void oci_hash_free(struct oci_hash *h)
{
    oci_free(h);
}

int oci_digest_of(struct oci_str algorithm, const void *p, size_t len, struct oci_digest *ret_digest,
                  struct oci_err *reterr)
{
    struct oci_hash *h = NULL;
    int rc = oci_hash_new(algorithm, &h, reterr);
    if (rc)
        return rc;
    struct oci_digest digest;
    rc = oci_hash_add(h, p, len);
    if (rc == OCI_OK)
        rc = oci_hash_end(h, &digest);
    oci_hash_free(h);
    if (rc)
        return oci_err_set(reterr, rc, "%s", oci_err_meaning(rc));
    *ret_digest = digest;
    return OCI_OK;
}

int oci_digest_check(const struct oci_digest *want, const void *p, size_t len, struct oci_err *reterr)
{
    struct oci_digest got;
    int rc = oci_digest_of(oci_digest_algorithm(want), p, len, &got, reterr);
    if (rc)
        return rc;
    if (!oci_digest_equal(want, &got))
        return oci_err_set(reterr, OCI_DIGEST_MISMATCH, "the content has the digest %s, not %s", got.text, want->text);
    return OCI_OK;
}
