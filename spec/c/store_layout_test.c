/* An image layout as a store. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "content/block.h"
#include "content/content_kinds.h"
#include "model/manifest.h"
#include "scratch.h"
#include "store/layout.h"
#include "store_kit.h"
#include "test.h"

#define MIB (1024u * 1024u)

static struct pool_host host;
static struct oci_store *store;
static char dir[300];

static struct oci_store *open_store(bool create)
{
    struct oci_store *s = oci_store_layout(&host.host, dir, create);
    CHECK(s);
    return s;
}

static void begin(void)
{
    pool_host_init(&host);
    snprintf(dir, sizeof dir, "%s/layout", scratch_dir());
    store = open_store(true);
}

static void end(void)
{
    oci_store_free(store);
    pool_host_done(&host);
    CHECK_INT(oci_blocks_in_use(), 0);
}

static const char *blob_path(const struct oci_digest *digest)
{
    struct oci_str algorithm = oci_digest_algorithm(digest);
    return scratch_path("layout/blobs/%.*s/%s", (int)algorithm.len, algorithm.p, oci_digest_encoded(digest).p);
}

static const char *index_text(void)
{
    static char text[65536];
    struct oci_bytes *b = scratch_read(scratch_path("layout/index.json"));
    CHECK(b && b->len < sizeof text);
    memcpy(text, b->p, b->len + 1);
    oci_bytes_unref(b);
    return text;
}

/* Nothing but what a layout consists of; no temporary file. */
static void check_clean(void)
{
    const char *tree = scratch_tree(dir);
    CHECK(!strstr(tree, ".oci-"));
}

/* ---- blobs --------------------------------------------------------------------------------- */

TEST(a_blob_comes_back_as_it_was)
{
    begin();
    const size_t sizes[] = {0, 1, 5000, 300000, 9 * MIB};
    for (size_t i = 0; i < 2 * sizeof sizes / sizeof sizes[0]; i++) {
        const char *algorithm = i % 2 ? "sha512" : "sha256";
        struct oci_bytes *data = scratch_bytes(sizes[i / 2], (unsigned)i), *got = NULL;
        struct oci_desc desc = scratch_desc(data, algorithm), found = {0};
        enum oci_put_state state;
        CHECK_INT(kit_put(&host, store, data, algorithm, &state, NULL), OCI_OK);
        CHECK_INT(state, OCI_PUT_DONE);
        CHECK(scratch_has(blob_path(&desc.digest), data->p, data->len));
        CHECK_INT(kit_stat(&host, store, &desc.digest, &found, NULL), OCI_OK);
        CHECK_INT(found.size, data->len);
        CHECK_INT(kit_get(&host, store, &desc, &got, NULL), OCI_OK);
        CHECK(got->len == data->len && memcmp(got->p, data->p, data->len) == 0);
        CHECK_INT(kit_put(&host, store, data, algorithm, &state, NULL), OCI_OK);
        CHECK_INT(state, OCI_PUT_EXISTS);
        oci_bytes_unref(got);
        oci_bytes_unref(data);
    }
    check_clean();
    end();
}

