/* The whole core through oci.h: real files to a layout, to memory, and (OCI_TEST_REGISTRY=HOST:PORT) to a
 * registry, copied among them, pulled back and compared. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ops.h"
#include "scratch.h"
#include "test.h"

#define CONFIG_TYPE   "application/vnd.example.config.v1+json"
#define ARTIFACT_TYPE "application/vnd.example.thing"

/* ---- a real directory ---- */

static const char *const plain_files[] = {"empty", "small.txt", "docs/guide.md", "big.bin"};

/* Files of each kind of size: none, one block, past the size from which a hash follows in another thread; and
 * a directory. */
static void make_files(const char *dir)
{
    struct oci_bytes *big = scratch_bytes((9u << 20) + 123, 1);
    const char *const dirs[] = {"", "/docs", "/pack", "/pack/a"};
    for (size_t i = 0; i < 4; i++)
        CHECK_INT(mkdir(ops_text("%s%s", dir, dirs[i]), 0755), 0);
    scratch_write(ops_text("%s/big.bin", dir), big->p, big->len);
    scratch_write(ops_text("%s/empty", dir), "", 0);
    scratch_text(ops_text("%s/small.txt", dir), "hello\n");
    scratch_text(ops_text("%s/docs/guide.md", dir), "# Guide\n");
    scratch_text(ops_text("%s/pack/a/one.txt", dir), "one\n");
    scratch_text(ops_text("%s/pack/two.txt", dir), "two\n");
    oci_bytes_unref(big);
}

static struct oci_content file_content(const char *dir, const char *name)
{
    return (struct oci_content){
        .kind = OCI_CONTENT_FILE, .path = strdup(ops_text("%s/%s", dir, name)), .title = name};
}

/* The four files and the packed directory. */
static void fill_contents(struct oci_content list[5], const char *dir)
{
    for (size_t i = 0; i < 4; i++)
        list[i] = file_content(dir, plain_files[i]);
    list[4] = file_content(dir, "pack");
}

static void free_contents(struct oci_content *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free((char *)(uintptr_t)list[i].path);
}

static const char *push_files(const struct oci_reference *to, const char *dir)
{
    struct oci_content list[5];
    fill_contents(list, dir);
    const struct oci_push_spec spec = {.root.artifact_type = ARTIFACT_TYPE, .root.contents = list, .root.count = 5};
    const char *digest = ops_push(to, &spec);
    free_contents(list, 5);
    return digest;
}

static void check_same(const char *a, const char *b)
{
    CHECK(strcmp(a, b) != 0);
    char *tree = strdup(scratch_tree(a));
    CHECK_STR(scratch_tree(b), tree);
    for (char *name = strtok(tree, "\n"); name; name = strtok(NULL, "\n")) {
        if (name[strlen(name) - 1] == '/')
            continue;
        struct oci_bytes *want = scratch_read(ops_text("%s/%s", a, name));
        if (!want || !scratch_has(ops_text("%s/%s", b, name), want->p, want->len))
            FAIL("%s/%s is not %s/%s", b, name, a, name);
        oci_bytes_unref(want);
    }
    free(tree);
}

static void pull_and_compare(const struct oci_reference *from, const char *digest, const char *files)
{
    static unsigned n;
    char *to = strdup(scratch_path("pulled%u", n++));
    struct oci_op *op = ops_pull(from, to);
    const struct oci_result *r = ops_result(op);
    CHECK_STR(r->desc.desc.digest.text, digest);
    CHECK_INT(r->file_count, 5);
    CHECK_STR(r->files[0].title, "empty");
    CHECK_STR(r->files[0].path, ops_text("%s/empty", to));
    CHECK_STR(r->files[0].state, "fetched");
    CHECK_STR(r->files[4].state, "unpacked");
    CHECK(r->bytes && r->bytes->len == r->desc.desc.size);
    oci_op_free(op);
    check_same(files, to);
    /* Once more: everything is there. */
    op = ops_pull(from, to);
    r = ops_result(op);
    CHECK_STR(r->files[3].state, "unchanged");
    oci_op_free(op);
    check_same(files, to);
    free(to);
}

static char *make_source(void)
{
    char *dir = strdup(scratch_path("files"));
    make_files(dir);
    return dir;
}

