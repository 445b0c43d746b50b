#include "auth/keys.h"

#include <string.h>

#include "base/str.h"

#define HUB "docker.io"
#define HUB_KEY "https://index.docker.io/v1/" /* what docker login writes */

int oci_auth_rank_compare(const struct oci_auth_rank *a, const struct oci_auth_rank *b)
{
    if (a->uncovered != b->uncovered)
        return a->uncovered < b->uncovered ? -1 : 1;
    if (a->form != b->form)
        return a->form < b->form ? -1 : 1;
    return strcmp(a->key, b->key);
}

static bool is_hub(struct oci_str host)
{
    return oci_str_eq_nocase(host, HUB) || oci_str_eq_nocase(host, "index.docker.io") ||
           oci_str_eq_nocase(host, "registry-1.docker.io");
}

static bool same_host(struct oci_str host, const char *registry)
{
    return oci_str_eq_nocase(host, registry) || (is_hub(host) && is_hub(oci_str_of(registry)));
}

/* Takes the scheme off. */
static bool cut_scheme(struct oci_str *s)
{
    static const char *const schemes[] = {"https://", "http://"};
    for (size_t i = 0; i < 2; i++) {
        size_t len = strlen(schemes[i]);
        if (s->len >= len && oci_str_eq_nocase((struct oci_str){s->p, len}, schemes[i])) {
            s->p += len;
            s->len -= len;
            return true;
        }
    }
    return false;
}

/* Paths that old tools wrote without a scheme and that are no part of a repository. */
static bool is_api_path(struct oci_str path)
{
    return path.len == 0 || oci_str_eq(path, "v1") || oci_str_eq(path, "v2") || oci_str_eq(path, "v1/") ||
           oci_str_eq(path, "v2/");
}

bool oci_auth_match(const char *key, const char *registry, const char *repository, struct oci_auth_rank *ret_rank)
{
    struct oci_str host = oci_str_of(key), path = {"", 0};
    bool url = cut_scheme(&host);
    struct oci_str whole = host;
    bool has_path = oci_str_cut(whole, '/', &host, &path);
    if (host.len == 0 || !same_host(host, registry))
        return false;
    size_t length = repository ? strlen(repository) : 0, covered = 0;
    if (!url && has_path && !is_api_path(path)) {
        /* podman's namespaced key: "host/ns" is for ns and ns/x, never for nsx. */
        if (!repository || path.len > length || memcmp(repository, path.p, path.len) != 0 ||
            (repository[path.len] != '\0' && repository[path.len] != '/'))
            return false;
        covered = path.len;
    }
    bool hub = is_hub(oci_str_of(registry));
    bool plain = hub && covered == 0 ? strcmp(key, HUB_KEY) == 0
                                     : !url && (!has_path || covered > 0) && oci_str_eq(host, registry);
    *ret_rank = (struct oci_auth_rank){.uncovered = length - covered, .form = plain ? 0 : 1, .key = key};
    return true;
}
