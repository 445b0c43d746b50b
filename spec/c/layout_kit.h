/* layout_kit.h - an image layout in the test's directory, driven by hand (store_kit.h). */
#ifndef LAYOUT_KIT_H
#define LAYOUT_KIT_H

#include "scratch.h"
#include "store_kit.h"

/* Between layout_begin() and layout_end(). */
extern struct pool_host layout_host;
extern struct oci_store *layout_store;
extern char layout_dir[300]; /* "SCRATCH/layout" */

void layout_begin(void);
void layout_end(void);
/* The same directory, as another process would see it. */
struct oci_store *layout_open(bool create);

/* The path of a blob, one of scratch_path()'s buffers. */
const char *layout_blob(const struct oci_digest *digest);
/* All of index.json. Static. */
const char *layout_index(void);
/* Nothing but what a layout consists of; no temporary file. */
void layout_check_clean(void);

#endif