TEST(files_go_to_a_layout_and_come_back)
{
    ops_begin();
    char *files = make_source();
    const struct oci_reference *at = ops_ref("oci:%s/layout:v1", scratch_dir());
    const char *digest = push_files(at, files);
    pull_and_compare(at, digest, files);
    pull_and_compare(ops_ref("oci:%s/layout@%s", scratch_dir(), digest), digest, files);
    free(files);
    ops_end();
    CHECK_INT(ops_threads(), 0); /* with the last mailbox the engine and the pool are gone */
}

TEST(files_go_to_memory_and_come_back)
{
    ops_begin();
    char *files = make_source();
    const char *digest = push_files(ops_ref("memory:here:v1"), files);
    pull_and_compare(ops_ref("memory:here:v1"), digest, files);
    free(files);
    ops_end();
}

TEST(a_copy_goes_from_place_to_place)
{
    ops_begin();
    char *files = make_source();
    const char *digest = push_files(ops_ref("oci:%s/one:v1", scratch_dir()), files);
    CHECK_STR(ops_copy(ops_ref("oci:%s/one:v1", scratch_dir()), ops_ref("memory:between:v2")), digest);
    /* Without a tag of its own the destination gets the source's. */
    CHECK_STR(ops_copy(ops_ref("memory:between:v2"), ops_ref("oci:%s/two", scratch_dir())), digest);
    pull_and_compare(ops_ref("oci:%s/two:v2", scratch_dir()), digest, files);
    /* A destination with a digest takes that one or nothing. */
    CHECK_STR(ops_copy(ops_ref("memory:between:v2"), ops_ref("memory:by-digest@%s", digest)), digest);
    struct oci_op *op = NULL;
    const struct oci_reference *other = ops_ref("memory:by-digest@sha256:%064d", 7);
    CHECK_INT(oci_start_copy(ops_client, ops_mailbox, ops_ref("memory:between:v2"), other, NULL, 0, NULL, &op,
                             NULL),
              OCI_OK);
    CHECK_INT(ops_error(op)->code, OCI_DIGEST_MISMATCH);
    oci_op_free(op);
    free(files);
    ops_end();
}

TEST(a_registry_does_all_of_it)
{
    const char *registry = getenv("OCI_TEST_REGISTRY");
    if (!registry)
        SKIP("OCI_TEST_REGISTRY is not set");
    ops_begin();
    char *files = make_source();
    char *name = strdup(ops_text("%s/client-test/%d", registry, (int)getpid()));
    const char *digest = push_files(ops_ref("%s:v1", name), files);
    pull_and_compare(ops_ref("%s:v1", name), digest, files);
    CHECK_STR(ops_copy(ops_ref("%s:v1", name), ops_ref("%s-copy:v1", name)), digest);
    CHECK_STR(ops_copy(ops_ref("%s-copy:v1", name), ops_ref("oci:%s/layout:v1", scratch_dir())), digest);
    CHECK_STR(ops_copy(ops_ref("oci:%s/layout:v1", scratch_dir()), ops_ref("%s-back:v1", name)), digest);
    pull_and_compare(ops_ref("%s-back:v1", name), digest, files);

    struct oci_op *op = ops_simple(OCI_TAGS, ops_ref("%s", name));
    CHECK_INT(ops_result(op)->name_count, 1);
    CHECK_STR(ops_result(op)->names[0], "v1");
    oci_op_free(op);
    op = ops_simple(OCI_RESOLVE, ops_ref("%s:v1", name));
    CHECK_STR(ops_result(op)->desc.reference, ops_text("%s@%s", name, digest));
    oci_op_free(op);
    op = ops_simple(OCI_RESOLVE, ops_ref("%s:none", name));
    CHECK_INT(ops_error(op)->code, OCI_NOT_FOUND);
    printf("# %s\n", ops_error(op)->text);
    oci_op_free(op);
    free(name);
    free(files);
    ops_end();
}

/* ---- what a push makes ---- */

static const struct oci_content hello = {.kind = OCI_CONTENT_BYTES, .title = "hello.txt"};

static struct oci_content bytes_content(struct oci_bytes *b, const char *title)
{
    struct oci_content c = hello;
    c.bytes = b;
    c.title = title;
    return c;
}

