/* Credentials from docker's config.json (security-quirks 1.12). */
#include "auth/auth.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "sys/file.h"
#include "test.h"

static char dir[64];
static struct oci_credential c;
static struct oci_err err;

/* $DOCKER_CONFIG with this config.json in it. */
static void config(const char *text)
{
    strcpy(dir, "/tmp/oci-auth-XXXXXX");
    CHECK(mkdtemp(dir) != NULL);
    setenv("DOCKER_CONFIG", dir, 1);
    int fd;
    CHECK_INT(oci_dir_open(OCI_CWD, dir, false, &fd, NULL), OCI_OK);
    CHECK_INT(oci_file_write_atomic(fd, "config.json", text, strlen(text), 0600, false, NULL), OCI_OK);
    oci_fd_close(fd);
}

static void clean(void)
{
    oci_credential_done(&c);
    if (*dir)
        CHECK_INT(oci_dir_remove_all(OCI_CWD, dir, NULL), OCI_OK);
    *dir = '\0';
}

static int find(const char *registry, const char *repository)
{
    oci_credential_done(&c);
    oci_err_clear(&err);
    return oci_auth_find(registry, repository, &c, &err);
}

static void check_user(const char *registry, const char *repository, const char *user, const char *password)
{
    CHECK_INT(find(registry, repository), OCI_OK);
    CHECK_STR(c.username, user);
    CHECK_STR(c.password, password);
    CHECK(!c.token && !c.identity_token);
}

/* The error of a whole file; nothing of "hunter2" or its base64 may be in it. */
static void check_refused(const char *text, int code)
{
    config(text);
    CHECK_INT(find("reg.example.com", "a/b"), code);
    CHECK_INT(err.code, code);
    CHECK(strlen(err.text) > 20);
    CHECK(!strstr(err.text, "hunter2") && !strstr(err.text, "aHVudGVyMg"));
    CHECK(!c.username && !c.password && !c.token && !c.identity_token);
    clean();
}

/* user:hunter2 */
#define AUTH "dXNlcjpodW50ZXIy"

TEST(auth_is_split_at_the_first_colon)
{
    config("{\"auths\":{\"reg.example.com\":{\"auth\":\"dXNlcjpwYTpzczp3b3Jk\"}}}"); /* user:pa:ss:word */
    check_user("reg.example.com", "a/b", "user", "pa:ss:word");
    clean();
}

TEST(auth_tolerates_what_docker_tolerates)
{
    config("{\"auths\":{\"a\":{\"auth\":\"dXNlcjpodW50ZXIyAAA=\"},"  /* NULs at the end */
           "\"b\":{\"auth\":\"dXNlcjpodW50ZXI\"},"                   /* padding missing */
           "\"c\":{\"auth\":\"dXNlcjo=\"},"                          /* an empty password */
           "\"d\":{\"username\":\"plain\",\"password\":\"hunter2\"}," /* the legacy form */
           "\"e\":{\"auth\":\"" AUTH "\",\"username\":\"other\",\"password\":\"x\",\"email\":null}}}");
    check_user("a", NULL, "user", "hunter2");
    check_user("b", NULL, "user", "hunter");
    check_user("c", NULL, "user", "");
    check_user("d", NULL, "plain", "hunter2");
    check_user("e", NULL, "user", "hunter2");
    clean();
}

TEST(identity_and_registry_tokens)
{
    config("{\"auths\":{\"a\":{\"auth\":\"" AUTH "\",\"identitytoken\":\"idt\"},"
           "\"b\":{\"identitytoken\":\"idt\",\"registrytoken\":\"regt\"}}}");
    CHECK_INT(find("a", "x"), OCI_OK);
    CHECK_STR(c.identity_token, "idt");
    CHECK(!c.username && !c.token);
    CHECK_INT(find("b", "x"), OCI_OK);
    CHECK_STR(c.token, "regt");
    CHECK(!c.username && !c.identity_token);
    clean();
}

TEST(keys_are_matched_exactly_then_normalised)
{
    config("{\"auths\":{"
           "\"https://reg.example.com/v1/\":{\"username\":\"url\",\"password\":\"1\"},"
           "\"reg.example.com\":{\"username\":\"exact\",\"password\":\"2\"},"
           "\"http://Only.Example.com\":{\"username\":\"only\",\"password\":\"3\"},"
           "\"slash.example.com/v2/\":{\"username\":\"slash\",\"password\":\"4\"},"
           "\"reg.example.com:5000\":{\"username\":\"port\",\"password\":\"5\"}}}");
    check_user("reg.example.com", "a", "exact", "2");
    check_user("only.example.com", "a", "only", "3");
    check_user("slash.example.com", "a", "slash", "4");
    check_user("reg.example.com:5000", "a", "port", "5");
    check_user("reg.example.com:5001", "a", NULL, NULL);
    check_user("example.com", "a", NULL, NULL);
    check_user("xreg.example.com", "a", NULL, NULL);
    clean();
}

