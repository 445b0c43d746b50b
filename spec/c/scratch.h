/* scratch.h - a directory for one test, and looking at what is in directories. */
#ifndef SCRATCH_H
#define SCRATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "model/descriptor.h"

/* A new empty directory, removed at the end of the process. Static. */
const char *scratch_dir(void);
/* "DIR/name", printf style. One of eight static buffers. */
const char *scratch_path(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

void scratch_write(const char *path, const void *p, size_t len);
void scratch_text(const char *path, const char *text);
struct oci_bytes *scratch_read(const char *path); /* NULL: not there */
bool scratch_exists(const char *path);            /* links are not followed */
bool scratch_has(const char *path, const void *p, size_t len);
/* The names below `dir`, sorted, one a line, directories with a slash at the end: to be compared as a whole. Static. */
const char *scratch_tree(const char *dir);

/* `len` bytes that look random, the same for the same seed. */
struct oci_bytes *scratch_bytes(size_t len, unsigned seed);
struct oci_desc scratch_desc(const struct oci_bytes *b, const char *algorithm);

#endif
