/* An image layout as a store: blobs, and layouts that are not what they should be. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "content/content_kinds.h"
#include "layout_kit.h"
#include "test.h"

#define MIB (1024u * 1024u)

/* ---- blobs --------------------------------------------------------------------------------- */

TEST(a_blob_comes_back_as_it_was)
{
    layout_begin();
    const size_t sizes[] = {0, 1, 5000, 300000, 9 * MIB};
    for (size_t i = 0; i < 2 * sizeof sizes / sizeof sizes[0]; i++) {
        const char *algorithm = i % 2 ? "sha512" : "sha256";
        struct oci_bytes *data = scratch_bytes(sizes[i / 2], (unsigned)i), *got = NULL;
        struct oci_desc desc = scratch_desc(data, algorithm), found = {0};
        enum oci_put_state state;
        CHECK_INT(kit_put(&layout_host, layout_store, data, algorithm, &state, NULL), OCI_OK);
        CHECK_INT(state, OCI_PUT_DONE);
        CHECK(scratch_has(layout_blob(&desc.digest), data->p, data->len));
        CHECK_INT(kit_stat(&layout_host, layout_store, &desc.digest, &found, NULL), OCI_OK);
        CHECK_INT(found.size, data->len);
        CHECK_INT(kit_get(&layout_host, layout_store, &desc, &got, NULL), OCI_OK);
        CHECK(got->len == data->len && memcmp(got->p, data->p, data->len) == 0);
        CHECK_INT(kit_put(&layout_host, layout_store, data, algorithm, &state, NULL), OCI_OK);
        CHECK_INT(state, OCI_PUT_EXISTS);
        oci_bytes_unref(got);
        oci_bytes_unref(data);
    }
    layout_check_clean();
    layout_end();
}

TEST(a_new_layout_has_all_that_one_must_have)
{
    layout_begin();
    struct oci_bytes *data = scratch_bytes(10, 1);
    CHECK_INT(kit_put(&layout_host, layout_store, data, "sha256", NULL, NULL), OCI_OK);
    CHECK(scratch_has(scratch_path("layout/oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}", 30));
    CHECK_STR(layout_index(),
              "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"manifests\":[]}");
    struct oci_desc desc = scratch_desc(data, "sha256");
    char want[400];
    snprintf(want, sizeof want, "blobs/\nblobs/sha256/\nblobs/sha256/%s\nindex.json\noci-layout\n",
             oci_digest_encoded(&desc.digest).p);
    CHECK_STR(scratch_tree(layout_dir), want);
    oci_bytes_unref(data);
    layout_end();
}

TEST(a_stream_without_a_digest_gets_one)
{
    layout_begin();
    for (size_t size = 0; size < 7 * MIB; size = size * 5 + 100) {
        struct oci_bytes *data = scratch_bytes(size, 1);
        struct oci_desc want = scratch_desc(data, "sha256"), desc = {.size = OCI_SIZE_UNKNOWN}, found = {0};
        strcpy(desc.media_type, "text/plain");
        CHECK_INT(kit_put_source(&layout_host, layout_store, &desc, oci_source_bytes(data), &found, NULL, NULL),
                  OCI_OK);
        CHECK_STR(found.digest.text, want.digest.text);
        CHECK_STR(found.media_type, "text/plain");
        CHECK_INT(found.size, size);
        CHECK(scratch_has(layout_blob(&want.digest), data->p, data->len));
        oci_bytes_unref(data);
    }
    layout_check_clean();
    layout_end();
}

TEST(wrong_content_gets_no_name)
{
    layout_begin();
    struct oci_bytes *data = scratch_bytes(300000, 1), *other = scratch_bytes(300000, 2);
    struct oci_desc desc = scratch_desc(other, "sha256");
    struct oci_err err;
    CHECK_INT(kit_put_source(&layout_host, layout_store, &desc, oci_source_bytes(data), NULL, NULL, &err),
              OCI_DIGEST_MISMATCH);
    CHECK(strstr(err.text, layout_dir));
    desc = scratch_desc(data, "sha256");
    desc.size++;
    CHECK_INT(kit_put_source(&layout_host, layout_store, &desc, oci_source_bytes(data), NULL, NULL, NULL),
              OCI_SIZE_MISMATCH);
    desc.size -= 2;
    CHECK_INT(kit_put_source(&layout_host, layout_store, &desc, oci_source_bytes(data), NULL, NULL, NULL),
              OCI_SIZE_MISMATCH);
    CHECK_INT(oci_digest_parse(OCI_STR("md5:900150983cd24fb0d6963f7d28e17f72"), &desc.digest, NULL), OCI_OK);
    CHECK_INT(kit_put_source(&layout_host, layout_store, &desc, oci_source_bytes(data), NULL, NULL, NULL),
              OCI_UNSUPPORTED);
    CHECK_STR(scratch_tree(layout_dir), "blobs/\nblobs/sha256/\nindex.json\noci-layout\n");
    oci_bytes_unref(data);
    oci_bytes_unref(other);
    layout_end();
}

TEST(a_blob_of_the_wrong_size_is_healed_and_a_flipped_byte_is_found_when_it_is_read)
{
    layout_begin();
    struct oci_bytes *data = scratch_bytes(5000, 1), *got = NULL;
    struct oci_desc desc = scratch_desc(data, "sha256");
    enum oci_put_state state;
    CHECK_INT(kit_put(&layout_host, layout_store, data, "sha256", NULL, NULL), OCI_OK);
    scratch_write(layout_blob(&desc.digest), data->p, 4999);
    CHECK_INT(kit_get(&layout_host, layout_store, &desc, &got, NULL), OCI_SIZE_MISMATCH);
    CHECK_INT(kit_put(&layout_host, layout_store, data, "sha256", &state, NULL), OCI_OK);
    CHECK_INT(state, OCI_PUT_DONE);
    CHECK(scratch_has(layout_blob(&desc.digest), data->p, data->len));
    struct oci_bytes *other = scratch_bytes(5000, 2);
    scratch_write(layout_blob(&desc.digest), other->p, other->len);
    CHECK_INT(kit_get(&layout_host, layout_store, &desc, &got, NULL), OCI_DIGEST_MISMATCH);
    CHECK(!got);
    oci_bytes_unref(data);
    oci_bytes_unref(other);
    layout_end();
}

TEST(a_blob_that_is_no_regular_file_is_refused)
{
    layout_begin();
    struct oci_bytes *data = scratch_bytes(5000, 1), *got = NULL;
    struct oci_desc desc = scratch_desc(data, "sha256");
    CHECK_INT(kit_put(&layout_host, layout_store, data, "sha256", NULL, NULL), OCI_OK);
    const char *path = layout_blob(&desc.digest), *real = scratch_path("real");
    CHECK_INT(rename(path, real), 0);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(i == 0 ? symlink(real, path) : i == 1 ? mkfifo(path, 0600) : mkdir(path, 0700), 0);
        CHECK_INT(kit_get(&layout_host, layout_store, &desc, &got, NULL), OCI_UNSAFE_PATH);
        CHECK_INT(kit_stat(&layout_host, layout_store, &desc.digest, NULL, NULL), OCI_UNSAFE_PATH);
        CHECK_INT(kit_put(&layout_host, layout_store, data, "sha256", NULL, NULL), OCI_UNSAFE_PATH);
        CHECK_INT(kit_put_manifest(&layout_host, layout_store, &desc, data, "t", NULL), OCI_UNSAFE_PATH);
        CHECK_INT(kit_get_manifest(&layout_host, layout_store, desc.digest.text, NULL, NULL, NULL), OCI_UNSAFE_PATH);
        CHECK_INT(i == 2 ? rmdir(path) : unlink(path), 0);
    }
    CHECK(!got);
    CHECK_STR(kit_tags(&layout_host, layout_store), "");
    oci_bytes_unref(data);
    layout_end();
}