TEST(of_two_normalised_keys_the_choice_does_not_depend_on_their_order)
{
    static const char *const orders[] = {
        "{\"auths\":{\"https://r.io\":{\"username\":\"s\",\"password\":\"-\"},"
        "\"http://r.io\":{\"username\":\"p\",\"password\":\"-\"}}}",
        "{\"auths\":{\"http://r.io\":{\"username\":\"p\",\"password\":\"-\"},"
        "\"https://r.io\":{\"username\":\"s\",\"password\":\"-\"}}}"};
    for (int i = 0; i < 2; i++) {
        config(orders[i]);
        check_user("r.io", "a", "p", "-");
        clean();
    }
}

TEST(docker_hub_has_a_url_and_three_names)
{
    static const char *const keys[] = {"https://index.docker.io/v1/", "docker.io", "index.docker.io",
                                       "registry-1.docker.io", "https://registry-1.docker.io"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char *text = oci_asprintf("{\"auths\":{\"%s\":{\"auth\":\"" AUTH "\"}}}", keys[i]);
        config(text);
        oci_free(text);
        check_user("docker.io", "library/alpine", "user", "hunter2");
        check_user("index.docker.io", "library/alpine", "user", "hunter2");
        check_user("registry-1.docker.io", NULL, "user", "hunter2");
        check_user("reg.example.com", "library/alpine", NULL, NULL);
        clean();
    }
    config("{\"auths\":{\"docker.io\":{\"username\":\"name\",\"password\":\"-\"},"
           "\"https://index.docker.io/v1/\":{\"username\":\"url\",\"password\":\"-\"}}}");
    check_user("docker.io", "library/alpine", "url", "-");
    clean();
}

TEST(the_longest_part_of_a_repository_wins_and_ends_at_a_component)
{
    config("{\"auths\":{"
           "\"r.io\":{\"username\":\"host\",\"password\":\"-\"},"
           "\"r.io/ns\":{\"username\":\"ns\",\"password\":\"-\"},"
           "\"r.io/ns/sub/repo\":{\"username\":\"repo\",\"password\":\"-\"},"
           "\"s.io/ns\":{\"username\":\"other\",\"password\":\"-\"},"
           "\"docker.io/me\":{\"username\":\"me\",\"password\":\"-\"}}}");
    check_user("r.io", "ns/sub/repo", "repo", "-");
    check_user("r.io", "ns/sub/repo2", "ns", "-");
    check_user("r.io", "ns", "ns", "-");
    check_user("r.io", "nsx/a", "host", "-");
    check_user("r.io", NULL, "host", "-");
    check_user("s.io", "nsx", NULL, NULL);
    check_user("s.io", NULL, NULL, NULL);
    check_user("docker.io", "me/tool", "me", "-");
    check_user("docker.io", "library/alpine", NULL, NULL);
    clean();
}

TEST(a_mark_of_a_login_is_no_credential)
{
    config("{\"auths\":{\"r.io\":{},\"https://r.io\":{\"auth\":\"" AUTH "\"},\"s.io\":{\"auth\":\"\"}}}");
    check_user("r.io", "a", "user", "hunter2");
    check_user("s.io", "a", NULL, NULL);
    clean();
}

TEST(a_helper_for_the_registry_is_never_passed_over_in_silence)
{
    config("{\"auths\":{\"ecr.example.com\":{\"auth\":\"" AUTH "\"},\"plain.example.com\":{\"auth\":\"" AUTH "\"}},"
           "\"credHelpers\":{\"ecr.example.com\":\"ecr-login\",\"file.example.com\":\"\"}}");
    CHECK_INT(find("ecr.example.com", "a/b"), OCI_UNSUPPORTED);
    CHECK(strstr(err.text, "credentials for ecr.example.com are kept by the helper docker-credential-ecr-login"));
    CHECK(strstr(err.text, "give credentials explicitly"));
    CHECK(!c.username);
    check_user("plain.example.com", "a/b", "user", "hunter2");
    check_user("other.example.com", "a/b", NULL, NULL);
    clean();

    config("{\"auths\":{\"r.io\":{}},\"credsStore\":\"desktop\",\"credHelpers\":{\"file.io\":\"\"}}");
    CHECK_INT(find("r.io", "a"), OCI_UNSUPPORTED);
    CHECK(strstr(err.text, "docker-credential-desktop"));
    check_user("file.io", "a", NULL, NULL);
    clean();

    config("{\"auths\":{\"r.io\":{\"auth\":\"" AUTH "\"}},\"credsStore\":\"\"}");
    check_user("r.io", "a", "user", "hunter2");
    clean();
    check_refused("{\"credsStore\":\"../../bin/sh -c hunter2\"}", OCI_INVALID);
    check_refused("{\"credsStore\":[\"hunter2\"]}", OCI_INVALID);
    check_refused("{\"credHelpers\":{\"https://index.docker.io/v1/\":\"x\",\"reg.example.com\":7}}", OCI_INVALID);
}

