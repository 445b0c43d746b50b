/* Patterns of what is left out (pack.h): read as git reads .gitignore. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "pack/ignore.h"
#include "test.h"
#include "tree.h"

static const char *given[8];
static size_t given_count;

#define GIVEN(...)                                                     \
    do {                                                               \
        static const char *const list[] = {__VA_ARGS__};               \
        given_count = sizeof list / sizeof *list;                      \
        memcpy(given, list, sizeof list);                              \
    } while (0)

/* A path with a slash at its end is a directory's. */
static bool ignored(const char *path)
{
    struct oci_ignore *g = NULL;
    struct oci_err err = {0};
    char name[256];
    CHECK_INT(oci_ignore_new(given, given_count, &g, &err), OCI_OK);
    size_t len = strlen(path);
    bool directory = path[len - 1] == '/';
    snprintf(name, sizeof name, "%.*s", (int)(len - directory), path);
    bool yes = oci_ignored(g, name, directory);
    oci_ignore_free(g);
    return yes;
}

static void check(const char *path, bool want)
{
    if (ignored(path) != want)
        FAIL("%s is %s", path, want ? "kept" : "left out");
}

TEST(a_pattern_without_a_slash_is_a_name_anywhere)
{
    GIVEN("*.o", ".git", "foo?");
    check("a.o", true);
    check("deep/down/a.o", true);
    check(".o", true); /* a leading dot is a character like any other */
    check("a.oo", false);
    check(".git/", true);
    check("sub/.git", true);
    check("foo1", true);
    check("foo", false);
}

TEST(a_pattern_with_a_slash_is_a_path)
{
    GIVEN("/top", "doc/*.txt", "a/b");
    check("top", true);
    check("sub/top", false);
    check("doc/x.txt", true);
    check("doc/sub/x.txt", false);
    check("sub/doc/x.txt", false);
    check("a/b/", true);
    check("x/a/b", false);
}

TEST(a_slash_at_the_end_is_a_directory)
{
    GIVEN("build/", "/out/");
    check("build/", true);
    check("sub/build/", true);
    check("build", false);
    check("out/", true);
    check("sub/out/", false);
}

TEST(two_stars_are_any_number_of_directories)
{
    GIVEN("**/cache", "lib/**", "a/**/z");
    check("cache", true);
    check("x/y/cache", true);
    check("lib/x", true);
    check("lib/x/.y", true);
    check("lib/", false);
    check("a/z", true);
    check("a/b/.c/z", true);
    check("a/b", false);
}

TEST(sets_match_one_character)
{
    GIVEN("*.[ch]", "[!a-y]");
    check("x.c", true);
    check("x.h", true);
    check("x.o", false);
    check("z", true);
    check("b", false);
}

TEST(the_last_pattern_that_matches_counts)
{
    GIVEN("*.log", "!keep.log", "tmp/keep.log");
    check("a.log", true);
    check("keep.log", false);
    check("x/keep.log", false);
    check("tmp/keep.log", true);
    GIVEN("!a", "a");
    check("a", true);
    GIVEN("*", "!*/", "!*.lua"); /* only one kind of file, everywhere */
    check("x/", false);
    check("x.lua", false);
    check("x.c", true);
}

TEST(a_backslash_takes_the_meaning_from_the_first_character)
{
    GIVEN("\\!important", "\\#notes", "#comment");
    check("!important", true);
    check("#notes", true);
    check("#comment", true); /* there are no comments: each pattern is one of a list */
}

/* The same as git says, where there is one. */
TEST(git_says_the_same)
{
    if (tree_shell("command -v git >/dev/null") != 0)
        SKIP("git is not there");
    static const char *const paths[] = {"a.o", "k.o", "sub/a.o", "sub/k.o", "build/x", "sub/build", "doc/a/b/c.txt",
                                        "doc/c.txt", "x/doc/c.txt", ".hidden", "sub/.hidden", "q1", "z/y/x/w"};
    GIVEN("*.o", "!k.o", "build/", "doc/**/*.txt", ".h*", "[pq]?", "z/*/x", "/sub/k.o");
    char dir[TREE_PATH];
    tree_temporary(dir);
    CHECK_INT(tree_shell("git -C %s init -q", dir), 0);
    char list[512] = "";
    for (size_t i = 0; i < given_count; i++)
        strcat(strcat(list, given[i]), "\n");
    tree_put(dir, ".git/info/exclude", list, 0644);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        tree_put(dir, paths[i], "", 0644);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        bool left_out = false;
        char part[256];
        for (size_t n = 1; n <= strlen(paths[i]); n++) { /* each directory above it, as a walk meets them */
            if (paths[i][n] == '/' || !paths[i][n]) {
                snprintf(part, sizeof part, "%.*s%s", (int)n, paths[i], paths[i][n] ? "/" : "");
                left_out = left_out || ignored(part);
            }
        }
        CHECK_INT(left_out, tree_shell("git -C %s check-ignore -q --no-index %s", dir, paths[i]) == 0);
    }
    tree_remove(dir);
}

TEST(what_is_no_pattern_is_refused)
{
    static const char *const empty[] = {"", "/", "!", "///", "!/"};
    struct oci_ignore *g = NULL;
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
        struct oci_err err = {0};
        CHECK_INT(oci_ignore_new(&empty[i], 1, &g, &err), OCI_INVALID);
        CHECK(strstr(err.text, "is no pattern") != NULL);
    }
    static char longest[5000];
    memset(longest, 'a', sizeof longest - 1);
    const char *one = longest;
    CHECK_INT(oci_ignore_new(&one, 1, &g, NULL), OCI_LIMIT);
    static const char *many[4097];
    for (size_t i = 0; i < 4097; i++)
        many[i] = "a";
    CHECK_INT(oci_ignore_new(many, 4097, &g, NULL), OCI_LIMIT);
    CHECK(g == NULL);
}
