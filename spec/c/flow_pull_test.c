/* Whole artifacts pulled into a target. */
#include <stdio.h>
#include <string.h>

#include "graph_kit.h"
#include "test.h"

struct target {
    struct oci_pull_target base;
    struct fake_store files;   /* where they go */
    const struct oci_layer *layers;
    int plan_fails;
    size_t unwanted;           /* this one is there */
    unsigned prepared, committed, discarded;
    unsigned steps, fail_at;
    struct oci_desc *descs;
    size_t count;
};

struct target_flow {
    struct oci_flow flow;
    struct target *t;
    unsigned *counter;
    struct oci_work job;
};

static struct target *target_of(struct oci_pull_target *t)
{
    return OCI_OWNER(t, struct target, base);
}

static int target_job(struct oci_work *w, struct oci_err *reterr)
{
    (void)w;
    (void)reterr;
    return OCI_OK;
}

static int target_done(struct oci_flow *f)
{
    struct target_flow *o = OCI_OWNER(f, struct target_flow, flow);
    if (++o->t->steps == o->t->fail_at)
        return oci_flow_fail(f, OCI_EXISTS, "it is in the way");
    ++*o->counter;
    return OCI_OK;
}

static int target_first(struct oci_flow *f)
{
    struct target_flow *o = OCI_OWNER(f, struct target_flow, flow);
    o->job.run = target_job;
    return oci_ask_work(f, &o->job, target_done);
}

static const struct oci_flow_type target_flow_type = {.name = "target"};

static struct oci_flow *target_step(struct target *t, unsigned *counter)
{
    struct target_flow *o = oci_flow_new(sizeof *o, &target_flow_type, &graph_host.host, target_first);
    o->t = t;
    o->counter = counter;
    return &o->flow;
}

static int target_plan(struct oci_pull_target *base, const struct oci_layer *layers, size_t count,
                       struct oci_err *reterr)
{
    struct target *t = target_of(base);
    if (t->plan_fails)
        return oci_err_set(reterr, t->plan_fails, "a title leaves its place");
    t->layers = layers;
    t->count = count;
    return OCI_OK;
}

static struct oci_flow *target_prepare(struct oci_pull_target *t)
{
    return target_step(target_of(t), &target_of(t)->prepared);
}

static size_t target_count(struct oci_pull_target *t)
{
    return target_of(t)->count;
}

static const struct oci_desc *target_desc(struct oci_pull_target *t, size_t i)
{
    return target_of(t)->layers[i].desc;
}

static bool target_wanted(struct oci_pull_target *t, size_t i)
{
    return target_of(t)->unwanted != i;
}

static struct oci_flow *target_put(struct oci_pull_target *base, size_t i, struct oci_source *take_source)
{
    struct target *t = target_of(base);
    CHECK(t->prepared);
    struct oci_put hint = {0};
    return t->files.type.put(&t->files.base, target_desc(base, i), take_source, &hint, NULL, NULL);
}

static struct oci_flow *target_commit(struct oci_pull_target *t)
{
    return target_step(target_of(t), &target_of(t)->committed);
}

static struct oci_flow *target_discard(struct oci_pull_target *t)
{
    return target_step(target_of(t), &target_of(t)->discarded);
}

static const struct oci_pull_target_type target_type = {
    .plan = target_plan,
    .prepare = target_prepare,
    .count = target_count,
    .desc = target_desc,
    .wanted = target_wanted,
    .put = target_put,
    .commit = target_commit,
    .discard = target_discard,
};

static struct target target;

static void begin_pull(void)
{
    graph_begin();
    target = (struct target){.base = {&target_type}, .unwanted = 99};
    fake_store_init(&target.files, &graph_host.host);
}

static void end_pull(void)
{
    fake_store_done(&target.files);
    graph_end();
}

static int pull_selected(const char *name, const struct oci_selection *what, const struct oci_graph_options *options)
{
    oci_desc_done(&found);
    bytes = oci_bytes_unref(bytes);
    struct oci_manifest *m = NULL;
    int rc = flow_host_run(&graph_host,
                           oci_flow_pull_artifact(&from.base, name, what, &target.base, options, &found, &m));
    bytes = m ? oci_bytes_ref(m->bytes) : NULL;
    oci_manifest_free(m);
    return rc;
}

static int pull(const char *name, const char *platform, const struct oci_graph_options *options)
{
    struct oci_json *object = NULL;
    if (platform)
        CHECK_INT(oci_platform_parse(platform, &object, NULL), OCI_OK);
    const struct oci_selection what = {.platform = object};
    int rc = pull_selected(name, &what, options);
    oci_json_free(object);
    return rc;
}

