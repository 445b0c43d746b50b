/* base: memory, buffers, shared bytes, strings, errors, map, encodings, redaction. */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/encode.h"
#include "base/err.h"
#include "base/library.h"
#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/redact.h"
#include "base/str.h"
#include "test.h"

/* ---- mem ----------------------------------------------------------------------------------- */

TEST(mem_copies_strings)
{
    char *a = oci_strdup("abc");
    char *b = oci_strndup("abcdef", 3);
    char *c = oci_asprintf("%s-%d", "x", 7);
    CHECK_STR(a, "abc");
    CHECK_STR(b, "abc");
    CHECK_STR(c, "x-7");
    CHECK(oci_strdup(NULL) == NULL);
    oci_free(a);
    oci_secret_free(b);
    oci_free(c);
    oci_free(NULL);
    oci_secret_free(NULL);
}

TEST(mem_overflow_is_out_of_memory)
{
    CHECK(oci_calloc(SIZE_MAX / 2, 4) == NULL);
    CHECK(oci_strndup("", SIZE_MAX) == NULL);
    void *p = oci_calloc(0, 8);
    CHECK(p != NULL);
    oci_free(p);
    p = oci_alloc(0);
    CHECK(p != NULL);
    oci_free(p);
}

TEST(mem_grow_doubles_up_to_its_maximum)
{
    size_t cap = 0;
    int *p = oci_grow(NULL, &cap, 1, sizeof *p, 100);
    CHECK(p && cap == 8);
    int *q = oci_grow(p, &cap, 8, sizeof *p, 100);
    CHECK(q == p && cap == 8);
    q = oci_grow(p, &cap, 9, sizeof *p, 100);
    CHECK(q && cap == 16);
    q = oci_grow(q, &cap, 99, sizeof *p, 100);
    CHECK(q && cap == 99);
    CHECK(oci_grow(q, &cap, 101, sizeof *p, 100) == NULL);
    CHECK_INT(cap, 99);
    q = oci_grow(q, &cap, 100, sizeof *p, 100);
    CHECK(q && cap == 100);
    CHECK(oci_grow(q, &cap, SIZE_MAX / 2, sizeof *p, SIZE_MAX) == NULL);
    oci_free(q);
}

TEST(mem_cleanse_overwrites)
{
    char secret[8] = "hunter2";
    oci_cleanse(secret, sizeof secret);
    for (size_t i = 0; i < sizeof secret; i++)
        CHECK_INT(secret[i], 0);
    oci_cleanse(NULL, 0);
}

/* ---- buf ----------------------------------------------------------------------------------- */

TEST(buf_keeps_its_maximum)
{
    struct oci_buf b;
    oci_buf_init(&b, 10);
    CHECK(b.p == NULL);
    CHECK_INT(oci_buf_add_str(&b, "12345"), OCI_OK);
    CHECK_INT(oci_buf_add(&b, "678901", 6), OCI_LIMIT);
    CHECK_STR(b.p, "12345");
    CHECK_INT(oci_buf_addf(&b, "%d", 67890), OCI_OK);
    CHECK_STR(b.p, "1234567890");
    CHECK_INT(oci_buf_add_char(&b, 'x'), OCI_LIMIT);
    CHECK_INT(oci_buf_addf(&b, "%d", 1), OCI_LIMIT);
    CHECK_STR(b.p, "1234567890");
    oci_buf_clear(&b);
    CHECK_STR(b.p, "");
    CHECK_INT(oci_buf_add_str(&b, "x"), OCI_OK);
    oci_buf_done(&b);
    CHECK(b.p == NULL && b.max == 10);
    CHECK_INT(oci_buf_add_str(&b, "again"), OCI_OK);
    oci_buf_done(&b);
    oci_buf_done(NULL);
}

TEST(buf_grows_and_is_taken)
{
    struct oci_buf b;
    oci_buf_init(&b, 1u << 20);
    for (int i = 0; i < 100000; i++)
        CHECK_INT(oci_buf_add_char(&b, (char)('a' + i % 26)), OCI_OK);
    CHECK_INT(b.len, 100000);
    CHECK(b.cap < 300000);
    CHECK_INT(b.p[b.len], 0);
    char *p = oci_buf_take(&b);
    CHECK_INT(strlen(p), 100000);
    CHECK(b.p == NULL && b.len == 0);
    oci_free(p);
    p = oci_buf_take(&b);
    CHECK_STR(p, "");
    oci_free(p);
}

