#include "content_kit.h"

#include "test.h"

struct pool_host content_host;

void content_begin(void)
{
    pool_host_init(&content_host);
}

void content_end(void)
{
    pool_host_done(&content_host);
    CHECK_INT(oci_blocks_in_use(), 0);
}

int content_put(struct oci_bytes *data, struct oci_sink *take, struct oci_err *err)
{
    struct oci_source *source = oci_source_bytes(data);
    int rc = pool_host_run(&content_host, pool_host_move(&content_host, source, take), err);
    oci_source_free(source);
    oci_sink_free(take);
    return rc;
}

int content_get(struct oci_source *take, struct oci_bytes **ret_bytes, struct oci_err *err)
{
    struct oci_sink *sink = oci_sink_bytes(64 * MIB, NULL, ret_bytes);
    int rc = pool_host_run(&content_host, pool_host_move(&content_host, take, sink), err);
    oci_sink_free(sink);
    oci_source_free(take);
    return rc;
}
