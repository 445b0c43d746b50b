/* lint_document.c - which kind of document it is, and the members that manifests and indexes share. */
#include "model/lint_inside.h"

enum kind { MANIFEST, INDEX, DESCRIPTOR, LAYOUT, CONFIG, UNKNOWN };

enum {
    SCHEMA_VERSION,
    MEDIA_TYPE,
    ARTIFACT_TYPE,
    CONFIG_MEMBER,
    LAYERS,
    MANIFESTS,
    SUBJECT,
    ANNOTATIONS,
    FS_LAYERS,
    MEMBERS
};
static const char *const members[] = {"schemaVersion", "mediaType", "artifactType", "config",   "layers",
                                      "manifests",     "subject",   "annotations",  "fsLayers", NULL};

/* What differs between a manifest and an index. */
static const struct {
    const char *name, *type, *docker_type;
    enum oci_rule version, no_type, wrong_type, artifact_type, annotations, subject;
} kinds[] = {
    [MANIFEST] = {"an image manifest", OCI_TYPE_MANIFEST, OCI_TYPE_DOCKER_MANIFEST, OCI_RULE_M01, OCI_RULE_M02,
                  OCI_RULE_M03, OCI_RULE_M05, OCI_RULE_M26, OCI_RULE_M23},
    [INDEX] = {"an index", OCI_TYPE_INDEX, OCI_TYPE_DOCKER_LIST, OCI_RULE_I02, OCI_RULE_I03, OCI_RULE_I04, OCI_RULE_I05,
               OCI_RULE_I15, OCI_RULE_I14},
};

struct document {
    struct oci_lint *l;
    const struct oci_lint_node *root, *member[MEMBERS];
    enum kind kind;
    const char *sender; /* what it was sent as; NULL: nobody said */
    bool docker;
};

static enum kind kind_of_type(const char *type)
{
    static const struct {
        const char *type;
        enum kind kind;
    } table[] = {
        {OCI_TYPE_DESCRIPTOR, DESCRIPTOR},
        {OCI_TYPE_LAYOUT_HEADER, LAYOUT},
        {OCI_TYPE_IMAGE_CONFIG, CONFIG},
    };
    for (size_t i = 0; type && i < sizeof table / sizeof table[0]; i++) {
        if (strcmp(type, table[i].type) == 0)
            return table[i].kind;
    }
    return oci_media_type_is_manifest(type) ? MANIFEST : oci_media_type_is_index(type) ? INDEX : UNKNOWN;
}

/* The first member of that name, or NULL. */
static const struct oci_lint_node *find(const struct oci_lint_node *root, const char *key)
{
    const struct oci_lint_node *m = oci_lint_is(root, OCI_LINT_OBJECT) ? root->first : NULL;
    while (m && strcmp(m->key, key) != 0)
        m = m->next;
    return m;
}

static enum kind kind_of_shape(const struct oci_lint_node *root)
{
    bool index = find(root, "manifests") != NULL;
    bool manifest = find(root, "config") || find(root, "layers");
    if (index != manifest)
        return index ? INDEX : MANIFEST;
    if (index)
        return UNKNOWN;
    if (find(root, "imageLayoutVersion"))
        return LAYOUT;
    return find(root, "digest") && !find(root, "schemaVersion") ? DESCRIPTOR : UNKNOWN;
}

/* Members say more than a word; but where the document has none, the sender's counts. */
static enum kind choose_kind(const struct oci_lint_node *root, const char *sender)
{
    enum kind sent = kind_of_type(sender);
    if (sent == DESCRIPTOR || sent == LAYOUT || sent == CONFIG)
        return sent;
    const char *body = oci_lint_string(find(root, "mediaType"));
    enum kind shape = kind_of_shape(root);
    if (shape != UNKNOWN && (body || sent == UNKNOWN))
        return shape;
    if (sent != UNKNOWN)
        return sent;
    return kind_of_type(body) == INDEX ? INDEX : MANIFEST;
}

/* ---- members of both ------------------------------------------------------------------------ */

static void check_version(const struct document *d)
{
    const struct oci_lint_node *n = d->member[SCHEMA_VERSION];
    if (!oci_lint_is(n, OCI_LINT_NUMBER) || !n->integer || strcmp(n->text, "2") != 0)
        oci_lint_say(d->l, kinds[d->kind].version, d->root, "schemaVersion", "%s: write \"schemaVersion\": 2",
                     n ? "this is not the number 2" : "this is missing");
}

static void check_own_type(struct document *d)
{
    const struct oci_lint_node *n = d->member[MEDIA_TYPE];
    const char *type = kinds[d->kind].type;
    const char *body = oci_lint_string(n);
    if (!n) {
        oci_lint_say(d->l, kinds[d->kind].no_type, d->root, "mediaType",
                     "write \"mediaType\": \"%s\", so that the document cannot be taken for something else", type);
        return;
    }
    bool docker = body && strcmp(body, kinds[d->kind].docker_type) == 0;
    d->docker = docker && !oci_str_equal(d->sender, type);
    if (!body || (strcmp(body, type) != 0 && !d->docker))
        oci_lint_say(d->l, kinds[d->kind].wrong_type, d->root, "mediaType",
                     "write \"%s\" here: by its members this is %s%s", type, kinds[d->kind].name,
                     docker ? ", and it was sent as one" : "");
    enum kind other = d->kind == INDEX ? MANIFEST : INDEX;
    if (body && kind_of_type(body) == other)
        oci_lint_say(
            d->l, OCI_RULE_X11, d->root, "mediaType",
            "the document is ambiguous, its type is that of the other kind: containerd and oci.parse refuse it");
}

