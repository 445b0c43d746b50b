#include "net/token_answer.h"

#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "json/json.h"

#define LONGEST_TOKEN   (64u << 10) /* those of ECR and GAR take several KiB */
#define SHORTEST_LIFE_S 60u
#define LONGEST_LIFE_S  86400u

static const char *text_of(const struct oci_json *root, const char *key)
{
    const char *s = oci_json_string(oci_json_get(root, key));
    return s && *s ? s : NULL;
}

static bool fit_for_header(const char *s)
{
    size_t len = strlen(s);
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)s[i] <= 0x20 || (unsigned char)s[i] >= 0x7f)
            return false;
    }
    return len <= LONGEST_TOKEN;
}

/* issued_at is the server's clock, and not looked at. */
static uint64_t lifetime_of(const struct oci_json *root)
{
    uint64_t s = 0;
    if (!oci_json_size(oci_json_get(root, "expires_in"), &s) || s < SHORTEST_LIFE_S)
        return SHORTEST_LIFE_S;
    return s < LONGEST_LIFE_S ? s : LONGEST_LIFE_S;
}

static int read_answer(const struct oci_json *root, struct oci_token_answer *a, struct oci_err *reterr)
{
    const char *access = text_of(root, "access_token"), *token = text_of(root, "token");
    const char *chosen = access ? access : token, *refresh = text_of(root, "refresh_token");
    if (!chosen)
        return oci_err_set(reterr, OCI_UNAUTHORIZED, "the token server gave no token");
    if (!fit_for_header(chosen))
        return oci_err_set(reterr, OCI_REGISTRY, "the token server gave a token that cannot be sent");
    a->ambiguous = access && token && strcmp(access, token) != 0;
    a->lifetime_s = lifetime_of(root);
    a->token = oci_strdup(chosen);
    a->refresh_token = refresh && strlen(refresh) <= LONGEST_TOKEN ? oci_strdup(refresh) : NULL;
    return a->token ? OCI_OK : oci_err_no_memory(reterr);
}

int oci_token_answer_parse(const char *p, size_t len, struct oci_token_answer *ret_answer, struct oci_err *reterr)
{
    struct oci_json *root = NULL;
    struct oci_token_answer a = {0};
    /* Not the parser's words: they may show a part of the text, which may be a token. */
    int rc = oci_json_parse(p, len, OCI_MAX_TOKEN_ANSWER, &root, NULL);
    if (rc == OCI_NO_MEMORY)
        return oci_err_no_memory(reterr);
    if (rc == OCI_OK && oci_json_kind(root) == OCI_JSON_OBJECT)
        rc = read_answer(root, &a, reterr);
    else
        rc = oci_err_set(reterr, OCI_REGISTRY, "the token server's answer is no JSON object");
    oci_json_free(root);
    if (rc != OCI_OK) {
        oci_token_answer_done(&a);
        return rc;
    }
    *ret_answer = a;
    return OCI_OK;
}

void oci_token_answer_done(struct oci_token_answer *a)
{
    oci_secret_free(a->token);
    oci_secret_free(a->refresh_token);
    memset(a, 0, sizeof *a);
}

uint64_t oci_token_until_ms(uint64_t asked_ms, uint64_t lifetime_s)
{
    uint64_t margin_s = lifetime_s / 10;
    if (margin_s > 60)
        margin_s = 60;
    if (margin_s < 5)
        margin_s = 5;
    return asked_ms + (lifetime_s > margin_s ? lifetime_s - margin_s : 0) * 1000;
}
