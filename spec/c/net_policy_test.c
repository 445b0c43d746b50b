/* Where servers may send us, and with what (security-quirks 1.7, 3.1, 3.6). */
#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "net/policy.h"

static struct oci_url url(const char *text)
{
    struct oci_url u = {0};
    struct oci_err err = {0};
    if (oci_url_parse(text, strlen(text), &u, &err) != OCI_OK)
        FAIL("%s: %s", text, err.text);
    return u;
}

TEST(policy_same_site)
{
    CHECK(oci_same_site("reg.example.com", "reg.example.com"));
    CHECK(oci_same_site("reg.example.com", "auth.example.com"));
    CHECK(oci_same_site("registry.gitlab.com", "gitlab.com"));
    CHECK(oci_same_site("registry-1.docker.io", "auth.docker.io"));
    CHECK(oci_same_site("registry.digitalocean.com", "api.digitalocean.com"));
    CHECK(oci_same_site("a.b.c.example.co.uk", "example.co.uk"));
    CHECK(oci_same_site("localhost", "127.0.0.1"));
    CHECK(!oci_same_site("reg.example.com", "evil.com"));
    CHECK(!oci_same_site("reg.example.com", "example.com.evil.com"));
    CHECK(!oci_same_site("example.com", "notexample.com"));
    CHECK(!oci_same_site("a.co.uk", "b.co.uk"));
    CHECK(!oci_same_site("a.co.uk", "co.uk"));
    CHECK(!oci_same_site("mine.azurecr.io", "theirs.azurecr.io"));
    CHECK(!oci_same_site("1.2.3.4", "2.2.3.4"));
    CHECK(!oci_same_site("10.0.3.4", "evil.3.4.com"));
    CHECK(!oci_same_site("registry", "auth"));
    CHECK(!oci_same_site("localhost", "evil.localhost.com"));
    CHECK(!oci_same_site("com", "example.com"));
    CHECK(!oci_same_site("[2001:db8::1]", "[2001:db8::2]"));
}

static int realm(const char *registry, const char *at, bool with_credentials)
{
    struct oci_url r = url(registry), t = url(at);
    struct oci_err err = {0};
    int rc = oci_realm_check(&r, &t, with_credentials, &err);
    CHECK_INT(rc, err.code);
    if (rc != OCI_OK) { /* the text names both */
        CHECK(strstr(err.text, r.host) != NULL);
        CHECK(strstr(err.text, t.host) != NULL);
    }
    oci_url_done(&r);
    oci_url_done(&t);
    return rc;
}

TEST(policy_realm)
{
    CHECK_INT(realm("https://reg.example.com/", "https://reg.example.com/token", true), OCI_OK);
    CHECK_INT(realm("https://reg.example.com/", "https://auth.example.com/token", true), OCI_OK);
    CHECK_INT(realm("https://reg.example.com/", "https://evil.com/token", true), OCI_UNAUTHORIZED);
    CHECK_INT(realm("https://reg.example.com/", "https://other.org/token", false), OCI_OK);
    /* Never down from TLS, credentials or not. */
    CHECK_INT(realm("https://reg.example.com/", "http://reg.example.com/token", true), OCI_UNAUTHORIZED);
    CHECK_INT(realm("https://reg.example.com/", "http://auth.example.com/token", false), OCI_UNAUTHORIZED);
    CHECK_INT(realm("https://reg.example.com/", "http://127.0.0.1/token", true), OCI_UNAUTHORIZED);
    /* Plain registries. */
    CHECK_INT(realm("http://reg:5000/", "http://reg:5001/token", true), OCI_OK);
    CHECK_INT(realm("http://127.0.0.1:5000/", "http://localhost:5001/token", true), OCI_OK);
    CHECK_INT(realm("http://reg.example.com/", "http://auth.example.com/token", true), OCI_UNAUTHORIZED);
    CHECK_INT(realm("http://reg.example.com/", "https://auth.example.com/token", true), OCI_OK);
    CHECK_INT(realm("http://reg.example.com/", "http://localhost/token", true), OCI_UNAUTHORIZED);
}

static enum oci_redirect redirect(const char *method, int status, const char *from, const char *to)
{
    struct oci_url f = url(from), t = url(to);
    enum oci_redirect r = oci_redirect_decide(method, status, &f, &t);
    oci_url_done(&f);
    oci_url_done(&t);
    return r;
}

TEST(policy_redirect)
{
    static const int all[] = {301, 302, 303, 307, 308};
    for (size_t i = 0; i < 5; i++) {
        CHECK_INT(redirect("GET", all[i], "https://a/", "https://b/"), OCI_REDIRECT_FOLLOW);
        CHECK_INT(redirect("HEAD", all[i], "https://a/", "https://b/"), OCI_REDIRECT_FOLLOW);
        bool keeps = all[i] >= 307;
        CHECK_INT(redirect("PUT", all[i], "https://a/x", "https://a/y"),
                  keeps ? OCI_REDIRECT_FOLLOW : OCI_REDIRECT_NONE);
        CHECK_INT(redirect("POST", all[i], "https://a/x", "https://b/y"),
                  keeps ? OCI_REDIRECT_FOLLOW : OCI_REDIRECT_NONE);
    }
    CHECK_INT(redirect("GET", 300, "https://a/", "https://b/"), OCI_REDIRECT_NONE);
    CHECK_INT(redirect("GET", 304, "https://a/", "https://b/"), OCI_REDIRECT_NONE);
    CHECK_INT(redirect("PATCH", 307, "http://a/", "http://b/"), OCI_REDIRECT_NONE);
    CHECK_INT(redirect("DELETE", 307, "https://a/", "https://a/y"), OCI_REDIRECT_FOLLOW);
    CHECK_INT(redirect("DELETE", 307, "https://a/", "https://b/y"), OCI_REDIRECT_NONE);
}

