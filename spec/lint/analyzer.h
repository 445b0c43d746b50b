/* analyzer.h - what clang-tidy and cppcheck are told before each file.
 *
 * They look at one source file at a time, so they take it for possible that a function which reports
 * an error returns OCI_OK, and then follow a path that does not exist. Here the result is what it
 * always is. Never compiled. */
#ifndef ANALYZER_H
#define ANALYZER_H

#include "base/err.h"
#include "sys/beneath.h"

#define oci_err_set(err, code, ...) ((oci_err_set)((err), (code), __VA_ARGS__), (int)(code))
#define oci_err_no_memory(err) ((oci_err_no_memory)(err), (int)OCI_NO_MEMORY)
#define oci_err_errno(err, ...) ((oci_err_errno)((err), __VA_ARGS__), (int)OCI_IO)
#define oci_err_copy(to, from) ((oci_err_copy)((to), (from)), (int)OCI_IO)
#define oci_sys_fail(err, errnum, code, what, path)                                             \
    ((oci_sys_fail)((err), (errnum), (code), (what), (path)), (int)(code))

#endif
