/* clock.h - time. Timeouts and expiry use the boot clock; the wall clock is for dates in documents only. */
#ifndef OCI_SYS_CLOCK_H
#define OCI_SYS_CLOCK_H

#include <stdint.h>

#include "base/hidden.h"

OCI_BEGIN

uint64_t oci_clock_ms(void);   /* milliseconds since some moment, suspended time included */
int64_t oci_clock_unix(void);  /* seconds since 1970 */
/* Tests: both clocks come from here until it is NULL again. */
void oci_clock_fake(uint64_t (*ms)(void), int64_t (*unix_seconds)(void));

/* SOURCE_DATE_EPOCH: OCI_OK and *ret_seconds, OCI_NOT_FOUND when unset, OCI_INVALID when no number. */
int oci_clock_source_date(int64_t *ret_seconds);
/* "2006-01-02T15:04:05Z" */
void oci_clock_rfc3339(int64_t unix_seconds, char buf[32]);

/* Unpredictable numbers (jitter, temporary names). */
uint64_t oci_random_u64(void);

/* An environment variable, or NULL; "" counts as NULL. */
const char *oci_env(const char *name);

OCI_END

#endif