TEST(a_build_is_the_push_that_is_not_sent)
{
    ops_begin();
    char *files = make_source();
    struct oci_content list[5];
    fill_contents(list, files);
    const struct oci_push_spec spec = {.root.artifact_type = ARTIFACT_TYPE, .root.contents = list, .root.count = 5};
    struct oci_op *op = NULL;
    CHECK_INT(oci_start_build(ops_client, ops_mailbox, &spec, NULL, &op, NULL), OCI_OK);
    const struct oci_result *r = ops_result(op);
    CHECK(r->desc.reference == NULL);
    const char *m_digest = ops_push(ops_ref("memory:x:1"), &spec);
    CHECK_STR(m_digest, r->desc.desc.digest.text);

    struct oci_manifest *m = NULL;
    CHECK_INT(oci_manifest_parse(r->bytes, r->desc.desc.media_type, NULL, &m, NULL), OCI_OK);
    CHECK_STR(oci_manifest_artifact_type(m), ARTIFACT_TYPE);
    CHECK_STR(m->config.media_type, OCI_TYPE_EMPTY);
    CHECK_STR(m->items[1].media_type, OCI_TYPE_OCTETS);
    CHECK_STR(m->items[4].media_type, OCI_TYPE_LAYER_TAR_GZIP);
    CHECK_STR(oci_desc_annotation(&m->items[4], OCI_ANNOTATION_UNPACK), "true");
    struct oci_digest tar;
    const char *said = oci_desc_annotation(&m->items[4], OCI_ANNOTATION_CONTENT_DIGEST);
    CHECK(said && oci_digest_parse(oci_str_of(said), &tar, NULL) == OCI_OK);
    oci_manifest_free(m);
    oci_op_free(op);
    /* A reference with a digest takes that manifest and no other. */
    CHECK_STR(ops_push(ops_ref("memory:x@%s", m_digest), &spec), m_digest);
    const struct oci_reference *other = ops_ref("memory:x@sha256:%064d", 1);
    CHECK_INT(oci_start_push(ops_client, ops_mailbox, other, &spec, NULL, &op, NULL), OCI_OK);
    CHECK_INT(ops_error(op)->code, OCI_DIGEST_MISMATCH);
    oci_op_free(op);
    free_contents(list, 5);
    free(files);
    ops_end();
}

TEST(an_artifact_has_a_type)
{
    ops_begin();
    struct oci_bytes *b = oci_bytes_new("hi", 2);
    struct oci_content list[1] = {bytes_content(b, "hi")};
    struct oci_push_spec spec = {.root.contents = list, .root.count = 1};
    char warning[300] = "";
    ops_push(ops_ref("memory:x:none"), &spec);
    CHECK(oci_client_warning(ops_client, warning, sizeof warning));
    CHECK(strstr(warning, OCI_TYPE_UNKNOWN_ARTIFACT));
    CHECK(!oci_client_warning(ops_client, warning, sizeof warning));
    struct oci_op *op = ops_simple(OCI_FETCH_MANIFEST, ops_ref("memory:x:none"));
    CHECK(strstr(ops_result(op)->bytes->p, OCI_TYPE_UNKNOWN_ARTIFACT));
    oci_op_free(op);

    /* With a config's media type none is written, and nobody is warned. */
    struct oci_content config = {.kind = OCI_CONTENT_BYTES, .bytes = b, .media_type = CONFIG_TYPE};
    spec.root.config = &config;
    ops_push(ops_ref("memory:x:config"), &spec);
    CHECK(!oci_client_warning(ops_client, warning, sizeof warning));
    op = ops_simple(OCI_FETCH_MANIFEST, ops_ref("memory:x:config"));
    CHECK(!strstr(ops_result(op)->bytes->p, "artifactType"));
    oci_op_free(op);
    op = ops_simple(OCI_FETCH_CONFIG, ops_ref("memory:x:config"));
    CHECK_INT(ops_result(op)->bytes->len, 2);
    CHECK_STR(ops_result(op)->desc.desc.media_type, CONFIG_TYPE);
    oci_op_free(op);
    oci_bytes_unref(b);
    ops_end();
}

/* ---- the small calls ---- */

