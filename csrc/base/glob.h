/* glob.h - patterns for paths and titles. '*' matches any characters but '/', '?' one of them, "**" between
 * slashes any number of folders, [a-z] and [!a-z] one character of (not of) a set. A leading '.' of a name is
 * only matched by a
 * '.'. */
#ifndef OCI_BASE_GLOB_H
#define OCI_BASE_GLOB_H

#include <stdbool.h>

#include "base/hidden.h"

OCI_BEGIN

/* At most strlen(pattern) * strlen(path) steps, whatever they are. */
bool oci_glob_match(const char *pattern, const char *path);
/* The same where a leading '.' is a character like any other. */
bool oci_glob_match_hidden(const char *pattern, const char *path);

OCI_END

#endif
