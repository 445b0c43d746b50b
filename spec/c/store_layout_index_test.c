/* Manifests and tags of an image layout: index.json. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "layout_kit.h"
#include "model/manifest.h"
#include "test.h"

TEST(manifests_are_found_by_tag_and_by_digest)
{
    layout_begin();
    struct oci_desc desc, found = {0};
    struct oci_bytes *m = kit_manifest(&layout_host, layout_store, 1, &desc), *got = NULL;
    CHECK_INT(kit_put_manifest(&layout_host, layout_store, &desc, m, "v1", NULL), OCI_OK);
    const char *names[] = {"v1", desc.digest.text};
    for (int i = 0; i < 2; i++) {
        struct oci_store *s = layout_open(false); /* another process would see the same */
        CHECK_INT(kit_get_manifest(&layout_host, s, names[i], &found, &got, NULL), OCI_OK);
        CHECK(got->len == m->len && memcmp(got->p, m->p, m->len) == 0);
        CHECK_STR(found.digest.text, desc.digest.text);
        CHECK_STR(found.media_type, OCI_TYPE_MANIFEST);
        CHECK_STR(found.artifact_type, "application/x.test");
        CHECK_INT(found.size, m->len);
        got = oci_bytes_unref(got);
        oci_desc_done(&found);
        CHECK_INT(pool_host_run(&layout_host, s->type->head_manifest(s, names[i], &found), NULL), OCI_OK);
        CHECK_INT(found.size, m->len);
        oci_desc_done(&found);
        oci_store_free(s);
    }
    struct oci_err err;
    CHECK_INT(kit_get_manifest(&layout_host, layout_store, "v2", NULL, NULL, &err), OCI_NOT_FOUND);
    CHECK(strstr(err.text, "v2") && strstr(err.text, layout_dir));
    CHECK_INT(pool_host_run(&layout_host, layout_store->type->get_manifest(layout_store, "v1", 10, NULL, &got), NULL),
              OCI_LIMIT);
    char want[1000];
    snprintf(want, sizeof want,
             "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"manifests\":[{"
             "\"mediaType\":\"" OCI_TYPE_MANIFEST "\",\"digest\":\"%s\",\"size\":%zu,\"annotations\":{"
             "\"org.opencontainers.image.ref.name\":\"v1\"},\"artifactType\":\"application/x.test\"}]}",
             desc.digest.text, m->len);
    CHECK_STR(layout_index(), want);
    oci_bytes_unref(m);
    layout_end();
}

TEST(a_manifest_that_index_json_does_not_name_is_found_by_its_digest)
{
    layout_begin();
    struct oci_desc desc, found = {0};
    struct oci_bytes *m = kit_manifest(&layout_host, layout_store, 1, &desc), *layer = scratch_bytes(1001, 1),
                     *got = NULL;
    struct oci_desc blob = scratch_desc(layer, "sha256");
    CHECK_INT(kit_put(&layout_host, layout_store, m, "sha256", NULL, NULL), OCI_OK);
    CHECK_INT(kit_get_manifest(&layout_host, layout_store, desc.digest.text, &found, &got, NULL), OCI_OK);
    CHECK_STR(found.media_type, OCI_TYPE_MANIFEST);
    oci_desc_done(&found);
    oci_bytes_unref(got);
    CHECK_INT(kit_put(&layout_host, layout_store, layer, "sha256", NULL, NULL), OCI_OK);
    CHECK_INT(kit_get_manifest(&layout_host, layout_store, blob.digest.text, &found, &got, NULL), OCI_NOT_FOUND);
    CHECK_STR(kit_tags(&layout_host, layout_store), "");
    oci_bytes_unref(m);
    oci_bytes_unref(layer);
    layout_end();
}

