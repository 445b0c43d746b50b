/* http_fields.h - small header grammars: Link (RFC 8288), Range answers, Content-Range, Retry-After, dates. */
#ifndef OCI_MODEL_HTTP_FIELDS_H
#define OCI_MODEL_HTTP_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hidden.h"
#include "base/str.h"

OCI_BEGIN

/* The target of the first link with rel=next: quoted or not, several links, "<>" missing (Q31). False: none. */
bool oci_link_next(const char *header, struct oci_str *ret_target);

/* "0-499" with the quirks of Q10 ("bytes=0-N", "bytes 0-N", "0--1"). *ret_count is the number of bytes stored; of the
 * ambiguous "0-0" it is 0, and *ret_sure false (at most one byte). False: not such a header. */
bool oci_upload_range(const char *header, uint64_t *ret_count, bool *ret_sure);

/* "bytes FROM-TO/TOTAL"; TOTAL may be "*" (OCI_SIZE_UNKNOWN). False also when FROM > TO or TO >= TOTAL. */
bool oci_content_range(const char *header, uint64_t *ret_from, uint64_t *ret_to, uint64_t *ret_total);

/* Seconds to wait from `now` (unix seconds): both forms of Retry-After. False: garbage or in the past. */
bool oci_retry_after(const char *header, int64_t now, uint64_t *ret_seconds);

OCI_END

#endif
