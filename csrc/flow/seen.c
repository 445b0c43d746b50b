#include "flow/seen.h"

#include <stdio.h>

#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "flow/moving.h"

#define MOST 4096 /* blobs: some hundreds of KiB */

struct oci_seen {
    struct oci_map repositories; /* by registry and digest */
};

struct key {
    char text[OCI_MAX_URL + OCI_DIGEST_MAX];
};

static struct key key_of(const char *registry, const struct oci_digest *digest)
{
    struct key k;
    snprintf(k.text, sizeof k.text, "%s %s", registry, digest->text);
    return k;
}

struct oci_seen *oci_seen_new(void)
{
    struct oci_seen *s = oci_calloc(1, sizeof *s);
    if (s)
        oci_map_init(&s->repositories, MOST);
    return s;
}

void oci_seen_free(struct oci_seen *s)
{
    if (s)
        oci_map_done(&s->repositories, oci_free);
    oci_free(s);
}

void oci_seen_note(struct oci_seen *s, const char *registry, const char *repository, const struct oci_digest *digest,
                   uint64_t size)
{
    if (!s || size < OCI_SMALL)
        return;
    const struct key k = key_of(registry, digest);
    const char *known = oci_map_get(&s->repositories, k.text);
    if (oci_str_equal(known, repository))
        return;
    char *copy = oci_strdup(repository);
    void *old = NULL;
    int rc = copy ? oci_map_set(&s->repositories, k.text, copy, &old) : OCI_NO_MEMORY;
    if (rc == OCI_LIMIT) { /* begins anew: rare, and then the old ones are the least likely */
        oci_map_done(&s->repositories, oci_free);
        rc = oci_map_set(&s->repositories, k.text, copy, &old);
    }
    oci_free(rc == OCI_OK ? old : copy);
}

const char *oci_seen_where(const struct oci_seen *s, const char *registry, const struct oci_digest *digest)
{
    if (!s)
        return NULL;
    const struct key k = key_of(registry, digest);
    return oci_map_get(&s->repositories, k.text);
}

void oci_seen_forget(struct oci_seen *s, const char *registry, const struct oci_digest *digest)
{
    if (!s)
        return;
    const struct key k = key_of(registry, digest);
    oci_free(oci_map_remove(&s->repositories, k.text));
}
