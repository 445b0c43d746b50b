/* content_kit.h - sources and sinks driven by hand, on a pool_host. */
#ifndef CONTENT_KIT_H
#define CONTENT_KIT_H

#include "content/block.h"
#include "content/content_kinds.h"
#include "pool_host.h"
#include "scratch.h"

#define KIB 1024u
#define MIB (1024u * 1024u)

extern struct pool_host content_host; /* between content_begin() and content_end() */

void content_begin(void);
void content_end(void); /* no block may be left in use */

/* Moves `data` into the sink, which is freed; gives the error's code. */
int content_put(struct oci_bytes *data, struct oci_sink *take, struct oci_err *err);
/* Moves the source, which is freed, into memory. */
int content_get(struct oci_source *take, struct oci_bytes **ret_bytes, struct oci_err *err);

#endif