TEST(tags_come_and_go)
{
    ops_begin();
    struct oci_bytes *b = oci_bytes_new("hi", 2);
    struct oci_content list[1] = {bytes_content(b, "hi")};
    const char *const more[] = {"v1.2", "v1", "v1.2"};
    const struct oci_push_spec spec = {
        .root.artifact_type = ARTIFACT_TYPE, .root.contents = list, .root.count = 1, .tags = more, .tag_count = 3};
    const char *layout = ops_text("oci:%s/layout", scratch_dir());
    struct oci_op *op = NULL;
    CHECK_INT(oci_start_push(ops_client, ops_mailbox, ops_ref("%s", layout), &spec, NULL, &op, NULL), OCI_OK);
    const struct oci_result *r = ops_result(op);
    const char *digest = strdup(r->desc.desc.digest.text);
    CHECK_STR(r->desc.reference, ops_text("%s@%s", layout, digest));
    CHECK_STR(r->desc.tags[0], "v1.2");
    CHECK_STR(r->desc.tags[1], "v1");
    CHECK(!r->desc.tags[2]);
    oci_op_free(op);

    const char *const another[] = {"stable"};
    CHECK_INT(oci_start_tag(ops_client, ops_mailbox, ops_ref("%s:v1", layout), another, 1, NULL, &op, NULL),
              OCI_OK);
    CHECK_STR(ops_result(op)->desc.desc.digest.text, digest);
    oci_op_free(op);
    op = ops_simple(OCI_UNTAG, ops_ref("%s:v1", layout));
    ops_result(op);
    oci_op_free(op);
    op = ops_simple(OCI_TAGS, ops_ref("%s", layout));
    r = ops_result(op);
    CHECK_INT(r->name_count, 2);
    CHECK_STR(r->names[0], "stable");
    CHECK_STR(r->names[1], "v1.2");
    oci_op_free(op);
    op = ops_simple(OCI_DELETE, ops_ref("%s:stable", layout));
    ops_result(op);
    oci_op_free(op);
    op = ops_simple(OCI_RESOLVE, ops_ref("%s@%s", layout, digest));
    CHECK_INT(ops_error(op)->code, OCI_NOT_FOUND);
    oci_op_free(op);
    free((char *)(uintptr_t)digest);
    oci_bytes_unref(b);
    ops_end();
}

TEST(blobs_are_put_and_read)
{
    ops_begin();
    struct oci_bytes *b = scratch_bytes(300000, 3);
    struct oci_desc want = scratch_desc(b, OCI_SHA256);
    const struct oci_content content = bytes_content(b, NULL);
    const struct oci_reference *at = ops_ref("oci:%s/layout@%s", scratch_dir(), want.digest.text);
    struct oci_op *op = NULL;
    CHECK_INT(oci_start_push_blob(ops_client, ops_mailbox, at, &content, false, NULL, &op, NULL), OCI_OK);
    CHECK_STR(ops_result(op)->desc.desc.digest.text, want.digest.text);
    CHECK_INT(ops_result(op)->desc.desc.size, 300000);
    oci_op_free(op);
    op = ops_simple(OCI_STAT_BLOB, at);
    CHECK_INT(ops_result(op)->desc.desc.size, 300000);
    oci_op_free(op);
    CHECK_INT(oci_start_fetch_blob(ops_client, ops_mailbox, at, 0, OCI_SIZE_UNKNOWN, 0, NULL, &op, NULL),
              OCI_OK);
    CHECK_INT(ops_result(op)->bytes->len, 300000);
    CHECK_MEM(ops_result(op)->bytes->p, b->p, 300000);
    oci_op_free(op);
    CHECK_INT(oci_start_fetch_blob(ops_client, ops_mailbox, at, 1000, 500, 0, NULL, &op, NULL), OCI_OK);
    CHECK_INT(ops_result(op)->bytes->len, 500);
    CHECK_MEM(ops_result(op)->bytes->p, b->p + 1000, 500);
    oci_op_free(op);
    CHECK_INT(oci_start_fetch_blob(ops_client, ops_mailbox, at, 0, OCI_SIZE_UNKNOWN, 1000, NULL, &op, NULL),
              OCI_OK);
    CHECK_INT(ops_error(op)->code, OCI_LIMIT);
    oci_op_free(op);
    CHECK_INT(oci_start_digest(ops_client, ops_mailbox, &content, OCI_SHA512, NULL, &op, NULL), OCI_OK);
    struct oci_desc sha512 = scratch_desc(b, OCI_SHA512);
    CHECK_STR(ops_result(op)->desc.desc.digest.text, sha512.digest.text);
    oci_op_free(op);
    oci_bytes_unref(b);
    ops_end();
}

