/* Plain files: what a pull leaves in a directory, and what it does not. The artifact is in an image layout, the
 * flow is the one that users' pulls are. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "content/block.h"
#include "content/content_kinds.h"
#include "flow/graph.h"
#include "pack/pack.h"
#include "scratch.h"
#include "store_kit.h"
#include "sys/file.h"
#include "test.h"
#include "tree.h"

#define MIB (1024u * 1024u)

static struct pool_host host;
static struct oci_store *store;
static struct oci_files_options options;
static struct oci_err err;
/* What came of the last pull: "path state\n" of each file. */
static char result[65536];

static void begin(void)
{
    pool_host_init(&host);
    store = oci_store_layout(&host.host, scratch_path("layout"), true);
    options = (struct oci_files_options){.to = oci_strdup(scratch_path("to")), .unpack = -1};
}

static void end(void)
{
    char *to;
    memcpy(&to, &options.to, sizeof to);
    oci_free(to);
    oci_store_free(store);
    pool_host_done(&host);
    CHECK_INT(oci_blocks_in_use(), 0);
}

static const char *to_tree(void)
{
    return scratch_exists(options.to) ? scratch_tree(options.to) : "(none)";
}

/* ---- artifacts ----------------------------------------------------------------------------- */

struct layer {
    const char *title; /* NULL: none */
    const char *text;
    const char *type;  /* NULL: octets */
};

static struct oci_desc made[200];
static size_t made_count;

static void add_layer(const char *title, struct oci_bytes *data, const char *type)
{
    struct oci_desc *d = &made[made_count++];
    *d = scratch_desc(data, "sha256");
    snprintf(d->media_type, sizeof d->media_type, "%s", type ? type : OCI_TYPE_OCTETS);
    if (title)
        CHECK_INT(oci_desc_annotate(d, OCI_ANNOTATION_TITLE, title), OCI_OK);
    CHECK_INT(kit_put(&host, store, data, "sha256", NULL, NULL), OCI_OK);
}

static void tag_artifact(void)
{
    struct oci_manifest_spec spec = {.artifact_type = "application/x.test", .layers = made, .layer_count = made_count};
    struct oci_manifest *m;
    CHECK_INT(oci_manifest_build(&spec, &m, NULL), OCI_OK);
    struct oci_desc desc;
    oci_desc_set(&desc, OCI_TYPE_MANIFEST, &m->self.digest, m->self.size);
    CHECK_INT(kit_put_manifest(&host, store, &desc, m->bytes, "v1", NULL), OCI_OK);
    oci_manifest_free(m);
    while (made_count > 0)
        oci_desc_done(&made[--made_count]);
}

static void make_artifact(const struct layer *layers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct oci_bytes *data = oci_bytes_new(layers[i].text, strlen(layers[i].text));
        add_layer(layers[i].title, data, layers[i].type);
        oci_bytes_unref(data);
    }
    tag_artifact();
}

#define LAYERS(...) ((const struct layer[]){__VA_ARGS__})
#define ARTIFACT(...) make_artifact(LAYERS(__VA_ARGS__), sizeof LAYERS(__VA_ARGS__) / sizeof(struct layer))

/* A directory packed as a layer, annotated as oras does. */
static void add_packed(const char *dir, const char *prefix, const char *title)
{
    struct oci_source *s = oci_source_packed(dir, prefix, &(struct oci_pack_options){.host = &host.host});
    struct oci_desc desc = {.size = OCI_SIZE_UNKNOWN}, *d = &made[made_count++];
    strcpy(desc.media_type, OCI_TYPE_LAYER_TAR_GZIP);
    CHECK_INT(kit_put_source(&host, store, &desc, s, d, NULL, &err), OCI_OK);
    CHECK_INT(oci_desc_annotate(d, OCI_ANNOTATION_TITLE, title), OCI_OK);
    CHECK_INT(oci_desc_annotate(d, OCI_ANNOTATION_UNPACK, "true"), OCI_OK);
}

static struct oci_pull_target *target;
static struct oci_manifest *pulled;
static struct oci_flow *new_pull(void)
{
    static struct oci_graph_options graph;
    pulled = NULL;
    target = oci_files_new(&host.host, &options);
    CHECK(target);
    return oci_flow_pull_artifact(store, "v1", NULL, target, &graph, NULL, &pulled);
}

