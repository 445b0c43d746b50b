/* lint_manifest.c - what an image manifest (image-spec manifest.md) and an index (image-index.md) hold. */
#include "model/lint_inside.h"

#define DOCKER_CONFIG     "application/vnd.docker.container.image.v1+json"
#define NOT_DISTRIBUTABLE "application/vnd.oci.image.layer.nondistributable.v1.tar"

static const struct oci_lint_place of_config = {"config", OCI_RULE_M07, OCI_RULE_M12, false};
static const struct oci_lint_place of_layer = {"each of the layers", OCI_RULE_M13, OCI_RULE_M22, false};
static const struct oci_lint_place of_entry = {"each of the manifests", OCI_RULE_I07, OCI_RULE_D04, true};

static bool image_config(const char *type)
{
    return strcmp(type, OCI_TYPE_IMAGE_CONFIG) == 0 || strcmp(type, DOCKER_CONFIG) == 0;
}

/* manifest.md, layers: the types that implementations support. */
static bool image_layer(const char *type)
{
    static const char *const types[] = {OCI_TYPE_LAYER_TAR,
                                        OCI_TYPE_LAYER_TAR_GZIP,
                                        OCI_TYPE_LAYER_TAR_ZSTD,
                                        NOT_DISTRIBUTABLE,
                                        NOT_DISTRIBUTABLE "+gzip",
                                        NOT_DISTRIBUTABLE "+zstd",
                                        NULL};
    return oci_lint_in(type, types);
}

void oci_lint_subject(struct oci_lint *l, const struct oci_lint_node *subject, enum oci_rule rule)
{
    const struct oci_lint_place place = {"subject", rule, OCI_RULE_D04, false};
    struct oci_lint_desc d;
    if (!subject || !oci_lint_desc(l, subject, &place, &d) || !*d.type)
        return;
    if (!oci_media_type_is_manifest(d.type) && !oci_media_type_is_index(d.type))
        oci_lint_say(l, OCI_RULE_M24, subject, "mediaType",
                     "a subject is a manifest or an index, and registries list nothing else's referrers: name the "
                     "manifest that holds this content");
}

/* ---- manifests ------------------------------------------------------------------------------ */

struct manifest {
    struct oci_lint *l;
    const struct oci_lint_node *config, *layers;
    struct oci_lint_desc config_desc;
    bool has_type;       /* an artifactType */
    size_t image_layers; /* of a type that images have */
    size_t other_layers;
    const struct oci_lint_node *titled; /* the first layer with a title */
    const struct oci_lint_node *last;
    struct oci_lint_desc last_desc;
};

static bool has_title(const struct oci_lint_desc *d)
{
    const struct oci_lint_node *a = d->member[OCI_DESC_ANNOTATIONS];
    for (const struct oci_lint_node *m = oci_lint_is(a, OCI_LINT_OBJECT) ? a->first : NULL; m; m = m->next) {
        if (strcmp(m->key, "org.opencontainers.image.title") == 0)
            return true;
    }
    return false;
}

static void check_layer(struct manifest *m, const struct oci_lint_node *n)
{
    struct oci_lint_desc d;
    if (!oci_lint_desc(m->l, n, &of_layer, &d))
        return;
    bool of_image = image_layer(d.type);
    m->image_layers += of_image;
    m->other_layers += !of_image;
    if (!of_image && *d.type && strcmp(m->config_desc.type, OCI_TYPE_IMAGE_CONFIG) == 0)
        oci_lint_say(
            m->l, OCI_RULE_M20, n, "mediaType",
            "an image with this layer runs nowhere, since no runtime need know its type: use a listed layer type, "
            "or a config of your own type if this is no image");
    if (oci_starts_with(d.type, NOT_DISTRIBUTABLE)) {
        oci_lint_say(m->l, OCI_RULE_T07, n, "mediaType", "this type is deprecated: write %s%s", OCI_TYPE_LAYER_TAR,
                     d.type + strlen(NOT_DISTRIBUTABLE));
        oci_lint_say(m->l, OCI_RULE_Y07, n, "mediaType",
                     "layers that must not be distributed are not to be made any more: use an ordinary layer");
    }
    oci_lint_name_layer(m->l, &d);
    if (!m->titled && has_title(&d))
        m->titled = n;
    m->last = n;
    m->last_desc = d;
}

