/* failmalloc.h - makes the k-th allocation of this thread fail.
 *
 * malloc, calloc, realloc and their kin are replaced in the whole program, so that cJSON's and
 * OpenSSL's allocations count as well. Only programs whose name ends in _oom_test are linked with
 * it. A sweep runs its scenario with k = 1, 2, 3, ... until one run needs fewer than k.
 *
 * Only the thread that armed is counted. Under sanitizers and valgrind, which have a malloc
 * of their own, failmalloc_available() is false: SKIP the test. */
#ifndef FAILMALLOC_H
#define FAILMALLOC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

bool failmalloc_available(void);

/* The whole sweep: each allocation of `scenario` fails, alone and then with all that follow it; before, it runs once,
 * so that libraries have what they keep. A scenario checks its results itself, frees all it has and gives its error:
 * `wanted` (OCI_OK, mostly) or OCI_NO_MEMORY, and nothing may be left. Where it says something in `e`, it is the same
 * error. */
void failmalloc_sweep(int (*scenario)(struct oci_err *e), int wanted);

/* From now on the k-th allocation (1 is the next) of this thread fails; with `sticky` also every
 * one after it. k = 0 only counts. */
void failmalloc_arm(long k, bool sticky);

/* Ends it; gives the number of allocations asked for since it was armed. */
long failmalloc_disarm(void);

/* The same number, while armed. */
long failmalloc_count(void);

/* Blocks that this thread allocated minus blocks that it freed, since it armed and until it
 * disarmed. Not 0 after a scenario that cleans up behind itself: a leak (or a cache in a library:
 * run the scenario once before). */
long failmalloc_live(void);

#endif
