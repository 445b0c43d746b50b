/* lint_names.c - what opencontainers/artifacts advised authors to call their types (artifact-authors.md).
 *
 *   config  application/[tree].[org].[objectType].[subType].config.[version]+[format]
 *   layer   application/[tree].[org].[layerType].[subType].layer.[version].[fileFormat]+[compression]
 *
 * All of it is advice, so all of it is hints. Types that others have named (OCI's, Docker's, IANA's without a tree) are
 * not looked at. */
#include "model/lint_inside.h"

#define PARTS_MAX 16
#define HALF_MAX  64 /* RFC 6838 section 4.2: longer names SHOULD NOT be */

struct name {
    struct oci_str part[PARTS_MAX]; /* between the dots of the subtype, without its suffix; the rest is in the last */
    size_t count;
    struct oci_str suffix; /* after the last '+'; empty: none */
    bool own;              /* in a tree of vendors and the like, and not the OCI's or Docker's */
    bool application;      /* below application/ */
    size_t longest;        /* of its two halves */
};

static void split(const char *type, struct name *ret_name)
{
    struct name n = {.count = 0};
    struct oci_str top, sub, before;
    if (!oci_str_cut(oci_str_of(type), '/', &top, &sub))
        sub = oci_str_of("");
    else
        n.longest = top.len > sub.len ? top.len : sub.len;
    n.application = oci_str_eq_nocase(top, "application");
    const char *plus = memrchr(sub.p, '+', sub.len);
    if (plus) {
        n.suffix = (struct oci_str){plus + 1, (size_t)(sub.p + sub.len - plus - 1)};
        sub.len = (size_t)(plus - sub.p);
    }
    while (n.count < PARTS_MAX - 1 && oci_str_cut(sub, '.', &before, &sub))
        n.part[n.count++] = before;
    n.part[n.count++] = sub;
    bool tree =
        oci_str_eq_nocase(n.part[0], "vnd") || oci_str_eq_nocase(n.part[0], "prs") || oci_str_eq_nocase(n.part[0], "x");
    n.own = tree && n.count > 1 && !oci_str_eq(n.part[1], "oci") && !oci_str_eq(n.part[1], "docker") &&
            !oci_starts_with(type, "application/vnd.cyclonedx+"); /* IANA's, though of a vendor's tree */
    *ret_name = n;
}

/* "v1", "v0", "v2beta1". */
static bool is_version(struct oci_str s)
{
    return s.len > 1 && (s.p[0] == 'v' || s.p[0] == 'V') && s.p[1] >= '0' && s.p[1] <= '9';
}

/* The part that is the version, or n->count. */
static size_t find_version(const struct name *n)
{
    size_t i = 1;
    while (i < n->count && !is_version(n->part[i]))
        i++;
    return i;
}

/* [tree].[org].[type] and then, maybe after more, `word` and the version. */
static bool follows(const struct name *n, const char *word)
{
    size_t version = find_version(n);
    return n->application && version < n->count && version >= 4 && oci_str_eq(n->part[version - 1], word);
}

