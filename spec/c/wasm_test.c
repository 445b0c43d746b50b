/* Components of WebAssembly (model/wasm.h). */
#include "model/wasm.h"

#include <string.h>

#include "base/mem.h"
#include "test.h"

static struct oci_err err;

/* The names with a comma between, or "" with the error. Every beginning of the section is damaged. Static. */
static const char *names_of(unsigned id, const char *section, size_t len)
{
    static char text[1000];
    struct oci_json *names = NULL;
    text[0] = '\0';
    oci_err_clear(&err);
    if (oci_wasm_names(id, section, len, &names, &err) != OCI_OK)
        return text;
    struct oci_buf b;
    oci_buf_init(&b, sizeof text - 1);
    CHECK_INT(oci_json_print(names, &b), OCI_OK);
    memcpy(text, b.p, b.len + 1);
    oci_buf_done(&b);
    oci_json_free(names);
    for (size_t less = 0; less < len; less++) { /* copied, so that a byte too many is found */
        char *copy = oci_alloc(less + 1);
        memcpy(copy, section, less);
        CHECK_INT(oci_wasm_names(id, copy, less, &names, NULL), OCI_INVALID);
        oci_free(copy);
    }
    return text;
}

#define IMPORTS(bytes) names_of(OCI_WASM_IMPORTS, bytes, sizeof bytes - 1)
#define EXPORTS(bytes) names_of(OCI_WASM_EXPORTS, bytes, sizeof bytes - 1)

TEST(imports_of_all_sorts)
{
    CHECK_STR(IMPORTS("\0"), "[]");
    CHECK_STR(IMPORTS("\x01\0\x05" "a:b/c" "\x05\x07"), "[\"a:b/c\"]");
    CHECK_STR(IMPORTS("\x08"
                      "\0\1m\x00\x11\x80\x01" /* a core module, its index in two bytes */
                      "\1\1f\x01\x02"         /* a function; the older form of a name */
                      "\2\1v\5" "1.2.3" "\x02\0\x03" /* a value that is another one; a name with a version */
                      "\0\1w\x02\1\x73"       /* a value of a type */
                      "\0\1x\x02\1\xf3\xff\xff\xff\x7f" /* the same type, in five bytes */
                      "\0\1t\x03\0\x04"       /* a type that is another one */
                      "\0\1r\x03\1"           /* a resource */
                      "\0\2\xc3\xa4\x04\xff\xff\xff\xff\x0f"), /* a component; UTF-8 */
              "[\"m\",\"f\",\"v\",\"w\",\"x\",\"t\",\"r\",\"\xc3\xa4\"]");
}

TEST(exports_of_all_sorts)
{
    CHECK_STR(EXPORTS("\x03"
                      "\0\1i\x05\x01\0"         /* an instance */
                      "\0\1c\0\x11\x01\0"       /* of the core's sorts */
                      "\0\1f\x01\x02\1\x01\x03"), /* with its type */
              "[\"i\",\"c\",\"f\"]");
}

TEST(what_is_no_such_section)
{
    CHECK_STR(IMPORTS("\1\3\1a\1\1"), ""); /* a form of names that there is not */
    CHECK_INT(err.code, OCI_INVALID);
    CHECK(strstr(err.text, "section of imports is damaged"));
    CHECK_STR(IMPORTS("\1\0\1a\6\1"), ""); /* ... of descriptions */
    CHECK_STR(IMPORTS("\1\0\1a\3\2"), "");
    CHECK_STR(IMPORTS("\1\0\1\xff\1\1"), ""); /* not UTF-8 */
    CHECK_STR(IMPORTS("\1\0\2a\0\1\1"), "");  /* a zero byte */
    CHECK_STR(IMPORTS("\1\0\1a\1\1\0"), "");  /* a byte too many */
    CHECK_STR(IMPORTS("\1\0\xff\xff\xff\xff\x0f" "a\1\1"), ""); /* a name that is longer than all */
    CHECK_STR(IMPORTS("\x80\x80\x80\x80\x80\x01"), "");         /* a number that is too long */
    CHECK_STR(IMPORTS("\x81\x80\x80\x80\x10\0\1a\1\1"), "");    /* ... or has more than 32 bits: it is not 1 */
    CHECK_STR(EXPORTS("\1\0\1a\6\1\0"), "");
    CHECK_INT(err.code, OCI_INVALID);
    CHECK(strstr(err.text, "section of exports is damaged"));
    CHECK_STR(EXPORTS("\1\0\1a\1\1\2"), "");
    CHECK_STR(EXPORTS("\xff\xff\xff\xff\x0f"), "");
    CHECK_INT(err.code, OCI_LIMIT);
}

TEST(heads_of_sections)
{
    unsigned id = 0;
    uint32_t size = 0;
    size_t used = 0;
    CHECK_INT(oci_wasm_section("\x0a\x05zzz", 5, &id, &size, &used, &err), OCI_OK);
    CHECK(id == 10 && size == 5 && used == 2);
    CHECK_INT(oci_wasm_section("\0\xff\xff\xff\xff\x0f", 6, &id, &size, &used, &err), OCI_OK);
    CHECK(id == 0 && size == UINT32_MAX && used == 6);
    CHECK_INT(oci_wasm_section("\0\xff\xff\xff\xff\x1f", 6, &id, &size, &used, &err), OCI_INVALID);
    CHECK_INT(oci_wasm_section("\0\x80", 2, &id, &size, &used, &err), OCI_INVALID);
    CHECK_INT(oci_wasm_section("\0", 1, &id, &size, &used, &err), OCI_INVALID);
    CHECK_INT(oci_wasm_section("", 0, &id, &size, &used, &err), OCI_INVALID);
    CHECK_INT(oci_wasm_section("\0\x80\x80\x80\x80\x80", 6, &id, &size, &used, &err), OCI_INVALID);
}