TEST(a_new_layout_has_all_that_one_must_have)
{
    begin();
    struct oci_bytes *data = scratch_bytes(10, 1);
    CHECK_INT(kit_put(&host, store, data, "sha256", NULL, NULL), OCI_OK);
    CHECK(scratch_has(scratch_path("layout/oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}", 30));
    CHECK_STR(index_text(),
              "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"manifests\":[]}");
    struct oci_desc desc = scratch_desc(data, "sha256");
    char want[400];
    snprintf(want, sizeof want, "blobs/\nblobs/sha256/\nblobs/sha256/%s\nindex.json\noci-layout\n",
             oci_digest_encoded(&desc.digest).p);
    CHECK_STR(scratch_tree(dir), want);
    oci_bytes_unref(data);
    end();
}

TEST(a_stream_without_a_digest_gets_one)
{
    begin();
    for (size_t size = 0; size < 7 * MIB; size = size * 5 + 100) {
        struct oci_bytes *data = scratch_bytes(size, 1);
        struct oci_desc want = scratch_desc(data, "sha256"), desc = {.size = OCI_SIZE_UNKNOWN}, found = {0};
        strcpy(desc.media_type, "text/plain");
        CHECK_INT(kit_put_source(&host, store, &desc, oci_source_bytes(data), &found, NULL, NULL), OCI_OK);
        CHECK_STR(found.digest.text, want.digest.text);
        CHECK_STR(found.media_type, "text/plain");
        CHECK_INT(found.size, size);
        CHECK(scratch_has(blob_path(&want.digest), data->p, data->len));
        oci_bytes_unref(data);
    }
    check_clean();
    end();
}

TEST(wrong_content_gets_no_name)
{
    begin();
    struct oci_bytes *data = scratch_bytes(300000, 1), *other = scratch_bytes(300000, 2);
    struct oci_desc desc = scratch_desc(other, "sha256");
    struct oci_err err;
    CHECK_INT(kit_put_source(&host, store, &desc, oci_source_bytes(data), NULL, NULL, &err), OCI_DIGEST_MISMATCH);
    CHECK(strstr(err.text, dir));
    desc = scratch_desc(data, "sha256");
    desc.size++;
    CHECK_INT(kit_put_source(&host, store, &desc, oci_source_bytes(data), NULL, NULL, NULL), OCI_SIZE_MISMATCH);
    desc.size -= 2;
    CHECK_INT(kit_put_source(&host, store, &desc, oci_source_bytes(data), NULL, NULL, NULL), OCI_SIZE_MISMATCH);
    CHECK_INT(oci_digest_parse(OCI_STR("md5:900150983cd24fb0d6963f7d28e17f72"), &desc.digest, NULL), OCI_OK);
    CHECK_INT(kit_put_source(&host, store, &desc, oci_source_bytes(data), NULL, NULL, NULL), OCI_UNSUPPORTED);
    CHECK_STR(scratch_tree(dir), "blobs/\nblobs/sha256/\nindex.json\noci-layout\n");
    oci_bytes_unref(data);
    oci_bytes_unref(other);
    end();
}

TEST(a_blob_of_the_wrong_size_is_healed_and_a_flipped_byte_is_found_when_it_is_read)
{
    begin();
    struct oci_bytes *data = scratch_bytes(5000, 1), *got = NULL;
    struct oci_desc desc = scratch_desc(data, "sha256");
    enum oci_put_state state;
    CHECK_INT(kit_put(&host, store, data, "sha256", NULL, NULL), OCI_OK);
    scratch_write(blob_path(&desc.digest), data->p, 4999);
    CHECK_INT(kit_get(&host, store, &desc, &got, NULL), OCI_SIZE_MISMATCH);
    CHECK_INT(kit_put(&host, store, data, "sha256", &state, NULL), OCI_OK);
    CHECK_INT(state, OCI_PUT_DONE);
    CHECK(scratch_has(blob_path(&desc.digest), data->p, data->len));
    struct oci_bytes *other = scratch_bytes(5000, 2);
    scratch_write(blob_path(&desc.digest), other->p, other->len);
    CHECK_INT(kit_get(&host, store, &desc, &got, NULL), OCI_DIGEST_MISMATCH);
    CHECK(!got);
    oci_bytes_unref(data);
    oci_bytes_unref(other);
    end();
}

TEST(a_blob_that_is_no_regular_file_is_refused)
{
    begin();
    struct oci_bytes *data = scratch_bytes(5000, 1), *got = NULL;
    struct oci_desc desc = scratch_desc(data, "sha256");
    CHECK_INT(kit_put(&host, store, data, "sha256", NULL, NULL), OCI_OK);
    const char *path = blob_path(&desc.digest), *real = scratch_path("real");
    CHECK_INT(rename(path, real), 0);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(i == 0 ? symlink(real, path) : i == 1 ? mkfifo(path, 0600) : mkdir(path, 0700), 0);
        CHECK_INT(kit_get(&host, store, &desc, &got, NULL), OCI_UNSAFE_PATH);
        CHECK_INT(kit_stat(&host, store, &desc.digest, NULL, NULL), OCI_UNSAFE_PATH);
        CHECK_INT(kit_put(&host, store, data, "sha256", NULL, NULL), OCI_UNSAFE_PATH);
        CHECK_INT(kit_put_manifest(&host, store, &desc, data, "t", NULL), OCI_UNSAFE_PATH);
        CHECK_INT(kit_get_manifest(&host, store, desc.digest.text, NULL, NULL, NULL), OCI_UNSAFE_PATH);
        CHECK_INT(i == 2 ? rmdir(path) : unlink(path), 0);
    }
    CHECK(!got);
    CHECK_STR(kit_tags(&host, store), "");
    oci_bytes_unref(data);
    end();
}

/* A layout that somebody sends must not lead out of itself by its directories or its index either. */
TEST(links_in_place_of_a_layouts_own_files_are_refused)
{
    begin();
    struct oci_desc desc;
    struct oci_bytes *m = kit_manifest(&host, store, 1, &desc);
    CHECK_INT(kit_put_manifest(&host, store, &desc, m, "v1", NULL), OCI_OK);
    static const char *const names[] = {"blobs/sha256", "index.json", "oci-layout"};
    for (int i = 0; i < 3; i++) {
        const char *path = scratch_path("layout/%s", names[i]), *away = scratch_path("away");
        CHECK_INT(rename(path, away), 0);
        CHECK_INT(symlink(away, path), 0);
        struct oci_store *s = open_store(false);
        CHECK_INT(kit_get_manifest(&host, s, "v1", NULL, NULL, NULL), OCI_UNSAFE_PATH);
        oci_store_free(s);
        CHECK_INT(unlink(path), 0);
        CHECK_INT(rename(away, path), 0);
    }
    CHECK_INT(kit_get_manifest(&host, store, "v1", NULL, NULL, NULL), OCI_OK);
    oci_bytes_unref(m);
    end();
}

TEST(a_part_of_a_blob)
{
    begin();
    struct oci_bytes *data = oci_bytes_new("0123456789", 10), *got = NULL;
    struct oci_desc desc = scratch_desc(data, "sha256");
    CHECK_INT(kit_put(&host, store, data, "sha256", NULL, NULL), OCI_OK);
    struct oci_source *source = store->type->source_range(store, &desc, 3, 4);
    CHECK_INT(source->size, 4);
    struct oci_sink *sink = oci_sink_bytes(100, NULL, &got);
    CHECK_INT(pool_host_run(&host, pool_host_move(&host, source, sink), NULL), OCI_OK);
    CHECK_STR(got->p, "3456");
    oci_source_free(source);
    oci_sink_free(sink);
    oci_bytes_unref(got);
    oci_bytes_unref(data);
    end();
}

