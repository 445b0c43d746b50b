/* TLS: whom is trusted, and that nothing leads away from it. */
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net_kit.h"
#include "sys/pool.h"

static const short only_200[] = {200, 0};

static const char *env(const char *name)
{
    const char *value = getenv(name);
    if (!value || !*value)
        SKIP("the test registry is not running (OCI_TEST_SWITCHES_TLS)");
    return value;
}

/* A test registry of its own with one of the certificates. */
struct server {
    pid_t pid;
    char address[64], other[64];
};

static void run_server(const char *name, int out)
{
    char script[500], cert[500], key[500];
    const char *root = getenv("OCI_TEST_ROOT"), *certs = getenv("OCI_TEST_CERTS");
    snprintf(script, sizeof script, "%s/spec/support/registry.py", root ? root : ".");
    snprintf(cert, sizeof cert, "%s/%s.pem", certs, name);
    snprintf(key, sizeof key, "%s/%s.key", certs, name);
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* also when the test fails */
    dup2(out, 1);
    execlp("python3", "python3", "-B", script, "--cert", cert, "--key", key, (char *)NULL);
    _exit(127);
}

static struct server serve(const char *name)
{
    struct server s = {.pid = 0};
    int ends[2];
    env("OCI_TEST_CERTS");
    CHECK_INT(pipe2(ends, O_CLOEXEC), 0);
    s.pid = fork();
    CHECK(s.pid >= 0);
    if (s.pid == 0)
        run_server(name, ends[1]);
    close(ends[1]);
    FILE *f = fdopen(ends[0], "r");
    CHECK(f != NULL);
    if (fscanf(f, "%63s %63s", s.address, s.other) != 2)
        FAIL("the server with the certificate %s does not start", name);
    fclose(f);
    return s;
}

static void end_server(const struct server *s)
{
    kill(s->pid, SIGTERM);
    waitpid(s->pid, NULL, 0);
}

static void check_get(const char *address, const struct oci_net_options *options, struct ask *a)
{
    struct oci_net *n = kit_net(options);
    struct oci_origin *o = kit_origin(n, address, NULL);
    *a = (struct ask){.method = "GET", .url = "/v2/", .origin = o, .want = only_200};
    ask_run(a);
    a->origin = NULL;
    oci_origin_free(o);
    oci_net_free(n);
    kit_stop();
    oci_pool_stop();
}

static struct oci_net_options trusting(struct oci_registry_options *r, const char *host, const char *ca_file)
{
    *r = (struct oci_registry_options){.host = host, .plain_http = 0, .ca_file = ca_file};
    return (struct oci_net_options){.registries = r, .registry_count = 1, .retries = 0};
}

TEST(tls_unknown_authority)
{
    struct oci_registry_options r;
    struct oci_net_options o = trusting(&r, env("OCI_TEST_SWITCHES_TLS"), NULL);
    struct ask a;
    check_get(r.host, &o, &a);
    CHECK_INT(a.rc, OCI_TLS);
    CHECK(!a.err.retryable);
    CHECK(strstr(a.err.text, "is not signed by a known authority; give ca_file for this registry") != NULL);
    CHECK(strstr(a.err.text, r.host) != NULL);
}

TEST(tls_authority_of_ones_own)
{
    struct oci_registry_options r;
    struct oci_net_options o = trusting(&r, env("OCI_TEST_SWITCHES_TLS"), env("OCI_TEST_CA"));
    struct ask a;
    r.plain_http = -1; /* a ca_file alone says that it is TLS */
    check_get(r.host, &o, &a);
    CHECK_STR(a.err.text, "");
    CHECK_INT(a.status, 200);
}

TEST(tls_ca_file_replaces_the_system_and_is_for_its_registry_only)
{
    char other[300];
    struct oci_registry_options r;
    struct ask a;
    snprintf(other, sizeof other, "%s/other-ca.pem", env("OCI_TEST_CERTS"));
    struct oci_net_options o = trusting(&r, env("OCI_TEST_SWITCHES_TLS"), other);
    check_get(r.host, &o, &a);
    CHECK_INT(a.rc, OCI_TLS);
    struct oci_registry_options two[2] = {{.host = "elsewhere:1", .plain_http = -1, .ca_file = env("OCI_TEST_CA")},
                                          {.host = r.host, .plain_http = 0}};
    o.registries = two;
    o.registry_count = 2;
    check_get(r.host, &o, &a);
    CHECK_INT(a.rc, OCI_TLS);
}

TEST(tls_ca_file_that_is_missing)
{
    struct oci_registry_options r;
    struct oci_net_options o = trusting(&r, env("OCI_TEST_SWITCHES_TLS"), "/no/such/file.pem");
    struct ask a;
    check_get(r.host, &o, &a);
    CHECK_INT(a.rc, OCI_TLS);
    CHECK(strstr(a.err.text, "cannot be read") != NULL);
}

TEST(tls_environment_is_honoured)
{
    struct oci_registry_options r;
    struct oci_net_options o = trusting(&r, env("OCI_TEST_SWITCHES_TLS"), NULL);
    struct ask a;
    CHECK_INT(setenv("SSL_CERT_FILE", env("OCI_TEST_CA"), 1), 0);
    check_get(r.host, &o, &a);
    CHECK_STR(a.err.text, "");
    CHECK_INT(a.status, 200);
}