/* distribution-spec, Pulling manifests: the body's word and the Content-Type are the same. */
static void check_sender(const struct document *d)
{
    const char *body = oci_lint_string(d->member[MEDIA_TYPE]);
    if (oci_media_type_says_nothing(d->sender))
        return;
    if (kind_of_type(d->sender) > INDEX)
        oci_lint_say(d->l, OCI_RULE_R05, d->root, "mediaType",
                     "send it as %s: it was sent as %.120s, which is no type of a manifest", kinds[d->kind].type,
                     d->sender);
    else if (body && strcmp(body, d->sender) != 0)
        oci_lint_say(d->l, OCI_RULE_R05, d->root, "mediaType",
                     "send it as what it says it is: it was sent as %.120s, and clients refuse the difference",
                     d->sender);
}

/* containerd, validateMediaType: what two programs may read differently. */
static void check_ambiguity(const struct document *d)
{
    static const int manifests_not[] = {MANIFESTS, FS_LAYERS};
    static const int indexes_not[] = {CONFIG_MEMBER, LAYERS, FS_LAYERS};
    const int *not = d->kind == INDEX ? indexes_not : manifests_not;
    size_t count = d->kind == INDEX ? 3 : 2;
    for (size_t i = 0; i < count; i++) {
        if (d->member[not [i]])
            oci_lint_say(d->l, OCI_RULE_X11, d->member[not [i]], NULL,
                         "leave this out: with it the document is also of another kind, and containerd and oci.parse "
                         "refuse it");
    }
}

static void check_manifest_or_index(struct document *d)
{
    oci_lint_members(d->l, d->root, members, d->member, OCI_RULE_NONE);
    check_version(d);
    check_own_type(d);
    check_sender(d);
    check_ambiguity(d);
    oci_lint_artifact_type(d->l, d->member[ARTIFACT_TYPE], kinds[d->kind].artifact_type);
    oci_lint_name_artifact(d->l, d->member[ARTIFACT_TYPE]);
    if (d->kind == INDEX)
        oci_lint_index(d->l, d->member[MANIFESTS], d->docker);
    else
        oci_lint_manifest(d->l, d->member[CONFIG_MEMBER], d->member[LAYERS], d->member[ARTIFACT_TYPE]);
    oci_lint_subject(d->l, d->member[SUBJECT], kinds[d->kind].subject);
    oci_lint_annotations(d->l, d->member[ANNOTATIONS], kinds[d->kind].annotations, false);
}

/* ---- the other documents -------------------------------------------------------------------- */

/* image-layout.md, oci-layout file. */
static void check_layout(const struct document *d)
{
    static const char *const keys[] = {"imageLayoutVersion", NULL};
    const struct oci_lint_node *version = NULL;
    oci_lint_members(d->l, d->root, keys, &version, OCI_RULE_NONE);
    const char *s = oci_lint_string(version);
    if (!s || strcmp(s, "1.0.0") != 0)
        oci_lint_say(d->l, OCI_RULE_L05, d->root, keys[0], "write \"imageLayoutVersion\": \"1.0.0\"%s",
                     version ? ", the only version there is" : "");
    if (s && oci_starts_with(s, "1.") && strcmp(s, "1.0.0") != 0)
        oci_lint_say(d->l, OCI_RULE_L17, version, NULL,
                     "write \"1.0.0\": the version is that of the layout, not of the specification");
}

/* config.md: only what tells whether an image can be made of it. */
static void check_image_config(const struct document *d)
{
    static const char *const keys[] = {"rootfs", NULL};
    static const char *const inner[] = {"type", NULL};
    const struct oci_lint_node *rootfs = NULL;
    const struct oci_lint_node *type = NULL;
    oci_lint_members(d->l, d->root, keys, &rootfs, OCI_RULE_NONE);
    oci_lint_members(d->l, rootfs, inner, &type, OCI_RULE_NONE);
    const char *s = oci_lint_string(type);
    if (!s || strcmp(s, "layers") != 0)
        oci_lint_say(
            d->l, OCI_RULE_Y09, rootfs ? rootfs : d->root, rootfs ? "type" : "rootfs",
            "an image's config has \"rootfs\": {\"type\": \"layers\", ...}: write it so, or use a media type of "
            "your own for a config that is no image's");
}

static void not_an_object(const struct document *d)
{
    static const enum oci_rule rules[] = {[MANIFEST] = OCI_RULE_M01,
                                          [INDEX] = OCI_RULE_I02,
                                          [DESCRIPTOR] = OCI_RULE_D03,
                                          [LAYOUT] = OCI_RULE_L04,
                                          [CONFIG] = OCI_RULE_Y09};
    oci_lint_say(d->l, rules[d->kind], NULL, NULL, "this must be a JSON object: put the document's members into { }");
}

void oci_lint_document(struct oci_lint *l, const char *media_type)
{
    static const struct oci_lint_place alone = {"a descriptor", OCI_RULE_D03, OCI_RULE_D04, true};
    struct document d = {.l = l, .root = l->root};
    struct oci_lint_desc desc;
    char essence[OCI_MEDIA_TYPE_MAX];
    oci_media_type_essence(media_type, essence);
    d.sender = *essence ? essence : NULL;
    d.kind = choose_kind(l->root, d.sender);
    if (!oci_lint_is(l->root, OCI_LINT_OBJECT))
        not_an_object(&d);
    else if (d.kind == DESCRIPTOR)
        oci_lint_desc(l, l->root, &alone, &desc);
    else if (d.kind == LAYOUT)
        check_layout(&d);
    else if (d.kind == CONFIG)
        check_image_config(&d);
    else
        check_manifest_or_index(&d);
}