/* A layout that somebody sends must not lead out of itself by its directories or its index either. */
TEST(links_in_place_of_a_layouts_own_files_are_refused)
{
    layout_begin();
    struct oci_desc desc;
    struct oci_bytes *m = kit_manifest(&layout_host, layout_store, 1, &desc);
    CHECK_INT(kit_put_manifest(&layout_host, layout_store, &desc, m, "v1", NULL), OCI_OK);
    static const char *const names[] = {"blobs/sha256", "index.json", "oci-layout"};
    for (int i = 0; i < 3; i++) {
        const char *path = scratch_path("layout/%s", names[i]), *away = scratch_path("away");
        CHECK_INT(rename(path, away), 0);
        CHECK_INT(symlink(away, path), 0);
        struct oci_store *s = layout_open(false);
        CHECK_INT(kit_get_manifest(&layout_host, s, "v1", NULL, NULL, NULL), OCI_UNSAFE_PATH);
        oci_store_free(s);
        CHECK_INT(unlink(path), 0);
        CHECK_INT(rename(away, path), 0);
    }
    CHECK_INT(kit_get_manifest(&layout_host, layout_store, "v1", NULL, NULL, NULL), OCI_OK);
    oci_bytes_unref(m);
    layout_end();
}

TEST(a_part_of_a_blob)
{
    layout_begin();
    struct oci_bytes *data = oci_bytes_new("0123456789", 10), *got = NULL;
    struct oci_desc desc = scratch_desc(data, "sha256");
    CHECK_INT(kit_put(&layout_host, layout_store, data, "sha256", NULL, NULL), OCI_OK);
    struct oci_source *source = layout_store->type->source_range(layout_store, &desc, 3, 4);
    CHECK_INT(source->size, 4);
    struct oci_sink *sink = oci_sink_bytes(100, NULL, &got);
    CHECK_INT(pool_host_run(&layout_host, pool_host_move(&layout_host, source, sink), NULL), OCI_OK);
    CHECK_STR(got->p, "3456");
    oci_source_free(source);
    oci_sink_free(sink);
    oci_bytes_unref(got);
    oci_bytes_unref(data);
    layout_end();
}

