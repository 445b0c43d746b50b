/* lint_platform.c - the platform of a descriptor (image-spec image-index.md). */
#include "model/lint_inside.h"

enum { ARCHITECTURE, OS, OS_VERSION, OS_FEATURES, VARIANT, FEATURES, MEMBERS };
static const char *const members[] = {"architecture", "os", "os.version", "os.features", "variant", "features", NULL};

/* The lists of Go's source (internal/syslist), past ones included, and what BuildKit says of what is no image. */
static const char *const architectures[] = {
    "386",     "amd64",    "amd64p32",  "arm",         "arm64",   "arm64be", "armbe",   "loong64", "mips",
    "mips64",  "mips64le", "mips64p32", "mips64p32le", "mipsle",  "ppc",     "ppc64",   "ppc64le", "riscv",
    "riscv64", "s390",     "s390x",     "sparc",       "sparc64", "wasm",    "unknown", NULL};
static const char *const systems[] = {"aix",     "android", "darwin",  "dragonfly", "freebsd", "hurd",    "illumos",
                                      "ios",     "js",      "linux",   "nacl",      "netbsd",  "openbsd", "plan9",
                                      "solaris", "wasip1",  "windows", "zos",       "unknown", NULL};

/* image-index.md, Platform Variants; rows that end in an ellipsis there go on as in Go's documentation. A '*' at the
 * end stands for anything. */
static const struct {
    const char *architecture, *examples, *values[6];
} variants[] = {
    {"arm", "v6, v7 or v8", {"v6", "v7", "v8"}},
    {"arm64", "v8 or v8.1", {"v8", "v8.*", "v9", "v9.*"}},
    {"ppc64le", "power8 or power9", {"power*"}},
    {"riscv64", "rva20u64 or rva22u64", {"rva*"}},
    {"amd64", "v1, v2, v3 or v4", {"v1", "v2", "v3", "v4"}},
};

static void check_name(struct oci_lint *l, const struct oci_lint_node *platform, const struct oci_lint_node *n,
                       const char *key, enum oci_rule missing, enum oci_rule unusual, const char *const *known)
{
    const char *s = oci_lint_string(n);
    if (!s)
        oci_lint_say(l, missing, platform, key, "%s: write it in Go's words, such as %s",
                     n ? "this is not a string" : "this is missing", known == systems ? "linux" : "amd64");
    else if (!oci_lint_in(s, known))
        oci_lint_say(l, unusual, n, NULL,
                     "\"%.60s\" is none of Go's names: write %s, in lower case, or clients will not find the platform",
                     s,
                     known == systems ? "a GOOS such as linux, windows or darwin" : "a GOARCH such as amd64 or arm64");
}

static bool listed(const char *const *values, const char *variant)
{
    for (; *values; values++) {
        size_t n = strcspn(*values, "*");
        if (strncmp(variant, *values, n) == 0 && ((*values)[n] == '*' || variant[n] == '\0'))
            return true;
    }
    return false;
}

static void check_variant(struct oci_lint *l, const struct oci_lint_node *n, const char *architecture)
{
    const char *s = oci_lint_string(n);
    if (!n)
        return;
    if (!s) {
        oci_lint_say(l, n->kind == OCI_LINT_NULL ? OCI_RULE_P07 : OCI_RULE_P07T, n, NULL,
                     "this is not a string: write the variant as in image-index.md, such as v8");
        return;
    }
    for (size_t i = 0; architecture && i < sizeof variants / sizeof variants[0]; i++) {
        if (strcmp(architecture, variants[i].architecture) == 0 && !listed(variants[i].values, s))
            oci_lint_say(l, OCI_RULE_P07, n, NULL, "\"%.60s\" is no listed variant of %s: write %s, or leave it out", s,
                         architecture, variants[i].examples);
    }
}

static void check_features(struct oci_lint *l, const struct oci_lint_node *n)
{
    bool right = !n || n->kind == OCI_LINT_ARRAY;
    for (const struct oci_lint_node *f = n && right ? n->first : NULL; f; f = f->next)
        right = right && f->kind == OCI_LINT_STRING;
    if (!right)
        oci_lint_say(l, OCI_RULE_P06, n, NULL, "this must be an array of strings: write [\"win32k\"], or leave it out");
}

void oci_lint_platform(struct oci_lint *l, const struct oci_lint_node *n)
{
    const struct oci_lint_node *m[MEMBERS];
    if (n->kind != OCI_LINT_OBJECT) {
        oci_lint_say(
            l, OCI_RULE_P01, n, NULL,
            "a platform is an object: write {\"architecture\": \"amd64\", \"os\": \"linux\"}, or leave it out");
        return;
    }
    oci_lint_members(l, n, members, m, OCI_RULE_NONE);
    check_name(l, n, m[ARCHITECTURE], "architecture", OCI_RULE_P01, OCI_RULE_P02, architectures);
    check_name(l, n, m[OS], "os", OCI_RULE_P03, OCI_RULE_P04, systems);
    const struct oci_lint_node *version = m[OS_VERSION];
    if (version && version->kind != OCI_LINT_STRING)
        oci_lint_say(l, version->kind == OCI_LINT_NULL ? OCI_RULE_P05 : OCI_RULE_P05T, version, NULL,
                     "this is not a string: write the version in quotes");
    check_features(l, m[OS_FEATURES]);
    check_variant(l, m[VARIANT], oci_lint_string(m[ARCHITECTURE]));
    if (m[FEATURES])
        oci_lint_say(l, OCI_RULE_P09, m[FEATURES], NULL,
                     "this member is reserved for later versions of the specification: leave it out");
}