TEST(tls_wrong_name_and_expired)
{
    static const struct {
        const char *certificate, *reason;
    } cases[] = {{"wrongname", "is for another host"}, {"expired", "has expired"}};
    for (size_t i = 0; i < 2; i++) {
        struct server s = serve(cases[i].certificate);
        struct oci_registry_options r;
        struct oci_net_options o = trusting(&r, s.address, env("OCI_TEST_CA"));
        struct ask a;
        check_get(r.host, &o, &a);
        CHECK_INT(a.rc, OCI_TLS);
        if (!strstr(a.err.text, cases[i].reason))
            FAIL("%s", a.err.text);
        end_server(&s);
    }
}

TEST(tls_where_there_is_none)
{
    struct oci_registry_options r;
    struct oci_net_options o = trusting(&r, kit_registry(), NULL);
    struct ask a;
    check_get(r.host, &o, &a);
    CHECK_INT(a.rc, OCI_TLS);
    CHECK(strstr(a.err.text, "does not speak TLS; if it is meant to be plain HTTP, set plain_http for it") != NULL);
    CHECK_INT(kit_count(NULL, NULL, NULL, NULL), 0);
}

TEST(tls_plain_http_goes_to_loopback_only)
{
    /* Nothing listens there: what counts is the scheme that is tried. */
    struct oci_net_options o = {.retries = 0, .connect_timeout_ms = 1};
    struct ask a;
    check_get("127.0.0.1:1", &o, &a);
    CHECK(strncmp(a.err.url, "http://127.0.0.1:1/", 19) == 0);
    check_get("192.0.2.1:1", &o, &a);
    CHECK(strncmp(a.err.url, "https://192.0.2.1:1/", 20) == 0);
    struct oci_registry_options r = {.host = "192.0.2.1:1", .plain_http = 1};
    o.registries = &r;
    o.registry_count = 1;
    check_get("192.0.2.1:1", &o, &a);
    CHECK(strncmp(a.err.url, "http://192.0.2.1:1/", 19) == 0);
    r = (struct oci_registry_options){.host = "127.0.0.1:1", .plain_http = 0};
    check_get("127.0.0.1:1", &o, &a);
    CHECK(strncmp(a.err.url, "https://127.0.0.1:1/", 20) == 0);
}

/* ---- away from it ---- */

/* The control of kit_* talks plain HTTP; rules for a TLS server go in through the client itself. */
static void set_rules(struct oci_origin *o, const char *rules)
{
    char body[1000];
    snprintf(body, sizeof body, "{\"rules\": %s}", rules);
    struct ask a = {.method = "POST", .url = "/_switch", .origin = o, .want = only_200};
    ask_body(&a, body, strlen(body));
    ask_run(&a);
    CHECK_STR(a.err.text, "");
    ask_done(&a);
}

static struct ask away(struct oci_origin *o, const char *method, const char *location)
{
    char rules[600];
    snprintf(rules, sizeof rules,
             "[{\"path\": \"/v2/\", \"action\": {\"redirect\": {\"status\": 307, \"location\": \"%s\"}}}]", location);
    set_rules(o, rules);
    struct ask a = {.method = method, .url = "/v2/x", .origin = o, .want = only_200};
    ask_run(&a);
    return a;
}

TEST(tls_never_redirects_to_plain_http)
{
    struct oci_registry_options r;
    struct oci_net_options o = trusting(&r, env("OCI_TEST_SWITCHES_TLS"), env("OCI_TEST_CA"));
    struct oci_net *n = kit_net(&o);
    struct oci_origin *origin = kit_origin(n, r.host, NULL);
    char plain[200];
    snprintf(plain, sizeof plain, "http://%s/v2/", kit_registry());
    struct ask a = away(origin, "GET", plain);
    CHECK_INT(a.rc, OCI_REGISTRY);
    CHECK(strstr(a.err.text, "from https to plain HTTP") != NULL);
    a = away(origin, "HEAD", plain);
    CHECK_INT(a.rc, OCI_REGISTRY);
    a = away(origin, "PUT", plain);
    CHECK(a.rc != OCI_OK);
    CHECK_INT(kit_count(NULL, NULL, NULL, NULL), 0);
    /* An upload location of that kind is none. */
    set_rules(origin, "[{\"action\": {\"status\": 202, \"headers\": {\"Location\": \"http://elsewhere.example/u\"}}}]");
    struct ask post = {.method = "POST", .url = "/v2/a/blobs/uploads/", .origin = origin};
    ask_run(&post);
    CHECK_INT(post.status, 202);
    CHECK_STR(post.location, "");
    /* Q1: the registry's own address without its "s" becomes https again. */
    set_rules(origin, "[{\"action\": {\"status\": 202, \"headers\": {\"Location\": \"http://{self}/u?_state=x\"}}}]");
    ask_run(&(struct ask){.method = "GET", .url = "/_info", .origin = origin});
    struct ask same = {.method = "POST", .url = "/v2/a/blobs/uploads/", .origin = origin};
    ask_run(&same);
    CHECK(strncmp(same.location, "https://", 8) == 0);
    CHECK(strstr(same.location, "/u?_state=x") != NULL);
    set_rules(origin, "[]");
    oci_origin_free(origin);
    oci_net_free(n);
    kit_stop();
    oci_pool_stop();
}

TEST(tls_redirects_between_tls_servers)
{
    struct oci_registry_options r;
    struct oci_net_options o = trusting(&r, env("OCI_TEST_SWITCHES_TLS"), env("OCI_TEST_CA"));
    struct oci_net *n = kit_net(&o);
    struct oci_origin *origin = kit_origin(n, r.host, NULL);
    struct ask a = away(origin, "GET", "https://{other}/v2/");
    CHECK_STR(a.err.text, "");
    CHECK_INT(a.status, 200);
    set_rules(origin, "[]");
    oci_origin_free(origin);
    oci_net_free(n);
    kit_stop();
    oci_pool_stop();
}