/* ---- layouts that are not there, or not what they should be ---- */

TEST(reading_makes_nothing)
{
    layout_begin();
    struct oci_bytes *data = scratch_bytes(10, 1), *got = NULL;
    struct oci_desc desc = scratch_desc(data, "sha256");
    struct oci_err err;
    for (int create = 0; create < 2; create++) {
        struct oci_store *s = layout_open(create);
        CHECK_INT(kit_get_manifest(&layout_host, s, "v1", NULL, NULL, &err), OCI_NOT_FOUND);
        CHECK(strstr(err.text, layout_dir));
        CHECK_INT(kit_get(&layout_host, s, &desc, &got, &err), OCI_NOT_FOUND);
        CHECK_INT(kit_stat(&layout_host, s, &desc.digest, NULL, &err), OCI_NOT_FOUND);
        CHECK_INT(kit_untag(&layout_host, s, "v1", &err), OCI_NOT_FOUND);
        CHECK_INT(kit_remove(&layout_host, s, &desc.digest, &err), OCI_NOT_FOUND);
        if (!create)
            CHECK_INT(kit_put(&layout_host, s, data, "sha256", NULL, &err), OCI_NOT_FOUND);
        oci_store_free(s);
    }
    CHECK(!scratch_exists(layout_dir));
    CHECK_INT(mkdir(layout_dir, 0755), 0);
    CHECK_INT(kit_get_manifest(&layout_host, layout_store, "v1", NULL, NULL, &err), OCI_NOT_FOUND);
    CHECK(strstr(err.text, "oci-layout"));
    CHECK_STR(scratch_tree(layout_dir), "");
    oci_bytes_unref(data);
    layout_end();
}

static int get_with(const char *name, const char *text)
{
    scratch_text(scratch_path("layout/%s", name), text);
    struct oci_store *s = layout_open(false);
    int rc = kit_get_manifest(&layout_host, s, "v1", NULL, NULL, NULL);
    oci_store_free(s);
    return rc;
}

TEST(a_layout_is_read_strictly_and_extra_files_are_none_of_our_business)
{
    layout_begin();
    struct oci_desc desc;
    struct oci_bytes *m = kit_manifest(&layout_host, layout_store, 1, &desc);
    CHECK_INT(kit_put_manifest(&layout_host, layout_store, &desc, m, "v1", NULL), OCI_OK);
    char index[2048];
    snprintf(index, sizeof index, "%s", layout_index());
    scratch_text(scratch_path("layout/manifest.json"), "[]");
    scratch_text(scratch_path("layout/blobs/sha256/orphan"), "x");
    CHECK_INT(get_with("oci-layout", "{\"imageLayoutVersion\":\"1.0.0\",\"x\":1}"), OCI_OK);
    CHECK_INT(get_with("oci-layout", "{\"imageLayoutVersion\":\"2.0.0\"}"), OCI_INVALID);
    CHECK_INT(get_with("oci-layout", "{\"imageLayoutVersion\":1}"), OCI_INVALID);
    CHECK_INT(get_with("oci-layout", "{}"), OCI_INVALID);
    CHECK_INT(get_with("oci-layout", "[]"), OCI_INVALID);
    CHECK_INT(get_with("oci-layout", "\"1.0.0\""), OCI_INVALID);
    CHECK_INT(get_with("oci-layout", ""), OCI_INVALID);
    CHECK_INT(get_with("oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}"), OCI_OK);
    CHECK_INT(get_with("index.json", "[]"), OCI_INVALID);
    CHECK_INT(get_with("index.json", "{\"schemaVersion\":2}"), OCI_INVALID);
    CHECK_INT(get_with("index.json", "{\"schemaVersion\":2,\"manifests\":{}}"), OCI_INVALID);
    CHECK_INT(get_with("index.json", "{\"manifests\":[],\"manifests\":[]}"), OCI_INVALID);
    CHECK_INT(get_with("index.json", "{\"manifests\":[]}"), OCI_NOT_FOUND);
    CHECK_INT(get_with("index.json", "{\"manifests\":[null,1,\"x\",[],{}]}"), OCI_NOT_FOUND);
    CHECK_INT(get_with("index.json", index), OCI_OK);
    CHECK_INT(unlink(scratch_path("layout/index.json")), 0);
    CHECK_INT(kit_get_manifest(&layout_host, layout_store, "v1", NULL, NULL, NULL), OCI_NOT_FOUND);
    oci_bytes_unref(m);
    layout_end();
}
