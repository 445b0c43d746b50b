/* Each allocation of the YAML reader fails once, libyaml's included, alone and with all that follow: the value is whole
 * or the answer is OCI_NO_MEMORY, and nothing is left behind. */
#include <string.h>

#include "base/limits.h"
#include "failmalloc.h"
#include "json/yaml.h"
#include "test.h"

/* On every path that allocates: keys of all kinds, anchored ones, aliases, merges, many keys, tags, two documents. */
static const char text[] =
    "%TAG !c! tag:yaml.org,2002:\n---\n"
    "&k key: &x {a: 1, b: [2.5, ~, yes, \"q\", !c!str 1]}\n1: *x\nyes: *k\no: {*k : 2}\n"
    "l: |\n  block\nm:\n  <<: [*x, {c: 1}]\n  b: 3\n"
    "n: {k0: , k1: , k2: , k3: , k4: , k5: , k6: , k7: , k8: , k9: , kA: , kB: , kC: , kD: , kE: , kF: , kG: }\n---\n";

static const char *document;

static int use_yaml(struct oci_err *e)
{
    struct oci_json *v = NULL;
    int rc = oci_yaml_parse(document, strlen(document), OCI_MAX_YAML, &v, e);
    CHECK(rc == OCI_OK || !v);
    oci_json_free(v);
    return rc;
}

static void sweep(const char *s, int wanted)
{
    document = s;
    failmalloc_sweep(use_yaml, wanted);
}

TEST(reading_without_memory)
{
    sweep(text, OCI_OK);
    sweep("", OCI_OK);
}

TEST(refusing_without_memory)
{
    sweep("a: &x {b: 1}\nc: {d: *x, d: 2}", OCI_INVALID);
    sweep("a: {b: 1, <<: {b: 2}}", OCI_INVALID);
    sweep("[&x a, *x, *y]", OCI_INVALID);
    sweep("a: [", OCI_INVALID);
}
