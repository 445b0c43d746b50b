#include "client/tags.h"

#include <string.h>

#include "base/mem.h"
#include "model/reference.h"

static bool has(const struct oci_tags *t, const char *tag)
{
    if (t->first && strcmp(t->first, tag) == 0)
        return true;
    for (size_t i = 0; i < t->more_count; i++) {
        if (strcmp(t->more[i], tag) == 0)
            return true;
    }
    return false;
}

static int add(struct oci_tags *t, const char *tag, struct oci_err *reterr)
{
    if (!oci_tag_valid(oci_str_of(tag)))
        return oci_err_set(reterr, OCI_INVALID, "\"%s\" is not a tag", tag);
    if (has(t, tag))
        return OCI_OK;
    char *copy = oci_strdup(tag);
    if (!copy)
        return oci_err_no_memory(reterr);
    if (!t->first)
        t->first = copy;
    else
        t->more[t->more_count++] = copy;
    return OCI_OK;
}

int oci_tags_copy(const char *first, const char *const *more, size_t count, struct oci_tags *ret_tags,
                  struct oci_err *reterr)
{
    struct oci_tags t = {.more = oci_calloc(count + 1, sizeof *t.more)};
    if (!t.more)
        return oci_err_no_memory(reterr);
    int rc = first && first[0] ? add(&t, first, reterr) : OCI_OK;
    for (size_t i = 0; i < count && rc == OCI_OK; i++)
        rc = add(&t, more[i], reterr);
    if (rc == OCI_OK)
        *ret_tags = t;
    else
        oci_tags_done(&t);
    return rc;
}

void oci_tags_done(struct oci_tags *t)
{
    oci_free(t->first);
    for (size_t i = 0; i < t->more_count; i++)
        oci_free(t->more[i]);
    oci_free(t->more);
    *t = (struct oci_tags){0};
}

const char *const *oci_tags_more(const struct oci_tags *t)
{
    return (const char *const *)t->more;
}
