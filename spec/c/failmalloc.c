/* Replaces the allocator of the test program: see failmalloc.h. */
#include "failmalloc.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

#include "test.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FAILMALLOC_OFF 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define FAILMALLOC_OFF 1
#endif
#endif

#ifdef FAILMALLOC_OFF

bool failmalloc_available(void) { return false; }
void failmalloc_arm(long k, bool sticky) { (void)k, (void)sticky; }
long failmalloc_disarm(void) { return 0; }
long failmalloc_count(void) { return 0; }
long failmalloc_live(void) { return 0; }

#else

/* glibc's own entry points, so that no dlsym (which allocates) is needed. */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t align, size_t n);
void __libc_free(void *p);

/* initial-exec: an access to these must never allocate. */
#define THREAD_LOCAL static _Thread_local __attribute__((tls_model("initial-exec")))

THREAD_LOCAL bool armed;
THREAD_LOCAL bool all_after;
THREAD_LOCAL long fail_at;
THREAD_LOCAL long count;
THREAD_LOCAL long live;

void failmalloc_arm(long k, bool sticky)
{
    fail_at = k;
    all_after = sticky;
    count = 0;
    live = 0;
    armed = true;
}

long failmalloc_disarm(void)
{
    armed = false;
    return count;
}

long failmalloc_count(void)
{
    return count;
}

long failmalloc_live(void)
{
    return live;
}

/* Tried out, because valgrind puts its own malloc in front of ours. */
bool failmalloc_available(void)
{
    failmalloc_arm(0, false);
    free(malloc(1));
    return failmalloc_disarm() == 1;
}

static bool refuse(void)
{
    if (!armed)
        return false;
    count++;
    if (fail_at == 0 || (all_after ? count < fail_at : count != fail_at))
        return false;
    errno = ENOMEM;
    return true;
}

static void *counted(void *p)
{
    live += armed && p;
    return p;
}

void *malloc(size_t n)
{
    return refuse() ? NULL : counted(__libc_malloc(n));
}

void *calloc(size_t n, size_t size)
{
    return refuse() ? NULL : counted(__libc_calloc(n, size));
}

void *realloc(void *p, size_t n)
{
    if (refuse())
        return NULL;
    void *grown = __libc_realloc(p, n);
    if (!p)
        counted(grown);
    else if (!grown && n == 0)
        live -= armed;
    return grown;
}

void *reallocarray(void *p, size_t n, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(n, size, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(p, total);
}

void *memalign(size_t align, size_t n)
{
    return refuse() ? NULL : counted(__libc_memalign(align, n));
}

void *aligned_alloc(size_t align, size_t n)
{
    return memalign(align, n);
}

int posix_memalign(void **ret_p, size_t align, size_t n)
{
    void *p = memalign(align, n);
    if (!p)
        return ENOMEM;
    *ret_p = p;
    return 0;
}

void free(void *p)
{
    live -= armed && p;
    __libc_free(p);
}

#endif

void failmalloc_sweep(int (*scenario)(struct oci_err *e), int wanted)
{
    if (!failmalloc_available())
        SKIP("a sanitizer or valgrind has its own malloc");
    struct oci_err e = {0};
    CHECK_INT(scenario(&e), wanted);
    for (int sticky = 0; sticky < 2; sticky++) {
        for (long k = 1;; k++) {
            oci_err_clear(&e);
            failmalloc_arm(k, sticky);
            int rc = scenario(&e);
            long left = failmalloc_live();
            long asked = failmalloc_disarm();
            if (rc != wanted && rc != OCI_NO_MEMORY)
                FAIL("allocation %ld gives %s: %s", k, oci_err_name(rc), e.text);
            if (left != 0)
                FAIL("allocation %ld leaves %ld blocks", k, left);
            if (asked < k) {
                CHECK_INT(rc, wanted);
                break;
            }
            CHECK(e.code == OCI_OK || e.code == rc);
        }
    }
}