TEST(a_manifest_is_pushed_as_it_is)
{
    ops_begin();
    struct oci_bytes *b = oci_bytes_new("hi", 2);
    struct oci_content list[1] = {bytes_content(b, "hi")};
    const struct oci_push_spec spec = {.root.artifact_type = ARTIFACT_TYPE, .root.contents = list, .root.count = 1};
    const char *digest = ops_push(ops_ref("memory:x:1"), &spec);
    struct oci_op *op = ops_simple(OCI_FETCH_MANIFEST, ops_ref("memory:x:1"));
    struct oci_bytes *manifest = oci_bytes_ref(ops_result(op)->bytes);
    oci_op_free(op);
    CHECK_INT(oci_start_push_manifest(ops_client, ops_mailbox, ops_ref("memory:x:2@%s", digest), manifest,
                                      NULL, NULL, 0, NULL, &op, NULL),
              OCI_OK);
    CHECK_STR(ops_result(op)->desc.desc.digest.text, digest);
    CHECK_STR(ops_result(op)->desc.tags[0], "2");
    oci_op_free(op);
    op = ops_simple(OCI_RESOLVE, ops_ref("memory:x:2"));
    CHECK_STR(ops_result(op)->desc.desc.digest.text, digest);
    oci_op_free(op);
    struct oci_err err = {0};
    CHECK_INT(oci_start_push_manifest(ops_client, ops_mailbox, ops_ref("memory:x@sha256:%064d", 1), manifest,
                                      NULL, NULL, 0, NULL, &op, &err),
              OCI_DIGEST_MISMATCH);
    oci_bytes_unref(manifest);
    oci_bytes_unref(b);
    ops_end();
}

/* ---- what goes wrong is said well ---- */

static void check_error(struct oci_op *op, int code, const char *text)
{
    const struct oci_err *err = ops_error(op);
    CHECK_STR(oci_err_name(err->code), oci_err_name(code));
    CHECK_STR(err->text, text);
    oci_op_free(op);
}

TEST(errors_name_the_call_and_the_place_once)
{
    ops_begin();
    struct oci_op *op = NULL;
    struct oci_err err = {0};
    const struct oci_pull_options pull = {.to = scratch_dir(), .unpack = -1};
    CHECK_INT(oci_start_pull(ops_client, ops_mailbox, ops_ref("oci-archive:x.tar:1"), &pull, NULL, &op, &err),
              OCI_UNSUPPORTED);
    CHECK_STR(err.text, "pull oci-archive:x.tar:1: oci-archive: is not supported yet");
    check_error(ops_simple(OCI_DELETE, ops_ref("memory:x")), OCI_INVALID,
                "delete memory:x: the reference names neither a tag nor a digest");
    check_error(ops_simple(OCI_STAT_BLOB, ops_ref("memory:x:1")), OCI_INVALID,
                "stat_blob memory:x:1: the reference names no digest");
    const struct oci_content missing = {.kind = OCI_CONTENT_FILE, .path = "/nowhere/at-all", .title = "x"};
    const struct oci_push_spec spec = {.root.artifact_type = ARTIFACT_TYPE, .root.contents = &missing, .root.count = 1};
    CHECK_INT(oci_start_push(ops_client, ops_mailbox, ops_ref("memory:x:1"), &spec, NULL, &op, NULL), OCI_OK);
    CHECK_STR(ops_error(op)->path, "/nowhere/at-all");
    check_error(op, OCI_NOT_FOUND, "push memory:x:1: cannot look at /nowhere/at-all: No such file or directory");
    op = ops_pull(ops_ref("memory:x:1"), scratch_dir());
    printf("# %s\n", ops_error(op)->text);
    CHECK_INT(ops_error(op)->code, OCI_NOT_FOUND);
    oci_op_free(op);
    op = ops_pull(ops_ref("oci:%s/none:1", scratch_dir()), scratch_dir());
    printf("# %s\n", ops_error(op)->text);
    CHECK_INT(ops_error(op)->code, OCI_NOT_FOUND);
    oci_op_free(op);
    ops_end();
}

TEST(what_no_pull_would_take_is_not_pushed)
{
    ops_begin();
    struct oci_bytes *b = oci_bytes_new("hi", 2);
    struct oci_content list[1] = {bytes_content(b, "../up")};
    const struct oci_push_spec spec = {.root.artifact_type = ARTIFACT_TYPE, .root.contents = list, .root.count = 1};
    struct oci_op *op = NULL;
    CHECK_INT(oci_start_push(ops_client, ops_mailbox, ops_ref("memory:x:1"), &spec, NULL, &op, NULL),
              OCI_UNSAFE_PATH);
    list[0].title = "fine";
    const char *const bad[] = {"no spaces"};
    struct oci_push_spec tagged = spec;
    tagged.tags = bad;
    tagged.tag_count = 1;
    CHECK_INT(oci_start_push(ops_client, ops_mailbox, ops_ref("memory:x:1"), &tagged, NULL, &op, NULL),
              OCI_INVALID);
    oci_bytes_unref(b);
    ops_end();
}
