/* lint_desc.c - descriptors (image-spec descriptor.md). */
#include <stdio.h>

#include "base/encode.h"
#include "base/limits.h"
#include "model/digest.h"
#include "model/lint_inside.h"

static const char *const members[] = {"mediaType", "digest",       "size",     "urls", "annotations",
                                      "data",      "artifactType", "platform", NULL};

struct desc {
    struct oci_lint *l;
    const struct oci_lint_node *n;
    const struct oci_lint_place *place;
    struct oci_lint_desc *d;
    struct oci_digest digest; /* "" when it is malformed */
};

/* null where the specification has an optional member: Go reads it as absent, the schema refuses it. */
static bool absent(struct oci_lint *l, const struct oci_lint_node *n)
{
    if (oci_lint_is(n, OCI_LINT_NULL))
        oci_lint_say(l, OCI_RULE_S11, n, NULL, "leave this out instead of writing null, which the schema refuses");
    return !n || n->kind == OCI_LINT_NULL;
}

/* ---- media types ---------------------------------------------------------------------------- */

static void check_media_type(struct desc *x)
{
    const struct oci_lint_node *n = x->d->member[OCI_DESC_MEDIA_TYPE];
    const char *s = oci_lint_string(n);
    if (!s)
        oci_lint_say(x->l, OCI_RULE_D03, x->n, "mediaType", "%s: write the media type of the content as a string",
                     n ? "this is not a string" : "this is missing");
    else if (!oci_media_type_valid(oci_str_of(s)))
        oci_lint_say(
            x->l, x->place->type, n, NULL,
            "\"%.150s\" is not a media type: write type/subtype without parameters, each of at most 127 letters, "
            "digits and !#$&-^_.+, and begun with a letter or digit (RFC 6838 section 4.2)",
            s);
    else
        x->d->type = s;
}

void oci_lint_artifact_type(struct oci_lint *l, const struct oci_lint_node *n, enum oci_rule rule)
{
    const char *s = oci_lint_string(n);
    if (absent(l, n))
        return;
    if (!s || !oci_media_type_valid(oci_str_of(s)))
        oci_lint_say(
            l, rule, n, NULL,
            "\"%.150s\" is not a media type: write type/subtype without parameters (RFC 6838 section 4.2), such "
            "as application/vnd.example.thing.v1, or leave artifactType out",
            s ? s : "");
}

/* ---- digests -------------------------------------------------------------------------------- */

