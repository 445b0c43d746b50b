/* pcre2_api.h - private to base/regex*.c: PCRE2 for 8-bit text, loaded at first use. */
#ifndef OCI_BASE_PCRE2_API_H
#define OCI_BASE_PCRE2_API_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/err.h"

OCI_BEGIN

#define OCI_PCRE2_CALLS(X)               \
    X(pcre2_general_context_create_8)    \
    X(pcre2_general_context_free_8)      \
    X(pcre2_compile_context_create_8)    \
    X(pcre2_compile_context_free_8)      \
    X(pcre2_set_compile_extra_options_8) \
    X(pcre2_set_newline_8)               \
    X(pcre2_set_parens_nest_limit_8)     \
    X(pcre2_compile_8)                   \
    X(pcre2_code_free_8)                 \
    X(pcre2_match_context_create_8)      \
    X(pcre2_match_context_free_8)        \
    X(pcre2_set_callout_8)               \
    X(pcre2_set_match_limit_8)           \
    X(pcre2_set_depth_limit_8)           \
    X(pcre2_set_heap_limit_8)            \
    X(pcre2_match_data_create_8)         \
    X(pcre2_match_data_free_8)           \
    X(pcre2_match_8)                     \
    X(pcre2_get_error_message_8)

struct oci_pcre2_api {
#define X(name) __typeof__(name) *name;
    OCI_PCRE2_CALLS(X)
#undef X
};

/* Any thread, blocks. OCI_UNSUPPORTED with the reason when it cannot be loaded. Never unloaded. */
int oci_pcre2_api(const struct oci_pcre2_api **ret_api, struct oci_err *reterr);

OCI_END

#endif