/* ---- layouts that are not there, or not what they should be ---- */

TEST(reading_makes_nothing)
{
    begin();
    struct oci_bytes *data = scratch_bytes(10, 1), *got = NULL;
    struct oci_desc desc = scratch_desc(data, "sha256");
    struct oci_err err;
    for (int create = 0; create < 2; create++) {
        struct oci_store *s = open_store(create);
        CHECK_INT(kit_get_manifest(&host, s, "v1", NULL, NULL, &err), OCI_NOT_FOUND);
        CHECK(strstr(err.text, dir));
        CHECK_INT(kit_get(&host, s, &desc, &got, &err), OCI_NOT_FOUND);
        CHECK_INT(kit_stat(&host, s, &desc.digest, NULL, &err), OCI_NOT_FOUND);
        CHECK_INT(kit_untag(&host, s, "v1", &err), OCI_NOT_FOUND);
        CHECK_INT(kit_remove(&host, s, &desc.digest, &err), OCI_NOT_FOUND);
        if (!create)
            CHECK_INT(kit_put(&host, s, data, "sha256", NULL, &err), OCI_NOT_FOUND);
        oci_store_free(s);
    }
    CHECK(!scratch_exists(dir));
    CHECK_INT(mkdir(dir, 0755), 0);
    CHECK_INT(kit_get_manifest(&host, store, "v1", NULL, NULL, &err), OCI_NOT_FOUND);
    CHECK(strstr(err.text, "oci-layout"));
    CHECK_STR(scratch_tree(dir), "");
    oci_bytes_unref(data);
    end();
}

static int get_with(const char *name, const char *text)
{
    scratch_text(scratch_path("layout/%s", name), text);
    struct oci_store *s = open_store(false);
    int rc = kit_get_manifest(&host, s, "v1", NULL, NULL, NULL);
    oci_store_free(s);
    return rc;
}

TEST(a_layout_is_read_strictly_and_extra_files_are_none_of_our_business)
{
    begin();
    struct oci_desc desc;
    struct oci_bytes *m = kit_manifest(&host, store, 1, &desc);
    CHECK_INT(kit_put_manifest(&host, store, &desc, m, "v1", NULL), OCI_OK);
    char index[2048];
    snprintf(index, sizeof index, "%s", index_text());
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
    CHECK_INT(kit_get_manifest(&host, store, "v1", NULL, NULL, NULL), OCI_NOT_FOUND);
    oci_bytes_unref(m);
    end();
}

/* ---- manifests and tags -------------------------------------------------------------------- */

TEST(manifests_are_found_by_tag_and_by_digest)
{
    begin();
    struct oci_desc desc, found = {0};
    struct oci_bytes *m = kit_manifest(&host, store, 1, &desc), *got = NULL;
    CHECK_INT(kit_put_manifest(&host, store, &desc, m, "v1", NULL), OCI_OK);
    const char *names[] = {"v1", desc.digest.text};
    for (int i = 0; i < 2; i++) {
        struct oci_store *s = open_store(false); /* another process would see the same */
        CHECK_INT(kit_get_manifest(&host, s, names[i], &found, &got, NULL), OCI_OK);
        CHECK(got->len == m->len && memcmp(got->p, m->p, m->len) == 0);
        CHECK_STR(found.digest.text, desc.digest.text);
        CHECK_STR(found.media_type, OCI_TYPE_MANIFEST);
        CHECK_STR(found.artifact_type, "application/x.test");
        CHECK_INT(found.size, m->len);
        got = oci_bytes_unref(got);
        oci_desc_done(&found);
        CHECK_INT(pool_host_run(&host, s->type->head_manifest(s, names[i], &found), NULL), OCI_OK);
        CHECK_INT(found.size, m->len);
        oci_desc_done(&found);
        oci_store_free(s);
    }
    struct oci_err err;
    CHECK_INT(kit_get_manifest(&host, store, "v2", NULL, NULL, &err), OCI_NOT_FOUND);
    CHECK(strstr(err.text, "v2") && strstr(err.text, dir));
    CHECK_INT(pool_host_run(&host, store->type->get_manifest(store, "v1", 10, NULL, &got), NULL), OCI_LIMIT);
    char want[1000];
    snprintf(want, sizeof want,
             "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"manifests\":[{"
             "\"mediaType\":\"" OCI_TYPE_MANIFEST "\",\"digest\":\"%s\",\"size\":%zu,\"annotations\":{"
             "\"org.opencontainers.image.ref.name\":\"v1\"},\"artifactType\":\"application/x.test\"}]}",
             desc.digest.text, m->len);
    CHECK_STR(index_text(), want);
    oci_bytes_unref(m);
    end();
}

TEST(a_manifest_that_index_json_does_not_name_is_found_by_its_digest)
{
    begin();
    struct oci_desc desc, found = {0};
    struct oci_bytes *m = kit_manifest(&host, store, 1, &desc), *layer = scratch_bytes(1001, 1), *got = NULL;
    struct oci_desc blob = scratch_desc(layer, "sha256");
    CHECK_INT(kit_put(&host, store, m, "sha256", NULL, NULL), OCI_OK);
    CHECK_INT(kit_get_manifest(&host, store, desc.digest.text, &found, &got, NULL), OCI_OK);
    CHECK_STR(found.media_type, OCI_TYPE_MANIFEST);
    oci_desc_done(&found);
    oci_bytes_unref(got);
    CHECK_INT(kit_put(&host, store, layer, "sha256", NULL, NULL), OCI_OK);
    CHECK_INT(kit_get_manifest(&host, store, blob.digest.text, &found, &got, NULL), OCI_NOT_FOUND);
    CHECK_STR(kit_tags(&host, store), "");
    oci_bytes_unref(m);
    oci_bytes_unref(layer);
    end();
}

