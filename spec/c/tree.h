/* tree.h - small trees of files for tests. Everything that fails ends the test. */
#ifndef TREE_H
#define TREE_H

#include <stddef.h>

#define TREE_PATH 64

/* Makes a fresh directory below $TMPDIR or /tmp; its name is copied to and returned as `dir`. */
char *tree_temporary(char dir[TREE_PATH]);
void tree_remove(const char *dir);

/* Below `at`, with the directories on the way. */
void tree_dir(const char *at, const char *path);
void tree_put(const char *at, const char *path, const char *text, unsigned mode);
void tree_put_bytes(const char *at, const char *path, const void *p, size_t len, unsigned mode);
void tree_link(const char *at, const char *path, const char *target);

/* The content of a small file (links are not followed). Static. */
const char *tree_get(const char *at, const char *path);
unsigned tree_mode(const char *at, const char *path);
int tree_is_at(const char *found, const char *at, const char *path); /* is what was found this path? */
int tree_exists(const char *at, const char *path); /* of any kind; links are not followed */
size_t tree_count(const char *at);                 /* entries in a directory */

/* A shell command; its exit status. */
int tree_shell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* What a shell command prints. */
void tree_output(char *out, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