static void keep_result(bool ok)
{
    static const char *const states[] = {"fetched", "unchanged", "unpacked"};
    result[0] = '\0';
    for (size_t i = 0; ok && i < oci_files_count(target); i++) {
        const char *path, *title;
        const struct oci_desc *desc;
        enum oci_file_state state;
        oci_files_get(target, i, &path, &title, &desc, &state);
        size_t len = strlen(result), skip = strlen(scratch_dir()) + 1;
        snprintf(result + len, sizeof result - len, "%s %s\n", path[0] == '/' ? path + skip : path, states[state]);
    }
    oci_files_free(target);
    oci_manifest_free(pulled);
}

static int pull(void)
{
    struct oci_flow *f = new_pull();
    err = (struct oci_err){0};
    int rc = pool_host_run(&host, f, &err);
    keep_result(rc == OCI_OK);
    return rc;
}

static bool to_has(const char *name, const char *text)
{
    return scratch_has(scratch_path("to/%s", name), text, strlen(text));
}

/* What is there already, with the directories on the way. */
static void put_before(const char *name, const char *text)
{
    tree_put(scratch_dir(), scratch_path("to/%s", name) + strlen(scratch_dir()) + 1, text, 0644);
}

static void check_mode(const char *name, unsigned mode)
{
    struct stat st;
    CHECK_INT(stat(scratch_path("to/%s", name), &st), 0);
    CHECK_INT(st.st_mode & 07777, mode);
}

/* ---- files --------------------------------------------------------------------------------- */

TEST(files_get_their_titles_and_modes)
{
    begin();
    umask(022);
    ARTIFACT({"a.txt", "aaa", "text/plain"}, {"dir/sub/b", "bbbb", NULL}, {"dir/c", "", NULL},
             {"\xc3\xbcml\xc3\xa4ut", "u", NULL});
    unsigned jobs = host.jobs;
    CHECK_INT(pull(), OCI_OK);
    CHECK_INT(host.jobs - jobs, 3 + 4 * 2); /* the manifest; what is there; each blob's opening and file; their names */
    CHECK_STR(result, "to/a.txt fetched\nto/dir/sub/b fetched\nto/dir/c fetched\nto/\xc3\xbcml\xc3\xa4ut fetched\n");
    CHECK_STR(to_tree(), "a.txt\ndir/\ndir/c\ndir/sub/\ndir/sub/b\n\xc3\xbcml\xc3\xa4ut\n");
    CHECK(to_has("a.txt", "aaa") && to_has("dir/sub/b", "bbbb") && to_has("dir/c", ""));
    check_mode("a.txt", 0644);
    check_mode("dir", 0755);
    /* Again: nothing is fetched. */
    CHECK_INT(pull(), OCI_OK);
    CHECK(strstr(result, "to/a.txt unchanged\n") && !strstr(result, "fetched"));
    end();
}

TEST(large_files_come_through)
{
    begin();
    struct oci_bytes *a = scratch_bytes(9 * MIB, 1), *b = scratch_bytes(300000, 2);
    add_layer("a", a, NULL);
    add_layer("b", b, NULL);
    tag_artifact();
    CHECK_INT(pull(), OCI_OK);
    CHECK(scratch_has(scratch_path("to/a"), a->p, a->len) && scratch_has(scratch_path("to/b"), b->p, b->len));
    CHECK_INT(pull(), OCI_OK);
    CHECK_STR(result, "to/a unchanged\nto/b unchanged\n");
    oci_bytes_unref(a);
    oci_bytes_unref(b);
    end();
}

TEST(layers_without_a_title_are_named_by_digest)
{
    begin();
    struct layer l[] = {{NULL, "{}", "application/x.config+json"}, {NULL, "x", "application/x-unknown"},
                        {NULL, "x", "application/x-unknown"}, {"t", "x", NULL}, {NULL, "{}", OCI_TYPE_EMPTY}};
    make_artifact(l, 5);
    CHECK_INT(pull(), OCI_OK);
    CHECK_STR(to_tree(),
              "sha256-2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881\n"
              "sha256-44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a.json\nt\n");
    CHECK(to_has("t", "x"));
    end();
}