TEST(a_manifest_is_verified)
{
    begin();
    struct oci_desc desc;
    struct oci_bytes *m = kit_manifest(&host, store, 1, &desc), *got = NULL;
    struct oci_desc wrong = desc;
    wrong.digest.text[8] = wrong.digest.text[8] == '0' ? '1' : '0';
    CHECK_INT(kit_put_manifest(&host, store, &wrong, m, "v1", NULL), OCI_DIGEST_MISMATCH);
    CHECK_STR(kit_tags(&host, store), "");
    CHECK(!scratch_exists(blob_path(&wrong.digest)));
    CHECK_INT(kit_put_manifest(&host, store, &desc, m, "v1", NULL), OCI_OK);
    struct oci_bytes *other = scratch_bytes(m->len, 3);
    scratch_write(blob_path(&desc.digest), other->p, other->len);
    CHECK_INT(kit_get_manifest(&host, store, "v1", NULL, &got, NULL), OCI_DIGEST_MISMATCH);
    CHECK_INT(kit_get_manifest(&host, store, desc.digest.text, NULL, &got, NULL), OCI_DIGEST_MISMATCH);
    scratch_write(blob_path(&desc.digest), m->p, m->len - 1);
    CHECK_INT(kit_get_manifest(&host, store, "v1", NULL, &got, NULL), OCI_SIZE_MISMATCH);
    CHECK_INT(unlink(blob_path(&desc.digest)), 0);
    CHECK_INT(kit_get_manifest(&host, store, "v1", NULL, &got, NULL), OCI_NOT_FOUND);
    CHECK(!got);
    oci_bytes_unref(m);
    oci_bytes_unref(other);
    end();
}

TEST(tags_move_and_come_off)
{
    begin();
    struct oci_desc a, b, found = {0};
    struct oci_bytes *ma = kit_manifest(&host, store, 1, &a), *mb = kit_manifest(&host, store, 2, &b);
    CHECK_INT(kit_put_manifest(&host, store, &a, ma, "v2", NULL), OCI_OK);
    CHECK_INT(kit_put_manifest(&host, store, &a, ma, "v1", NULL), OCI_OK);
    CHECK_INT(kit_put_manifest(&host, store, &b, mb, "latest", NULL), OCI_OK);
    CHECK_STR(kit_tags(&host, store), "latest v1 v2");
    CHECK_INT(kit_put_manifest(&host, store, &b, mb, "v1", NULL), OCI_OK);
    CHECK_STR(kit_tags(&host, store), "latest v1 v2");
    CHECK_INT(kit_get_manifest(&host, store, "v1", &found, NULL, NULL), OCI_OK);
    CHECK_STR(found.digest.text, b.digest.text);
    oci_desc_done(&found);
    CHECK_INT(kit_untag(&host, store, "v1", NULL), OCI_OK);
    CHECK_STR(kit_tags(&host, store), "latest v2");
    struct oci_err err;
    CHECK_INT(kit_untag(&host, store, "v1", &err), OCI_NOT_FOUND);
    CHECK(strstr(err.text, "v1"));
    /* The last name of a manifest: it stays, and stays listed. */
    CHECK_INT(kit_untag(&host, store, "v2", NULL), OCI_OK);
    CHECK_STR(kit_tags(&host, store), "latest");
    CHECK(strstr(index_text(), a.digest.text));
    CHECK_INT(kit_get_manifest(&host, store, a.digest.text, NULL, NULL, NULL), OCI_OK);
    /* Named again, it is listed once. */
    CHECK_INT(kit_put_manifest(&host, store, &a, ma, "again", NULL), OCI_OK);
    const char *first = strstr(index_text(), a.digest.text);
    CHECK(first && !strstr(first + 1, a.digest.text));
    oci_bytes_unref(ma);
    oci_bytes_unref(mb);
    end();
}

TEST(a_push_by_digest_is_listed_once)
{
    begin();
    struct oci_desc desc;
    struct oci_bytes *m = kit_manifest(&host, store, 1, &desc);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(kit_put_manifest(&host, store, &desc, m, i == 1 ? "v1" : NULL, NULL), OCI_OK);
        const char *first = strstr(index_text(), desc.digest.text);
        CHECK(first && !strstr(first + 1, desc.digest.text));
    }
    CHECK_STR(kit_tags(&host, store), "v1");
    oci_bytes_unref(m);
    end();
}

#define D64 "\"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\""
#define ENTRY(type, more) "{\"mediaType\":\"" type "\",\"digest\":" D64 ",\"size\":5" more "}"
#define NAMED(name) ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"" name "\",\"b\":\"c\"}"

