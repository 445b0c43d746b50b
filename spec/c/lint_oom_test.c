/* Each allocation of the lint fails once, alone and with all that follow: the findings are complete or the answer is
 * OCI_NO_MEMORY, and nothing is left behind. */
#include <string.h>

#include "failmalloc.h"
#include "model/lint.h"
#include "model/manifest.h"
#include "test.h"

#define E2_SHA256 "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
#define LAYER(type, more) "{\"mediaType\":\"" type "\",\"digest\":\"" E2_SHA256 "\",\"size\":2" more "}"

/* Wrong in many ways, and on every path that allocates: many members, embedded content, layer types, many values. */
static const char text[] =
    "{\"schemaVersion\":2,\"schemaVersion\":2,\"mediaType\":\"" OCI_TYPE_MANIFEST "\",\"config\":" LAYER(
        OCI_TYPE_EMPTY, ",\"data\":\"e30=\"") ",\"layers\":[" LAYER("application/vnd.a.b", ",\"data\":\"e1t9\"") ","
    LAYER("application/vnd.c.d", ",\"platform\":{\"os\":\"x\"},\"urls\":[\"y\"]") "," LAYER(OCI_TYPE_EMPTY, "") "],"
    "\"annotations\":{\"k0\":0,\"k1\":0,\"k2\":0,\"k3\":0,\"k4\":0,\"k5\":0,\"k6\":0,\"k7\":0,\"k8\":0,\"k9\":0,"
    "\"kA\":0,\"kB\":0,\"kC\":0,\"kD\":0,\"kE\":0,\"kF\":0,\"kG\":0,"
    "\"org.opencontainers.image.base.name\":\"registry.example/a/b:c\","
    "\"org.opencontainers.image.licenses\":\"x y\"},"
    "\"x\":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]} x";

static size_t complete; /* findings when nothing fails */

static int use_lint(struct oci_err *e)
{
    struct oci_findings f = {0};
    int rc = oci_lint(text, strlen(text), OCI_TYPE_MANIFEST, &f, e);
    if (rc == OCI_OK && complete == 0)
        complete = f.count;
    CHECK(rc != OCI_OK || f.count == complete);
    CHECK(rc == OCI_OK || !f.items);
    oci_findings_done(&f);
    return rc;
}

static int use_refuse(struct oci_err *e)
{
    int rc = oci_lint_refuse(text, strlen(text), NULL, e);
    CHECK(rc == OCI_INVALID || rc == OCI_NO_MEMORY);
    oci_err_clear(rc == OCI_INVALID ? e : NULL);
    return rc == OCI_INVALID ? OCI_OK : rc;
}

/* What is built is linted, too. */
static int use_build(struct oci_err *e)
{
    struct oci_desc d = {.size = 0};
    struct oci_manifest *m = NULL;
    int rc = oci_desc_empty(&d, true);
    if (rc == OCI_OK)
        rc = oci_desc_annotate(&d, "org.opencontainers.image.foo", "");
    struct oci_manifest_spec spec = {.artifact_type = "a/b", .layers = &d, .layer_count = 1};
    if (rc == OCI_OK)
        rc = oci_manifest_build(&spec, &m, e);
    CHECK(rc == OCI_INVALID || rc == OCI_NO_MEMORY);
    CHECK(!m);
    oci_desc_done(&d);
    oci_err_clear(rc == OCI_INVALID ? e : NULL);
    return rc == OCI_INVALID ? OCI_OK : rc;
}

TEST(lint_without_memory)
{
    failmalloc_sweep(use_lint, OCI_OK);
    CHECK(complete > 20);
}

TEST(refusing_without_memory)
{
    failmalloc_sweep(use_refuse, OCI_OK);
}

TEST(building_without_memory)
{
    failmalloc_sweep(use_build, OCI_OK);
}
