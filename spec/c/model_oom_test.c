/* Each allocation of base, json and model fails once, alone and with all that follow, cJSON's and OpenSSL's included:
 * the result is either right or OCI_NO_MEMORY, and nothing is left behind. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/regex.h"
#include "failmalloc.h"
#include "model/challenge.h"
#include "model/manifest.h"
#include "model/reference.h"
#include "model/registry_error.h"
#include "test.h"

#define E2_SHA256 "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
#define E2 "{\"mediaType\":\"" OCI_TYPE_EMPTY "\",\"digest\":\"" E2_SHA256 "\",\"size\":2,\"data\":\"e30=\"}"

/* ---- base ----------------------------------------------------------------------------------- */

static int use_buf(struct oci_err *e)
{
    (void)e;
    struct oci_buf b;
    oci_buf_init(&b, 100000);
    int rc = oci_buf_add_str(&b, "x");
    for (int i = 0; rc == OCI_OK && i < 2000; i++)
        rc = oci_buf_addf(&b, "%d", i);
    if (rc == OCI_OK)
        rc = oci_base64_add(&b, "abc", 3);
    if (rc == OCI_OK)
        rc = oci_percent_add(&b, " x", 2);
    char *p = rc == OCI_OK ? oci_buf_take(&b) : NULL;
    CHECK(rc != OCI_OK || (p && oci_ends_with(p, "1999YWJj%20x")));
    oci_free(p);
    oci_buf_done(&b);
    return rc;
}

static int use_map(struct oci_err *e)
{
    (void)e;
    struct oci_map m;
    char key[16];
    oci_map_init(&m, 100);
    int rc = OCI_OK;
    int i = 0;
    for (; rc == OCI_OK && i < 40; i++) {
        snprintf(key, sizeof key, "%d", i);
        rc = oci_map_set(&m, key, &m, NULL);
    }
    CHECK_INT(m.count, rc ? i - 1 : i);
    CHECK(i < 2 || oci_map_get(&m, "0") == &m);
    oci_map_done(&m, NULL);
    return rc;
}

static int use_bytes(struct oci_err *e)
{
    struct oci_bytes *a = oci_bytes_new("abc", 3);
    struct oci_bytes *b = oci_bytes_new_take(oci_strdup("def"), 3);
    int rc = a && b ? OCI_OK : oci_err_no_memory(e);
    oci_bytes_unref(a);
    oci_bytes_unref(b);
    return rc;
}

static int use_regex(struct oci_err *e)
{
    struct oci_regex *r = NULL;
    bool found = false;
    uint64_t work = 0;
    int rc = oci_regex_new("^(ab|[^\\W_]{2,9})+\\s?$", 22, &r, e);
    if (rc == OCI_OK)
        rc = oci_regex_find(r, OCI_STR("\xFF"), &found, &work, e);
    if (rc == OCI_OK)
        rc = oci_regex_find(r, OCI_STR("abc"), &found, &work, e);
    CHECK(rc != OCI_OK || found);
    oci_regex_free(r);
    return rc;
}

TEST(base_without_memory)
{
    failmalloc_sweep(use_regex, OCI_OK);
    failmalloc_sweep(use_buf, OCI_OK);
    failmalloc_sweep(use_map, OCI_OK);
    failmalloc_sweep(use_bytes, OCI_OK);
}

/* ---- json ----------------------------------------------------------------------------------- */

static int use_json(struct oci_err *e)
{
    static const char text[] =
        "{\"a\":1,\"b\":[1.5,true,null,\"x\\u00e9\"],\"c\":{\"d\":{}},\"k0\":0,\"k1\":0,\"k2\":0,\"k3\":0,\"k4\":0,"
        "\"k5\":0,\"k6\":0,\"k7\":0,\"k8\":0,\"k9\":0,\"kA\":0,\"kB\":0,\"kC\":0,\"kD\":0,\"kE\":0}";
    static const char printed[] =
        "{\"a\":1,\"b\":[1.5,true,null,\"x\xC3\xA9\"],\"c\":{\"d\":{}},\"k0\":0,\"k1\":0,\"k2\":0,\"k3\":0,\"k4\":0,"
        "\"k5\":0,\"k6\":0,\"k7\":0,\"k8\":0,\"k9\":0,\"kA\":0,\"kB\":0,\"kC\":0,\"kD\":0,\"kE\":0}";
    struct oci_json *v = NULL;
    struct oci_buf b;
    oci_buf_init(&b, 10000);
    int rc = oci_json_parse(text, strlen(text), 1000, &v, e);
    struct oci_json *copy = rc == OCI_OK ? oci_json_clone(v) : NULL;
    if (rc == OCI_OK && !copy)
        rc = OCI_NO_MEMORY;
    if (rc == OCI_OK)
        rc = oci_json_print(copy, &b);
    CHECK(rc != OCI_OK || strcmp(b.p, printed) == 0);
    oci_json_free(copy);
    oci_json_free(v);
    oci_buf_done(&b);
    return rc;
}