TEST(buf_without_room)
{
    struct oci_buf b;
    oci_buf_init(&b, 0);
    CHECK_INT(oci_buf_add(&b, NULL, 0), OCI_OK);
    CHECK_STR(b.p, "");
    CHECK_INT(oci_buf_add_char(&b, 'x'), OCI_LIMIT);
    oci_buf_done(&b);
    oci_buf_init(&b, SIZE_MAX);
    CHECK_INT(oci_buf_add_str(&b, "x"), OCI_OK);
    CHECK_INT(oci_buf_reserve(&b, SIZE_MAX - 1), OCI_NO_MEMORY);
    CHECK_INT(oci_buf_reserve(&b, SIZE_MAX), OCI_LIMIT);
    CHECK_STR(b.p, "x");
    oci_buf_done(&b);
}

/* ---- bytes --------------------------------------------------------------------------------- */

TEST(bytes_are_shared)
{
    struct oci_bytes *a = oci_bytes_new("a\0b", 3);
    CHECK_INT(a->len, 3);
    CHECK_MEM(a->p, "a\0b", 4);
    struct oci_bytes *b = oci_bytes_ref(a);
    CHECK(a == b);
    CHECK(oci_bytes_unref(a) == NULL);
    CHECK_MEM(b->p, "a\0b", 3);
    oci_bytes_unref(b);
    CHECK(oci_bytes_ref(NULL) == NULL);
    CHECK(oci_bytes_unref(NULL) == NULL);
    a = oci_bytes_new_take(oci_strdup("taken"), 5);
    CHECK_STR(a->p, "taken");
    oci_bytes_unref(a);
    CHECK(oci_bytes_new_take(NULL, 0) == NULL);
    a = oci_bytes_new(NULL, 0);
    CHECK_STR(a->p, "");
    oci_bytes_unref(a);
}

/* ---- str ----------------------------------------------------------------------------------- */

TEST(str_compares)
{
    CHECK(oci_str_eq(OCI_STR("abc"), "abc"));
    CHECK(!oci_str_eq(OCI_STR("abc"), "abcd"));
    CHECK(!oci_str_eq(OCI_STR("abcd"), "abc"));
    CHECK(oci_str_eq(oci_str_of(NULL), ""));
    CHECK(oci_str_eq_nocase(OCI_STR("BeArEr"), "bearer"));
    CHECK(!oci_str_eq_nocase(OCI_STR("[realm"), "{realm"));
    CHECK(oci_starts_with("abc", "ab") && !oci_starts_with("a", "ab"));
    CHECK(oci_ends_with("abc", "bc") && !oci_ends_with("c", "bc"));
    CHECK(oci_str_equal(NULL, NULL) && !oci_str_equal("", NULL) && oci_str_equal("a", "a"));
}

TEST(str_case_is_ascii_in_every_locale)
{
    setlocale(LC_ALL, "tr_TR.UTF-8");
    CHECK(oci_str_eq_nocase(OCI_STR("REALM-I"), "realm-i"));
    CHECK_INT(oci_lower('I'), 'i');
    CHECK_INT(oci_lower((char)0xC0), (char)0xC0);
}

TEST(str_trims_and_cuts)
{
    struct oci_str a, b;
    CHECK(oci_str_eq(oci_str_trim(OCI_STR(" \t x y \t")), "x y"));
    CHECK(oci_str_eq(oci_str_trim(OCI_STR(" \t ")), ""));
    CHECK(oci_str_cut(OCI_STR("a:b:c"), ':', &a, &b));
    CHECK(oci_str_eq(a, "a") && oci_str_eq(b, "b:c"));
    CHECK(!oci_str_cut(OCI_STR("abc"), ':', &a, &b));
    CHECK(!oci_str_cut(oci_str_of(""), ':', &a, &b));
    CHECK(oci_str_cut(OCI_STR(":"), ':', &a, &b) && a.len == 0 && b.len == 0);
}