TEST(what_others_wrote_into_index_json_stays_where_it_is)
{
    begin();
    struct oci_desc desc;
    struct oci_bytes *m = kit_manifest(&host, store, 1, &desc);
    scratch_text(scratch_path("layout/index.json"),
                 "{ \"x-first\": [1, 2.5, {\"a\": null}], \"manifests\": [\n"
                 "  " ENTRY("application/xml", ",\"x\":true" NAMED("weird")) ", 17,\n"
                 "  " ENTRY("a/b", NAMED("v1")) ",\n"
                 "  " ENTRY("a/b", ",\"platform\":{\"os\":\"linux\"}") "], \"schemaVersion\":2,"
                 "  \"annotations\":{\"k\":\"v\"} }");
    CHECK_INT(kit_put_manifest(&host, store, &desc, m, "v1", NULL), OCI_OK);
    CHECK_INT(kit_put_manifest(&host, store, &desc, m, "v2", NULL), OCI_OK);
    char ours[600], want[4000];
    snprintf(ours, sizeof ours,
             "{\"mediaType\":\"" OCI_TYPE_MANIFEST "\",\"digest\":\"%s\",\"size\":%zu,\"annotations\":{"
             "\"org.opencontainers.image.ref.name\":\"v_\"},\"artifactType\":\"application/x.test\"}",
             desc.digest.text, m->len);
    char one[600], two[600];
    snprintf(one, sizeof one, "%s", ours);
    snprintf(two, sizeof two, "%s", ours);
    strstr(one, "v_")[1] = '1';
    strstr(two, "v_")[1] = '2';
    snprintf(want, sizeof want,
             "{\"x-first\":[1,2.5,{\"a\":null}],\"manifests\":[" ENTRY("application/xml", ",\"x\":true" NAMED("weird"))
             ",17,%s," ENTRY("a/b", ",\"platform\":{\"os\":\"linux\"}") ",%s],\"schemaVersion\":2,"
             "\"annotations\":{\"k\":\"v\"}}", one, two);
    CHECK_STR(index_text(), want);
    CHECK_STR(kit_tags(&host, store), "v1 v2 weird");
    oci_bytes_unref(m);
    end();
}

TEST(of_the_same_name_twice_the_last_counts)
{
    begin();
    struct oci_desc a, b, found = {0};
    struct oci_bytes *ma = kit_manifest(&host, store, 1, &a), *mb = kit_manifest(&host, store, 2, &b);
    CHECK_INT(kit_put_manifest(&host, store, &a, ma, "v1", NULL), OCI_OK);
    CHECK_INT(kit_put_manifest(&host, store, &b, mb, "v2", NULL), OCI_OK);
    char text[4096];
    snprintf(text, sizeof text, "%s", index_text());
    memcpy(strstr(text, "\"v2\""), "\"v1\"", 4);
    scratch_text(scratch_path("layout/index.json"), text);
    CHECK_INT(kit_get_manifest(&host, store, "v1", &found, NULL, NULL), OCI_OK);
    CHECK_STR(found.digest.text, b.digest.text);
    oci_desc_done(&found);
    CHECK_STR(kit_tags(&host, store), "v1");
    CHECK_INT(kit_put_manifest(&host, store, &a, ma, "v1", NULL), OCI_OK);
    CHECK(!strstr(index_text(), b.digest.text));
    oci_bytes_unref(ma);
    oci_bytes_unref(mb);
    end();
}

TEST(a_removed_manifest_goes_with_all_its_tags)
{
    begin();
    struct oci_desc a, b;
    struct oci_bytes *ma = kit_manifest(&host, store, 1, &a), *mb = kit_manifest(&host, store, 2, &b);
    CHECK_INT(kit_put_manifest(&host, store, &a, ma, "v1", NULL), OCI_OK);
    CHECK_INT(kit_put_manifest(&host, store, &a, ma, "v2", NULL), OCI_OK);
    CHECK_INT(kit_put_manifest(&host, store, &b, mb, "other", NULL), OCI_OK);
    CHECK_INT(kit_remove(&host, store, &a.digest, NULL), OCI_OK);
    CHECK_STR(kit_tags(&host, store), "other");
    CHECK(!scratch_exists(blob_path(&a.digest)));
    CHECK_INT(kit_get_manifest(&host, store, a.digest.text, NULL, NULL, NULL), OCI_NOT_FOUND);
    CHECK_INT(kit_remove(&host, store, &a.digest, NULL), OCI_NOT_FOUND);
    CHECK_INT(kit_get_manifest(&host, store, "other", NULL, NULL, NULL), OCI_OK);
    /* A layer is no manifest. */
    struct oci_bytes *layer = scratch_bytes(1002, 2);
    struct oci_desc blob = scratch_desc(layer, "sha256");
    CHECK(scratch_exists(blob_path(&blob.digest)));
    CHECK_INT(kit_remove(&host, store, &blob.digest, NULL), OCI_NOT_FOUND);
    CHECK(scratch_exists(blob_path(&blob.digest)));
    oci_bytes_unref(layer);
    oci_bytes_unref(ma);
    oci_bytes_unref(mb);
    end();
}

