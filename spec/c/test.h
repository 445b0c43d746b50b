/* test.h - the harness of the C tests.
 *
 * A test is TEST(name) { ... } in a file spec/c/<module>_test.c; it registers itself. Each runs in
 * a forked child with a time limit, so a crash or a hang fails one test and not the run. CHECK and
 * its kin end the test at the first failure, from any function of the same thread.
 *
 * Program arguments: a part of a test's name, to run only those that contain it.
 * TEST_NO_FORK=1 in the environment runs them in this process (for a debugger, or valgrind). */
#ifndef TEST_H
#define TEST_H

#include <stddef.h>
#include <stdint.h>

struct test_case {
    const char *name;
    void (*run)(void);
    struct test_case *next;
};

void test_register(struct test_case *tc);
void test_fail(const char *file, int line, const char *fmt, ...)
    __attribute__((noreturn, format(printf, 3, 4)));
void test_skip(const char *reason) __attribute__((noreturn));
void test_check_int(const char *file, int line, const char *what, int64_t a, int64_t b);
void test_check_str(const char *file, int line, const char *what, const char *a, const char *b);
void test_check_mem(const char *file, int line, const char *what, const void *a, const void *b,
                    size_t n);

#define TEST(id)                                                                                \
    static void test_run_##id(void);                                                            \
    static struct test_case test_case_##id = {#id, test_run_##id, NULL};                        \
    __attribute__((constructor)) static void test_add_##id(void)                                \
    {                                                                                           \
        test_register(&test_case_##id);                                                         \
    }                                                                                           \
    static void test_run_##id(void)

/* The test fails with the condition's text. */
#define CHECK(cond)                                                                             \
    do {                                                                                        \
        if (!(cond))                                                                            \
            test_fail(__FILE__, __LINE__, "%s", #cond);                                         \
    } while (0)

/* Equal as signed 64 bit numbers; what both were is printed. */
#define CHECK_INT(a, b)                                                                         \
    test_check_int(__FILE__, __LINE__, #a " == " #b, (int64_t)(a), (int64_t)(b))

/* Equal as strings; two NULLs are equal. */
#define CHECK_STR(a, b) test_check_str(__FILE__, __LINE__, #a " == " #b, (a), (b))

/* Equal in their first n bytes. */
#define CHECK_MEM(a, b, n) test_check_mem(__FILE__, __LINE__, #a " == " #b, (a), (b), (n))

/* Fails with a text of one's own, printf style. */
#define FAIL(...) test_fail(__FILE__, __LINE__, __VA_ARGS__)

/* Ends the test as skipped: only for something this machine cannot have. */
#define SKIP(reason) test_skip(reason)

#endif
