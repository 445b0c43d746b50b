#include "model/digest.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdatomic.h>
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
    EVP_MD_CTX *ctx;
    const EVP_MD *md;
    const char *algorithm; /* static */
    bool running;
};

/* EVP_MD_fetch() takes locks and allocates: once for each algorithm and process. Two threads may both fetch; the one
 * that is late frees its own. Never freed: OpenSSL does that at exit. */
static const EVP_MD *fetch(bool sha512)
{
    static _Atomic(EVP_MD *) known[2];
    EVP_MD *md = atomic_load_explicit(&known[sha512], memory_order_acquire);
    if (md)
        return md;
    /* The host program's own error queue is left as it was. */
    ERR_set_mark();
    /* When OpenSSL's first allocations fail, its default context is missing, and fetching from it crashes (3.0). */
    EVP_MD *fetched = NULL;
    if (OSSL_LIB_CTX_get0_global_default())
        fetched = EVP_MD_fetch(NULL, sha512 ? "SHA2-512" : "SHA2-256", NULL);
    ERR_pop_to_mark();
    if (!fetched)
        return NULL;
    if (atomic_compare_exchange_strong_explicit(&known[sha512], &md, fetched, memory_order_acq_rel,
                                                memory_order_acquire))
        return fetched;
    EVP_MD_free(fetched);
    return md;
}

void oci_digest_warm_up(void)
{
    fetch(false);
}

int oci_hash_new(struct oci_str algorithm, struct oci_hash **ret_hash, struct oci_err *reterr)
{
    if (!implemented(algorithm)) {
        oci_err_set(reterr, OCI_UNSUPPORTED, "digests of the algorithm \"%.*s\" cannot be computed here",
                    algorithm.len < 100 ? (int)algorithm.len : 100, algorithm.p);
        return OCI_UNSUPPORTED;
    }
    bool sha512 = oci_str_eq(algorithm, OCI_SHA512);
    struct oci_hash *h = oci_calloc(1, sizeof *h);
    if (!h) {
        oci_err_no_memory(reterr);
        return OCI_NO_MEMORY;
    }
    h->algorithm = sha512 ? OCI_SHA512 : OCI_SHA256;
    h->md = fetch(sha512);
    h->ctx = h->md ? EVP_MD_CTX_new() : NULL;
    if (!h->ctx || oci_hash_restart(h) != OCI_OK) {
        oci_hash_free(h);
        oci_err_no_memory(reterr);
        return OCI_NO_MEMORY;
    }
    *ret_hash = h;
    return OCI_OK;
}

int oci_hash_restart(struct oci_hash *h)
{
    /* The same algorithm again: the context keeps its memory. */
    ERR_set_mark();
    h->running = EVP_DigestInit_ex2(h->ctx, h->md, NULL) == 1;
    ERR_pop_to_mark();
    return h->running ? OCI_OK : OCI_NO_MEMORY;
}

int oci_hash_add(struct oci_hash *h, const void *p, size_t len)
{
    if (!h->running)
        return OCI_INVALID;
    return len == 0 || EVP_DigestUpdate(h->ctx, p, len) == 1 ? OCI_OK : OCI_NO_MEMORY;
}

int oci_hash_end(struct oci_hash *h, struct oci_digest *ret_digest)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (!h->running)
        return OCI_INVALID;
    h->running = false;
    if (EVP_DigestFinal_ex(h->ctx, sum, &len) != 1)
        return OCI_NO_MEMORY;
    char *to = stpcpy(ret_digest->text, h->algorithm);
    *to++ = ':';
    for (unsigned i = 0; i < len; i++) {
        *to++ = digits[sum[i] >> 4];
        *to++ = digits[sum[i] & 15];
    }
    *to = '\0';
    return OCI_OK;
}

void oci_hash_free(struct oci_hash *h)
{
    if (!h)
        return;
    EVP_MD_CTX_free(h->ctx);
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