TEST(the_same_content_under_several_titles_is_fetched_once)
{
    begin();
    struct oci_bytes *data = scratch_bytes(300000, 1);
    struct oci_desc desc = scratch_desc(data, "sha256");
    add_layer("a", data, NULL);
    add_layer("b/c", data, NULL);
    add_layer("d", data, NULL);
    tag_artifact();
    CHECK_INT(pull(), OCI_OK);
    CHECK_STR(result, "to/a fetched\nto/b/c fetched\nto/d fetched\n");
    CHECK(scratch_has(scratch_path("to/b/c"), data->p, data->len));
    CHECK(scratch_has(scratch_path("to/d"), data->p, data->len));
    struct stat a, d;
    CHECK_INT(stat(scratch_path("to/a"), &a), 0);
    CHECK_INT(stat(scratch_path("to/d"), &d), 0);
    CHECK(a.st_ino != d.st_ino); /* to change one is not to change the other */
    CHECK_INT(unlink(scratch_path("to/d")), 0);
    CHECK_INT(pull(), OCI_OK);
    CHECK_STR(result, "to/a unchanged\nto/b/c unchanged\nto/d fetched\n");
    CHECK(oci_digest_is(&desc.digest));
    oci_bytes_unref(data);
    end();
}

TEST(into_the_current_directory)
{
    begin();
    char *to;
    memcpy(&to, &options.to, sizeof to);
    CHECK_INT(mkdir(to, 0755), 0);
    CHECK_INT(chdir(to), 0);
    ARTIFACT({"a/b", "1", NULL});
    options.to = ".";
    CHECK_INT(pull(), OCI_OK);
    options.to = to;
    CHECK_STR(result, "a/b fetched\n");
    CHECK_STR(to_tree(), "a/\na/b\n");
    end();
}

/* ---- what is there already ----------------------------------------------------------------- */

TEST(a_different_file_is_kept_unless_told_otherwise)
{
    begin();
    ARTIFACT({"new", "1", NULL}, {"dir/old", "mine", NULL});
    const char *others[] = {"your", "yours"};
    for (int i = 0; i < 2; i++) {
        put_before("dir/old", others[i]);
        unsigned jobs = host.jobs;
        options.overwrite = false;
        CHECK_INT(pull(), OCI_EXISTS);
        CHECK(strstr(err.text, "to/dir/old"));
        CHECK(strstr(err.path, "to/dir/old"));
        CHECK_STR(to_tree(), "dir/\ndir/old\n");
        CHECK(to_has("dir/old", others[i]));
        CHECK(host.jobs - jobs <= 3); /* the manifest, the look, nothing to discard: no download */
        options.overwrite = true;
        CHECK_INT(pull(), OCI_OK);
        CHECK_STR(to_tree(), "dir/\ndir/old\nnew\n");
        CHECK(to_has("dir/old", "mine") && to_has("new", "1"));
        CHECK_INT(unlink(scratch_path("to/new")), 0);
    }
    end();
}

TEST(what_is_no_regular_file_is_in_the_way)
{
    begin();
    ARTIFACT({"x", "1", NULL}, {"d/y", "2", NULL});
    CHECK_INT(mkdir(options.to, 0755), 0);
    tree_put(scratch_dir(), "outside/x", "1", 0644);
    for (int overwrite = 0; overwrite < 2; overwrite++) {
        options.overwrite = overwrite;
        /* a directory where a file should go: never replaced */
        CHECK_INT(mkdir(scratch_path("to/x"), 0755), 0);
        CHECK_INT(pull(), OCI_EXISTS);
        CHECK_INT(rmdir(scratch_path("to/x")), 0);
        /* a file where a directory should be */
        scratch_text(scratch_path("to/d"), "file");
        CHECK_INT(pull(), OCI_EXISTS);
        CHECK(strstr(err.text, "to/d"));
        CHECK_INT(unlink(scratch_path("to/d")), 0);
        /* a link where a directory should be is never followed (T38) */
        CHECK_INT(symlink("../outside", scratch_path("to/d")), 0);
        CHECK_INT(pull(), OCI_UNSAFE_PATH);
        CHECK_STR(scratch_tree(scratch_path("outside")), "x\n");
        CHECK_INT(unlink(scratch_path("to/d")), 0);
        /* a link where a file should go, even to the same content, is replaced at most */
        CHECK_INT(symlink("../outside/x", scratch_path("to/x")), 0);
        CHECK_INT(pull(), overwrite ? OCI_OK : OCI_EXISTS);
        CHECK(scratch_has(scratch_path("outside/x"), "1", 1));
        CHECK_STR(to_tree(), overwrite ? "d/\nd/y\nx\n" : "x\n");
        CHECK_INT(unlink(scratch_path("to/x")), 0);
        /* a FIFO does not hang it */
        CHECK_INT(mkfifo(scratch_path("to/x"), 0600), 0);
        CHECK_INT(pull(), overwrite ? OCI_OK : OCI_EXISTS);
        CHECK_INT(unlink(scratch_path("to/x")), 0);
    }
    end();
}

