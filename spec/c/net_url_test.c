/* URLs out of answers: what is taken, and what a reference in an answer means. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "net/url.h"

static int parse(const char *text, struct oci_url *u)
{
    struct oci_err err = {0};
    int rc = oci_url_parse(text, strlen(text), u, &err);
    CHECK_INT(rc, err.code);
    return rc;
}

static void check_text(const char *text, const char *want)
{
    struct oci_url u = {0};
    CHECK_INT(parse(text, &u), OCI_OK);
    CHECK_STR(u.text, want);
    oci_url_done(&u);
}

static void check_refused(const char *text)
{
    struct oci_url u = {0};
    if (parse(text, &u) != OCI_INVALID)
        FAIL("\"%s\" was taken", text);
    CHECK(u.text == NULL);
}

TEST(url_keeps_path_and_query_byte_for_byte)
{
    check_text("https://h/v2/a/blobs/uploads/x?_state=a%3D%3d+b&c=/../d",
               "https://h/v2/a/blobs/uploads/x?_state=a%3D%3d+b&c=/../d");
    check_text("HTTPS://Reg.Example.COM:443/V2/", "https://reg.example.com/V2/");
    check_text("http://h:80", "http://h/");
    check_text("http://h:443/", "http://h:443/");
    check_text("https://h?x=1", "https://h/?x=1");
    check_text("https://h/p#fragment", "https://h/p");
    check_text("https://h:/p", "https://h/p");
    check_text("http://[::1]:5000/x", "http://[::1]:5000/x");
    check_text("http://h/%2e%2E/\xc3\xa4", "http://h/%2e%2E/\xc3\xa4");
}

TEST(url_refuses_what_is_dangerous_or_no_url)
{
    static const char *const bad[] = {
        "",
        "/v2/",
        "h/v2/",
        "ftp://h/",
        "file:///etc/passwd",
        "gopher://h/",
        "null://h:5000/v2/token",
        "https:/h/",
        "https:h",
        "https://",
        "https:///v2/",
        "https://user@h/",
        "https://user:pass@h/",
        "https://h@evil/",
        "https://h:0/",
        "https://h:65536/",
        "https://h:12a/",
        "https://h\\@evil/",
        "https://h/a b",
        "https://h/a\tb",
        "https://h/a\r\nX: y",
        "https://h /",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://127.1/",
        "https://0177.0.0.1/",
        "https://[::1/",
        "https://::1/",
        "https://h_\x01/",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        check_refused(bad[i]);
}

TEST(url_is_bounded)
{
    static char text[9000] = "https://h/";
    memset(text + 10, 'a', 8500);
    struct oci_url u = {0};
    CHECK_INT(parse(text, &u), OCI_LIMIT);
    text[8000] = '\0';
    CHECK_INT(parse(text, &u), OCI_OK);
    oci_url_done(&u);
}

static void check_resolved(const char *base, const char *ref, const char *want)
{
    struct oci_url b = {0}, u = {0};
    struct oci_err err = {0};
    CHECK_INT(parse(base, &b), OCI_OK);
    int rc = oci_url_resolve(&b, ref, &u, &err);
    if (!want)
        CHECK(rc < 0 && rc == err.code && !u.text);
    else
        CHECK_STR(rc == OCI_OK ? u.text : err.text, want);
    oci_url_done(&b);
    oci_url_done(&u);
}

/* RFC 3986 section 5.4, with a base that has a query. */
TEST(url_resolves_as_rfc_3986_says)
{
    static const struct {
        const char *ref, *want;
    } cases[] = {
        {"g", "http://a/b/c/g"},
        {"./g", "http://a/b/c/g"},
        {"g/", "http://a/b/c/g/"},
        {"/g", "http://a/g"},
        {"//g", "http://g/"},
        {"?y", "http://a/b/c/d;p?y"},
        {"g?y", "http://a/b/c/g?y"},
        {";x", "http://a/b/c/;x"},
        {".", "http://a/b/c/"},
        {"./", "http://a/b/c/"},
        {"..", "http://a/b/"},
        {"../", "http://a/b/"},
        {"../g", "http://a/b/g"},
        {"../..", "http://a/"},
        {"../../g", "http://a/g"},
        {"../../../g", "http://a/g"},
        {"/./g", "http://a/g"},
        {"/../g", "http://a/g"},
        {"g.", "http://a/b/c/g."},
        {"..g", "http://a/b/c/..g"},
        {"./g/.", "http://a/b/c/g/"},
        {"g/../h", "http://a/b/c/h"},
        {"g;x=1/../y", "http://a/b/c/y"},
        {"g?y/../x", "http://a/b/c/g?y/../x"},
        {"g#s", "http://a/b/c/g"},
        {" /g ", "http://a/g"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_resolved("http://a/b/c/d;p?q", cases[i].ref, cases[i].want);
    check_resolved("http://a/b/c/d;p?q", "", NULL);
    check_resolved("http://a/b/c/d;p?q", "javascript:x", NULL);
    check_resolved("http://a/b/c/d;p?q", "/a b", NULL);
}

/* security-quirks Q1: the forms of Location that were seen. */
TEST(url_resolves_upload_locations)
{
    const char *base = "https://reg.example.com:5000/v2/a/blobs/uploads/";
    check_resolved(base, "/v2/a/blobs/uploads/1?_state=x%3D",
                   "https://reg.example.com:5000/v2/a/blobs/uploads/1?_state=x%3D");
    check_resolved(base, "https://reg.example.com:5000/u/1?_nouploadcache=false&_state=y",
                   "https://reg.example.com:5000/u/1?_nouploadcache=false&_state=y");
    check_resolved(base, "//reg.example.com:5000/u", "https://reg.example.com:5000/u");
    check_resolved(base, "1", "https://reg.example.com:5000/v2/a/blobs/uploads/1");
    check_resolved(base, "https://user:pw@reg.example.com/u", NULL);
}

static bool same(const char *a, const char *b)
{
    struct oci_url x = {0}, y = {0};
    CHECK_INT(parse(a, &x), OCI_OK);
    CHECK_INT(parse(b, &y), OCI_OK);
    bool is = oci_url_same_origin(&x, &y);
    oci_url_done(&x);
    oci_url_done(&y);
    return is;
}

TEST(url_origin_is_scheme_host_and_port)
{
    CHECK(same("https://a/x", "https://A:443/y?z"));
    CHECK(!same("https://a/", "http://a/"));
    CHECK(!same("https://a/", "https://a:444/"));
    CHECK(!same("https://a/", "https://b/"));
    CHECK(!same("https://a/", "https://a.b/"));
    CHECK(!same("http://a:443/", "https://a:443/"));
}

static void check_upgrade(const char *ours, const char *theirs, const char *want)
{
    struct oci_url o = {0}, t = {0};
    bool done = false;
    CHECK_INT(parse(ours, &o), OCI_OK);
    CHECK_INT(parse(theirs, &t), OCI_OK);
    CHECK_INT(oci_url_upgrade(&o, &t, &done), OCI_OK);
    CHECK_STR(t.text, want);
    CHECK_INT(done, strcmp(theirs, want) != 0);
    oci_url_done(&o);
    oci_url_done(&t);
}

/* Q1: a proxy that ends TLS and does not say so. */
TEST(url_upgrades_plain_http_of_the_same_host)
{
    check_upgrade("https://h/", "http://h/u?s=1", "https://h/u?s=1");
    check_upgrade("https://h:5000/", "http://h:5000/u", "https://h:5000/u");
    check_upgrade("https://h:5000/", "http://h/u", "https://h:5000/u");
    check_upgrade("https://h/", "http://h:8080/u", "http://h:8080/u");
    check_upgrade("https://h/", "http://other/u", "http://other/u");
    check_upgrade("http://h/", "http://h/u", "http://h/u");
    check_upgrade("https://h/", "https://h/u", "https://h/u");
}

TEST(url_is_shown_without_its_query)
{
    struct oci_url u = {0};
    char buf[64], tiny[12];
    CHECK_INT(parse("https://h:5000/a/b?X-Amz-Signature=secret", &u), OCI_OK);
    oci_url_shown(&u, buf, sizeof buf);
    CHECK_STR(buf, "https://h:5000/a/b");
    oci_url_shown(&u, tiny, sizeof tiny);
    CHECK_STR(tiny, "https://h:5");
    oci_url_place(&u, buf, sizeof buf);
    CHECK_STR(buf, "h:5000");
    oci_url_origin(&u, buf, sizeof buf);
    CHECK_STR(buf, "https://h:5000");
    oci_url_done(&u);
}