static int target(const char *from, const char *to, const char *want)
{
    struct oci_url f = url(from), t = url(to);
    struct oci_err err = {0};
    bool upgraded = false;
    int rc = oci_target_check(&f, &t, &upgraded, &err);
    if (want)
        CHECK_STR(t.text, want);
    oci_url_done(&f);
    oci_url_done(&t);
    return rc;
}

TEST(policy_target_never_leaves_tls)
{
    CHECK_INT(target("https://a/", "http://b/x", NULL), OCI_REGISTRY);
    CHECK_INT(target("https://a/", "http://a:8080/x", NULL), OCI_REGISTRY);
    CHECK_INT(target("https://a/", "http://a/x", "https://a/x"), OCI_OK);
    CHECK_INT(target("http://a/", "http://b/x", "http://b/x"), OCI_OK);
    CHECK_INT(target("http://a/", "https://b/x", "https://b/x"), OCI_OK);
}

TEST(policy_address_kinds)
{
    static const struct {
        const char *text;
        enum oci_address_kind kind;
    } cases[] = {
        {"8.8.8.8", OCI_ADDRESS_PUBLIC},
        {"172.15.0.1", OCI_ADDRESS_PUBLIC},
        {"172.32.0.1", OCI_ADDRESS_PUBLIC},
        {"100.63.0.1", OCI_ADDRESS_PUBLIC},
        {"2001:db8::1", OCI_ADDRESS_PUBLIC},
        {"10.1.2.3", OCI_ADDRESS_PRIVATE},
        {"172.16.0.1", OCI_ADDRESS_PRIVATE},
        {"172.31.255.255", OCI_ADDRESS_PRIVATE},
        {"192.168.1.1", OCI_ADDRESS_PRIVATE},
        {"100.64.0.1", OCI_ADDRESS_PRIVATE},
        {"100.127.0.1", OCI_ADDRESS_PRIVATE},
        {"fd00::1", OCI_ADDRESS_PRIVATE},
        {"127.0.0.1", OCI_ADDRESS_LOOPBACK},
        {"127.255.0.1", OCI_ADDRESS_LOOPBACK},
        {"::1", OCI_ADDRESS_LOOPBACK},
        {"[::1]", OCI_ADDRESS_LOOPBACK},
        {"169.254.169.254", OCI_ADDRESS_LINK},
        {"fe80::1", OCI_ADDRESS_LINK},
        {"fe80::1%eth0", OCI_ADDRESS_LINK},
        {"0.0.0.0", OCI_ADDRESS_NOWHERE},
        {"::", OCI_ADDRESS_NOWHERE},
        {"224.0.0.1", OCI_ADDRESS_NOWHERE},
        {"255.255.255.255", OCI_ADDRESS_NOWHERE},
        {"ff02::1", OCI_ADDRESS_NOWHERE},
        /* IPv4 in disguise. */
        {"::ffff:127.0.0.1", OCI_ADDRESS_LOOPBACK},
        {"::ffff:169.254.169.254", OCI_ADDRESS_LINK},
        {"::127.0.0.1", OCI_ADDRESS_LOOPBACK},
        {"64:ff9b::10.0.0.1", OCI_ADDRESS_PRIVATE},
        {"2002:7f00:1::", OCI_ADDRESS_LOOPBACK},
        {"example.com", OCI_ADDRESS_UNKNOWN},
        {"", OCI_ADDRESS_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (oci_address_kind_of_text(cases[i].text) != cases[i].kind)
            FAIL("%s is %s", cases[i].text, oci_address_kind_name(oci_address_kind_of_text(cases[i].text)));
    }
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001)};
    CHECK_INT(oci_address_kind(&in, sizeof in), OCI_ADDRESS_LOOPBACK);
    CHECK_INT(oci_address_kind(&in, 3), OCI_ADDRESS_UNKNOWN);
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    CHECK_INT(oci_address_kind(&in6, sizeof in6), OCI_ADDRESS_LOOPBACK);
    CHECK_INT(oci_address_kind(NULL, 0), OCI_ADDRESS_UNKNOWN);
}

TEST(policy_addresses_that_servers_must_not_name)
{
    const unsigned always = OCI_ADDRESS_LINK | OCI_ADDRESS_NOWHERE;
    CHECK_INT(oci_refused_addresses(OCI_ADDRESS_PUBLIC), always | OCI_ADDRESS_LOOPBACK | OCI_ADDRESS_PRIVATE);
    CHECK_INT(oci_refused_addresses(OCI_ADDRESS_UNKNOWN), always | OCI_ADDRESS_LOOPBACK | OCI_ADDRESS_PRIVATE);
    CHECK_INT(oci_refused_addresses(OCI_ADDRESS_PRIVATE), always | OCI_ADDRESS_LOOPBACK);
    CHECK_INT(oci_refused_addresses(OCI_ADDRESS_LOOPBACK), always);
}