TEST(the_target_itself_may_be_a_link_and_must_be_a_directory)
{
    begin();
    ARTIFACT({"x", "1", NULL});
    CHECK_INT(mkdir(scratch_path("real"), 0755), 0);
    CHECK_INT(symlink("real", options.to), 0);
    CHECK_INT(pull(), OCI_OK);
    CHECK(to_has("x", "1"));
    CHECK_INT(unlink(options.to), 0);
    scratch_text(options.to, "file");
    int rc = pull();
    CHECK(rc == OCI_EXISTS || rc == OCI_IO);
    CHECK(scratch_has(options.to, "file", 4));
    end();
}

/* ---- titles -------------------------------------------------------------------------------- */

TEST(titles_that_are_no_safe_names_are_refused)
{
    static const char *const bad[] = {
        "", ".", "..", "/", "/abs", "a/", "a//b", "./a", "a/.", "a/..", "a/../b", "../a", "a/../../b", "a\\b", "..\\a",
        "C:\\x", "C:x", "\\\\srv\\x", "x:stream", "a\nb", "a\x1b[1m", "a\x7f", "a\x01", "\xff", "a\xc0\xafz",
        "\xed\xa0\x80", "a\xe2\x80\xae/x", "a\xc2\x85", "a.", "a ", "a./b", "a /b", "CON", "con.txt", "d/AUX",
        "aux.tar.gz", "nul", "Com1", "LPT9.x", "prn ", ".git/config", "x/.GIT/hooks/y", ".git"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        err = (struct oci_err){0};
        if (oci_title_check(bad[i], &err) != OCI_UNSAFE_PATH)
            FAIL("\"%s\" is taken", bad[i]);
        CHECK(strstr(err.text, "title"));
    }
    static const char *const good[] = {"a", "a.b", "a/b/c.tar.gz", "...a", "..a/b..c", " a", "com", "com10", "console",
                                       "aux1", "lpt", ".gitignore", "-rf", "~", "a b", "\xe2\x82\xac", "a'b\"c*?|<>"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        if (oci_title_check(good[i], NULL) != OCI_OK)
            FAIL("\"%s\" is refused", good[i]);
    }
    char big[5000];
    memset(big, 'a', sizeof big);
    big[255] = '\0';
    CHECK_INT(oci_title_check(big, NULL), OCI_OK);
    big[255] = 'a';
    big[256] = '\0';
    CHECK_INT(oci_title_check(big, NULL), OCI_UNSAFE_PATH);
    for (size_t i = 0; i < sizeof big; i++)
        big[i] = i % 2 ? '/' : 'a';
    big[4095] = '\0';
    CHECK_INT(oci_title_check(big, NULL), OCI_OK);
    big[4095] = '/';
    big[4097] = '\0';
    CHECK_INT(oci_title_check(big, NULL), OCI_UNSAFE_PATH);
}

TEST(a_bad_title_is_refused_before_anything_is_made)
{
    begin();
    ARTIFACT({"good", "1", NULL}, {"../evil", "2", NULL});
    CHECK_INT(pull(), OCI_UNSAFE_PATH);
    CHECK_STR(to_tree(), "(none)");
    CHECK(!scratch_exists(scratch_path("evil")));
    end();
}

TEST(titles_that_collide_are_refused)
{
    begin();
    static const char *const pairs[][2] = {{"a", "a"}, {"README", "readme"}, {"a", "a/b"}, {"a/b", "a"}, {"A/b", "a"},
                                           {"x/y/z", "X/Y"}, {"d/a.txt", "D/A.TXT"}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        ARTIFACT({pairs[i][0], "1", NULL}, {pairs[i][1], "2", NULL});
        CHECK_INT(pull(), OCI_INVALID);
        CHECK(strstr(err.text, pairs[i][0]) || strstr(err.text, pairs[i][1]));
        CHECK_STR(to_tree(), "(none)");
    }
    ARTIFACT({"a/b", "1", NULL}, {"a/c", "2", NULL}, {"A/d", "3", NULL}, {"ab", "4", NULL});
    CHECK_INT(pull(), OCI_OK);
    end();
}