/* manifest.md, Guidelines for Artifact Usage: a single layer with a non-zero size where none is needed. */
static void check_unused_layers(struct manifest *m, size_t count)
{
    static const char how[] =
        "for an artifact without content write one layer that is the empty descriptor: type " OCI_TYPE_EMPTY
        ", the two bytes {}";
    if (image_config(m->config_desc.type))
        return;
    if (count == 0)
        oci_lint_say(m->l, OCI_RULE_Z03, m->layers, NULL, "%s", how);
    else if (count == 1 && m->last && m->last_desc.has_size && m->last_desc.size == 0)
        oci_lint_say(m->l, OCI_RULE_Z03, m->last, "size", "some registries refuse empty blobs: %s", how);
}

static void check_layers(struct manifest *m, const struct oci_lint_node *root)
{
    static const char one[] = "write at least one layer: the schema refuses a manifest without";
    size_t count = 0;
    if (!m->layers)
        oci_lint_say(m->l, OCI_RULE_M13, root, "layers", "this is missing: write an array with at least one layer");
    else if (m->layers->kind == OCI_LINT_NULL)
        oci_lint_say(m->l, OCI_RULE_M14, m->layers, NULL, "%s, and null as well", one);
    else if (m->layers->kind != OCI_LINT_ARRAY)
        oci_lint_say(m->l, OCI_RULE_M13, m->layers, NULL, "this must be an array of descriptors: write [...]");
    if (!oci_lint_is(m->layers, OCI_LINT_ARRAY))
        return;
    for (const struct oci_lint_node *n = m->layers->first; n; n = n->next, count++)
        check_layer(m, n);
    if (count == 0)
        oci_lint_say(m->l, OCI_RULE_M14, m->layers, NULL, "%s", one);
    check_unused_layers(m, count);
}

/* An image's config where there is no image, or an image where there is no config. */
static void check_disguise(const struct manifest *m)
{
    const char *type = m->config_desc.type;
    bool oci = strcmp(type, OCI_TYPE_IMAGE_CONFIG) == 0;
    bool no_image = m->has_type || m->other_layers > 0;
    if (oci && (m->has_type || (m->other_layers > 0 && m->image_layers == 0)))
        oci_lint_say(
            m->l, OCI_RULE_M11, m->config, "mediaType",
            "this is an artifact with an image's config: write a media type of your own, or the empty one (%s)",
            OCI_TYPE_EMPTY);
    if (m->has_type && image_config(type))
        oci_lint_say(
            m->l, OCI_RULE_Z02, m->config, "mediaType",
            "an image's config makes clients take an artifact for an image: write a media type of your own, or "
            "the empty one (%s)",
            OCI_TYPE_EMPTY);
    if (oci && (no_image || m->titled))
        oci_lint_say(
            m->l, OCI_RULE_A2, m->config, "mediaType",
            "this type is reserved for what a container runtime is meant to run: write a media type of your own");
    bool images_only = m->image_layers > 0 && m->other_layers == 0 && !m->titled;
    if (images_only && ((oci && m->config_desc.empty_blob) || (strcmp(type, OCI_TYPE_EMPTY) == 0 && !m->has_type)))
        oci_lint_say(
            m->l, OCI_RULE_M27, m->config, NULL,
            "no image can be made of this: its config must hold rootfs with the digests of the layers; if it is "
            "no image, write an artifactType and the empty config");
}