static int build_json(struct oci_err *e)
{
    (void)e;
    struct oci_json *o = oci_json_new_object();
    int rc = o ? oci_json_set(o, "b", oci_json_new_string("x")) : OCI_NO_MEMORY;
    if (rc == OCI_OK)
        rc = oci_json_set(o, "b", oci_json_new_size(7));
    if (rc == OCI_OK)
        rc = oci_json_set(o, "a", oci_json_new_array());
    if (rc == OCI_OK)
        rc = oci_json_append(oci_json_edit(o, "a"), oci_json_new_bool(true));
    if (rc == OCI_OK)
        oci_json_sort(o);
    CHECK(rc != OCI_OK || strcmp(oci_json_key(oci_json_first(o)), "a") == 0);
    oci_json_free(o);
    return rc;
}

TEST(json_without_memory)
{
    failmalloc_sweep(use_json, OCI_OK);
    failmalloc_sweep(build_json, OCI_OK);
}

/* ---- model ---------------------------------------------------------------------------------- */

static int use_references(struct oci_err *e)
{
    static const char long_one[] = "reg.example/a/b:t@" E2_SHA256;
    const char *const t[] = {"oci:dir/x:tag", "memory:m", long_one};
    int rc = OCI_OK;
    for (size_t i = 0; rc == OCI_OK && i < 3; i++) {
        struct oci_reference r, copy;
        struct oci_buf b;
        oci_buf_init(&b, 1000);
        rc = oci_reference_parse(t[i], strlen(t[i]), &r, e);
        if (rc)
            break;
        rc = oci_reference_copy(&r, &copy);
        oci_reference_done(&r);
        if (rc)
            break;
        rc = oci_reference_print(&copy, OCI_REF_TAG | OCI_REF_DIGEST, &b);
        CHECK(rc != OCI_OK || strcmp(b.p, t[i]) == 0);
        oci_reference_done(&copy);
        oci_buf_done(&b);
    }
    return rc;
}

static int use_digests(struct oci_err *e)
{
    struct oci_digest d = {E2_SHA256};
    int rc = oci_digest_check(&d, "{}", 2, e);
    if (rc == OCI_OK)
        rc = oci_digest_of(OCI_STR("sha512"), "{}", 2, &d, e);
    CHECK(rc != OCI_OK || oci_starts_with(d.text, "sha512:27c74670"));
    return rc;
}

static int use_challenges(struct oci_err *e)
{
    static const char line[] =
        "Negotiate abc==, Bearer realm=\"https://a/t\",service=s,x=y,scope=\"a b\", Basic realm=z";
    (void)e;
    struct oci_challenges c = {.count = 0};
    int rc = oci_challenges_add(&c, line, strlen(line));
    CHECK(rc != OCI_OK || (c.count == 3 && strcmp(oci_challenges_choose(&c)->scope, "a b") == 0));
    oci_challenges_done(&c);
    return rc;
}

static int use_registry_errors(struct oci_err *e)
{
    static const char body[] = "{\"errors\":[{\"code\":\"NAME_UNKNOWN\",\"message\":\"no such name\",\"detail\":{\"a\":"
                               "[1,\"x\"]}},{\"code\":\"X\",\"message\":\"y\"}]}";
    int rc = oci_registry_error(e, 404, body, strlen(body), OCI_ASKED_OTHER, "asking");
    if (rc == OCI_NO_MEMORY)
        return rc;
    CHECK_INT(rc, OCI_NOT_FOUND);
    CHECK_STR(e->text, "asking: 404 NAME_UNKNOWN: no such name");
    CHECK(strstr(e->registry, "\"detail\":{\"a\":[1,\"x\"]}"));
    oci_err_clear(e);
    return OCI_OK;
}

