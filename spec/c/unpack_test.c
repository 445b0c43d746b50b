/* What an archive may not do (pack.h, oci_unpack): the attacks of security-quirks 3.3 as crafted tars. */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "sys/file.h"
#include "sys/thread.h"
#include "tar_box.h"
#include "test.h"

/* ---- T37, T42, T43, T47: names -------------------------------------------------------------- */

TEST(names_that_leave_are_refused)
{
    static const char *const names[] = {"../x",     "/abs", "a/../../x", "t/../../x", "..",
                                        "t/..",     "//x",  "t/a/../b",  "t/./../x",  "a/..",
                                        "./../x",   "../../../../tmp/oci-x"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        box_check_entry((struct tar_entry){.name = names[i], .content = "x"}, OCI_UNSAFE_PATH, names[i]);
        box_check_entry((struct tar_entry){.name = names[i], .type = '5'}, OCI_UNSAFE_PATH, names[i]);
        box_check_entry((struct tar_entry){.name = names[i], .type = '2', .link = "x"}, OCI_UNSAFE_PATH, names[i]);
    }
}

static const char *pax_key, *pax_value;
static void craft_pax(void)
{
    tar_pax(pax_key, pax_value);
    TAR_FILE("t/harmless", "x");
}

static void craft_gnu_long(void)
{
    tar_add((struct tar_entry){.name = "././@LongLink", .type = 'L', .content = "t/../../../long"});
    TAR_FILE("t/harmless", "x");
}

TEST(names_that_leave_in_pax_and_gnu_headers_are_refused)
{
    static const char *const names[] = {"../x", "/abs", "t/../../x"};
    pax_key = "path";
    for (size_t i = 0; i < 3; i++) {
        pax_value = names[i];
        box_check_refused(craft_pax, OCI_UNSAFE_PATH, names[i]);
    }
    box_check_refused(craft_gnu_long, OCI_UNSAFE_PATH, "t/../../../long");
}

