/* lint_annotations.c - maps of annotations (image-spec annotations.md). */
#include "model/digest.h"
#include "model/lint_inside.h"

#define RESERVED "org.opencontainers"
#define IMAGE    "org.opencontainers.image."

static bool is_digest(const char *s)
{
    struct oci_digest d;
    return oci_digest_parse(oci_str_of(s), &d, NULL) == OCI_OK;
}

static bool anything(const char *s)
{
    (void)s;
    return true;
}

/* image-spec annotations.md, and what conversion.md adds: the key after its prefix, and what its value must be. */
static const struct {
    const char *key;
    bool (*right)(const char *);
    enum oci_rule rule;
    const char *message;
} known[] = {
    {"created", oci_lint_date_time, OCI_RULE_A09, "write date and time as in RFC 3339: 2023-01-02T03:04:05Z"},
    {"licenses", oci_lint_licenses, OCI_RULE_A10, "write an SPDX license expression: Apache-2.0 OR MIT"},
    {"url", oci_lint_uri, OCI_RULE_A10, "write a URL with its scheme: https://..."},
    {"documentation", oci_lint_uri, OCI_RULE_A10, "write a URL with its scheme: https://..."},
    {"source", oci_lint_uri, OCI_RULE_A10, "write a URL with its scheme: https://..."},
    {"ref.name", oci_lint_ref_name, OCI_RULE_A12,
     "write letters and digits, joined by one of -._:@+ or by --, in parts between slashes: v1.0.0-vendor.0"},
    {"base.name", oci_lint_full_name, OCI_RULE_A14,
     "write the whole reference, with its registry: registry.example.com/my-org/my-image:tag"},
    {"base.digest", is_digest, OCI_RULE_A15, "write the digest of the base image's manifest: sha256:..."},
    {"authors", anything, OCI_RULE_NONE, ""},
    {"version", anything, OCI_RULE_NONE, ""},
    {"revision", anything, OCI_RULE_NONE, ""},
    {"vendor", anything, OCI_RULE_NONE, ""},
    {"title", anything, OCI_RULE_NONE, ""},
    {"description", anything, OCI_RULE_NONE, ""},
    {"architecture", anything, OCI_RULE_NONE, ""},
    {"author", anything, OCI_RULE_NONE, ""},
    {"os", anything, OCI_RULE_NONE, ""},
    {"os.version", anything, OCI_RULE_NONE, ""},
    {"os.features", anything, OCI_RULE_NONE, ""},
    {"variant", anything, OCI_RULE_NONE, ""},
    {"stopSignal", anything, OCI_RULE_NONE, ""},
    {"exposedPorts", anything, OCI_RULE_NONE, ""},
};

/* ---- one annotation ------------------------------------------------------------------------- */

/* What follows the prefix of the image specification. */
static void check_predefined(struct oci_lint *l, const struct oci_lint_node *n, const char *key, bool names)
{
    size_t i = 0;
    size_t count = sizeof known / sizeof known[0];
    while (i < count && strcmp(known[i].key, key) != 0)
        i++;
    if (i == count) {
        oci_lint_say(l, OCI_RULE_A06, n, NULL,
                     "the image specification defines no such key, and nobody else may use its prefix: take one that "
                     "begins with a domain name of your own");
        return;
    }
    const char *s = oci_lint_string(n);
    if (s && !known[i].right(s))
        oci_lint_say(l, known[i].rule, n, NULL, "\"%.100s\" is not what this key is for: %s", s, known[i].message);
    if (!names && strcmp(key, "ref.name") == 0)
        oci_lint_say(
            l, OCI_RULE_A11, n, NULL,
            "a reference's name counts only on the descriptors of a layout's index.json: use another key here");
}

static void check_key(struct oci_lint *l, const struct oci_lint_node *n, bool names)
{
    const char *key = n->key;
    size_t reserved = strlen(RESERVED);
    if (strncmp(key, RESERVED, reserved) == 0 && (key[reserved] == '.' || key[reserved] == '\0')) {
        if (oci_starts_with(key, IMAGE))
            check_predefined(l, n, key + strlen(IMAGE), names);
        else
            oci_lint_say(l, OCI_RULE_A05, n, NULL,
                         "the prefix " RESERVED " is for keys of OCI specifications alone: take one that begins with a "
                         "domain name of your own");
        return;
    }
    const char *dot = strchr(key, '.');
    if (!*key)
        oci_lint_say(l, OCI_RULE_S08, n, NULL, "the key is empty, which the schema overlooks: give it a name");
    else if (!dot || dot == key || dot[1] == '\0')
        oci_lint_say(l, OCI_RULE_A04, n, NULL,
                     "begin the key with a domain name of your own, reversed, so that it means the same to everybody: "
                     "com.example.%.60s",
                     key);
}

static void check_value(struct oci_lint *l, const struct oci_lint_node *n)
{
    if (n->kind == OCI_LINT_NULL)
        oci_lint_say(l, OCI_RULE_A02, n, NULL,
                     "an annotation has a value: write \"\" for an empty one, or leave the key out");
    else if (n->kind != OCI_LINT_STRING)
        oci_lint_say(l, OCI_RULE_A01, n, NULL, "the value of an annotation is a string: put it in quotes");
    if (n->repeated)
        oci_lint_say(l, OCI_RULE_A03, n, NULL, "this key is there already: each annotation has one value");
}

/* ---- the map -------------------------------------------------------------------------------- */

void oci_lint_annotations(struct oci_lint *l, const struct oci_lint_node *n, enum oci_rule rule, bool names)
{
    bool base_name = false;
    bool base_digest = false;
    if (!n)
        return;
    if (n->kind == OCI_LINT_NULL)
        oci_lint_say(l, OCI_RULE_A07, n, NULL, "leave annotations out where there are none, or write {}");
    else if (n->kind != OCI_LINT_OBJECT)
        oci_lint_say(l, rule, n, NULL, "annotations are a map of strings: write {\"com.example.key\": \"value\"}");
    if (n->kind != OCI_LINT_OBJECT)
        return;
    for (const struct oci_lint_node *m = n->first; m; m = m->next) {
        check_key(l, m, names);
        check_value(l, m);
        base_name = base_name || strcmp(m->key, IMAGE "base.name") == 0;
        base_digest = base_digest || strcmp(m->key, IMAGE "base.digest") == 0;
    }
    if (base_name && !base_digest)
        oci_lint_say(l, OCI_RULE_A15, n, IMAGE "base.digest",
                     "this is missing beside base.name: write the digest of the base image's manifest");
}