/* The rule of the encoded part, by algorithm, for a digest that keeps the grammar; else G01. */
static enum oci_rule digest_rule(const char *s)
{
    static const char encoded[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789=_-";
    const char *colon = strchr(s, ':');
    if (!colon || colon[1] == '\0' || colon[1 + strspn(colon + 1, encoded)] != '\0')
        return OCI_RULE_G01;
    struct oci_str algorithm = {s, (size_t)(colon - s)};
    if (oci_str_eq(algorithm, "sha256"))
        return OCI_RULE_G05;
    if (oci_str_eq(algorithm, "sha512"))
        return OCI_RULE_G06;
    return oci_str_eq(algorithm, "blake3") ? OCI_RULE_G07 : OCI_RULE_G01;
}

/* A digest that keeps the grammar, but is longer than what is parsed here. */
static bool only_long(const char *s)
{
    struct oci_digest d;
    size_t len = strlen(s);
    return len >= OCI_DIGEST_MAX && digest_rule(s) == OCI_RULE_G01 && strchr(s, ':') < s + 100 &&
           oci_digest_parse((struct oci_str){s, OCI_DIGEST_MAX - 1}, &d, NULL) == OCI_OK &&
           strspn(s + 100, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789=_-") == len - 100;
}

static void check_digest(struct desc *x)
{
    const struct oci_lint_node *n = x->d->member[OCI_DESC_DIGEST];
    const char *s = oci_lint_string(n);
    if (!s) {
        oci_lint_say(x->l, OCI_RULE_D05, x->n, "digest",
                     "%s: write the digest of the content, \"sha256:\" and 64 digits",
                     n ? "this is not a string" : "this is missing");
        return;
    }
    if (oci_digest_parse(oci_str_of(s), &x->digest, NULL) == OCI_OK || only_long(s))
        return;
    enum oci_rule rule = digest_rule(s);
    const char *how = rule == OCI_RULE_G01   ? "write algorithm:encoded, such as \"sha256:\" and 64 digits"
                      : rule == OCI_RULE_G06 ? "exactly 128 digits of 0-9a-f follow the colon"
                                             : "exactly 64 digits of 0-9a-f follow the colon";
    oci_lint_say(x->l, rule, n, NULL, "\"%.150s\" is not a digest: %s", s, how);
}

/* ---- size ----------------------------------------------------------------------------------- */

static void check_size(struct desc *x)
{
    const struct oci_lint_node *n = x->d->member[OCI_DESC_SIZE];
    bool integer = oci_lint_is(n, OCI_LINT_NUMBER) && n->integer;
    if (integer && n->text[0] == '-' && strcmp(n->text, "-0") != 0)
        oci_lint_say(x->l, OCI_RULE_D09, n, NULL, "a size is not negative: write the length of the content in bytes");
    else if (!integer || oci_str_to_u64(oci_str_of(n->text + (n->text[0] == '-')), INT64_MAX, &x->d->size) != OCI_OK)
        oci_lint_say(
            x->l, OCI_RULE_D07, x->n, "size",
            "%s: write the length of the content in bytes, a number without fraction, exponent and quotes, up to "
            "9223372036854775807",
            n ? "this is not a size" : "this is missing");
    else
        x->d->has_size = true;
}

/* ---- urls ----------------------------------------------------------------------------------- */

static void check_urls(struct desc *x)
{
    const struct oci_lint_node *n = x->d->member[OCI_DESC_URLS];
    if (absent(x->l, n))
        return;
    if (n->kind != OCI_LINT_ARRAY) {
        oci_lint_say(x->l, OCI_RULE_D10, n, NULL, "this must be an array of URIs: write [\"https://...\"]");
        return;
    }
    for (const struct oci_lint_node *u = n->first; u; u = u->next) {
        const char *s = oci_lint_string(u);
        if (!s || !oci_lint_uri(s))
            oci_lint_say(x->l, OCI_RULE_D10, u, NULL,
                         "this is not a URI: write it whole, with its scheme, and percent-encode blanks (RFC 3986)");
        else if (!oci_lint_http(s))
            oci_lint_say(x->l, OCI_RULE_D11, u, NULL, "clients need only understand http and https: name such a place");
    }
}

/* ---- embedded data -------------------------------------------------------------------------- */

static void compare_data(struct desc *x, const struct oci_buf *b)
{
    const struct oci_lint_node *n = x->d->member[OCI_DESC_DATA];
    if (x->d->has_size && b->len != x->d->size)
        oci_lint_say(x->l, OCI_RULE_D14, n, NULL,
                     "the %zu bytes embedded here are not the content, whose size is given as %llu: embed the content "
                     "itself, and correct what is wrong",
                     b->len, (unsigned long long)x->d->size);
    int rc = oci_digest_can_verify(&x->digest) ? oci_digest_check(&x->digest, b->p ? b->p : "", b->len, NULL) : OCI_OK;
    if (rc == OCI_NO_MEMORY)
        oci_lint_no_memory(x->l);
    else if (rc)
        oci_lint_say(
            x->l, OCI_RULE_D14, n, NULL,
            "the bytes embedded here have another digest than the descriptor: embed the content itself, or leave "
            "data out");
    if (b->len > OCI_MAX_EMBEDDED)
        oci_lint_say(
            x->l, OCI_RULE_D21, n, NULL,
            "%zu bytes are much for embedded content: registries limit a manifest's size, so push this as a blob "
            "and leave data out",
            b->len);
}

static void check_data(struct desc *x)
{
    const struct oci_lint_node *n = x->d->member[OCI_DESC_DATA];
    const char *s = oci_lint_string(n);
    if (absent(x->l, n))
        return;
    oci_auto(oci_buf) struct oci_buf b;
    oci_buf_init(&b, OCI_MAX_MANIFEST);
    int rc = s ? oci_base64_decode(&b, s, strlen(s), 1) : OCI_INVALID;
    if (rc == OCI_NO_MEMORY)
        oci_lint_no_memory(x->l);
    else if (rc)
        oci_lint_say(x->l, OCI_RULE_D13, n, NULL,
                     "this is not base64: write a string in the standard alphabet, padded, without line ends (RFC 4648 "
                     "section 4)");
    else
        compare_data(x, &b);
}

/* ---- the empty descriptor ------------------------------------------------------------------- */

/* Is this the digest of these bytes? True where that cannot be told. */
static bool digest_of(struct desc *x, const char *bytes)
{
    if (!oci_digest_can_verify(&x->digest))
        return true;
    int rc = oci_digest_check(&x->digest, bytes, strlen(bytes), NULL);
    if (rc == OCI_NO_MEMORY)
        oci_lint_no_memory(x->l);
    return rc == OCI_OK;
}

/* manifest.md, Guidance for an Empty Descriptor. */
static void check_empty(struct desc *x)
{
    const char *data = oci_lint_string(x->d->member[OCI_DESC_DATA]);
    x->d->empty_blob = x->d->has_size && (x->d->size == 0 || (x->d->size == 2 && digest_of(x, "{}")));
    if (strcmp(x->d->type, OCI_TYPE_EMPTY) != 0)
        return;
    if ((x->d->has_size && x->d->size != 2) || (oci_digest_is(&x->digest) && !digest_of(x, "{}")))
        oci_lint_say(x->l, OCI_RULE_Z04, x->n, NULL,
                     "the empty type means the two bytes {}: write size 2 and their digest, or another media type");
    else if (data && strcmp(data, "e30=") != 0)
        oci_lint_say(x->l, OCI_RULE_Z04, x->d->member[OCI_DESC_DATA], NULL,
                     "the empty type means the two bytes {}: write \"e30=\", or leave data out");
}

/* ---- the descriptor ------------------------------------------------------------------------- */

static void not_an_object(struct oci_lint *l, const struct oci_lint_node *n, const struct oci_lint_place *place)
{
    struct oci_digest d;
    const char *s = oci_lint_string(n);
    oci_lint_say(l, place->shape, n, NULL,
                 "%s is a descriptor: write {\"mediaType\": ..., \"digest\": ..., \"size\": ...}", place->what);
    if (s && oci_digest_parse(oci_str_of(s), &d, NULL) == OCI_OK)
        oci_lint_say(l, OCI_RULE_D01, n, NULL,
                     "a digest alone does not say what it names and how large that is: embed it in a descriptor");
}

bool oci_lint_desc(struct oci_lint *l, const struct oci_lint_node *n, const struct oci_lint_place *place,
                   struct oci_lint_desc *ret_desc)
{
    *ret_desc = (struct oci_lint_desc){.type = ""};
    if (!oci_lint_is(n, OCI_LINT_OBJECT)) {
        not_an_object(l, n, place);
        return false;
    }
    struct desc x = {.l = l, .n = n, .place = place, .d = ret_desc};
    oci_lint_members(l, n, members, ret_desc->member, OCI_RULE_D19);
    check_media_type(&x);
    check_digest(&x);
    check_size(&x);
    check_urls(&x);
    oci_lint_annotations(l, ret_desc->member[OCI_DESC_ANNOTATIONS], OCI_RULE_D12, place->names);
    check_data(&x);
    oci_lint_artifact_type(l, ret_desc->member[OCI_DESC_ARTIFACT_TYPE], OCI_RULE_D16);
    if (!absent(l, ret_desc->member[OCI_DESC_PLATFORM]))
        oci_lint_platform(l, ret_desc->member[OCI_DESC_PLATFORM]);
    check_empty(&x);
    return true;
}