static void check_case(struct oci_lint *l, const struct oci_lint_node *n)
{
    if (strpbrk(n->text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"))
        oci_lint_say(l, OCI_RULE_A3, n, NULL,
                     "write media types in lower case, their words joined with '-': tools compare them byte by byte");
}

static void check_length(struct oci_lint *l, const struct oci_lint_node *n, const struct name *name, enum oci_rule rule)
{
    if (name->longest > HALF_MAX)
        oci_lint_say(l, rule, n, NULL, "shorten this: no more than %d characters before and after the slash", HALF_MAX);
}

void oci_lint_name_artifact(struct oci_lint *l, const struct oci_lint_node *n)
{
    struct name name;
    const char *s = oci_lint_string(n);
    if (!s || !oci_media_type_valid(oci_str_of(s)))
        return;
    split(s, &name);
    check_case(l, n);
    check_length(l, n, &name, OCI_RULE_A4);
}

/* ---- configs -------------------------------------------------------------------------------- */

void oci_lint_name_config(struct oci_lint *l, const struct oci_lint_desc *d)
{
    const struct oci_lint_node *n = d->member[OCI_DESC_MEDIA_TYPE];
    struct name name;
    if (!*d->type || oci_starts_with(d->type, "application/vnd.oci.") ||
        oci_starts_with(d->type, "application/vnd.docker."))
        return;
    split(d->type, &name);
    check_case(l, n);
    check_length(l, n, &name, OCI_RULE_A4);
    if (!name.own || !follows(&name, "config"))
        oci_lint_say(l, OCI_RULE_A4, n, NULL,
                     "name the config after what it belongs to: application/vnd.ORG.THING.config.v1+json");
    if (d->has_size && d->size == 0 && name.suffix.len > 0)
        oci_lint_say(l, OCI_RULE_A5, n, NULL,
                     "an empty config has no format: write the type without +%.*s, or the two bytes {}",
                     (int)name.suffix.len, name.suffix.p);
    if (d->has_size && d->size > 0 && name.own && !oci_str_eq(name.suffix, "json") && !oci_str_eq(name.suffix, "yaml"))
        oci_lint_say(
            l, OCI_RULE_A6, n, NULL,
            "write the config as JSON or YAML and end its type in +json or +yaml, so that registries can show it");
}

/* ---- layers --------------------------------------------------------------------------------- */

static bool is_format(struct oci_str s)
{
    static const char *const formats[] = {"tar", "zip", "gz",   "tgz", "zst", "json", "yaml",     "yml", "xml",  "txt",
                                          "md",  "sif", "wasm", "img", "iso", "bin",  "squashfs", "raw", "prov", NULL};
    for (size_t i = 0; formats[i]; i++) {
        if (oci_str_eq_nocase(s, formats[i]))
            return true;
    }
    return false;
}

/* A file that is no archive, in a layer whose type says tar. */
static bool not_a_tar(const struct oci_lint_desc *d)
{
    static const char *const archives[] = {".tar", ".gz", ".tgz", ".zst", ".tzst", NULL};
    const struct oci_lint_node *a = d->member[OCI_DESC_ANNOTATIONS];
    const char *title = NULL;
    if (!oci_starts_with(d->type, OCI_TYPE_LAYER_TAR))
        return false;
    for (const struct oci_lint_node *m = oci_lint_is(a, OCI_LINT_OBJECT) ? a->first : NULL; m; m = m->next) {
        if (strcmp(m->key, "io.deis.oras.content.unpack") == 0)
            return false; /* a directory, whose name may have a dot */
        if (strcmp(m->key, "org.opencontainers.image.title") == 0)
            title = oci_lint_string(m);
    }
    const char *slash = title ? strrchr(title, '/') : NULL;
    const char *dot = title ? strrchr(slash ? slash : title, '.') : NULL;
    return dot && dot[1] && !oci_lint_in(dot, archives);
}

/* Each type once: a thousand layers of one name are one finding. */
static bool seen(struct oci_lint *l, const char *type)
{
    if (oci_map_get(&l->seen, type))
        return true;
    if (oci_map_set(&l->seen, type, l, NULL) == OCI_NO_MEMORY)
        oci_lint_no_memory(l);
    return false;
}

void oci_lint_name_layer(struct oci_lint *l, const struct oci_lint_desc *d)
{
    const struct oci_lint_node *n = d->member[OCI_DESC_MEDIA_TYPE];
    struct name name;
    if (*d->type && not_a_tar(d))
        oci_lint_say(l, OCI_RULE_A9, n, NULL,
                     "by its title this is no tar archive: write the media type of the file's own format");
    if (!*d->type || seen(l, d->type))
        return;
    split(d->type, &name);
    if (!oci_starts_with(d->type, "application/vnd.oci.") && !oci_starts_with(d->type, "application/vnd.docker."))
        check_case(l, n);
    if (!name.own)
        return;
    size_t version = find_version(&name);
    check_length(l, n, &name, OCI_RULE_A12S);
    if (name.suffix.len == 0 && version + 1 >= name.count && !is_format(name.part[name.count - 1]))
        oci_lint_say(l, OCI_RULE_A9, n, NULL,
                     "say how the bytes are to be read: end the type in its format and compression, as in .tar+gzip");
    if (version == name.count)
        oci_lint_say(l, OCI_RULE_A11S, n, NULL,
                     "give the format a version, since it may change: .v1 before the format");
    if (!follows(&name, "layer"))
        oci_lint_say(
            l, OCI_RULE_A12S, n, NULL,
            "name the layer after what it holds: application/vnd.ORG.THING.layer.v1.FORMAT, or the type that IANA "
            "registered for such a file");
}
