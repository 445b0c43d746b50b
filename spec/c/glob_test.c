/* Patterns for paths and titles. */
#include <string.h>

#include "base/glob.h"
#include "test.h"

static void check(const char *pattern, const char *path, bool want)
{
    if (oci_glob_match(pattern, path) != want)
        FAIL("\"%s\" %s \"%s\"", pattern, want ? "does not match" : "matches", path);
}

TEST(plain_characters_and_single_stars)
{
    check("a.txt", "a.txt", true);
    check("a.txt", "a.txt2", false);
    check("a.txt", "b/a.txt", false);
    check("*.txt", "a.txt", true);
    check("*.txt", "b/a.txt", false);
    check("*/a*", "b/abc", true);
    check("*a*b*", "xxaxxbxx", true);
    check("*a*b*", "xxbxxaxx", false);
    check("a?c", "abc", true);
    check("a?c", "a/c", false);
    check("*", "", true);
    check("", "", true);
    check("", "a", false);
}

TEST(two_stars_are_folders)
{
    check("**/a", "a", true);
    check("**/a", "x/a", true);
    check("**/a", "x/y/a", true);
    check("x/**/a", "x/a", true);
    check("x/**/a*", "x/y/z/ab", true);
    check("x/**", "x/y/z", true);
    check("x/**", "x", false);
    check("**", "x/y", true);
    check("**/b/**/c", "a/b/d/b/e/c", true);
    check("**/b/*/c", "b/a/b/x/c", true);
    check("**/*.lua", "spec/support/x.lua", true);
    check("**.lua", "a.lua", true);
    check("**.lua", "a/b.lua", false);
}

TEST(sets)
{
    check("[abc]", "b", true);
    check("[a-c]x", "bx", true);
    check("[!a-c]", "d", true);
    check("[!a-c]", "b", false);
    check("[^a]", "b", true);
    check("[]]", "]", true);
    check("[a-]", "-", true);
    check("[z-a]", "m", false); /* nothing is in it */
    check("[^z-a]", "m", true);
    check("[z-a!]", "!", true);
    check("[]z-a!%-]", "-", true);
    check("[!x]", "/", false);
    check("[a", "[a", true);
}

TEST(hidden_names_are_named)
{
    check("*", ".git", false);
    check("?git", ".git", false);
    check("[.]git", ".git", false);
    check(".*", ".git", true);
    check("**", ".git/config", false);
    check("**", "a/.git/config", false);
    check("**/config", ".git/config", false);
    check(".git/**", ".git/config", true);
    check("a*", "a.b", true);
}

TEST(no_pattern_takes_for_ever)
{
    char pattern[600], path[4000];
    memset(path, 'a', sizeof path);
    path[sizeof path - 1] = '\0';
    for (size_t i = 0; i < sizeof pattern - 2; i += 2)
        memcpy(pattern + i, "*a", 2);
    memcpy(pattern + sizeof pattern - 2, "b", 2);
    check(pattern, path, false);
}