TEST(what_an_index_names_is_not_removed_under_it)
{
    begin();
    struct oci_desc a, d;
    struct oci_bytes *ma = kit_manifest(&host, store, 1, &a);
    struct oci_index_spec spec = {.manifests = &a, .count = 1};
    struct oci_manifest *inner, *outer;
    CHECK_INT(kit_put(&host, store, ma, "sha256", NULL, NULL), OCI_OK);
    CHECK_INT(oci_index_build(&spec, &inner, NULL), OCI_OK);
    CHECK_INT(kit_put(&host, store, inner->bytes, "sha256", NULL, NULL), OCI_OK);
    oci_desc_set(&d, OCI_TYPE_INDEX, &inner->self.digest, inner->self.size);
    spec.manifests = &d;
    CHECK_INT(oci_index_build(&spec, &outer, NULL), OCI_OK);
    struct oci_desc o;
    oci_desc_set(&o, OCI_TYPE_INDEX, &outer->self.digest, outer->self.size);
    CHECK_INT(kit_put_manifest(&host, store, &o, outer->bytes, "multi", NULL), OCI_OK);
    CHECK_INT(kit_remove(&host, store, &a.digest, NULL), OCI_DENIED);
    CHECK(scratch_exists(blob_path(&a.digest)));
    /* Listed itself, it loses its entries only. */
    CHECK_INT(kit_put_manifest(&host, store, &a, ma, "single", NULL), OCI_OK);
    CHECK_INT(kit_remove(&host, store, &a.digest, NULL), OCI_OK);
    CHECK_STR(kit_tags(&host, store), "multi");
    CHECK(scratch_exists(blob_path(&a.digest)));
    CHECK_INT(kit_remove(&host, store, &o.digest, NULL), OCI_OK);
    CHECK_INT(kit_remove(&host, store, &d.digest, NULL), OCI_OK);
    CHECK_INT(kit_remove(&host, store, &a.digest, NULL), OCI_OK);
    CHECK(!scratch_exists(blob_path(&a.digest)));
    oci_manifest_free(inner);
    oci_manifest_free(outer);
    oci_bytes_unref(ma);
    end();
}

/* ---- durability ---------------------------------------------------------------------------- */

static unsigned syncs_of_push(unsigned blobs)
{
    struct oci_desc desc;
    struct oci_bytes *m = kit_manifest(&host, store, 7, &desc);
    for (unsigned i = 0; i < blobs; i++) {
        struct oci_bytes *data = scratch_bytes(20, i);
        CHECK_INT(kit_put(&host, store, data, "sha256", NULL, NULL), OCI_OK);
        oci_bytes_unref(data);
    }
    /* Each sync in its turn fails, until there are no more: then the tag is there. */
    unsigned syncs = 0;
    for (;; syncs++) {
        struct oci_err err;
        CHECK(syncs < 100);
        oci_fault_arm(OCI_FAULT_SYNC, syncs, 1, EIO);
        int rc = kit_put_manifest(&host, store, &desc, m, "v1", &err);
        oci_fault_clear();
        if (rc == OCI_OK)
            break;
        CHECK_INT(rc, OCI_IO);
        CHECK(strstr(err.text, strerror(EIO)));
        check_clean();
        /* What could not be made durable was thrown away: put it again. */
        oci_bytes_unref(kit_manifest(&host, store, 7, &desc));
        for (unsigned i = 0; i < blobs; i++) {
            struct oci_bytes *data = scratch_bytes(20, i);
            CHECK_INT(kit_put(&host, store, data, "sha256", NULL, NULL), OCI_OK);
            oci_bytes_unref(data);
        }
    }
    oci_bytes_unref(m);
    return syncs;
}

TEST(index_json_names_nothing_that_is_not_durable)
{
    begin();
    /* layer, config, manifest; directory of blobs; oci-layout, blobs, parent; index.json, its directory */
    unsigned few = syncs_of_push(0);
    CHECK(few >= 6);
    end();
}

TEST(many_blobs_are_made_durable_at_once)
{
    begin();
    unsigned many = syncs_of_push(100);
    CHECK(many >= 3 && many < 10);
    CHECK_STR(kit_tags(&host, store), "v1");
    end();
}

TEST(what_is_known_to_be_durable_is_not_synced_again)
{
    begin();
    struct oci_layout *l = OCI_OWNER(store, struct oci_layout, base);
    struct oci_desc desc;
    struct oci_bytes *m = kit_manifest(&host, store, 1, &desc);
    CHECK_INT(l->fresh_count, 2);
    CHECK_INT(kit_put_manifest(&host, store, &desc, m, "v1", NULL), OCI_OK);
    CHECK_INT(l->fresh_count, 0);
    CHECK(!l->made);
    oci_bytes_unref(m);
    end();
}

/* ---- failures ------------------------------------------------------------------------------ */

TEST(any_operation_may_fail_and_the_old_index_stays)
{
    begin();
    static const enum oci_fault kinds[] = {OCI_FAULT_OPEN, OCI_FAULT_WRITE, OCI_FAULT_RENAME, OCI_FAULT_CLOSE,
                                           OCI_FAULT_MKDIR, OCI_FAULT_READ};
    struct oci_desc a, b;
    struct oci_bytes *ma = kit_manifest(&host, store, 1, &a), *mb = kit_manifest(&host, store, 2, &b);
    CHECK_INT(kit_put_manifest(&host, store, &a, ma, "v1", NULL), OCI_OK);
    char before[4096];
    snprintf(before, sizeof before, "%s", index_text());
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        for (unsigned after = 0;; after++) {
            struct oci_err err;
            CHECK(after < 100);
            struct oci_store *s = open_store(true);
            oci_fault_arm(kinds[k], after, 1, ENOSPC);
            int rc = kit_put_manifest(&host, s, &b, mb, "v1", &err);
            oci_fault_clear();
            oci_store_free(s);
            check_clean();
            if (rc == OCI_OK)
                break;
            CHECK_INT(rc, OCI_IO);
            if (!strstr(err.text, strerror(ENOSPC)))
                FAIL("%s", err.text);
            CHECK_STR(index_text(), before);
        }
        CHECK_INT(kit_put_manifest(&host, store, &a, ma, "v1", NULL), OCI_OK);
        CHECK_STR(index_text(), before);
        CHECK_INT(unlink(blob_path(&b.digest)), 0);
    }
    oci_bytes_unref(ma);
    oci_bytes_unref(mb);
    end();
}