void oci_lint_manifest(struct oci_lint *l, const struct oci_lint_node *config, const struct oci_lint_node *layers,
                       const struct oci_lint_node *artifact_type)
{
    const char *type = oci_lint_string(artifact_type);
    struct manifest m = {.l = l, .config = config, .layers = layers, .has_type = type && *type};
    m.config_desc.type = "";
    if (!config)
        oci_lint_say(l, OCI_RULE_M07, l->root, "config",
                     "this is missing: write a descriptor, for no config the empty one (%s)", OCI_TYPE_EMPTY);
    else if (oci_lint_desc(l, config, &of_config, &m.config_desc))
        oci_lint_name_config(l, &m.config_desc);
    if (strcmp(m.config_desc.type, OCI_TYPE_EMPTY) == 0 && !m.has_type)
        oci_lint_say(l, OCI_RULE_M04, l->root, "artifactType",
                     "with the empty config nothing says what this is: write an artifactType");
    check_layers(&m, l->root);
    if (config)
        check_disguise(&m);
}

/* ---- indexes -------------------------------------------------------------------------------- */

struct entries {
    size_t platforms, unsaid; /* with a platform; manifests of which nothing says what they are for */
    const struct oci_lint_node *first_unsaid;
    bool docker;
};

/* Is it a manifest of which neither a platform, a type nor a name says what it is for? */
static bool unsaid(const struct oci_lint_desc *d)
{
    const struct oci_lint_node *a = d->member[OCI_DESC_ANNOTATIONS];
    if (!oci_media_type_is_manifest(d->type) || d->member[OCI_DESC_PLATFORM] || d->member[OCI_DESC_ARTIFACT_TYPE])
        return false;
    for (const struct oci_lint_node *m = oci_lint_is(a, OCI_LINT_OBJECT) ? a->first : NULL; m; m = m->next) {
        if (strcmp(m->key, "org.opencontainers.image.ref.name") == 0)
            return false;
    }
    return true;
}

static void check_entry(struct oci_lint *l, const struct oci_lint_node *n, struct entries *e)
{
    struct oci_lint_desc d;
    if (!oci_lint_desc(l, n, &of_entry, &d))
        return;
    bool oci = strcmp(d.type, OCI_TYPE_MANIFEST) == 0 || strcmp(d.type, OCI_TYPE_INDEX) == 0;
    bool known = oci || (e->docker && (oci_media_type_is_manifest(d.type) || oci_media_type_is_index(d.type)));
    if (*d.type && !known)
        oci_lint_say(l, OCI_RULE_I10, n, "mediaType",
                     "clients may know nothing but OCI manifests and indexes here: wrap other content into a manifest");
    e->platforms += d.member[OCI_DESC_PLATFORM] != NULL;
    if (unsaid(&d) && e->unsaid++ == 0)
        e->first_unsaid = n;
}

/* image-index.md, platform: SHOULD be present if the target is platform-specific. Whether it is, only its neighbours
 * tell; a layout's index.json names what it has and says no platforms. */
static void check_platforms(struct oci_lint *l, const struct oci_lint_node *manifests, const struct entries *e)
{
    if (e->platforms == 0 && e->unsaid > 1)
        oci_lint_say(
            l, OCI_RULE_I12, manifests, NULL,
            "no client can choose between these manifests: write a platform into the entries that are for one, "
            "or an artifactType");
    else if (e->platforms > 0 && e->unsaid > 0)
        oci_lint_say(l, OCI_RULE_D18, e->first_unsaid, "platform",
                     "other entries have a platform, so that no client finds this one: write its platform, or its "
                     "artifactType");
}

void oci_lint_index(struct oci_lint *l, const struct oci_lint_node *manifests, bool docker)
{
    struct entries e = {.docker = docker};
    if (!oci_lint_is(manifests, OCI_LINT_ARRAY)) {
        oci_lint_say(l, OCI_RULE_I06, l->root, "manifests", "%s: write an array of descriptors, [] where there is none",
                     manifests ? "this is not an array" : "this is missing");
        return;
    }
    for (const struct oci_lint_node *n = manifests->first; n; n = n->next)
        check_entry(l, n, &e);
    check_platforms(l, manifests, &e);
}