/* ---- directories --------------------------------------------------------------------------- */

static void make_tree(void)
{
    tree_put(scratch_dir(), "src/run.sh", "#!/bin/sh\n", 0755);
    tree_put(scratch_dir(), "src/sub/b", "bbb", 0644);
    CHECK_INT(symlink("sub/b", scratch_path("src/link")), 0);
}

TEST(what_was_packed_comes_back_as_a_directory)
{
    begin();
    umask(022);
    make_tree();
    add_packed(scratch_path("src"), "tree", "tree");
    tag_artifact();
    CHECK_INT(pull(), OCI_OK);
    CHECK_STR(result, "to/tree unpacked\n");
    CHECK_STR(to_tree(), "tree/\ntree/link\ntree/run.sh\ntree/sub/\ntree/sub/b\n");
    CHECK(to_has("tree/sub/b", "bbb"));
    check_mode("tree/run.sh", 0755);
    check_mode("tree/sub/b", 0644);
    check_mode("tree", 0755);
    /* Again: merged with itself. */
    CHECK_INT(pull(), OCI_OK);
    CHECK_STR(to_tree(), "tree/\ntree/link\ntree/run.sh\ntree/sub/\ntree/sub/b\n");
    end();
}

/* Such a read still fails: it was not one of those that the pull made. */
static bool a_read_still_fails(unsigned reads)
{
    int fd;
    char c;
    size_t n;
    bool failed = false;
    CHECK_INT(oci_file_open_read(OCI_CWD, scratch_path("src/run.sh"), true, &fd, NULL, NULL), OCI_OK);
    while (reads-- > 0)
        failed = failed || oci_file_pread(fd, &c, 1, 0, &n, NULL) != OCI_OK;
    oci_fd_close(fd);
    return failed;
}

TEST(a_large_directory_where_a_small_one_would_come_is_not_read_to_its_end)
{
    const char *other = "sha256:0000000000000000000000000000000000000000000000000000000000000000";
    begin();
    make_tree();
    add_packed(scratch_path("src"), "tree", "tree");
    CHECK_INT(oci_desc_annotate(&made[0], OCI_ANNOTATION_CONTENT_DIGEST, other), OCI_OK);
    tag_artifact();
    put_before("tree/large", "");
    CHECK_INT(truncate(scratch_path("to/tree/large"), (off_t)3 << 30), 0);
    const unsigned reads = 2500; /* of a MiB each: there are 3072 */
    oci_fault_arm(OCI_FAULT_READ, reads, 1, EIO);
    CHECK_INT(pull(), OCI_DIGEST_MISMATCH); /* of the layer, which is fetched */
    CHECK(a_read_still_fails(reads));
    oci_fault_clear();
    end();
}

TEST(an_archive_is_kept_when_told_so_and_names_without_the_title_land_below_it)
{
    begin();
    make_tree();
    add_packed(scratch_path("src"), "elsewhere", "tree.tgz");
    tag_artifact();
    options.unpack = 0;
    CHECK_INT(pull(), OCI_OK);
    CHECK_STR(to_tree(), "tree.tgz\n");
    CHECK_INT(unlink(scratch_path("to/tree.tgz")), 0);
    options.unpack = -1;
    CHECK_INT(pull(), OCI_OK);
    CHECK_STR(to_tree(), "tree.tgz/\ntree.tgz/elsewhere/\ntree.tgz/elsewhere/link\ntree.tgz/elsewhere/run.sh\n"
                         "tree.tgz/elsewhere/sub/\ntree.tgz/elsewhere/sub/b\n");
    end();
}

TEST(tar_layers_are_unpacked_only_when_told_so)
{
    begin();
    make_tree();
    add_packed(scratch_path("src"), "x", "x");
    oci_json_free(made[0].annotations);
    made[0].annotations = NULL;
    struct oci_desc layer = made[0];
    tag_artifact();
    char name[200], want[400];
    snprintf(name, sizeof name, "sha256-%s", oci_digest_encoded(&layer.digest).p);
    CHECK_INT(pull(), OCI_OK);
    snprintf(want, sizeof want, "%s.tar.gz\n", name);
    CHECK_STR(to_tree(), want);
    options.unpack = 1;
    CHECK_INT(pull(), OCI_OK);
    CHECK(scratch_exists(scratch_path("to/%s/x/sub/b", name)));
    end();
}

