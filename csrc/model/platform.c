/* platform.c - os/arch[/variant] in Go's words (image-spec image-index.md, platform; declared in descriptor.h). */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "model/descriptor.h"

/* What this was compiled for: a 32 bit program on a 64 bit kernel is a 32 bit platform, whatever uname() says. */
#if defined(__linux__)
#define HOST_OS "linux"
#elif defined(__APPLE__)
#define HOST_OS "darwin"
#elif defined(__FreeBSD__)
#define HOST_OS "freebsd"
#else
#define HOST_OS "unknown"
#endif

#if defined(__x86_64__)
#define HOST_ARCH "amd64"
#elif defined(__aarch64__)
#define HOST_ARCH "arm64"
#elif defined(__i386__)
#define HOST_ARCH "386"
#elif defined(__arm__) && defined(__ARM_ARCH) && __ARM_ARCH >= 7
#define HOST_ARCH "arm/v7"
#elif defined(__arm__)
#define HOST_ARCH "arm/v6"
#elif defined(__riscv) && __riscv_xlen == 64
#define HOST_ARCH "riscv64"
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define HOST_ARCH "ppc64le"
#elif defined(__s390x__)
#define HOST_ARCH "s390x"
#elif defined(__loongarch64)
#define HOST_ARCH "loong64"
#else
#define HOST_ARCH "unknown"
#endif

#define PART_MAX 64

struct parts {
    char os[PART_MAX], arch[PART_MAX], variant[PART_MAX];
};

const char *oci_platform_host(void)
{
    return HOST_OS "/" HOST_ARCH;
}

/* Names that people type for Go's. A document is never rewritten, only what is asked for (rule P02). */
static void normalise(struct parts *p)
{
    static const char *const same[][2] = {
        {"x86_64", "amd64"}, {"x86-64", "amd64"}, {"aarch64", "arm64"}, {"i386", "386"}, {"i686", "386"},
    };
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        if (strcmp(p->arch, same[i][0]) == 0)
            oci_str_copy(p->arch, sizeof p->arch, oci_str_of(same[i][1]));
    }
    if (strcmp(p->os, "macos") == 0)
        oci_str_copy(p->os, sizeof p->os, OCI_STR("darwin"));
}

static bool copy_part(char to[PART_MAX], struct oci_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = oci_lower(s.p[i]);
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '.' && c != '_' && c != '-')
            return false;
    }
    return s.len > 0 && oci_str_copy(to, PART_MAX, s) == OCI_OK;
}

static bool split(const char *text, struct parts *ret_parts)
{
    struct parts p = {0};
    struct oci_str os, arch, variant, rest;
    if (!oci_str_cut(oci_str_of(text), '/', &os, &rest))
        return false;
    bool has_variant = oci_str_cut(rest, '/', &arch, &variant);
    if (!has_variant)
        arch = rest;
    if (!copy_part(p.os, os) || !copy_part(p.arch, arch) || (has_variant && !copy_part(p.variant, variant)))
        return false;
    normalise(&p);
    *ret_parts = p;
    return true;
}

static const char *member(const struct oci_json *platform, const char *key)
{
    const char *s = oci_json_string(oci_json_get(platform, key));
    return s ? s : "";
}

bool oci_platform_matches(const struct oci_json *platform, const char *wanted)
{
    struct parts p;
    if (!split(wanted, &p) || strcmp(member(platform, "os"), p.os) != 0 ||
        strcmp(member(platform, "architecture"), p.arch) != 0)
        return false;
    if (!p.variant[0])
        return true;
    const char *variant = member(platform, "variant");
    /* The only variant that goes without saying (image-index.md, Platform Variants). */
    if (!*variant && strcmp(p.arch, "arm64") == 0)
        variant = "v8";
    return strcmp(variant, p.variant) == 0;
}

static bool has_feature(const struct oci_json *platform, const char *feature)
{
    const struct oci_json *v = oci_json_first(oci_json_get(platform, "os.features"));
    while (v && !oci_str_equal(oci_json_string(v), feature))
        v = oci_json_next(v);
    return v != NULL;
}

bool oci_platform_fits(const struct oci_json *platform, const struct oci_json *wanted)
{
    char text[3 * PART_MAX];
    oci_platform_print(wanted, text, sizeof text);
    const char *version = member(wanted, "os.version");
    if (!oci_platform_matches(platform, text) || (*version && strcmp(version, member(platform, "os.version")) != 0))
        return false;
    const struct oci_json *v = oci_json_first(oci_json_get(wanted, "os.features"));
    while (v && has_feature(platform, oci_json_string(v)))
        v = oci_json_next(v);
    return v == NULL;
}

void oci_platform_print(const struct oci_json *platform, char *buf, size_t size)
{
    const char *os = member(platform, "os");
    const char *arch = member(platform, "architecture");
    const char *variant = member(platform, "variant");
    snprintf(buf, size, "%s/%s%s%s", *os ? os : "unknown", *arch ? arch : "unknown", *variant ? "/" : "", variant);
    if (size > 0)
        oci_sanitise(buf);
}

int oci_platform_parse(const char *text, struct oci_json **ret_platform, struct oci_err *reterr)
{
    struct parts p;
    if (!split(text, &p))
        return oci_err_set(reterr, OCI_INVALID, "\"%.100s\" is not a platform (os/architecture or "
                           "os/architecture/variant)", text);
    struct oci_json *platform = oci_json_new_object();
    int rc = platform ? oci_json_add(platform, "architecture", oci_json_new_string(p.arch)) : OCI_NO_MEMORY;
    if (rc == OCI_OK)
        rc = oci_json_add(platform, "os", oci_json_new_string(p.os));
    if (rc == OCI_OK && p.variant[0])
        rc = oci_json_add(platform, "variant", oci_json_new_string(p.variant));
    if (rc) {
        oci_json_free(platform);
        return oci_err_no_memory(reterr);
    }
    *ret_platform = platform;
    return OCI_OK;
}
