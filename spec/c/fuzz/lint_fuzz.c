/* Lint says something of whatever parse refuses, and shows only what may be shown. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "model/lint.h"
#include "model/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_finding(const struct oci_finding *f)
{
    if (!f->rule || !*f->rule || !f->message || strlen(f->message) < 10 || !f->path)
        abort();
    if (!oci_str_is_printable(oci_str_of(f->message)) || !oci_str_is_printable(oci_str_of(f->path)))
        abort();
}

/* Findings of the JSON alone. */
static size_t of_json(const struct oci_findings *f)
{
    size_t n = 0;
    for (size_t i = 0; i < f->count; i++) {
        const char *rule = f->items[i].rule;
        n += strcmp(rule, "X03") == 0 || strcmp(rule, "X04") == 0 || strcmp(rule, "X05") == 0 ||
             strcmp(rule, "X09") == 0;
    }
    return n;
}

/* The strict reader and the lenient one agree on what is to be refused, but for numbers of which one is more exact. */
static void compare_json(const char *p, size_t size, const struct oci_findings *f)
{
    struct oci_json *v = NULL;
    struct oci_err e = {0};
    int rc = oci_json_parse(p, size, OCI_MAX_MANIFEST, &v, &e);
    oci_json_free(v);
    bool number = strstr(e.text, "number with too many") || strstr(e.text, "number too large");
    if (rc == OCI_OK && of_json(f) > 0)
        abort();
    if (rc == OCI_INVALID && of_json(f) == 0 && f->count < OCI_MAX_FINDINGS && !number)
        abort();
}

/* Only what is a limit of ours, not a rule of theirs, is refused without a word from lint. */
static void compare_manifest(const char *p, size_t size, const char *media_type, const struct oci_findings *f)
{
    struct oci_manifest *m = NULL;
    struct oci_err e = {0};
    struct oci_bytes *b = oci_bytes_new(p, size);
    int rc = oci_manifest_parse(b, media_type, NULL, &m, &e);
    bool ours = strstr(e.text, "is longer than") || strstr(e.text, "number with too many") ||
                strstr(e.text, "number too large");
    if (rc == OCI_INVALID && f->count == 0 && !ours)
        abort();
    oci_manifest_free(m);
    oci_bytes_unref(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const types[] = {NULL,
                                        OCI_TYPE_MANIFEST,
                                        OCI_TYPE_INDEX,
                                        "text/plain",
                                        OCI_TYPE_DESCRIPTOR,
                                        OCI_TYPE_LAYOUT_HEADER,
                                        OCI_TYPE_IMAGE_CONFIG,
                                        "x"};
    struct oci_findings f = {0};
    struct oci_err e = {0};
    if (size == 0)
        return 0;
    const char *p = (const char *)data + 1;
    size--;
    unsigned choice = data[0] % 8;
    int rc = oci_lint(p, size, types[choice], &f, &e);
    if (rc) {
        if (rc != OCI_LIMIT || !e.text[0] || f.items)
            abort();
        return 0;
    }
    if (f.count > OCI_MAX_FINDINGS)
        abort();
    bool errors = false;
    for (size_t i = 0; i < f.count; i++) {
        check_finding(&f.items[i]);
        errors = errors || f.items[i].severity == OCI_SEVERITY_ERROR;
    }
    compare_json(p, size, &f);
    if (choice == 1 || choice == 2) /* for others it may be a descriptor by its shape */
        compare_manifest(p, size, types[choice], &f);
    if (oci_lint_refuse(p, size, types[choice], NULL) != (errors ? OCI_INVALID : OCI_OK))
        abort();
    oci_findings_done(&f);
    return 0;
}
