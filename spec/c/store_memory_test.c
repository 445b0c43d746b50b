/* Places in memory as stores. */
#include <string.h>

#include "base/limits.h"
#include "content/content_kinds.h"
#include "scratch.h"
#include "store_kit.h"
#include "test.h"

#define MIB (1024u * 1024u)

static struct pool_host host;
static struct oci_memory_places *places;
static struct oci_store *store;

static void begin(void)
{
    pool_host_init(&host);
    places = oci_memory_places_new();
    store = oci_store_memory(&host.host, places, "a");
    CHECK(store);
}

static void end(void)
{
    oci_store_free(store);
    oci_memory_places_free(places);
    pool_host_done(&host);
}

TEST(a_blob_comes_back_as_it_was)
{
    begin();
    for (size_t size = 0; size < 3 * MIB; size = size * 9 + 100) {
        struct oci_bytes *data = scratch_bytes(size, 1), *got = NULL;
        struct oci_desc desc = scratch_desc(data, size % 2 ? "sha512" : "sha256"), found = {0};
        enum oci_put_state state;
        CHECK_INT(kit_stat(&host, store, &desc.digest, NULL, NULL), OCI_NOT_FOUND);
        CHECK_INT(kit_get(&host, store, &desc, &got, NULL), OCI_NOT_FOUND);
        CHECK_INT(kit_put_source(&host, store, &desc, oci_source_bytes(data), NULL, &state, NULL), OCI_OK);
        CHECK_INT(state, OCI_PUT_DONE);
        CHECK_INT(kit_put_source(&host, store, &desc, oci_source_bytes(data), NULL, &state, NULL), OCI_OK);
        CHECK_INT(state, OCI_PUT_EXISTS);
        CHECK_INT(kit_stat(&host, store, &desc.digest, &found, NULL), OCI_OK);
        CHECK_INT(found.size, size);
        CHECK_INT(kit_get(&host, store, &desc, &got, NULL), OCI_OK);
        CHECK(got->len == size && memcmp(got->p, data->p, size) == 0);
        oci_bytes_unref(got);
        oci_bytes_unref(data);
    }
    end();
}

TEST(wrong_content_is_not_kept)
{
    begin();
    struct oci_bytes *data = scratch_bytes(5000, 1), *other = scratch_bytes(5000, 2);
    struct oci_desc desc = scratch_desc(other, "sha256");
    CHECK_INT(kit_put_source(&host, store, &desc, oci_source_bytes(data), NULL, NULL, NULL), OCI_DIGEST_MISMATCH);
    CHECK_INT(kit_stat(&host, store, &desc.digest, NULL, NULL), OCI_NOT_FOUND);
    desc = scratch_desc(data, "sha256");
    desc.size--;
    CHECK_INT(kit_put_source(&host, store, &desc, oci_source_bytes(data), NULL, NULL, NULL), OCI_SIZE_MISMATCH);
    desc.size += 2;
    CHECK_INT(kit_put_source(&host, store, &desc, oci_source_bytes(data), NULL, NULL, NULL), OCI_SIZE_MISMATCH);
    desc.size = 5000;
    CHECK_INT(kit_stat(&host, store, &desc.digest, NULL, NULL), OCI_NOT_FOUND);
    oci_bytes_unref(data);
    oci_bytes_unref(other);
    end();
}

TEST(a_stream_without_a_digest_gets_one)
{
    begin();
    struct oci_bytes *data = scratch_bytes(500000, 1);
    struct oci_desc want = scratch_desc(data, "sha256"), desc = {.size = OCI_SIZE_UNKNOWN}, found = {0};
    CHECK_INT(kit_put_source(&host, store, &desc, oci_source_bytes(data), &found, NULL, NULL), OCI_OK);
    CHECK_STR(found.digest.text, want.digest.text);
    CHECK_INT(found.size, 500000);
    CHECK_INT(kit_stat(&host, store, &want.digest, NULL, NULL), OCI_OK);
    oci_bytes_unref(data);
    end();
}

TEST(a_part_of_a_blob)
{
    begin();
    struct oci_bytes *data = oci_bytes_new("0123456789", 10);
    struct oci_desc desc = scratch_desc(data, "sha256");
    CHECK_INT(kit_put(&host, store, data, "sha256", NULL, NULL), OCI_OK);
    static const struct { uint64_t offset, length; const char *text; } parts[] = {
        {0, OCI_SIZE_UNKNOWN, "0123456789"}, {3, 4, "3456"}, {8, 100, "89"}, {10, 5, ""}, {11, 5, NULL}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        struct oci_bytes *got = NULL;
        struct oci_source *source = store->type->source_range(store, &desc, parts[i].offset, parts[i].length);
        struct oci_sink *sink = oci_sink_bytes(100, NULL, &got);
        int rc = pool_host_run(&host, pool_host_move(&host, source, sink), NULL);
        CHECK_INT(rc, parts[i].text ? OCI_OK : OCI_INVALID);
        CHECK_STR(got ? got->p : NULL, parts[i].text);
        oci_source_free(source);
        oci_sink_free(sink);
        oci_bytes_unref(got);
    }
    oci_bytes_unref(data);
    end();
}