TEST(str_copy_all_or_nothing)
{
    char buf[4] = "???";
    CHECK_INT(oci_str_copy(buf, sizeof buf, OCI_STR("abc")), OCI_OK);
    CHECK_STR(buf, "abc");
    CHECK_INT(oci_str_copy(buf, sizeof buf, OCI_STR("abcd")), OCI_LIMIT);
    CHECK_STR(buf, "");
    CHECK_INT(oci_str_copy(buf, 0, OCI_STR("")), OCI_LIMIT);
}

TEST(str_to_u64_takes_digits_only)
{
    static const char *const bad[] = {"", "-1", "+1", " 1", "1 ", "0x1", "1.0", "18446744073709551616", "1e3",
                                      "99999999999999999999999"};
    uint64_t n = 77;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK_INT(oci_str_to_u64(oci_str_of(bad[i]), UINT64_MAX, &n), OCI_INVALID);
    CHECK_INT(n, 77);
    CHECK_INT(oci_str_to_u64(OCI_STR("18446744073709551615"), UINT64_MAX, &n), OCI_OK);
    CHECK(n == UINT64_MAX);
    CHECK_INT(oci_str_to_u64(OCI_STR("007"), 7, &n), OCI_OK);
    CHECK_INT(n, 7);
    CHECK_INT(oci_str_to_u64(OCI_STR("8"), 7, &n), OCI_INVALID);
}

TEST(utf8_by_the_table)
{
    static const struct {
        const char *s;
        bool valid;
    } t[] = {
        {"", true},
        {"plain", true},
        {"\xC3\xA9", true},
        {"\xE2\x82\xAC", true},
        {"\xF0\x9F\x98\x80", true},
        {"\xF4\x8F\xBF\xBF", true},      /* U+10FFFF */
        {"\xF4\x90\x80\x80", false},     /* beyond */
        {"\xC0\x80", false},             /* overlong NUL */
        {"\xC1\xBF", false},
        {"\xE0\x9F\xBF", false},         /* overlong */
        {"\xF0\x8F\xBF\xBF", false},     /* overlong */
        {"\xED\xA0\x80", false},         /* surrogate */
        {"\xED\x9F\xBF", true},
        {"\xEE\x80\x80", true},
        {"\x80", false},
        {"\xFF", false},
        {"a\xC3", false},
        {"\xE2\x82", false},
        {"\xE2\x82" "a", false},
        {"\xF5\x80\x80\x80", false},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        if (oci_utf8_valid(t[i].s, strlen(t[i].s)) != t[i].valid)
            FAIL("row %zu", i);
    }
}

TEST(printable_means_no_controls)
{
    CHECK(oci_str_is_printable(OCI_STR("a \xC3\xA9")));
    CHECK(!oci_str_is_printable(OCI_STR("a\nb")));
    CHECK(!oci_str_is_printable(OCI_STR("a\0b")));
    CHECK(!oci_str_is_printable(OCI_STR("a\x7F")));
    CHECK(!oci_str_is_printable(OCI_STR("a\x1b[31m")));
    CHECK(!oci_str_is_printable(OCI_STR("\xFF")));
}