TEST(a_manifest_is_verified)
{
    layout_begin();
    struct oci_desc desc;
    struct oci_bytes *m = kit_manifest(&layout_host, layout_store, 1, &desc), *got = NULL;
    struct oci_desc wrong = desc;
    wrong.digest.text[8] = wrong.digest.text[8] == '0' ? '1' : '0';
    CHECK_INT(kit_put_manifest(&layout_host, layout_store, &wrong, m, "v1", NULL), OCI_DIGEST_MISMATCH);
    CHECK_STR(kit_tags(&layout_host, layout_store), "");
    CHECK(!scratch_exists(layout_blob(&wrong.digest)));
    CHECK_INT(kit_put_manifest(&layout_host, layout_store, &desc, m, "v1", NULL), OCI_OK);
    struct oci_bytes *other = scratch_bytes(m->len, 3);
    scratch_write(layout_blob(&desc.digest), other->p, other->len);
    CHECK_INT(kit_get_manifest(&layout_host, layout_store, "v1", NULL, &got, NULL), OCI_DIGEST_MISMATCH);
    CHECK_INT(kit_get_manifest(&layout_host, layout_store, desc.digest.text, NULL, &got, NULL), OCI_DIGEST_MISMATCH);
    scratch_write(layout_blob(&desc.digest), m->p, m->len - 1);
    CHECK_INT(kit_get_manifest(&layout_host, layout_store, "v1", NULL, &got, NULL), OCI_SIZE_MISMATCH);
    CHECK_INT(unlink(layout_blob(&desc.digest)), 0);
    CHECK_INT(kit_get_manifest(&layout_host, layout_store, "v1", NULL, &got, NULL), OCI_NOT_FOUND);
    CHECK(!got);
    oci_bytes_unref(m);
    oci_bytes_unref(other);
    layout_end();
}

TEST(tags_move_and_come_off)
{
    layout_begin();
    struct oci_desc a, b, found = {0};
    struct oci_bytes *ma = kit_manifest(&layout_host, layout_store, 1, &a),
                     *mb = kit_manifest(&layout_host, layout_store, 2, &b);
    CHECK_INT(kit_put_manifest(&layout_host, layout_store, &a, ma, "v2", NULL), OCI_OK);
    CHECK_INT(kit_put_manifest(&layout_host, layout_store, &a, ma, "v1", NULL), OCI_OK);
    CHECK_INT(kit_put_manifest(&layout_host, layout_store, &b, mb, "latest", NULL), OCI_OK);
    CHECK_STR(kit_tags(&layout_host, layout_store), "latest v1 v2");
    CHECK_INT(kit_put_manifest(&layout_host, layout_store, &b, mb, "v1", NULL), OCI_OK);
    CHECK_STR(kit_tags(&layout_host, layout_store), "latest v1 v2");
    CHECK_INT(kit_get_manifest(&layout_host, layout_store, "v1", &found, NULL, NULL), OCI_OK);
    CHECK_STR(found.digest.text, b.digest.text);
    oci_desc_done(&found);
    CHECK_INT(kit_untag(&layout_host, layout_store, "v1", NULL), OCI_OK);
    CHECK_STR(kit_tags(&layout_host, layout_store), "latest v2");
    struct oci_err err;
    CHECK_INT(kit_untag(&layout_host, layout_store, "v1", &err), OCI_NOT_FOUND);
    CHECK(strstr(err.text, "v1"));
    /* The last name of a manifest: it stays, and stays listed. */
    CHECK_INT(kit_untag(&layout_host, layout_store, "v2", NULL), OCI_OK);
    CHECK_STR(kit_tags(&layout_host, layout_store), "latest");
    CHECK(strstr(layout_index(), a.digest.text));
    CHECK_INT(kit_get_manifest(&layout_host, layout_store, a.digest.text, NULL, NULL, NULL), OCI_OK);
    /* Named again, it is listed once. */
    CHECK_INT(kit_put_manifest(&layout_host, layout_store, &a, ma, "again", NULL), OCI_OK);
    const char *first = strstr(layout_index(), a.digest.text);
    CHECK(first && !strstr(first + 1, a.digest.text));
    oci_bytes_unref(ma);
    oci_bytes_unref(mb);
    layout_end();
}

