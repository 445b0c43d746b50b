#include "net/policy.h"

#include <string.h>

#include "base/str.h"

/* Second-level labels that are suffixes below two-letter domains ("co.uk", "com.au"). */
static const char *const second_level[] = {"ac", "co",  "com", "edu", "go",  "gob", "gov", "gv",  "ltd",
                                           "me", "mil", "ne",  "net", "nom", "or",  "org", "plc", "sch"};

/* Domains below which anybody can have a name: neighbours there are strangers (private section of the public suffix
 * list; the ones that serve registries, storage or tunnels). */
static const char *const hosting[] = {
    "amazonaws.com", "appspot.com", "azurecr.io",  "azurewebsites.net", "cloudapp.net",   "cloudfront.net",
    "duckdns.org",   "fly.dev",     "github.io",   "gitlab.io",         "googleapis.com", "herokuapp.com",
    "netlify.app",   "ngrok.app",   "ngrok.io",    "ngrok-free.app",    "onrender.com",   "pages.dev",
    "run.app",       "vercel.app",  "windows.net", "workers.dev",       "r2.dev",         "web.app"};

#define COUNT(a) (sizeof(a) / sizeof *(a))

static bool in_table(const char *const *table, size_t count, struct oci_str s)
{
    for (size_t i = 0; i < count; i++) {
        if (oci_str_eq(s, table[i]))
            return true;
    }
    return false;
}

/* The last `labels` labels of `host`; empty when it has fewer. */
static struct oci_str last_labels(const char *host, int labels)
{
    const char *p = host + strlen(host);
    const char *end = p;
    while (p > host) {
        p--;
        if (*p == '.' && --labels == 0)
            return (struct oci_str){p + 1, (size_t)(end - p - 1)};
    }
    return labels == 1 ? oci_str_of(host) : (struct oci_str){NULL, 0};
}

/* The part that one owner has registered; empty when nothing can be said. */
static struct oci_str registrable(const char *host)
{
    struct oci_str two = last_labels(host, 2), second, top;
    if (two.len == 0 || !oci_str_cut(two, '.', &second, &top) || second.len == 0 || top.len == 0)
        return (struct oci_str){NULL, 0};
    bool suffix =
        in_table(hosting, COUNT(hosting), two) || (top.len == 2 && in_table(second_level, COUNT(second_level), second));
    return suffix ? last_labels(host, 3) : two;
}

bool oci_same_site(const char *host_a, const char *host_b)
{
    if (strcmp(host_a, host_b) == 0)
        return true;
    if (oci_host_is_loopback(host_a) && oci_host_is_loopback(host_b))
        return true;
    if (oci_address_kind_of_text(host_a) != OCI_ADDRESS_UNKNOWN ||
        oci_address_kind_of_text(host_b) != OCI_ADDRESS_UNKNOWN)
        return false;
    struct oci_str a = registrable(host_a), b = registrable(host_b);
    return a.len > 0 && a.len == b.len && memcmp(a.p, b.p, a.len) == 0;
}

int oci_realm_check(const struct oci_url *registry, const struct oci_url *realm, bool with_credentials,
                    struct oci_err *reterr)
{
    char at[OCI_HOST_MAX + 8], server[OCI_HOST_MAX + 8];
    oci_url_place(registry, at, sizeof at);
    oci_url_place(realm, server, sizeof server);
    bool same_host = strcmp(registry->host, realm->host) == 0;
    if (!realm->https && (registry->https || (!same_host && !oci_host_is_loopback(realm->host))))
        return oci_err_set(reterr, OCI_UNAUTHORIZED,
                           "the registry %s asks for a token from %s over plain HTTP, which is refused", at, server);
    if (with_credentials && !oci_same_site(registry->host, realm->host))
        return oci_err_set(reterr, OCI_UNAUTHORIZED,
                           "the registry %s wants the credentials to be sent to another domain, %s, which is refused",
                           at, server);
    return OCI_OK;
}

int oci_target_check(const struct oci_url *from, struct oci_url *to, bool *ret_upgraded, struct oci_err *reterr)
{
    int rc = oci_url_upgrade(from, to, ret_upgraded);
    if (rc != OCI_OK)
        return oci_err_no_memory(reterr);
    if (from->https && !to->https) {
        char place[OCI_HOST_MAX + 8];
        oci_url_place(to, place, sizeof place);
        return oci_err_set(reterr, OCI_REGISTRY, "it sent us from https to plain HTTP at %s, which is refused", place);
    }
    return OCI_OK;
}

enum oci_redirect oci_redirect_decide(const char *method, int status, const struct oci_url *from,
                                      const struct oci_url *to)
{
    bool keeps_method = status == 307 || status == 308;
    if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
        return keeps_method || (status >= 301 && status <= 303) ? OCI_REDIRECT_FOLLOW : OCI_REDIRECT_NONE;
    if (!keeps_method)
        return OCI_REDIRECT_NONE;
    if (oci_url_same_origin(from, to))
        return OCI_REDIRECT_FOLLOW;
    /* Without credentials nothing is deleted or begun; content may go straight to storage. */
    bool content = strcmp(method, "PUT") == 0 || strcmp(method, "PATCH") == 0 || strcmp(method, "POST") == 0;
    return content && to->https ? OCI_REDIRECT_FOLLOW : OCI_REDIRECT_NONE;
}

unsigned oci_refused_addresses(enum oci_address_kind registry_kind)
{
    unsigned refused = OCI_ADDRESS_NOWHERE | OCI_ADDRESS_LINK;
    if (registry_kind == OCI_ADDRESS_LOOPBACK)
        return refused;
    refused |= OCI_ADDRESS_LOOPBACK;
    return registry_kind == OCI_ADDRESS_PRIVATE ? refused : refused | OCI_ADDRESS_PRIVATE;
}

const char *oci_address_kind_name(enum oci_address_kind kind)
{
    switch (kind) {
    case OCI_ADDRESS_PRIVATE:
        return "a private address";
    case OCI_ADDRESS_LOOPBACK:
        return "a loopback address";
    case OCI_ADDRESS_LINK:
        return "a link-local address";
    case OCI_ADDRESS_NOWHERE:
        return "an address that is no host";
    case OCI_ADDRESS_PUBLIC:
        return "a public address";
    case OCI_ADDRESS_UNKNOWN:
        break;
    }
    return "an address of an unknown kind";
}
