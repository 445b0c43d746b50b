/* PCRE2's own limits count the points to come back to, anew for each place where a match may begin, and not what is
 * passed over between them. So a callout stands before each item of an expression and adds up: 1, and a sixteenth of
 * the bytes that the match moved since the last. */
#include "base/regex.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/pcre2_api.h"
#include "base/str.h"

#define GROUPS_MAX 100 /* groups in groups */
#define SHARE      16  /* bytes that are passed over in the time of a callout */

struct oci_regex {
    const struct oci_pcre2_api *api;
    pcre2_general_context_8 *memory;
    pcre2_code_8 *code;
};

static void *take_memory(size_t size, void *unused)
{
    (void)unused;
    return oci_alloc(size);
}

static void give_memory(void *p, void *unused)
{
    (void)unused;
    oci_free(p);
}

/* ---- compiling ------------------------------------------------------------------------------ */

static int code_of(int pcre)
{
    switch (pcre) {
    case PCRE2_ERROR_HEAP_FAILED:
        return OCI_NO_MEMORY;
    case PCRE2_ERROR_QUANTIFIER_TOO_BIG:
    case PCRE2_ERROR_PARENTHESES_NEST_TOO_DEEP:
    case PCRE2_ERROR_PATTERN_TOO_LARGE:
    case PCRE2_ERROR_PATTERN_TOO_COMPLICATED:
    case PCRE2_ERROR_LOOKBEHIND_TOO_COMPLICATED:
    case PCRE2_ERROR_LOOKBEHIND_TOO_LONG:
    case PCRE2_ERROR_SUBPATTERN_NAME_TOO_LONG:
    case PCRE2_ERROR_TOO_MANY_NAMED_SUBPATTERNS:
        return OCI_LIMIT;
    case PCRE2_ERROR_LOOKBEHIND_NOT_FIXED_LENGTH:
    case PCRE2_ERROR_UNKNOWN_UNICODE_PROPERTY:
    case PCRE2_ERROR_UNICODE_NOT_SUPPORTED:
        return OCI_UNSUPPORTED;
    default:
        return OCI_INVALID;
    }
}

static int refuse(const struct oci_regex *r, int pcre, size_t offset, struct oci_err *reterr)
{
    PCRE2_UCHAR8 what[128];
    int code = code_of(pcre);
    if (code == OCI_NO_MEMORY)
        return oci_err_no_memory(reterr);
    r->api->pcre2_get_error_message_8(pcre, what, sizeof what);
    return oci_err_set(reterr, code, "regular expression, at byte %zu: %s", offset, (const char *)what);
}

static int compile(struct oci_regex *r, const char *pattern, size_t len, struct oci_err *reterr)
{
    uint32_t options = PCRE2_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY |
                       PCRE2_ALLOW_EMPTY_CLASS | PCRE2_ALT_BSUX | PCRE2_MATCH_UNSET_BACKREF | PCRE2_AUTO_CALLOUT;
    int pcre = 0;
    size_t offset = 0;
    pcre2_compile_context_8 *how = r->api->pcre2_compile_context_create_8(r->memory);
    if (!how)
        return oci_err_no_memory(reterr);
    r->api->pcre2_set_parens_nest_limit_8(how, GROUPS_MAX);
    r->api->pcre2_set_newline_8(how, PCRE2_NEWLINE_ANYCRLF);
    r->api->pcre2_set_compile_extra_options_8(how, PCRE2_EXTRA_ALT_BSUX);
    r->code = r->api->pcre2_compile_8((PCRE2_SPTR8)pattern, len, options, &pcre, &offset, how);
    r->api->pcre2_compile_context_free_8(how);
    return r->code ? OCI_OK : refuse(r, pcre, offset, reterr);
}

int oci_regex_new(const char *pattern, size_t len, struct oci_regex **ret_regex, struct oci_err *reterr)
{
    if (len > OCI_MAX_REGEX)
        return oci_err_set(reterr, OCI_LIMIT, "the regular expression has %zu bytes, %d are the most", len,
                           OCI_MAX_REGEX);
    /* These set options of the whole expression, (*NO_AUTO_POSSESS) and the like. */
    if (len >= 2 && pattern[0] == '(' && pattern[1] == '*')
        return oci_err_set(reterr, OCI_UNSUPPORTED, "regular expression: it begins with (*, which only PCRE2 knows");
    const struct oci_pcre2_api *api = NULL;
    int rc = oci_pcre2_api(&api, reterr);
    if (rc)
        return rc;
    struct oci_regex *r = oci_calloc(1, sizeof *r);
    if (!r)
        return oci_err_no_memory(reterr);
    r->api = api;
    r->memory = api->pcre2_general_context_create_8(take_memory, give_memory, NULL);
    rc = r->memory ? compile(r, pattern, len, reterr) : oci_err_no_memory(reterr);
    if (rc) {
        oci_regex_free(r);
        return rc;
    }
    *ret_regex = r;
    return OCI_OK;
}