TEST(a_push_by_digest_is_listed_once)
{
    layout_begin();
    struct oci_desc desc;
    struct oci_bytes *m = kit_manifest(&layout_host, layout_store, 1, &desc);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(kit_put_manifest(&layout_host, layout_store, &desc, m, i == 1 ? "v1" : NULL, NULL), OCI_OK);
        const char *first = strstr(layout_index(), desc.digest.text);
        CHECK(first && !strstr(first + 1, desc.digest.text));
    }
    CHECK_STR(kit_tags(&layout_host, layout_store), "v1");
    oci_bytes_unref(m);
    layout_end();
}

#define D64 "\"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\""
#define ENTRY(type, more) "{\"mediaType\":\"" type "\",\"digest\":" D64 ",\"size\":5" more "}"
#define NAMED(name) ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"" name "\",\"b\":\"c\"}"

TEST(what_others_wrote_into_index_json_stays_where_it_is)
{
    layout_begin();
    struct oci_desc desc;
    struct oci_bytes *m = kit_manifest(&layout_host, layout_store, 1, &desc);
    scratch_text(scratch_path("layout/index.json"),
                 "{ \"x-first\": [1, 2.5, {\"a\": null}], \"manifests\": [\n"
                 "  " ENTRY("application/xml", ",\"x\":true" NAMED("weird")) ", 17,\n"
                 "  " ENTRY("a/b", NAMED("v1")) ",\n"
                 "  " ENTRY("a/b", ",\"platform\":{\"os\":\"linux\"}") "], \"schemaVersion\":2,"
                 "  \"annotations\":{\"k\":\"v\"} }");
    CHECK_INT(kit_put_manifest(&layout_host, layout_store, &desc, m, "v1", NULL), OCI_OK);
    CHECK_INT(kit_put_manifest(&layout_host, layout_store, &desc, m, "v2", NULL), OCI_OK);
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
    CHECK_STR(layout_index(), want);
    CHECK_STR(kit_tags(&layout_host, layout_store), "v1 v2 weird");
    oci_bytes_unref(m);
    layout_end();
}

TEST(of_the_same_name_twice_the_last_counts)
{
    layout_begin();
    struct oci_desc a, b, found = {0};
    struct oci_bytes *ma = kit_manifest(&layout_host, layout_store, 1, &a),
                     *mb = kit_manifest(&layout_host, layout_store, 2, &b);
    CHECK_INT(kit_put_manifest(&layout_host, layout_store, &a, ma, "v1", NULL), OCI_OK);
    CHECK_INT(kit_put_manifest(&layout_host, layout_store, &b, mb, "v2", NULL), OCI_OK);
    char text[4096];
    snprintf(text, sizeof text, "%s", layout_index());
    memcpy(strstr(text, "\"v2\""), "\"v1\"", 4);
    scratch_text(scratch_path("layout/index.json"), text);
    CHECK_INT(kit_get_manifest(&layout_host, layout_store, "v1", &found, NULL, NULL), OCI_OK);
    CHECK_STR(found.digest.text, b.digest.text);
    oci_desc_done(&found);
    CHECK_STR(kit_tags(&layout_host, layout_store), "v1");
    CHECK_INT(kit_put_manifest(&layout_host, layout_store, &a, ma, "v1", NULL), OCI_OK);
    CHECK(!strstr(layout_index(), b.digest.text));
    oci_bytes_unref(ma);
    oci_bytes_unref(mb);
    layout_end();
}