TEST(names_that_are_no_text_are_refused)
{
    static const char *const names[] = {"t/a\nb", "t/\033[31m", "t/\177", "t/\xff", "t/\xc0\xae\xc0\xae/x", "\x01"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        box_check_entry((struct tar_entry){.name = names[i], .content = "x"}, OCI_INVALID,
                        "control characters or is not UTF-8");
    pax_key = "path";
    pax_value = "t/a\nb";
    box_check_refused(craft_pax, OCI_INVALID, "control characters");
}

TEST(a_name_ends_at_its_nul)
{
    box_make();
    tar_begin();
    tar_add((struct tar_entry){.name = "t/ok\0/../../x", .name_len = 14, .content = "x"});
    CHECK_INT(box_unpack(), OCI_OK);
    CHECK_STR(tree_get(box_to, "ok"), "x");
    CHECK_INT(tree_count(box_to), 1);
    box_check();
    tree_remove(box_dir);
}

static void craft_long_part(void)
{
    static char name[300];
    memset(name, 'n', 256);
    tar_pax("path", name);
    TAR_FILE("t/x", "");
}

static char long_name[5000];
static void craft_long_name(void)
{
    tar_pax("path", long_name);
    TAR_FILE("t/x", "");
}

TEST(names_are_bounded)
{
    box_check_refused(craft_long_part, OCI_INVALID, "more than 255 bytes");
    for (size_t i = 0; i < sizeof long_name - 1; i++)
        long_name[i] = i % 200 == 199 ? '/' : 'n';
    box_check_refused(craft_long_name, OCI_LIMIT, "longer than a path may be");
    for (size_t i = 0; i < 2 * 65; i++)
        long_name[i] = i % 2 ? '/' : 'd';
    long_name[2 * 65] = '\0';
    box_check_refused(craft_long_name, OCI_LIMIT, "64 levels");
}

TEST(harmless_oddities_are_taken)
{
    static const char *const names[] = {"./t/a", "t//b", "t/c\\..\\d", "t/e:f", "t/...",
                                        "t/ g ", "h",    "t/-rf",       "t/t/i"};
    static const char *const made[] = {"a", "b", "c\\..\\d", "e:f", "...", " g ", "h", "-rf", "t/i"};
    box_make();
    tar_begin();
    TAR_DIR("t/");
    TAR_DIR("./");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        TAR_FILE(names[i], "x");
    tar_pax("path", "t/\xc3\xa4\xe2\x82\xac");
    TAR_FILE("t/x", "utf-8");
    TAR_FILE("t/\xc3\xb6", "utf-8 without saying so");
    tar_pax("comment", "nothing to do");
    TAR_DIR("t/a.d/");
    TAR_DIR("t/a.d");
    if (box_unpack() != OCI_OK)
        FAIL("%s", box_err.text);
    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        CHECK_STR(tree_get(box_to, made[i]), "x");
    CHECK_STR(tree_get(box_to, "\xc3\xa4\xe2\x82\xac"), "utf-8");
    CHECK_STR(tree_get(box_to, "\xc3\xb6"), "utf-8 without saying so");
    CHECK_INT(tree_count(box_to), 12);
    box_check();
    tree_remove(box_dir);
}

TEST(only_the_title_at_the_beginning_is_taken_off)
{
    box_make();
    tar_begin();
    TAR_FILE("some/title/a", "1");
    TAR_FILE("some/titlex/a", "2");
    TAR_FILE("some/other", "3");
    CHECK_INT(box_unpack_with((struct oci_unpack_options){.strip = "some/title/"}), OCI_OK);
    CHECK_STR(tree_get(box_to, "a"), "1");
    CHECK_STR(tree_get(box_to, "some/titlex/a"), "2");
    CHECK_STR(tree_get(box_to, "some/other"), "3");
    tree_remove(box_dir);
    box_make();
    tar_begin();
    TAR_FILE("some/title/a", "1");
    CHECK_INT(box_unpack_with((struct oci_unpack_options){.strip = NULL}), OCI_OK);
    CHECK_STR(tree_get(box_to, "some/title/a"), "1");
    tree_remove(box_dir);
}

static void craft_root_file(void) { TAR_FILE("t", "I am the directory"); }
static void craft_root_link(void) { TAR_LINK("t/", "outside"); }

TEST(nothing_but_a_directory_may_be_the_directory_itself)
{
    box_check_refused(craft_root_file, OCI_UNSAFE_PATH, "would replace the directory itself");
    box_check_refused(craft_root_link, OCI_UNSAFE_PATH, "would replace the directory itself");
}

/* ---- T39, T50: kinds of entries ------------------------------------------------------------- */

TEST(hard_links_are_refused_wherever_they_lead)
{
    CHECK_INT(chdir("/etc"), 0);
    box_check_entry((struct tar_entry){.name = "t/l", .type = '1', .link = "passwd"}, OCI_UNSAFE_PATH,
                    "is a hard link");
    box_check_entry((struct tar_entry){.name = "t/l", .type = '1', .link = "/etc/passwd"}, OCI_UNSAFE_PATH,
                    "is a hard link");
    box_check_entry((struct tar_entry){.name = "t/l", .type = '1', .link = "t/f", .content = "x"}, OCI_UNSAFE_PATH,
                    "is a hard link");
}

static void craft_hard_link_inside(void)
{
    TAR_FILE("t/f", "x");
    tar_add((struct tar_entry){.name = "t/l", .type = '1', .link = "t/f"});
}

TEST(a_hard_link_inside_is_refused_too)
{
    box_check_refused(craft_hard_link_inside, OCI_UNSAFE_PATH, "is a hard link");
}

TEST(devices_and_fifos_are_refused)
{
    for (const char *type = "346"; *type; type++)
        box_check_entry((struct tar_entry){.name = "t/x", .type = *type}, OCI_UNSAFE_PATH, "x is neither a file");
}

TEST(of_a_mode_only_executable_counts_and_the_umask_is_kept)
{
    box_make();
    tar_begin();
    tar_add((struct tar_entry){.name = "t/setuid", .mode = 07755, .content = "x"});
    tar_add((struct tar_entry){.name = "t/all", .mode = 0666, .content = "x"});
    tar_add((struct tar_entry){.name = "t/none", .mode = 01000, .content = "x"});
    tar_add((struct tar_entry){.name = "t/group", .mode = 0010, .content = "x"});
    tar_add((struct tar_entry){.name = "t/dir/", .type = '5', .mode = 07000});
    tar_pax("SCHILY.xattr.user.oci", "1");
    tar_pax("SCHILY.acl.access", "user::rw-,group::rw-,other::rw-,user:daemon:rw-,mask::rw-");
    tar_add((struct tar_entry){.name = "t/acl", .content = "x"});
    mode_t before = umask(027);
    CHECK_INT(box_unpack(), OCI_OK);
    umask(before);
    CHECK_INT(tree_mode(box_to, "setuid"), 0750);
    CHECK_INT(tree_mode(box_to, "all"), 0640);
    CHECK_INT(tree_mode(box_to, "none"), 0640);
    CHECK_INT(tree_mode(box_to, "group"), 0750);
    CHECK_INT(tree_mode(box_to, "dir"), 0750);
    CHECK_INT(tree_mode(box_to, "acl"), 0640);
    struct stat st;
    char path[TREE_PATH + 16];
    snprintf(path, sizeof path, "%s/all", box_to);
    CHECK_INT(stat(path, &st), 0);
    CHECK_INT(st.st_uid, geteuid());
    tree_remove(box_dir);
}

TEST(files_with_holes_are_refused)
{
    box_make();
    CHECK_INT(tree_shell("cd %s && mkdir t && truncate -s 1M t/holes && echo x >> t/holes && tar cSf s.tar t && "
                         "tar cSf p.tar --format=posix t && rm -r t",
                         box_dir),
              0);
    for (int i = 0; i < 2; i++) {
        static char bytes[65536];
        char path[TREE_PATH + 16];
        snprintf(path, sizeof path, "%s/%s", box_dir, i ? "p.tar" : "s.tar");
        FILE *f = fopen(path, "r");
        CHECK(f != NULL);
        size_t len = fread(bytes, 1, sizeof bytes, f);
        fclose(f);
        CHECK_INT(box_unpack_bytes(bytes, len, (struct oci_unpack_options){.strip = "t"}), OCI_UNSUPPORTED);
        CHECK(strstr(box_err.text, "holes is a file with holes") != NULL);
        CHECK_INT(tree_count(box_to), 0);
    }
    tree_remove(box_dir);
}

/* ---- T40, T41: symbolic links --------------------------------------------------------------- */

TEST(links_that_leave_are_refused)
{
    static const struct {
        const char *name, *target;
    } links[] = {{"t/l", "/etc"},          {"t/l", ".."},         {"t/l", "../outside"},    {"t/d/l", "../../outside"},
                 {"t/d/l", "../x/../.."},  {"t/l", "a/../.."},    {"t/l", "./../outside"},  {"t/l", "a/b/../c"},
                 {"l", "../outside"},      {"t/l", "//etc"},      {"t/d/l", ".././../x"},
                 {"t/d/l", "x/../y"},     {"t/d/e/l", "../x/.."}};
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        box_check_entry((struct tar_entry){.name = links[i].name, .type = '2', .link = links[i].target},
                        OCI_UNSAFE_PATH, strrchr(links[i].name, 'l'));
    box_check_entry((struct tar_entry){.name = "t/l", .type = '2', .link = ""}, OCI_INVALID, "l is a link to nothing");
    box_check_entry((struct tar_entry){.name = "t/l", .type = '2', .link = "a\nb"}, OCI_INVALID,
                    "l is a link whose target");
}

static void craft_linkpath(void)
{
    tar_pax("linkpath", "../outside");
    TAR_LINK("t/l", "ok");
}

/* The chain of CVE-2026-85731: each link stays inside, as it is written. */
static void craft_chain(void)
{
    TAR_LINK("t/a", ".");
    TAR_LINK("t/a/b", "..");
    TAR_FILE("t/a/b/x", "escaped");
}

static void craft_long_chain(void)
{
    char name[100] = "t/a";
    TAR_LINK(name, ".");
    for (int i = 0; i < 20; i++) {
        strcat(name, "/a");
        TAR_LINK(name, i % 2 ? "." : "..");
    }
    strcat(name, "/x");
    TAR_FILE(name, "escaped");
}

static void craft_link_then_file(void)
{
    TAR_LINK("t/f", "g");
    TAR_FILE("t/f", "through the link");
}

static void craft_file_then_link(void)
{
    TAR_FILE("t/f", "x");
    TAR_LINK("t/f", "g");
}

static void craft_link_then_below(void)
{
    TAR_DIR("t/d/");
    TAR_LINK("t/l", "d");
    TAR_FILE("t/l/f", "through the link");
}

static void craft_link_below_link(void)
{
    TAR_DIR("t/d/e/");
    TAR_LINK("t/l", "d/e");
    TAR_LINK("t/l/up", "..");
}

static void craft_two_links(void)
{
    TAR_LINK("t/l", "a");
    TAR_LINK("t/l", "b");
}

TEST(nothing_is_written_through_a_link)
{
    box_check_refused(craft_linkpath, OCI_UNSAFE_PATH, "l is a link that may lead out");
    box_check_refused(craft_chain, OCI_INVALID, "is in it twice");
    box_check_refused(craft_long_chain, OCI_INVALID, "is in it twice");
    box_check_refused(craft_link_then_file, OCI_INVALID, "f is in it twice");
    box_check_refused(craft_file_then_link, OCI_INVALID, "f is in it twice");
    box_check_refused(craft_link_then_below, OCI_INVALID, "l is in it twice");
    box_check_refused(craft_link_below_link, OCI_UNSAFE_PATH, "l");
    box_check_refused(craft_two_links, OCI_INVALID, "l is in it twice");
}

TEST(links_that_stay_inside_are_made)
{
    char out[64];
    box_make();
    tar_begin();
    TAR_LINK("t/before", "d/f"); /* before its target */
    TAR_DIR("t/d/");
    TAR_FILE("t/d/f", "x");
    TAR_LINK("t/d/e/up", "../../d/f");
    TAR_LINK("t/d/self", "..");
    TAR_LINK("t/dangling", "no/where");
    CHECK_INT(box_unpack(), OCI_OK);
    static const char *const links[] = {"before", "d/e/up", "d/self/d/f"};
    for (size_t i = 0; i < 3; i++) {
        tree_output(out, sizeof out, "cat %s/%s", box_to, links[i]);
        CHECK_STR(out, "x");
    }
    tree_output(out, sizeof out, "readlink -n %s/dangling", box_to);
    CHECK_STR(out, "no/where");
    box_check();
    tree_remove(box_dir);
}

/* T38: hostile links in the destination before. */
TEST(links_that_were_there_before_are_not_followed)
{
    for (int fallback = 0; fallback < 2; fallback++) {
        oci_file_force_fallbacks(fallback);
        box_make();
        tree_link(box_dir, "to/d", "../outside");
        tree_link(box_dir, "to/f", "../outside/sentinel");
        tree_link(box_dir, "to/e/d", "../../outside");
        tar_begin();
        TAR_FILE("t/d/new", "x");
        CHECK_INT(box_unpack(), OCI_UNSAFE_PATH);
        tar_begin();
        TAR_DIR("t/d/");
        CHECK_INT(box_unpack(), OCI_UNSAFE_PATH);
        tar_begin();
        TAR_DIR("t/d/new/");
        CHECK_INT(box_unpack(), OCI_UNSAFE_PATH);
        tar_begin();
        TAR_FILE("t/f", "x");
        CHECK_INT(box_unpack(), OCI_INVALID);
        tar_begin();
        TAR_FILE("t/e/d/new", "x");
        CHECK_INT(box_unpack(), OCI_UNSAFE_PATH);
        tar_begin();
        TAR_LINK("t/d/l", "x");
        CHECK_INT(box_unpack(), OCI_UNSAFE_PATH);
        box_check();
        tree_remove(box_dir);
    }
    oci_file_force_fallbacks(false);
}

/* ---- T48: the same path twice --------------------------------------------------------------- */

static void craft_twice(void)
{
    TAR_FILE("t/f", "1");
    TAR_FILE("f", "2");
}

static void craft_file_and_directory(void)
{
    TAR_FILE("t/a", "1");
    TAR_FILE("t/a/b", "2");
}

static void craft_directory_and_file(void)
{
    TAR_FILE("t/a/b", "2");
    TAR_FILE("t/a", "1");
}

TEST(a_path_twice_is_refused)
{
    box_check_refused(craft_twice, OCI_INVALID, "f is in it twice");
    box_check_refused(craft_file_and_directory, OCI_INVALID, "a is in it twice");
    box_check_refused(craft_directory_and_file, OCI_INVALID, "a is in it twice");
}

/* ---- statement 16: somebody swaps directories meanwhile -------------------------------------- */

static atomic_bool swapping_ends;
static void swap_all_the_time(void *ctx)
{
    int fd = *(int *)ctx;
    while (!atomic_load(&swapping_ends)) {
        oci_file_rename(fd, "d", fd, "away", false, NULL);
        oci_file_symlink(fd, "../outside", "d", NULL);
        oci_file_unlink(fd, "d", NULL);
        oci_file_rename(fd, "away", fd, "d", false, NULL);
    }
}

TEST(nothing_gets_outside_while_a_directory_is_swapped_for_a_link)
{
    for (int round = 0; round < 6; round++) {
        oci_file_force_fallbacks(round % 2);
        box_make();
        tar_begin();
        for (int i = 0; i < 60; i++) { /* a new parent each time, so that it is opened again */
            char name[32];
            snprintf(name, sizeof name, "t/d/%d/f", i);
            TAR_FILE(name, "x");
        }
        tree_dir(box_to, "d");
        int fd;
        struct oci_thread t;
        CHECK_INT(oci_dir_open(OCI_CWD, box_to, false, &fd, NULL), OCI_OK);
        atomic_store(&swapping_ends, false);
        CHECK_INT(oci_thread_start(&t, "swapper", swap_all_the_time, &fd, NULL), OCI_OK);
        box_unpack(); /* may fail, or not */
        atomic_store(&swapping_ends, true);
        oci_thread_join(&t);
        oci_fd_close(fd);
        box_check();
        tree_remove(box_dir);
    }
    oci_file_force_fallbacks(false);
}