TEST(pulls_the_layers)
{
    for (int sources = 0; sources < 3; sources++) {
        struct oci_desc root;
        begin_pull();
        graph_simple("v1", &root);
        from.sources = (enum fake_source)sources;
        CHECK_INT(pull("v1", NULL, NULL), OCI_OK);
        CHECK_STR(found.digest.text, root.digest.text);
        CHECK_INT(bytes->len, root.size);
        CHECK(target.prepared == 1 && target.committed == 1 && target.discarded == 1);
        CHECK_INT(target.files.blobs.count, 2);
        end_pull();
    }
}

TEST(a_manifest_that_is_known_is_not_fetched)
{
    struct oci_desc root;
    begin_pull();
    graph_simple("v1", &root);
    CHECK_INT(pull("v1", NULL, NULL), OCI_OK);
    struct oci_bytes *manifest = oci_bytes_ref(bytes), *other = oci_bytes_new(bytes->p, bytes->len - 1);
    struct oci_selection what = {.manifest = manifest, .manifest_type = root.media_type};
    unsigned with = from.operations;
    CHECK_INT(pull(root.digest.text, NULL, NULL), OCI_OK);
    with = from.operations - with;
    unsigned without = from.operations;
    CHECK_INT(pull_selected(root.digest.text, &what, NULL), OCI_OK);
    without = from.operations - without;
    CHECK_INT(without, with - 1);
    CHECK_STR(found.digest.text, root.digest.text);
    CHECK_STR(found.media_type, root.media_type);
    CHECK_INT(found.size, root.size);
    CHECK_MEM(bytes->p, manifest->p, manifest->len);
    struct oci_digest digest;
    CHECK_INT(oci_digest_of(OCI_STR(OCI_SHA256), "x", 1, &digest, NULL), OCI_OK);
    CHECK_INT(pull_selected(digest.text, &what, NULL), OCI_DIGEST_MISMATCH);
    what.manifest = other;
    CHECK_INT(pull_selected(root.digest.text, &what, NULL), OCI_INVALID);
    CHECK_INT(pull_selected("md5:0123", &what, NULL), OCI_UNSUPPORTED);
    oci_bytes_unref(manifest);
    oci_bytes_unref(other);
    end_pull();
}

TEST(what_is_unchanged_is_not_fetched)
{
    begin_pull();
    graph_simple("v1", NULL);
    target.unwanted = 1;
    graph_events[0] = '\0';
    struct oci_graph_options options = {.progress = {.fn = graph_on_event}};
    CHECK_INT(pull("v1", NULL, &options), OCI_OK);
    CHECK_INT(target.files.blobs.count, 1);
    CHECK(strstr(graph_events, "blob - exists 3/3\n"));
    end_pull();
}

TEST(names_are_checked_before_anything_is_fetched)
{
    begin_pull();
    graph_simple("v1", NULL);
    target.plan_fails = OCI_UNSAFE_PATH;
    CHECK_INT(pull("v1", NULL, NULL), OCI_UNSAFE_PATH);
    CHECK(target.prepared == 0 && target.discarded == 0);
    CHECK_INT(target.files.operations, 0);
    end_pull();
}

TEST(a_failed_pull_is_discarded)
{
    for (unsigned n = 1; n <= 2; n++) { /* prepare, commit */
        begin_pull();
        graph_simple("v1", NULL);
        target.fail_at = n;
        CHECK_INT(pull("v1", NULL, NULL), OCI_EXISTS);
        CHECK_INT(target.committed, 0);
        CHECK_INT(target.discarded, 1);
        end_pull();
    }
    begin_pull();
    graph_simple("v1", NULL);
    target.fail_at = 3; /* the discard itself */
    CHECK_INT(pull("v1", NULL, NULL), OCI_OK);
    end_pull();
    for (unsigned n = 1; n <= 2; n++) {
        begin_pull();
        graph_simple("v1", NULL);
        target.files.fail_at = n;
        target.files.fail_code = OCI_IO;
        CHECK_INT(pull("v1", NULL, NULL), OCI_IO);
        CHECK_INT(target.committed, 0);
        CHECK_INT(target.discarded, 1);
        end_pull();
    }
}

TEST(a_pull_canceled_anywhere_is_discarded)
{
    for (unsigned turn = 1;; turn++) {
        begin_pull();
        graph_simple("v1", NULL);
        graph_host.cancel_at_turn = turn;
        int rc = pull("v1", NULL, NULL);
        CHECK(rc == OCI_OK || rc == OCI_CANCELED);
        if (target.prepared)
            CHECK_INT(target.discarded, 1);
        unsigned turns = graph_host.turns;
        end_pull();
        if (turn > turns)
            break;
    }
}

