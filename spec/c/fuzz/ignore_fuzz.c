/* Patterns of what is left out, one a line, and behind the first zero byte a path: what they say does not depend on what
 * stands before the last one that matches, and a list of one says what the pattern says. */
#include "pack/ignore.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/glob.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool ask(const char *const *patterns, size_t count, const char *path, bool directory, bool *ret_ignored)
{
    struct oci_ignore *g = NULL;
    struct oci_err e = {0};
    int rc = oci_ignore_new(patterns, count, &g, &e);
    if (rc != e.code || (rc && (!e.text[0] || g)))
        abort();
    if (rc == OCI_OK)
        *ret_ignored = oci_ignored(g, path, directory);
    oci_ignore_free(g);
    return rc == OCI_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[1024];
    const char *lines[16], *last;
    size_t count = 0;
    if (size >= sizeof text)
        return 0;
    memcpy(text, data, size);
    memset(text + size, 0, sizeof text - size);
    const char *path = text + strlen(text) + 1;
    if (path > text + size)
        return 0;
    for (char *p = strtok(text, "\n"); p && count < 16; p = strtok(NULL, "\n"))
        lines[count++] = p;
    for (int directory = 0; directory < 2; directory++) {
        bool all = false, one = false, negated = false;
        if (!ask(lines, count, path, directory, &all))
            return 0;
        /* From the end: the first that says anything says it all. */
        for (size_t i = count; i-- > 0 && !one && !negated;) {
            last = lines[i];
            const char *positive = *last == '!' ? last + 1 : last;
            if (*positive == '!')
                return 0; /* would be taken for one that takes back in */
            if (!ask(&positive, 1, path, directory, &one))
                abort();
            negated = one && positive != last;
        }
        if (all != (one && !negated))
            abort();
    }
    return 0;
}
