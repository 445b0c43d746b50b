/* library.h - a shared library that is loaded when it is first needed. Linked, it would cost every program time at its
 * start and memory, and most never need it. Never unloaded. */
#ifndef OCI_BASE_LIBRARY_H
#define OCI_BASE_LIBRARY_H

#include <stddef.h>

#include "base/err.h"

OCI_BEGIN

struct oci_library {
    const char *file;         /* "libzstd.so.1" */
    const char *needed;       /* "zstd needs libzstd": begins the message when it cannot be loaded */
    const char *const *names; /* of its functions */
    size_t count;
    void *_Atomic table;
};

#define OCI_LIBRARY(file_, needed_, names_) \
    {.file = (file_), .needed = (needed_), .names = (names_), .count = sizeof(names_) / sizeof *(names_)}

/* Any thread, blocks. *ret_table shows the functions in the order of the names, for a struct of pointers to them and
 * nothing else. OCI_UNSUPPORTED with the reason when it cannot be loaded. */
int oci_library_load(struct oci_library *l, const void **ret_table, struct oci_err *reterr);

/* Around what loads a library and sets it up: a fork waits for its end (a second at most), since the child would find
 * the loader's lists and the library's locks as they are in the middle of it, and crash or hang with its own first use.
 * Not within each other. */
void oci_library_begin(void);
void oci_library_end(void);

OCI_END

#endif