TEST(a_removed_manifest_goes_with_all_its_tags)
{
    layout_begin();
    struct oci_desc a, b;
    struct oci_bytes *ma = kit_manifest(&layout_host, layout_store, 1, &a),
                     *mb = kit_manifest(&layout_host, layout_store, 2, &b);
    CHECK_INT(kit_put_manifest(&layout_host, layout_store, &a, ma, "v1", NULL), OCI_OK);
    CHECK_INT(kit_put_manifest(&layout_host, layout_store, &a, ma, "v2", NULL), OCI_OK);
    CHECK_INT(kit_put_manifest(&layout_host, layout_store, &b, mb, "other", NULL), OCI_OK);
    CHECK_INT(kit_remove(&layout_host, layout_store, &a.digest, NULL), OCI_OK);
    CHECK_STR(kit_tags(&layout_host, layout_store), "other");
    CHECK(!scratch_exists(layout_blob(&a.digest)));
    CHECK_INT(kit_get_manifest(&layout_host, layout_store, a.digest.text, NULL, NULL, NULL), OCI_NOT_FOUND);
    CHECK_INT(kit_remove(&layout_host, layout_store, &a.digest, NULL), OCI_NOT_FOUND);
    CHECK_INT(kit_get_manifest(&layout_host, layout_store, "other", NULL, NULL, NULL), OCI_OK);
    /* A layer is no manifest. */
    struct oci_bytes *layer = scratch_bytes(1002, 2);
    struct oci_desc blob = scratch_desc(layer, "sha256");
    CHECK(scratch_exists(layout_blob(&blob.digest)));
    CHECK_INT(kit_remove(&layout_host, layout_store, &blob.digest, NULL), OCI_NOT_FOUND);
    CHECK(scratch_exists(layout_blob(&blob.digest)));
    oci_bytes_unref(layer);
    oci_bytes_unref(ma);
    oci_bytes_unref(mb);
    layout_end();
}

TEST(what_an_index_names_is_not_removed_under_it)
{
    layout_begin();
    struct oci_desc a, d;
    struct oci_bytes *ma = kit_manifest(&layout_host, layout_store, 1, &a);
    struct oci_index_spec spec = {.manifests = &a, .count = 1};
    struct oci_manifest *inner, *outer;
    CHECK_INT(kit_put(&layout_host, layout_store, ma, "sha256", NULL, NULL), OCI_OK);
    CHECK_INT(oci_index_build(&spec, &inner, NULL), OCI_OK);
    CHECK_INT(kit_put(&layout_host, layout_store, inner->bytes, "sha256", NULL, NULL), OCI_OK);
    oci_desc_set(&d, OCI_TYPE_INDEX, &inner->self.digest, inner->self.size);
    spec.manifests = &d;
    CHECK_INT(oci_index_build(&spec, &outer, NULL), OCI_OK);
    struct oci_desc o;
    oci_desc_set(&o, OCI_TYPE_INDEX, &outer->self.digest, outer->self.size);
    CHECK_INT(kit_put_manifest(&layout_host, layout_store, &o, outer->bytes, "multi", NULL), OCI_OK);
    CHECK_INT(kit_remove(&layout_host, layout_store, &a.digest, NULL), OCI_DENIED);
    CHECK(scratch_exists(layout_blob(&a.digest)));
    /* Listed itself, it loses its entries only. */
    CHECK_INT(kit_put_manifest(&layout_host, layout_store, &a, ma, "single", NULL), OCI_OK);
    CHECK_INT(kit_remove(&layout_host, layout_store, &a.digest, NULL), OCI_OK);
    CHECK_STR(kit_tags(&layout_host, layout_store), "multi");
    CHECK(scratch_exists(layout_blob(&a.digest)));
    CHECK_INT(kit_remove(&layout_host, layout_store, &o.digest, NULL), OCI_OK);
    CHECK_INT(kit_remove(&layout_host, layout_store, &d.digest, NULL), OCI_OK);
    CHECK_INT(kit_remove(&layout_host, layout_store, &a.digest, NULL), OCI_OK);
    CHECK(!scratch_exists(layout_blob(&a.digest)));
    oci_manifest_free(inner);
    oci_manifest_free(outer);
    oci_bytes_unref(ma);
    layout_end();
}