TEST(manifests_and_tags)
{
    begin();
    struct oci_desc a, b, found = {0};
    struct oci_bytes *ma = kit_manifest(&host, store, 1, &a), *mb = kit_manifest(&host, store, 2, &b), *got = NULL;
    CHECK_INT(kit_get_manifest(&host, store, "v1", NULL, NULL, NULL), OCI_NOT_FOUND);
    CHECK_INT(kit_put_manifest(&host, store, &a, ma, "v2", NULL), OCI_OK);
    CHECK_INT(kit_put_manifest(&host, store, &a, ma, "v1", NULL), OCI_OK);
    CHECK_INT(kit_put_manifest(&host, store, &b, mb, NULL, NULL), OCI_OK);
    CHECK_STR(kit_tags(&host, store), "v1 v2");
    CHECK_INT(kit_get_manifest(&host, store, "v1", &found, &got, NULL), OCI_OK);
    CHECK_STR(found.digest.text, a.digest.text);
    CHECK_STR(found.media_type, OCI_TYPE_MANIFEST);
    CHECK(got->len == ma->len && memcmp(got->p, ma->p, ma->len) == 0);
    got = oci_bytes_unref(got);
    oci_desc_done(&found);
    CHECK_INT(kit_get_manifest(&host, store, b.digest.text, NULL, NULL, NULL), OCI_OK);
    CHECK_INT(kit_put_manifest(&host, store, &b, mb, "v1", NULL), OCI_OK);
    CHECK_INT(kit_get_manifest(&host, store, "v1", &found, NULL, NULL), OCI_OK);
    CHECK_STR(found.digest.text, b.digest.text);
    oci_desc_done(&found);
    CHECK_INT(kit_untag(&host, store, "v1", NULL), OCI_OK);
    CHECK_INT(kit_untag(&host, store, "v1", NULL), OCI_NOT_FOUND);
    CHECK_STR(kit_tags(&host, store), "v2");
    CHECK_INT(kit_remove(&host, store, &a.digest, NULL), OCI_OK);
    CHECK_STR(kit_tags(&host, store), "");
    CHECK_INT(kit_remove(&host, store, &a.digest, NULL), OCI_NOT_FOUND);
    /* Bytes that do not match are refused. */
    CHECK_INT(kit_put_manifest(&host, store, &a, mb, "bad", NULL), OCI_DIGEST_MISMATCH);
    CHECK_STR(kit_tags(&host, store), "");
    oci_bytes_unref(ma);
    oci_bytes_unref(mb);
    end();
}

TEST(places_are_apart_and_outlive_their_stores)
{
    begin();
    struct oci_desc a;
    struct oci_bytes *m = kit_manifest(&host, store, 1, &a);
    CHECK_INT(kit_put_manifest(&host, store, &a, m, "v1", NULL), OCI_OK);
    oci_store_free(store);
    store = oci_store_memory(&host.host, places, "b");
    CHECK_INT(kit_get_manifest(&host, store, "v1", NULL, NULL, NULL), OCI_NOT_FOUND);
    oci_store_free(store);
    store = oci_store_memory(&host.host, places, "a");
    CHECK_INT(kit_get_manifest(&host, store, "v1", NULL, NULL, NULL), OCI_OK);
    oci_bytes_unref(m);
    end();
}

/* What claims to be large is refused before a byte of it is taken; what was claimed and did not come is given back. */
TEST(all_places_together_have_a_limit)
{
    begin();
    struct oci_bytes *data = scratch_bytes(100, 1);
    struct oci_desc desc = scratch_desc(data, "sha256");
    struct oci_err err;
    desc.size = OCI_MAX_CONTENT_IN_MEMORY + 1ull;
    CHECK_INT(kit_put_source(&host, store, &desc, oci_source_bytes(data), NULL, NULL, &err), OCI_LIMIT);
    for (int i = 0; i < 3; i++) {
        desc.size = OCI_MAX_CONTENT_IN_MEMORY;
        CHECK_INT(kit_put_source(&host, store, &desc, oci_source_bytes(data), NULL, NULL, &err), OCI_SIZE_MISMATCH);
    }
    desc.size = 100;
    CHECK_INT(kit_put_source(&host, store, &desc, oci_source_bytes(data), NULL, NULL, &err), OCI_OK);
    struct oci_bytes *more = scratch_bytes(100, 2);
    struct oci_desc other = scratch_desc(more, "sha256");
    other.size = OCI_MAX_CONTENT_IN_MEMORY - 99;
    CHECK_INT(kit_put_source(&host, store, &other, oci_source_bytes(more), NULL, NULL, &err), OCI_LIMIT);
    other.size--;
    CHECK_INT(kit_put_source(&host, store, &other, oci_source_bytes(more), NULL, NULL, &err), OCI_SIZE_MISMATCH);
    oci_bytes_unref(data);
    oci_bytes_unref(more);
    end();
}