TEST(making_a_layout_may_fail)
{
    begin();
    static const enum oci_fault kinds[] = {OCI_FAULT_OPEN, OCI_FAULT_WRITE, OCI_FAULT_RENAME, OCI_FAULT_CLOSE,
                                           OCI_FAULT_MKDIR};
    struct oci_bytes *data = scratch_bytes(100, 1);
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        for (unsigned after = 0;; after++) {
            CHECK(after < 100);
            struct oci_store *s = open_store(true);
            oci_fault_arm(kinds[k], after, 1, ENOSPC);
            int rc = kit_put(&host, s, data, "sha256", NULL, NULL);
            oci_fault_clear();
            oci_store_free(s);
            if (scratch_exists(dir))
                check_clean();
            if (rc == OCI_OK)
                break;
            /* The next one finds what is there, and completes it. */
            s = open_store(true);
            CHECK_INT(kit_put(&host, s, data, "sha256", NULL, NULL), OCI_OK);
            oci_store_free(s);
            oci_dir_remove_all(OCI_CWD, dir, NULL);
        }
        oci_dir_remove_all(OCI_CWD, dir, NULL);
    }
    oci_bytes_unref(data);
    end();
}

TEST(a_file_size_limit_leaves_nothing)
{
    begin();
    signal(SIGXFSZ, SIG_IGN); /* the engine has it blocked */
    struct oci_bytes *data = scratch_bytes(2 * MIB, 1);
    struct rlimit limit;
    CHECK_INT(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = MIB;
    CHECK_INT(setrlimit(RLIMIT_FSIZE, &limit), 0);
    struct oci_err err;
    CHECK_INT(kit_put(&host, store, data, "sha256", NULL, &err), OCI_IO);
    CHECK(strstr(err.text, strerror(EFBIG)));
    CHECK_STR(scratch_tree(dir), "blobs/\nblobs/sha256/\nindex.json\noci-layout\n");
    oci_bytes_unref(data);
    end();
}

TEST(a_canceled_put_leaves_nothing)
{
    begin();
    struct oci_bytes *data = scratch_bytes(5 * MIB, 1);
    struct oci_desc desc = scratch_desc(data, "sha256");
    for (unsigned turns = 0;; turns++) {
        struct pool_result r;
        pool_host_start(&host, store->type->put(store, &desc, oci_source_bytes(data), NULL, NULL, NULL), &r);
        for (unsigned t = 0; t < turns && !r.over; t++)
            pool_host_turn(&host);
        bool over = r.over;
        if (!over)
            oci_driver_cancel(host.driver, r.flow);
        CHECK(pool_host_wait(&host, &r) == (over ? OCI_OK : r.err.code));
        if (scratch_exists(dir))
            check_clean();
        if (scratch_exists(blob_path(&desc.digest)))
            CHECK(scratch_has(blob_path(&desc.digest), data->p, data->len));
        else
            CHECK_INT(r.err.code, OCI_CANCELED);
        unlink(blob_path(&desc.digest));
        if (over)
            break;
    }
    oci_bytes_unref(data);
    end();
}

/* ---- more than one at a time --------------------------------------------------------------- */

TEST(a_locked_layout_is_waited_for_and_the_wait_can_be_canceled)
{
    begin();
    struct oci_desc desc;
    struct oci_bytes *m = kit_manifest(&host, store, 1, &desc);
    CHECK_INT(kit_put_manifest(&host, store, &desc, m, "v1", NULL), OCI_OK);
    int fd;
    bool locked;
    CHECK_INT(oci_file_open_read(OCI_CWD, scratch_path("layout/index.json.lock"), false, &fd, NULL, NULL), OCI_OK);
    CHECK_INT(oci_file_try_lock(fd, &locked, NULL), OCI_OK);
    CHECK(locked);
    struct pool_result r, waiting;
    pool_host_start(&host, store->type->put_manifest(store, &desc, m, "v2"), &r);
    for (int i = 0; i < 10; i++)
        pool_host_turn(&host);
    pool_host_start(&host, store->type->put_manifest(store, &desc, m, "v3"), &waiting);
    for (int i = 0; i < 10; i++)
        pool_host_turn(&host);
    CHECK(!r.over && !waiting.over);
    oci_driver_cancel(host.driver, r.flow);
    CHECK_INT(pool_host_wait(&host, &r), OCI_CANCELED);
    oci_file_unlock(fd);
    oci_fd_close(fd);
    CHECK_INT(pool_host_wait(&host, &waiting), OCI_OK);
    CHECK_STR(kit_tags(&host, store), "v1 v3");
    oci_bytes_unref(m);
    end();
}

TEST(many_manifests_put_at_once_by_two_stores)
{
    begin();
    enum { MANY = 20 };
    struct oci_store *other = open_store(true);
    struct oci_desc desc[MANY];
    struct oci_bytes *m[MANY];
    struct pool_result r[MANY];
    for (int i = 0; i < MANY; i++)
        m[i] = kit_manifest(&host, store, (unsigned)i, &desc[i]);
    for (int i = 0; i < MANY; i++) {
        char tag[20];
        snprintf(tag, sizeof tag, "t%02d", i);
        struct oci_store *s = i % 2 ? other : store;
        pool_host_start(&host, s->type->put_manifest(s, &desc[i], m[i], tag), &r[i]);
    }
    for (int i = 0; i < MANY; i++) {
        CHECK_INT(pool_host_wait(&host, &r[i]), OCI_OK);
        oci_bytes_unref(m[i]);
    }
    CHECK_STR(kit_tags(&host, store),
              "t00 t01 t02 t03 t04 t05 t06 t07 t08 t09 t10 t11 t12 t13 t14 t15 t16 t17 t18 t19");
    oci_store_free(other);
    end();
}

/* One process of several: pushes `count` manifests of its own, each with a tag of its own. */
static void push_some(unsigned who, unsigned count)
{
    pool_host_init(&host);
    store = open_store(true);
    for (unsigned i = 0; i < count; i++) {
        struct oci_desc desc;
        struct oci_err err;
        char tag[20];
        snprintf(tag, sizeof tag, "p%u-%02u", who, i);
        struct oci_bytes *m = kit_manifest(&host, store, who * 100 + i, &desc);
        if (kit_put_manifest(&host, store, &desc, m, tag, &err) != OCI_OK)
            FAIL("%s", err.text);
        oci_bytes_unref(m);
    }
    oci_store_free(store);
    pool_host_done(&host);
}

/* The pool is not running yet when it is called. */
static pid_t fork_pusher(unsigned who, unsigned count)
{
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        push_some(who, count);
        _exit(0);
    }
    return pid;
}

