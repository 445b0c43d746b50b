/* curl_api.h - libcurl, loaded when first needed: it brings 30 libraries, 4 to 6 ms and 4 MiB, and most programs that
 * load this module only want a layout (DESIGN, decisions). Together with transfer.c the only user of curl.h. */
#ifndef OCI_NET_CURL_API_H
#define OCI_NET_CURL_API_H

#include <curl/curl.h>

#include "base/err.h"

OCI_BEGIN

/* name, as in curl_<name>. The youngest is multi_poll, of 7.66: a libcurl that has all of them is new enough. Its
 * version is not asked for, since that asks each of its libraries for theirs: 140 KiB of pages. */
/* clang-format off */
#define OCI_CURL_FUNCTIONS(X)                                                                        \
    X(global_init) X(version) X(slist_append) X(slist_free_all)                                      \
    X(easy_init) X(easy_cleanup) X(easy_reset) X(easy_setopt) X(easy_getinfo) X(easy_pause)          \
    X(share_init) X(share_setopt) X(share_cleanup)                                                   \
    X(multi_init) X(multi_cleanup) X(multi_setopt) X(multi_add_handle) X(multi_remove_handle)        \
    X(multi_perform) X(multi_poll) X(multi_info_read)
/* clang-format on */

struct oci_curl {
#define X(name) __typeof__(curl_##name) *name;
    OCI_CURL_FUNCTIONS(X)
#undef X
};

/* The loaded library; NULL and OCI_UNSUPPORTED with the loader's words. Any thread. Never unloaded. */
const struct oci_curl *oci_curl_load(struct oci_err *reterr);

OCI_END

#endif
