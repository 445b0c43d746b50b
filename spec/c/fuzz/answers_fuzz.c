/* Headers and error bodies as a hostile registry may write them. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "json/json.h"
#include "model/challenge.h"
#include "model/http_fields.h"
#include "model/media_type.h"
#include "model/registry_error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void printable(const char *s)
{
    if (s && !oci_str_is_printable(oci_str_of(s)))
        abort();
}

static void challenges(const char *p, size_t len)
{
    struct oci_challenges c = {.count = 0};
    oci_challenges_add(&c, p, len);
    oci_challenges_add(&c, p, len);
    for (size_t i = 0; i < c.count; i++) {
        printable(c.items[i].realm);
        printable(c.items[i].service);
        printable(c.items[i].scope);
        printable(c.items[i].error);
    }
    const struct oci_challenge *chosen = oci_challenges_choose(&c);
    if (chosen && chosen->scheme == OCI_SCHEME_OTHER)
        abort();
    oci_challenges_done(&c);
}

static void fields(const char *s)
{
    struct oci_str target;
    uint64_t a = 0, b = 0, c = 0;
    bool sure = false;
    char essence[OCI_MEDIA_TYPE_MAX];
    if (oci_link_next(s, &target) && (target.len == 0 || !oci_str_is_printable(target)))
        abort();
    oci_upload_range(s, &a, &sure);
    if (oci_content_range(s, &a, &b, &c) && (a > b || b >= c))
        abort();
    oci_retry_after(s, 1795608000, &a);
    oci_media_type_essence(s, essence);
    oci_media_type_extension(s);
}

static void error(const char *p, size_t len)
{
    struct oci_err e = {0};
    struct oci_json *v = NULL;
    int rc = oci_registry_error(&e, 400 + (int)(len % 200), p, len, (enum oci_asked_for)(len % 3), "asking");
    if (rc >= 0 || e.code != rc || !oci_starts_with(e.text, "asking: "))
        abort();
    printable(e.text);
    if (e.registry[0] && oci_json_parse(e.registry, strlen(e.registry), sizeof e.registry, &v, NULL) != OCI_OK)
        abort();
    oci_json_free(v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *z = malloc(size + 1);
    memcpy(z, data, size);
    z[size] = '\0';
    challenges((const char *)data, size);
    fields(z);
    error((const char *)data, size);
    free(z);
    return 0;
}
