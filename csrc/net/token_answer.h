/* token_answer.h - what a token server answers (security-quirks 1.6). Pure. */
#ifndef OCI_NET_TOKEN_ANSWER_H
#define OCI_NET_TOKEN_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

OCI_BEGIN

struct oci_token_answer {
    char *token;         /* fit for a header. Owned, secret */
    char *refresh_token; /* or NULL. Owned, secret */
    uint64_t lifetime_s; /* 60 when it is missing, less, or no integer; a day at most */
    bool ambiguous;      /* `token` and `access_token` differ; the latter was taken */
};
/* OCI_UNAUTHORIZED when there is no token in it; OCI_REGISTRY for what is no JSON object or no header-safe token. */
int oci_token_answer_parse(const char *p, size_t len, struct oci_token_answer *ret_answer, struct oci_err *reterr);
void oci_token_answer_done(struct oci_token_answer *a);

/* When a token must be replaced: its end, minus a tenth of its life (5 s at least, 60 s at most). */
uint64_t oci_token_until_ms(uint64_t asked_ms, uint64_t lifetime_s);

OCI_END

#endif