static int read_manifest(struct oci_err *e)
{
    static const char text[] =
        "{\"schemaVersion\":2,\"mediaType\":\"" OCI_TYPE_MANIFEST "\",\"artifactType\":\"a/b\",\"config\":" E2
        ",\"layers\":[{\"mediaType\":\"a/b\",\"digest\":\"foo:x\",\"size\":1,\"annotations\":{\"k\":\"v\"},\"urls\":["
        "\"https://x\"],\"artifactType\":\"c/d\",\"platform\":{\"os\":\"linux\",\"architecture\":\"arm\"}}],"
        "\"subject\":" E2 ",\"annotations\":{\"a\":\"b\"}}";
    struct oci_manifest *m = NULL;
    struct oci_desc copy = {.size = 0};
    struct oci_bytes *b = oci_bytes_new(text, strlen(text));
    int rc = b ? oci_manifest_parse(b, OCI_TYPE_MANIFEST, "sha512", &m, e) : oci_err_no_memory(e);
    if (rc == OCI_OK)
        rc = oci_desc_copy(&m->items[0], &copy);
    struct oci_json *v = rc == OCI_OK ? oci_desc_write(&copy) : NULL;
    if (rc == OCI_OK && !v)
        rc = OCI_NO_MEMORY;
    CHECK(rc != OCI_OK || oci_json_count(v) == 7);
    oci_json_free(v);
    oci_desc_done(&copy);
    oci_manifest_free(m);
    oci_bytes_unref(b);
    return rc;
}

static int build_manifest(struct oci_err *e)
{
    struct oci_desc d = {.size = 0};
    struct oci_manifest *m = NULL;
    int rc = oci_desc_empty(&d, true);
    if (rc == OCI_OK)
        rc = oci_desc_annotate(&d, OCI_ANNOTATION_TITLE, "t");
    if (rc == OCI_OK)
        rc = oci_platform_parse("linux/arm/v7", &d.platform, e);
    struct oci_manifest_spec spec = {
        .artifact_type = "a/b", .layers = &d, .layer_count = 1, .subject = &d, .annotations = d.annotations};
    if (rc == OCI_OK)
        rc = oci_manifest_build(&spec, &m, e);
    CHECK(rc != OCI_OK || m->self.artifact_type);
    oci_manifest_free(m);
    m = NULL;
    struct oci_index_spec index = {.artifact_type = "a/b", .manifests = &d, .count = 1};
    if (rc == OCI_OK)
        rc = oci_index_build(&index, &m, e);
    CHECK(rc != OCI_OK || m->is_index);
    oci_manifest_free(m);
    oci_desc_done(&d);
    return rc;
}

TEST(model_without_memory)
{
    failmalloc_sweep(use_references, OCI_OK);
    failmalloc_sweep(use_digests, OCI_OK);
    failmalloc_sweep(use_challenges, OCI_OK);
    failmalloc_sweep(use_registry_errors, OCI_OK);
    failmalloc_sweep(read_manifest, OCI_OK);
    failmalloc_sweep(build_manifest, OCI_OK);
}

/* OpenSSL's first use in a process: each k in a process of its own. What it keeps is not counted; it must not crash,
 * and the answer is one of the two. */
TEST(first_hash_without_memory)
{
    if (!failmalloc_available())
        SKIP("a sanitizer or valgrind has its own malloc");
    int done = 0;
    for (long k = 1; k < 20000 && !done; k += k < 150 ? 1 : 47) {
        pid_t pid = fork();
        if (pid == 0) {
            struct oci_digest d;
            failmalloc_arm(k, k % 2);
            int rc = oci_digest_of(OCI_STR("sha256"), "{}", 2, &d, NULL);
            long seen = failmalloc_disarm();
            int right = rc == OCI_NO_MEMORY || (rc == OCI_OK && strcmp(d.text, E2_SHA256) == 0);
            _exit(!right ? 1 : seen < k ? 2 : 0);
        }
        int status = 0;
        CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
        if (!WIFEXITED(status) || WEXITSTATUS(status) == 1)
            FAIL("allocation %ld: status %d", k, status);
        done = WEXITSTATUS(status) == 2;
    }
    CHECK(done);
}