TEST(processes_that_push_at_the_same_time_lose_no_tag)
{
    enum { PROCESSES = 4, EACH = 10 };
    snprintf(dir, sizeof dir, "%s/layout", scratch_dir());
    pid_t pids[PROCESSES];
    for (unsigned i = 0; i < PROCESSES; i++)
        pids[i] = fork_pusher(i, EACH);
    for (unsigned i = 0; i < PROCESSES; i++) {
        int status;
        CHECK_INT(waitpid(pids[i], &status, 0), pids[i]);
        CHECK_INT(status, 0);
    }
    begin();
    char want[4096] = "";
    for (unsigned p = 0; p < PROCESSES; p++) {
        for (unsigned i = 0; i < EACH; i++)
            snprintf(want + strlen(want), sizeof want - strlen(want), "%sp%u-%02u", p + i ? " " : "", p, i);
    }
    CHECK_STR(kit_tags(&host, store), want);
    for (unsigned p = 0; p < PROCESSES; p++) {
        char tag[20];
        snprintf(tag, sizeof tag, "p%u-09", p);
        CHECK_INT(kit_get_manifest(&host, store, tag, NULL, NULL, NULL), OCI_OK);
    }
    check_clean();
    end();
}

/* Is there a temporary file? */
static bool busy(const char *path)
{
    bool found = false;
    DIR *d = opendir(path);
    for (struct dirent *e = NULL; d && !found && (e = readdir(d));)
        found = strncmp(e->d_name, ".oci-", 5) == 0;
    if (d)
        closedir(d);
    return found;
}

static void remove_temporaries(const char *path)
{
    DIR *d = opendir(path);
    for (struct dirent *e = NULL; d && (e = readdir(d));) {
        if (strncmp(e->d_name, ".oci-", 5) == 0)
            unlinkat(dirfd(d), e->d_name, 0);
    }
    if (d)
        closedir(d);
}

/* Killed while it writes: index.json is an old one or a new one, and what it names is there. */
TEST(a_killed_writer_leaves_a_valid_layout)
{
    snprintf(dir, sizeof dir, "%s/layout", scratch_dir());
    unsigned killed = 0;
    for (unsigned round = 0; round < 30; round++) {
        const char *path = round % 3 ? dir : scratch_path("layout/blobs/sha256");
        pid_t pid = fork_pusher(round, 50);
        bool over = false;
        while (!over && !busy(path))
            over = waitpid(pid, NULL, WNOHANG) == pid;
        if (over)
            continue;
        CHECK_INT(kill(pid, SIGKILL), 0);
        CHECK_INT(waitpid(pid, NULL, 0), pid);
        killed++;
        remove_temporaries(dir); /* so that the next round sees its own */
        remove_temporaries(scratch_path("layout/blobs/sha256"));
    }
    CHECK(killed > 10);
    begin();
    struct oci_names names = {0};
    struct oci_desc desc;
    struct oci_bytes *m = kit_manifest(&host, store, 1, &desc); /* the layout is there in any case */
    CHECK_INT(pool_host_run(&host, store->type->tags(store, &names), NULL), OCI_OK);
    for (size_t i = 0; i < names.count; i++) {
        struct oci_bytes *bytes = NULL, *layer = NULL;
        struct oci_manifest *parsed;
        CHECK_INT(kit_get_manifest(&host, store, names.items[i], NULL, &bytes, NULL), OCI_OK);
        CHECK_INT(oci_manifest_parse(bytes, OCI_TYPE_MANIFEST, NULL, &parsed, NULL), OCI_OK);
        CHECK_INT(kit_get(&host, store, &parsed->items[0], &layer, NULL), OCI_OK);
        oci_manifest_free(parsed);
        oci_bytes_unref(layer);
        oci_bytes_unref(bytes);
    }
    oci_names_done(&names);
    CHECK_INT(kit_put_manifest(&host, store, &desc, m, "after", NULL), OCI_OK);
    oci_bytes_unref(m);
    end();
}