static void platforms(const char *const *names, size_t count, const char *tag, struct oci_desc *ret_manifests)
{
    for (size_t i = 0; i < count; i++) {
        struct oci_desc layer;
        fake_add_blob(&from, names[i], LAYER, &layer);
        fake_add_manifest(&from, &layer, 1, NULL, &ret_manifests[i]);
        CHECK_INT(oci_platform_parse(names[i], &ret_manifests[i].platform, NULL), OCI_OK);
    }
    fake_add_index(&from, ret_manifests, count, tag, NULL);
}

TEST(an_index_is_pulled_for_a_platform)
{
    const char *const names[] = {"plan9/mips", oci_platform_host(), "linux/s390x"};
    struct oci_desc manifests[3];
    begin_pull();
    platforms(names, 3, "v1", manifests);
    CHECK_INT(pull("v1", NULL, NULL), OCI_OK);
    CHECK_STR(found.digest.text, manifests[1].digest.text);
    CHECK_INT(pull("v1", "linux/s390x", NULL), OCI_OK);
    CHECK_STR(found.digest.text, manifests[2].digest.text);
    CHECK_INT(pull("v1", "linux/vax", NULL), OCI_NOT_FOUND);
    char list[100];
    snprintf(list, sizeof list, "plan9/mips, %s, linux/s390x", oci_platform_host());
    CHECK_STR(graph_host.err.platforms, list);
    for (int i = 0; i < 3; i++)
        oci_desc_done(&manifests[i]);
    end_pull();
}

TEST(an_index_without_platforms_is_not_pulled)
{
    begin_pull();
    graph_nested("v1");
    CHECK_INT(pull("v1", NULL, NULL), OCI_INVALID);
    CHECK(strstr(graph_host.err.text, "pull one of its manifests by digest: sha256:"));
    CHECK_INT(pull("v1", "linux/amd64", NULL), OCI_NOT_FOUND);
    fake_add_document(&from, "anything", "application/vnd.what.ever", "v2", NULL);
    CHECK_INT(pull("v2", NULL, NULL), OCI_UNSUPPORTED);
    CHECK_INT(pull("v3", NULL, NULL), OCI_NOT_FOUND);
    end_pull();
}

TEST(nested_indexes_are_searched_until_it_is_too_many)
{
    struct oci_desc layer, wanted, index;
    begin_pull();
    fake_add_blob(&from, "other", LAYER, &layer);
    fake_add_manifest(&from, &layer, 1, NULL, &wanted);
    CHECK_INT(oci_platform_parse("plan9/mips", &wanted.platform, NULL), OCI_OK);
    fake_add_index(&from, &wanted, 1, NULL, &index);
    for (int depth = 2; depth <= 101; depth++) {
        struct oci_desc outer;
        fake_add_index(&from, &index, 1, "v1", &outer);
        index = outer;
        int rc = pull("v1", "plan9/mips", NULL);
        CHECK_INT(rc, depth <= 100 ? OCI_OK : OCI_LIMIT);
        if (rc == OCI_OK)
            CHECK_STR(found.digest.text, wanted.digest.text);
    }
    oci_desc_done(&wanted);
    end_pull();
}

/* What an index says of its manifest holds (T03). */
TEST(a_manifest_that_is_not_what_the_index_says)
{
    const char *const names[] = {"plan9/mips"};
    struct oci_desc manifest;
    begin_pull();
    platforms(names, 1, NULL, &manifest);
    manifest.size++;
    fake_add_index(&from, &manifest, 1, "v1", NULL);
    CHECK_INT(pull("v1", "plan9/mips", NULL), OCI_SIZE_MISMATCH);
    manifest.size--;
    strcpy(manifest.media_type, OCI_TYPE_INDEX);
    fake_add_index(&from, &manifest, 1, "v1", NULL);
    CHECK_INT(pull("v1", "plan9/mips", NULL), OCI_INVALID);
    oci_desc_done(&manifest);
    end_pull();
}

TEST(what_is_not_selected_is_not_fetched)
{
    static const size_t second[] = {1};
    struct oci_selection what = {.by_position = true, .positions = second, .position_count = 1};
    begin_pull();
    graph_simple("v1", NULL);
    CHECK_INT(flow_host_run(&graph_host,
                            oci_flow_pull_artifact(&from.base, "v1", &what, &target.base, NULL, &found, NULL)),
              OCI_OK);
    CHECK_INT(target.count, 1);
    CHECK_INT(target.files.blobs.count, 1);
    what.position_count = 0;
    oci_desc_done(&found);
    CHECK_INT(flow_host_run(&graph_host,
                            oci_flow_pull_artifact(&from.base, "v1", &what, &target.base, NULL, &found, NULL)),
              OCI_NOT_FOUND);
    CHECK_INT(target.prepared, 1);
    end_pull();
}