void oci_regex_free(struct oci_regex *r)
{
    if (!r)
        return;
    r->api->pcre2_code_free_8(r->code);
    r->api->pcre2_general_context_free_8(r->memory);
    oci_free(r);
}

/* ---- matching ------------------------------------------------------------------------------- */

struct meter {
    uint64_t work;
    size_t at; /* in the text, at the last callout */
};

static int add_work(pcre2_callout_block_8 *b, void *ctx)
{
    struct meter *m = ctx;
    size_t at = b->current_position;
    size_t passed = at > m->at ? at - m->at : m->at - at;
    m->at = at;
    m->work += 1 + passed / SHARE;
    return m->work > OCI_MAX_REGEX_WORK ? PCRE2_ERROR_MATCHLIMIT : 0;
}

/* Gives what pcre2_match() gives. */
static int match(const struct oci_regex *r, const char *text, size_t len, struct meter *m)
{
    const struct oci_pcre2_api *api = r->api;
    int pcre = PCRE2_ERROR_NOMEMORY;
    pcre2_match_context_8 *how = api->pcre2_match_context_create_8(r->memory);
    pcre2_match_data_8 *place = api->pcre2_match_data_create_8(1, r->memory);
    if (how && place) {
        api->pcre2_set_callout_8(how, add_work, m);
        api->pcre2_set_match_limit_8(how, OCI_MAX_REGEX_WORK);
        api->pcre2_set_depth_limit_8(how, OCI_MAX_REGEX_WORK);
        api->pcre2_set_heap_limit_8(how, OCI_MAX_REGEX_HEAP / 1024);
        pcre = api->pcre2_match_8(r->code, (PCRE2_SPTR8)text, len, 0, 0, place, how);
    }
    api->pcre2_match_data_free_8(place);
    api->pcre2_match_context_free_8(how);
    return pcre;
}

/* Each byte that is not UTF-8 becomes U+FFFD. */
static int repair(const char *text, size_t len, struct oci_buf *b)
{
    int rc = OCI_OK;
    for (size_t n, i = 0; i < len && rc == OCI_OK; i += n ? n : 1) {
        n = oci_utf8_length(text + i, len - i);
        rc = n ? oci_buf_add(b, text + i, n) : oci_buf_add_str(b, "\xEF\xBF\xBD");
    }
    return rc;
}

static int match_repaired(const struct oci_regex *r, const char *text, size_t len, struct meter *m)
{
    struct oci_buf b;
    oci_buf_init(&b, len * 3);
    int pcre = repair(text, len, &b) ? PCRE2_ERROR_NOMEMORY : match(r, b.p, b.len, m);
    oci_buf_done(&b);
    return pcre;
}

int oci_regex_find(const struct oci_regex *r, struct oci_str text, bool *ret_found, uint64_t *ret_work,
                   struct oci_err *reterr)
{
    struct meter m = {0};
    if (text.len > OCI_MAX_REGEX_TEXT)
        return oci_err_set(reterr, OCI_LIMIT, "a text of %zu bytes is too long for a regular expression", text.len);
    int pcre = match(r, text.len ? text.p : "", text.len, &m);
    if (pcre <= PCRE2_ERROR_UTF8_ERR1 && pcre >= PCRE2_ERROR_UTF8_ERR21)
        pcre = match_repaired(r, text.p, text.len, &m);
    if (pcre == PCRE2_ERROR_NOMEMORY)
        return oci_err_no_memory(reterr);
    if (pcre < 0 && pcre != PCRE2_ERROR_NOMATCH)
        return oci_err_set(reterr, OCI_LIMIT, "the regular expression takes too %s on a text of %zu bytes",
                           pcre == PCRE2_ERROR_HEAPLIMIT ? "much memory" : "long", text.len);
    *ret_found = pcre >= 0;
    *ret_work = m.work;
    return OCI_OK;
}
