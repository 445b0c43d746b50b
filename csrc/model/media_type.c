#include "model/media_type.h"

#include <string.h>

/* RFC 6838 section 4.2: restricted-name-first, then at most 126 restricted-name-chars. */
static bool valid_name(struct oci_str s)
{
    if (s.len == 0 || s.len > 127)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.p[i];
        bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!alnum && (i == 0 || c == '\0' || !strchr("!#$&-^_.+", c)))
            return false;
    }
    return true;
}

bool oci_media_type_valid(struct oci_str s)
{
    struct oci_str type, subtype;
    return oci_str_cut(s, '/', &type, &subtype) && valid_name(type) && valid_name(subtype);
}

bool oci_media_type_readable(struct oci_str s)
{
    struct oci_str essence, parameters;
    if (s.len >= OCI_MEDIA_TYPE_MAX || !oci_str_is_printable(s))
        return false;
    if (!oci_str_cut(s, ';', &essence, &parameters))
        essence = s;
    return oci_media_type_valid(oci_str_trim(essence));
}

bool oci_media_type_is_manifest(const char *type)
{
    return oci_str_equal(type, OCI_TYPE_MANIFEST) || oci_str_equal(type, OCI_TYPE_DOCKER_MANIFEST);
}

bool oci_media_type_is_index(const char *type)
{
    return oci_str_equal(type, OCI_TYPE_INDEX) || oci_str_equal(type, OCI_TYPE_DOCKER_LIST);
}

bool oci_media_type_says_nothing(const char *type)
{
    return !type || !*type || oci_str_equal(type, OCI_TYPE_OCTETS) || oci_str_equal(type, OCI_TYPE_JSON) ||
           oci_str_equal(type, "text/plain");
}

void oci_media_type_essence(const char *header, char buf[OCI_MEDIA_TYPE_MAX])
{
    struct oci_str s = oci_str_of(header);
    struct oci_str essence, parameters;
    buf[0] = '\0';
    if (!oci_str_cut(s, ';', &essence, &parameters))
        essence = s;
    essence = oci_str_trim(essence);
    if (!oci_media_type_valid(essence) || oci_str_copy(buf, OCI_MEDIA_TYPE_MAX, essence) != 0)
        return;
    for (char *c = buf; *c; c++)
        *c = oci_lower(*c);
}

const char *oci_media_type_extension(const char *type)
{
    /* The first that matches the end; the longer ones stand before what they end in. */
    static const char *const known[][2] = {
        {"tar+gzip", ".tar.gz"},    {".tar.gzip", ".tar.gz"},   {"tar+zstd", ".tar.zst"},
        {".tar.zstd", ".tar.zst"},  {".tar", ".tar"},           {"/x-tar", ".tar"},
        {"+tar", ".tar"},           {"image/svg+xml", ".svg"},  {"+json", ".json"},
        {"/json", ".json"},         {"+yaml", ".yaml"},         {"/yaml", ".yaml"},
        {"/x-yaml", ".yaml"},       {"+xml", ".xml"},           {"/xml", ".xml"},
        {"+zip", ".zip"},           {"/zip", ".zip"},           {"+gzip", ".gz"},
        {"/gzip", ".gz"},           {"/x-gzip", ".gz"},         {"+zstd", ".zst"},
        {"/zstd", ".zst"},          {"+wasm", ".wasm"},         {"/wasm", ".wasm"},
        {"/pdf", ".pdf"},           {"text/plain", ".txt"},     {"text/markdown", ".md"},
        {"text/html", ".html"},     {"text/css", ".css"},       {"text/csv", ".csv"},
        {"text/x-lua", ".lua"},     {"text/javascript", ".js"}, {"image/png", ".png"},
        {"image/jpeg", ".jpg"},     {"image/gif", ".gif"},
    };
    char essence[OCI_MEDIA_TYPE_MAX];
    oci_media_type_essence(type, essence);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (oci_ends_with(essence, known[i][0]))
            return known[i][1];
    }
    return "";
}