TEST(an_existing_directory_is_merged_by_the_same_rule)
{
    static const char merged[] = "t/\nt/link\nt/mine\nt/run.sh\nt/sub/\nt/sub/b\nt/sub/c\n";
    begin();
    umask(022);
    make_tree();
    add_packed(scratch_path("src"), "t", "t");
    tag_artifact();
    put_before("t/mine", "mine");
    put_before("t/sub/c", "ccc");
    CHECK_INT(pull(), OCI_OK);
    CHECK_STR(to_tree(), merged);
    CHECK(to_has("t/mine", "mine"));
    /* Of the same files a program is one again, and no other file; who may read and write it is the user's. */
    CHECK_INT(chmod(scratch_path("to/t/run.sh"), 0640), 0);
    CHECK_INT(chmod(scratch_path("to/t/sub/b"), 0600), 0);
    CHECK_INT(pull(), OCI_OK);
    check_mode("t/run.sh", 0750);
    check_mode("t/sub/b", 0600);
    CHECK_STR(to_tree(), merged);
    /* A different file: none of it, and modes as they were. */
    CHECK_INT(chmod(scratch_path("to/t/run.sh"), 0644), 0);
    CHECK_INT(unlink(scratch_path("to/t/link")), 0);
    scratch_text(scratch_path("to/t/sub/b"), "BBB");
    CHECK_INT(pull(), OCI_EXISTS);
    CHECK(strstr(err.text, "t/sub/b"));
    CHECK_STR(to_tree(), "t/\nt/mine\nt/run.sh\nt/sub/\nt/sub/b\nt/sub/c\n");
    CHECK(to_has("t/sub/b", "BBB"));
    check_mode("t/run.sh", 0644);
    options.overwrite = true;
    CHECK_INT(pull(), OCI_OK);
    CHECK_STR(to_tree(), merged);
    CHECK(to_has("t/sub/b", "bbb"));
    /* A link among its directories is not followed. */
    CHECK_INT(mkdir(scratch_path("outside"), 0755), 0);
    CHECK_INT(oci_dir_remove_all(OCI_CWD, scratch_path("to/t/sub"), NULL), OCI_OK);
    CHECK_INT(symlink("../../outside", scratch_path("to/t/sub")), 0);
    CHECK_INT(pull(), OCI_EXISTS);
    CHECK_STR(scratch_tree(scratch_path("outside")), "");
    /* Nor is the directory itself. */
    CHECK_INT(oci_dir_remove_all(OCI_CWD, scratch_path("to/t"), NULL), OCI_OK);
    CHECK_INT(symlink("../outside", scratch_path("to/t")), 0);
    CHECK_INT(pull(), OCI_UNSAFE_PATH);
    CHECK_STR(scratch_tree(scratch_path("outside")), "");
    end();
}

TEST(what_is_no_archive_leaves_nothing)
{
    begin();
    struct oci_bytes *data = scratch_bytes(5000, 1);
    add_layer("good", data, NULL);
    add_layer("t", data, OCI_TYPE_LAYER_TAR_GZIP);
    CHECK_INT(oci_desc_annotate(&made[1], OCI_ANNOTATION_UNPACK, "true"), OCI_OK);
    tag_artifact();
    CHECK(pull() != OCI_OK);
    CHECK(strstr(err.text, "to/t"));
    CHECK_STR(to_tree(), "(none)");
    oci_bytes_unref(data);
    end();
}

/* ---- bad content --------------------------------------------------------------------------- */

TEST(bad_content_leaves_no_file_at_all)
{
    begin();
    struct oci_bytes *a = scratch_bytes(1000, 1), *b = scratch_bytes(5 * MIB, 2), *bad = scratch_bytes(5 * MIB, 3);
    struct oci_desc desc = scratch_desc(b, "sha256");
    add_layer("a", a, NULL);
    add_layer("d/b", b, NULL);
    tag_artifact();
    const char *path = scratch_path("layout/blobs/sha256/%s", oci_digest_encoded(&desc.digest).p);
    const size_t lengths[] = {5 * MIB, 5 * MIB - 1, 0};
    for (int there = 0; there < 2; there++) {
        if (there)
            CHECK_INT(mkdir(options.to, 0755), 0);
        for (size_t i = 0; i < 3; i++) {
            scratch_write(path, bad->p, lengths[i]);
            CHECK_INT(pull(), i == 0 ? OCI_DIGEST_MISMATCH : OCI_SIZE_MISMATCH);
            CHECK(i > 0 || strstr(err.text, "to/d/b"));
            CHECK_STR(to_tree(), there ? "" : "(none)");
        }
    }
    CHECK_INT(unlink(path), 0);
    CHECK_INT(pull(), OCI_NOT_FOUND);
    CHECK_STR(to_tree(), "");
    oci_bytes_unref(a);
    oci_bytes_unref(b);
    oci_bytes_unref(bad);
    end();
}

