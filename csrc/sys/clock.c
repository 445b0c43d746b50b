#include "sys/clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"

static _Atomic(uint64_t (*)(void)) fake_ms;
static _Atomic(int64_t (*)(void)) fake_unix;

void oci_clock_fake(uint64_t (*ms)(void), int64_t (*unix_seconds)(void))
{
    atomic_store(&fake_ms, ms);
    atomic_store(&fake_unix, unix_seconds);
}

uint64_t oci_clock_ms(void)
{
    uint64_t (*fake)(void) = atomic_load(&fake_ms);
    if (fake)
        return fake();
    struct timespec now = {0};
    if (clock_gettime(CLOCK_BOOTTIME, &now) != 0)
        clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int64_t oci_clock_unix(void)
{
    int64_t (*fake)(void) = atomic_load(&fake_unix);
    if (fake)
        return fake();
    struct timespec now = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec;
}

int oci_clock_source_date(int64_t *ret_seconds)
{
    const char *text = oci_env("SOURCE_DATE_EPOCH");
    if (!text)
        return OCI_NOT_FOUND;
    /* 9999-12-31: later than what RFC 3339 and ustar headers can say. */
    uint64_t seconds;
    if (oci_str_to_u64(oci_str_of(text), 253402300799u, &seconds) != OCI_OK)
        return OCI_INVALID;
    *ret_seconds = (int64_t)seconds;
    return OCI_OK;
}

void oci_clock_rfc3339(int64_t unix_seconds, char buf[32])
{
    /* Our own arithmetic (Howard Hinnant's civil_from_days): gmtime_r() takes a lock and may read files. */
    int64_t days = unix_seconds / 86400, second = unix_seconds % 86400;
    if (second < 0) {
        second += 86400;
        days--;
    }
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted_month = (5 * day_of_year + 2) / 153; /* March is 0 */
    int64_t day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
    int64_t year = year_of_era + era * 400 + (month <= 2);
    snprintf(buf, 32, "%04lld-%02d-%02dT%02d:%02d:%02dZ", (long long)year, (int)month, (int)day,
             (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60));
}

uint64_t oci_random_u64(void)
{
    uint64_t n;
    if (getrandom(&n, sizeof n, 0) == (ssize_t)sizeof n)
        return n;
    /* Only where a sandbox forbids the call: still different for each call and process (splitmix64). */
    static _Atomic uint64_t calls;
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    n = (uint64_t)now.tv_nsec ^ (uint64_t)now.tv_sec << 30 ^ (uint64_t)getpid() << 40;
    n += (atomic_fetch_add(&calls, 1) + 1) * 0x9e3779b97f4a7c15u;
    n = (n ^ n >> 30) * 0xbf58476d1ce4e5b9u;
    n = (n ^ n >> 27) * 0x94d049bb133111ebu;
    return n ^ n >> 31;
}

const char *oci_env(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}