TEST(what_makes_no_sense_is_refused_without_showing_it)
{
    check_refused("{\"auths\":{\"reg.example.com\":{\"auth\":\"hunter2!\"}}}", OCI_INVALID);
    check_refused("{\"auths\":{\"reg.example.com\":{\"auth\":\"aHVudGVyMg==\"}}}", OCI_INVALID);     /* no colon */
    check_refused("{\"auths\":{\"reg.example.com\":{\"auth\":\"Omh1bnRlcjI=\"}}}", OCI_INVALID);     /* no user */
    check_refused("{\"auths\":{\"reg.example.com\":{\"auth\":\"dTpodW4AdGVy\"}}}", OCI_INVALID);     /* u:hun\0ter */
    check_refused("{\"auths\":{\"reg.example.com\":{\"auth\":[\"hunter2\"]}}}", OCI_INVALID);
    check_refused("{\"auths\":{\"reg.example.com\":{\"identitytoken\":{\"hunter2\":1}}}}", OCI_INVALID);
    check_refused("{\"auths\":{\"reg.example.com\":\"hunter2\"}}", OCI_INVALID);
    check_refused("{\"auths\":[\"hunter2\"]}", OCI_INVALID);
    check_refused("[\"hunter2\"]", OCI_INVALID);
    check_refused("{\"auths\":{\"reg.example.com\":{\"auth\":\"hunter2", OCI_INVALID);
    check_refused("{\"hunter2\":1,\"hunter2\":2}", OCI_INVALID);
    check_refused("", OCI_INVALID);
}

TEST(the_file_is_bounded)
{
    char *big = oci_alloc(OCI_MAX_CONFIG_FILE + 2);
    CHECK(big != NULL);
    memset(big, ' ', OCI_MAX_CONFIG_FILE + 1);
    big[OCI_MAX_CONFIG_FILE + 1] = '\0';
    check_refused(big, OCI_LIMIT);
    oci_free(big);
}

TEST(no_file_is_anonymous_and_an_unreadable_one_is_not)
{
    config("{}");
    setenv("DOCKER_CONFIG", "/nonexistent/of/course", 1);
    check_user("r.io", "a", NULL, NULL);
    unsetenv("DOCKER_CONFIG");
    unsetenv("HOME");
    check_user("r.io", "a", NULL, NULL);
    setenv("HOME", "/dev/null", 1);
    check_user("r.io", "a", NULL, NULL);
    /* ~/.docker/config.json counts when DOCKER_CONFIG does not say otherwise; a directory in its place is an error */
    char *docker = oci_asprintf("%s/.docker", dir), *file = oci_asprintf("%s/config.json", docker);
    CHECK_INT(mkdir(docker, 0700), 0);
    setenv("HOME", dir, 1);
    check_user("r.io", "a", NULL, NULL);
    CHECK_INT(mkdir(file, 0700), 0);
    CHECK_INT(find("r.io", "a"), OCI_INVALID);
    CHECK_INT(rmdir(file), 0);
    int fd = open(file, O_WRONLY | O_CREAT, 0600);
    static const char text[] = "{\"auths\":{\"r.io\":{\"auth\":\"" AUTH "\"}}}";
    CHECK_INT(write(fd, text, sizeof text - 1), sizeof text - 1);
    close(fd);
    check_user("r.io", "a", "user", "hunter2");
    oci_free(docker);
    oci_free(file);
    clean();
}

TEST(a_copy_is_complete_and_its_own)
{
    struct oci_credential from = {.username = oci_strdup("u"), .password = oci_strdup("p")}, to;
    CHECK_INT(oci_credential_copy(&from, &to), OCI_OK);
    oci_credential_done(&from);
    CHECK(!from.username && !from.password);
    CHECK_STR(to.username, "u");
    CHECK_STR(to.password, "p");
    CHECK(!to.token && !to.identity_token);
    oci_credential_done(&to);
}