TEST(a_digest_that_cannot_be_verified_is_refused_before_the_download)
{
    begin();
    struct oci_bytes *data = scratch_bytes(10, 1);
    add_layer("a", data, NULL);
    CHECK_INT(oci_digest_parse(OCI_STR("md5:900150983cd24fb0d6963f7d28e17f72"), &made[0].digest, NULL), OCI_OK);
    tag_artifact();
    CHECK_INT(pull(), OCI_UNSUPPORTED);
    CHECK_STR(to_tree(), "(none)");
    oci_bytes_unref(data);
    end();
}

/* ---- all or none --------------------------------------------------------------------------- */

static void make_mixed(void)
{
    make_tree();
    struct oci_bytes *big = scratch_bytes(300000, 1);
    add_layer("a", big, NULL);
    add_layer("dir/new/b", big, NULL);
    add_packed(scratch_path("src"), "t", "t");
    struct oci_bytes *c = oci_bytes_new("ccc", 3);
    add_layer("dir/c", c, NULL);
    tag_artifact();
    oci_bytes_unref(big);
    oci_bytes_unref(c);
}

/* What was there before: files that are overwritten, a directory that is merged. */
static void make_before(void)
{
    put_before("a", "old a");
    put_before("dir/c", "old c");
    put_before("t/sub/b", "old b");
}

static void check_before(void)
{
    CHECK_STR(to_tree(), "a\ndir/\ndir/c\nt/\nt/sub/\nt/sub/b\n");
    CHECK(to_has("a", "old a") && to_has("dir/c", "old c") && to_has("t/sub/b", "old b"));
}

static void check_after(void)
{
    CHECK_STR(to_tree(), "a\ndir/\ndir/c\ndir/new/\ndir/new/b\nt/\nt/link\nt/run.sh\nt/sub/\nt/sub/b\n");
    CHECK(to_has("dir/c", "ccc") && to_has("t/sub/b", "bbb"));
}

TEST(any_operation_may_fail_and_everything_is_as_before)
{
    begin();
    make_mixed();
    static const enum oci_fault kinds[] = {OCI_FAULT_OPEN, OCI_FAULT_WRITE, OCI_FAULT_RENAME, OCI_FAULT_CLOSE,
                                           OCI_FAULT_MKDIR, OCI_FAULT_SYNC, OCI_FAULT_READ};
    options.overwrite = true;
    options.sync = true;
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        make_before();
        for (unsigned after = 0;; after++) {
            CHECK(after < 400);
            oci_fault_arm(kinds[k], after, 1, ENOSPC);
            int rc = pull();
            oci_fault_clear();
            if (rc == OCI_OK) {
                CHECK_INT(after > 0, true);
                break;
            }
            if (strcmp(to_tree(), "a\ndir/\ndir/c\nt/\nt/sub/\nt/sub/b\n") != 0)
                FAIL("kind %d, after %u: %s; left: %s", (int)kinds[k], after, err.text, to_tree());
            check_before();
        }
        check_after();
        CHECK_INT(oci_dir_remove_all(OCI_CWD, options.to, NULL), OCI_OK);
    }
    end();
}

TEST(a_name_taken_meanwhile_is_not_overwritten)
{
    begin();
    ARTIFACT({"a", "1", NULL}, {"dir/b", "2", NULL}, {"c", "3", NULL});
    struct pool_result r;
    pool_host_start(&host, new_pull(), &r);
    /* The staging directory is there: what was in the way has been looked for. */
    while (!scratch_exists(options.to) || !strstr(to_tree(), ".oci-pull-"))
        pool_host_turn(&host);
    scratch_text(scratch_path("to/c"), "somebody else's");
    CHECK_INT(pool_host_wait(&host, &r), OCI_EXISTS);
    keep_result(false);
    CHECK_STR(to_tree(), "c\n");
    CHECK(to_has("c", "somebody else's"));
    end();
}