TEST(sanitise_replaces_what_moves_a_terminal)
{
    static const char *const t[][2] = {
        {"plain \xC3\xA9", "plain \xC3\xA9"},
        {"a\x1b[31mb", "a?[31mb"},
        {"a\r\nb", "a??b"},
        {"a\xC2\x9B" "b", "a?b"},            /* C1: CSI */
        {"a\xE2\x80\xAE" "b", "a?b"},        /* right-to-left override */
        {"a\xE2\x81\xA6" "b", "a?b"},        /* isolate */
        {"a\xE2\x80\x8B" "b", "a?b"},        /* zero width space */
        {"a\xE2\x80\xA8" "b", "a?b"},        /* line separator */
        {"\xE2\x80\xA6", "\xE2\x80\xA6"},    /* an ellipsis is a character */
        {"\xFF\xFEx", "??x"},
        {"x\xE2\x82", "x??"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        char buf[64];
        snprintf(buf, sizeof buf, "%s", t[i][0]);
        oci_sanitise(buf);
        CHECK_STR(buf, t[i][1]);
    }
}

TEST(add_u64_sees_overflow)
{
    uint64_t n = 0;
    CHECK(oci_add_u64(1, 2, &n) && n == 3);
    CHECK(oci_add_u64(UINT64_MAX, 0, &n) && n == UINT64_MAX);
    CHECK(!oci_add_u64(UINT64_MAX, 1, &n));
}

/* ---- err ----------------------------------------------------------------------------------- */

TEST(err_names_are_the_closed_list)
{
    CHECK_STR(oci_err_name(OCI_NOT_FOUND), "NOT_FOUND");
    CHECK_STR(oci_err_name(OCI_REGISTRY), "REGISTRY");
    CHECK_STR(oci_err_name(OCI_IO), "IO");
    CHECK_STR(oci_err_name(0), "UNKNOWN");
    CHECK_STR(oci_err_name(1), "UNKNOWN");
    CHECK_STR(oci_err_meaning(OCI_TLS), "TLS failure");
    int count = 0;
#define X(name, value, text)                       \
    CHECK_STR(oci_err_name(value), #name);         \
    CHECK(strlen(oci_err_meaning(OCI_##name)) > 0); \
    count++;
    OCI_ERRORS(X)
#undef X
    CHECK_INT(count, 19);
}

TEST(err_first_wins)
{
    struct oci_err e = {0};
    CHECK_INT(oci_err_set(&e, OCI_INVALID, "%s %d", "first", 1), OCI_INVALID);
    CHECK_INT(oci_err_set(&e, OCI_IO, "second"), OCI_IO);
    CHECK_INT(e.code, OCI_INVALID);
    CHECK_STR(e.text, "first 1");
    CHECK_INT(oci_err_set(NULL, OCI_IO, "nobody"), OCI_IO);
    CHECK_INT(oci_err_no_memory(NULL), OCI_NO_MEMORY);
    struct oci_err f = {0};
    CHECK_INT(oci_err_copy(&f, &e), OCI_INVALID);
    CHECK_STR(f.text, "first 1");
    oci_err_clear(&e);
    CHECK_INT(oci_err_copy(&f, &e), OCI_OK);
    CHECK_INT(f.code, OCI_INVALID);
    oci_err_clear(NULL);
    CHECK_INT(oci_err_copy(NULL, &f), OCI_INVALID);
}

TEST(err_text_is_one_clean_line)
{
    struct oci_err e = {0};
    oci_err_set(&e, OCI_INVALID, "a\nb\x1b[2Jc\xFF");
    CHECK_STR(e.text, "a?b?[2Jc?");
}

TEST(err_text_is_cut_between_characters)
{
    char text[1000];
    for (size_t shift = 0; shift < 4; shift++) {
        struct oci_err e = {0};
        memset(text, 'x', shift);
        for (size_t i = shift; i + 3 < sizeof text; i += 3)
            memcpy(text + i, "\xE2\x82\xAC", 4);
        oci_err_set(&e, OCI_INVALID, "%s", text);
        CHECK(oci_utf8_valid(e.text, strlen(e.text)));
        CHECK(oci_ends_with(e.text, "\xE2\x82\xAC..."));
        CHECK(strlen(e.text) > 390);
    }
}

TEST(err_errno_names_the_file)
{
    struct oci_err e = {0};
    CHECK_INT(oci_err_errno(&e, ENOENT, "opening", "/no/such"), OCI_IO);
    CHECK_STR(e.text, "opening /no/such: No such file or directory");
    CHECK_STR(e.path, "/no/such");
    oci_err_clear(&e);
    CHECK_INT(oci_err_errno(&e, ENOMEM, "reading", NULL), OCI_NO_MEMORY);
    CHECK_STR(e.path, "");
    oci_err_clear(&e);
    char path[5000];
    memset(path, 'p', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    CHECK_INT(oci_err_errno(&e, EIO, "reading", path), OCI_IO);
    CHECK_INT(strlen(e.path), sizeof e.path - 1);
    CHECK_INT(strlen(e.text), sizeof e.text - 1);
}

TEST(err_wrap_says_where)
{
    struct oci_err e = {0};
    CHECK_INT(oci_err_wrap(&e, "context"), OCI_OK);
    CHECK_STR(e.text, "");
    oci_err_set(&e, OCI_INVALID, "reason");
    CHECK_INT(oci_err_wrap(&e, "layer %d", 3), OCI_INVALID);
    CHECK_STR(e.text, "layer 3: reason");
    for (int i = 0; i < 100; i++)
        oci_err_wrap(&e, "and further out");
    CHECK(strlen(e.text) <= sizeof e.text - 1);
    CHECK(oci_ends_with(e.text, "..."));
    CHECK_INT(oci_err_wrap(NULL, "x"), OCI_OK);
}

/* ---- list ---------------------------------------------------------------------------------- */

struct item {
    int n;
    struct oci_link link;
};

TEST(list_is_a_queue)
{
    struct oci_link a, b;
    struct item items[4] = {{.n = 0}, {.n = 1}, {.n = 2}, {.n = 3}};
    oci_list_init(&a);
    oci_list_init(&b);
    CHECK(oci_list_empty(&a) && oci_list_pop(&a) == NULL);
    for (int i = 0; i < 4; i++)
        oci_list_append(i < 2 ? &a : &b, &items[i].link);
    oci_list_splice(&a, &b);
    CHECK(oci_list_empty(&b));
    oci_list_splice(&a, &b);
    oci_list_remove(&items[1].link);
    oci_list_remove(&items[1].link); /* in no list: nothing happens */
    CHECK_INT(OCI_OWNER(oci_list_pop(&a), struct item, link)->n, 0);
    CHECK_INT(OCI_OWNER(oci_list_pop(&a), struct item, link)->n, 2);
    CHECK_INT(OCI_OWNER(oci_list_pop(&a), struct item, link)->n, 3);
    CHECK(oci_list_empty(&a));
}

/* ---- map ----------------------------------------------------------------------------------- */

TEST(map_holds_many)
{
    struct oci_map m;
    enum { MANY = 20000 };
    static int values[MANY];
    oci_map_init(&m, MANY);
    char key[32];
    for (int i = 0; i < MANY; i++) {
        snprintf(key, sizeof key, "key-%d", i);
        CHECK_INT(oci_map_set(&m, key, &values[i], NULL), OCI_OK);
    }
    CHECK_INT(m.count, MANY);
    CHECK_INT(oci_map_set(&m, "one more", values, NULL), OCI_LIMIT);
    for (int i = 0; i < MANY; i++) {
        snprintf(key, sizeof key, "key-%d", i);
        CHECK(oci_map_get(&m, key) == &values[i]);
    }
    CHECK(oci_map_get(&m, "key-x") == NULL);
    void *old = NULL;
    CHECK_INT(oci_map_set(&m, "key-7", &values[0], &old), OCI_OK);
    CHECK(old == &values[7]);
    for (int i = 0; i < MANY; i += 2) {
        snprintf(key, sizeof key, "key-%d", i);
        CHECK(oci_map_remove(&m, key) == &values[i]);
    }
    CHECK_INT(m.count, MANY / 2);
    CHECK(oci_map_get(&m, "key-8") == NULL);
    CHECK(oci_map_get(&m, "key-9") == &values[9]);
    oci_map_done(&m, NULL);
    CHECK(oci_map_get(&m, "key-9") == NULL);
    CHECK_INT(oci_map_set(&m, "again", values, &old), OCI_OK);
    CHECK(old == NULL);
    oci_map_done(&m, NULL);
    oci_map_done(NULL, NULL);
}

TEST(map_survives_coming_and_going)
{
    struct oci_map m;
    oci_map_init(&m, 10);
    char key[32];
    for (int i = 0; i < 100000; i++) {
        snprintf(key, sizeof key, "%d", i);
        CHECK_INT(oci_map_set(&m, key, &m, NULL), OCI_OK);
        CHECK(oci_map_remove(&m, key) == &m);
    }
    CHECK_INT(m.count, 0);
    CHECK(m.cap <= 64);
    oci_map_done(&m, NULL);
}

TEST(map_walk_may_remove)
{
    struct oci_map m;
    oci_map_init(&m, 100);
    char key[32];
    for (int i = 0; i < 50; i++) {
        snprintf(key, sizeof key, "%d", i);
        CHECK_INT(oci_map_set(&m, key, oci_strdup(key), NULL), OCI_OK);
    }
    size_t pos = 0;
    int seen = 0;
    const char *k = NULL;
    void *v = NULL;
    while (oci_map_next(&m, &pos, &k, &v)) {
        CHECK_STR(k, v);
        seen++;
        if (seen % 2)
            oci_free(oci_map_remove(&m, k));
    }
    CHECK_INT(seen, 50);
    CHECK_INT(m.count, 25);
    oci_map_done(&m, oci_free);
}

/* ---- encode -------------------------------------------------------------------------------- */

TEST(base64_of_rfc_4648)
{
    static const char *const t[][2] = {{"", ""},           {"f", "Zg=="},         {"fo", "Zm8="},
                                       {"foo", "Zm9v"},    {"foob", "Zm9vYg=="},  {"fooba", "Zm9vYmE="},
                                       {"foobar", "Zm9vYmFy"}, {"{}", "e30="},    {"\xFB\xFF\xFE", "+//+"}};
    struct oci_buf b;
    oci_buf_init(&b, 100);
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        oci_buf_clear(&b);
        CHECK_INT(oci_base64_add(&b, t[i][0], strlen(t[i][0])), OCI_OK);
        CHECK_STR(b.p, t[i][1]);
        oci_buf_clear(&b);
        CHECK_INT(oci_base64_decode(&b, t[i][1], strlen(t[i][1]), 1), OCI_OK);
        CHECK_STR(b.p, t[i][0]);
    }
    oci_buf_done(&b);
}

TEST(base64_refuses)
{
    static const char *const always[] = {"e30\n", "e3 0=", "-_-_", "e30=e30=", "=",
                                         "a",     "abcde", "====", "e3=0",     "\xC3\xA9=="};
    static const char *const strictly[] = {"e30", "Zg", "e31=", "Zh==", "e30=="};
    struct oci_buf b;
    oci_buf_init(&b, 100);
    CHECK_INT(oci_buf_add_str(&b, "kept"), OCI_OK);
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++) {
        for (int strict = 0; strict < 2; strict++) {
            if (oci_base64_decode(&b, always[i], strlen(always[i]), strict) != OCI_INVALID)
                FAIL("\"%s\" was taken", always[i]);
            CHECK_STR(b.p, "kept");
        }
    }
    for (size_t i = 0; i < sizeof strictly / sizeof strictly[0]; i++) {
        if (oci_base64_decode(&b, strictly[i], strlen(strictly[i]), 1) != OCI_INVALID)
            FAIL("\"%s\" was taken", strictly[i]);
    }
    CHECK_STR(b.p, "kept");
    CHECK_INT(oci_base64_decode(&b, "e30", 3, 0), OCI_OK);
    CHECK_STR(b.p, "kept{}");
    oci_buf_done(&b);
    oci_buf_init(&b, 2);
    CHECK_INT(oci_base64_decode(&b, "Zm9v", 4, 1), OCI_LIMIT);
    oci_buf_done(&b);
}

TEST(percent_and_hex)
{
    struct oci_buf b;
    oci_buf_init(&b, 200);
    CHECK_INT(oci_percent_add(&b, "aZ09-._~ /:+%\xC3\xA9", 15), OCI_OK);
    CHECK_STR(b.p, "aZ09-._~%20%2F%3A%2B%25%C3%A9");
    oci_buf_clear(&b);
    CHECK_INT(oci_percent_decode(&b, "a%2fb%2B+%00", 12), OCI_OK);
    CHECK_MEM(b.p, "a/b++\0", 7);
    CHECK_INT(b.len, 6);
    oci_buf_clear(&b);
    CHECK_INT(oci_percent_decode(&b, "%", 1), OCI_INVALID);
    CHECK_INT(oci_percent_decode(&b, "%4", 2), OCI_INVALID);
    CHECK_INT(oci_percent_decode(&b, "a%4x", 4), OCI_INVALID);
    CHECK_STR(b.p, "");
    CHECK_INT(oci_hex_add(&b, "\x00\xAB\x7f", 3), OCI_OK);
    CHECK_STR(b.p, "00ab7f");
    oci_buf_done(&b);
}

/* ---- redact -------------------------------------------------------------------------------- */

TEST(redact_takes_secrets_out)
{
    static const char *const t[][2] = {
        {"nothing here", "nothing here"},
        {"", ""},
        {"see https://u:p@h.example/p?token=x#f now", "see https://h.example/p now"},
        {"https://h.example/a", "https://h.example/a"},
        {"https://h.example?sig=1", "https://h.example"},
        {"https://h.example/p@q", "https://h.example/p@q"},
        {"url=https://u@h/x?y", "url=https://h/x"},
        {"Authorization: Bearer abcdef", "Authorization: Bearer ***"},
        {"basic dXNlcjpwYXNz end", "basic *** end"},
        {"token eyJhbGciOiJSUzI1NiJ9.e30.x bad", "token *** bad"},
        {"\"Bearer\" \"abc\"", "\"Bearer\" \"***\""},
        {"{\"u\":\"https://h/x?y\"}", "{\"u\":\"https://h/x\"}"},
        {"eyJ short", "eyJ short"},
        {"sha256:0123456789012345678901234567890123456789", "sha256:0123456789012345678901234567890123456789"},
        {"a://", "a://"},
        {"bearer x", "bearer *"},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        char buf[200];
        snprintf(buf, sizeof buf, "%s", t[i][0]);
        oci_redact(buf);
        CHECK_STR(buf, t[i][1]);
    }
}

TEST(a_run_of_ascii_ends_at_the_first_other_byte)
{
    char text[40];
    for (size_t at = 0; at < sizeof text; at++) {
        memset(text, 'a', sizeof text);
        text[at] = (char)0xC3;
        CHECK_INT(oci_ascii_run(text, sizeof text), at);
        CHECK_INT(oci_ascii_run(text, at), at);
        CHECK_INT(oci_ascii_run(text + 1, sizeof text - 1), at == 0 ? sizeof text - 1 : at - 1);
        CHECK(!oci_utf8_valid(text, sizeof text)); /* not by itself */
        if (at + 1 < sizeof text) {
            text[at + 1] = (char)0xA4;
            CHECK(oci_utf8_valid(text, sizeof text));
        }
    }
    CHECK_INT(oci_ascii_run("", 0), 0);
}

/* ---- libraries ---- */

TEST(a_library_is_loaded_once_and_named_when_it_cannot_be)
{
    static const char *const names[] = {"zlibVersion", "crc32"};
    static const char *const wrong[] = {"zlibVersion", "no_such_function"};
    static struct oci_library z = OCI_LIBRARY("libz.so.1", "this test needs zlib", names);
    static struct oci_library incomplete = OCI_LIBRARY("libz.so.1", "this test needs zlib", wrong);
    static struct oci_library missing = OCI_LIBRARY("libno-such-library.so.9", "this test needs more", names);
    const void *first = NULL, *again = NULL;
    CHECK_INT(oci_library_load(&z, &first, NULL), OCI_OK);
    CHECK_INT(oci_library_load(&z, &again, NULL), OCI_OK);
    CHECK(first && first == again);
    const struct {
        const char *(*version)(void);
        unsigned long (*crc)(unsigned long crc, const unsigned char *p, unsigned len);
    } *table = first;
    CHECK(table->version()[0] != '\0');
    CHECK_INT(table->crc(0, (const unsigned char *)"a", 1), 0xe8b7be43);
    struct oci_err err = {0};
    CHECK_INT(oci_library_load(&incomplete, &again, &err), OCI_UNSUPPORTED);
    CHECK(strstr(err.text, "this test needs zlib (libz.so.1): ") && strstr(err.text, "no_such_function"));
    CHECK(!again);
    oci_err_clear(&err);
    CHECK_INT(oci_library_load(&missing, &again, &err), OCI_UNSUPPORTED);
    CHECK(strstr(err.text, "this test needs more (libno-such-library.so.9): "));
}
