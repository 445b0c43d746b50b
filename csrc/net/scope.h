/* scope.h - token scopes (security-quirks 1.8): "repository:a/b:pull,push registry:catalog:*". Pure.
 *
 * Scopes of one resource are one, with the union of their actions; "*" swallows all others. The order of first mention
 * is kept, since some token servers look at the first scope only. */
#ifndef OCI_NET_SCOPE_H
#define OCI_NET_SCOPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/hidden.h"

OCI_BEGIN

#define OCI_SCOPES_MAX        8
#define OCI_SCOPE_ACTIONS_MAX 8

struct oci_scope {
    char *resource;                       /* "repository:a/b", or the whole of a form that is not known ("aws") */
    char *actions[OCI_SCOPE_ACTIONS_MAX]; /* sorted */
    size_t count;
};
struct oci_scopes {
    struct oci_scope items[OCI_SCOPES_MAX];
    size_t count;
};

/* Adds the scopes in `text` (NULL: none), separated by white space. OCI_LIMIT when there are too many, OCI_INVALID for
 * control characters; what was added stays. */
int oci_scopes_add(struct oci_scopes *s, const char *text);
int oci_scopes_copy(const struct oci_scopes *from, struct oci_scopes *ret_scopes);
void oci_scopes_done(struct oci_scopes *s);

/* One scope as it is sent: "repository:a/b:pull,push". */
int oci_scope_print(const struct oci_scope *s, struct oci_buf *b);
/* All, joined by spaces: in order (`sorted` false), or the same for equal sets. */
int oci_scopes_print(const struct oci_scopes *s, bool sorted, struct oci_buf *b);
/* Does a token for `have` do for `need`? Only when both are about the same resources: a token widened for a mount is
 * not used for other requests. */
bool oci_scopes_cover(const struct oci_scopes *have, const struct oci_scopes *need);
/* The name of the first "repository:NAME:..." in `text`, copied; NULL: none, or out of memory (*ret_oom). */
char *oci_scope_repository(const char *text, bool *ret_oom);

OCI_END

#endif