static void cancel_anywhere(bool there)
{
    begin();
    make_mixed();
    options.overwrite = there;
    unsigned canceled = 0;
    for (unsigned turns = 0;; turns++) {
        if (there)
            make_before();
        struct pool_result r;
        pool_host_start(&host, new_pull(), &r);
        for (unsigned t = 0; t < turns && !r.over; t++)
            pool_host_turn(&host);
        bool over = r.over;
        if (!over)
            oci_driver_cancel(host.driver, r.flow);
        int rc = pool_host_wait(&host, &r);
        keep_result(rc == OCI_OK);
        CHECK(rc == OCI_OK || rc == OCI_CANCELED);
        CHECK(!strstr(to_tree(), ".oci-"));
        /* Canceled after the last rename it may be too late; never half. */
        if (rc == OCI_OK)
            check_after();
        else if (there)
            check_before();
        else
            CHECK_STR(to_tree(), "(none)");
        canceled += rc == OCI_CANCELED;
        oci_dir_remove_all(OCI_CWD, options.to, NULL);
        if (over)
            break;
    }
    CHECK(canceled > 10);
    end();
}

TEST(a_cancel_at_any_moment_leaves_everything_or_nothing)
{
    cancel_anywhere(true);
}

TEST(a_cancel_leaves_everything_or_no_directory)
{
    cancel_anywhere(false);
}

TEST(a_file_size_limit_leaves_nothing)
{
    begin();
    signal(SIGXFSZ, SIG_IGN); /* the engine has it blocked */
    struct oci_bytes *a = scratch_bytes(1000, 1), *b = scratch_bytes(2 * MIB, 2);
    add_layer("a", a, NULL);
    add_layer("b", b, NULL);
    tag_artifact();
    struct rlimit limit;
    CHECK_INT(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = MIB;
    CHECK_INT(setrlimit(RLIMIT_FSIZE, &limit), 0);
    CHECK_INT(pull(), OCI_IO);
    CHECK(strstr(err.text, "to/b") && strstr(err.text, strerror(EFBIG)));
    CHECK_STR(to_tree(), "(none)");
    oci_bytes_unref(a);
    oci_bytes_unref(b);
    end();
}

/* What was overwritten is not lost where it cannot be put back. */
TEST(what_cannot_be_undone_is_left_where_it_can_be_found)
{
    begin();
    ARTIFACT({"a", "1", NULL}, {"b", "2", NULL});
    put_before("a", "old a");
    put_before("b", "old b");
    options.overwrite = true;
    oci_fault_arm(OCI_FAULT_RENAME, 2, 0, EIO); /* from the third on */
    CHECK_INT(pull(), OCI_IO);
    oci_fault_clear();
    CHECK(strstr(err.text, ".oci-pull-"));
    const char *tree = to_tree();
    CHECK(strstr(tree, ".oci-pull-") && strstr(tree, "/o0\n"));
    end();
}

TEST(a_thousand_files)
{
    begin();
    struct oci_manifest_spec spec = {.artifact_type = "application/x.test", .layer_count = 1000};
    struct oci_desc *d = oci_calloc(1000, sizeof *d);
    for (unsigned i = 0; i < 1000; i++) {
        struct oci_bytes *data = scratch_bytes(100, i);
        char title[40];
        d[i] = scratch_desc(data, "sha256");
        snprintf(title, sizeof title, "d%u/f%u", i / 100, i);
        CHECK_INT(oci_desc_annotate(&d[i], OCI_ANNOTATION_TITLE, title), OCI_OK);
        CHECK_INT(kit_put(&host, store, data, "sha256", NULL, NULL), OCI_OK);
        oci_bytes_unref(data);
    }
    spec.layers = d;
    struct oci_manifest *m;
    CHECK_INT(oci_manifest_build(&spec, &m, NULL), OCI_OK);
    struct oci_desc desc;
    oci_desc_set(&desc, OCI_TYPE_MANIFEST, &m->self.digest, m->self.size);
    CHECK_INT(kit_put_manifest(&host, store, &desc, m->bytes, "v1", NULL), OCI_OK);
    options.sync = true;
    CHECK_INT(pull(), OCI_OK);
    for (unsigned i = 0; i < 1000; i++) {
        struct oci_bytes *data = scratch_bytes(100, i);
        CHECK(scratch_has(scratch_path("to/d%u/f%u", i / 100, i), data->p, data->len));
        oci_bytes_unref(data);
        oci_desc_done(&d[i]);
    }
    oci_manifest_free(m);
    oci_free(d);
    end();
}
