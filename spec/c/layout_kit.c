#include "layout_kit.h"

#include <stdio.h>
#include <string.h>

#include "content/block.h"
#include "test.h"

struct pool_host layout_host;
struct oci_store *layout_store;
char layout_dir[300];

struct oci_store *layout_open(bool create)
{
    struct oci_store *s = oci_store_layout(&layout_host.host, layout_dir, create);
    CHECK(s);
    return s;
}

void layout_begin(void)
{
    pool_host_init(&layout_host);
    snprintf(layout_dir, sizeof layout_dir, "%s/layout", scratch_dir());
    layout_store = layout_open(true);
}

void layout_end(void)
{
    oci_store_free(layout_store);
    pool_host_done(&layout_host);
    CHECK_INT(oci_blocks_in_use(), 0);
}

const char *layout_blob(const struct oci_digest *digest)
{
    struct oci_str algorithm = oci_digest_algorithm(digest);
    return scratch_path("layout/blobs/%.*s/%s", (int)algorithm.len, algorithm.p, oci_digest_encoded(digest).p);
}

const char *layout_index(void)
{
    static char text[65536];
    struct oci_bytes *b = scratch_read(scratch_path("layout/index.json"));
    CHECK(b && b->len < sizeof text);
    memcpy(text, b->p, b->len + 1);
    oci_bytes_unref(b);
    return text;
}

void layout_check_clean(void)
{
    const char *tree = scratch_tree(layout_dir);
    CHECK(!strstr(tree, ".oci-"));
}
