/* The harness: see test.h. The exit status of a child is its verdict. Why a test failed or was
 * skipped is printed by the child, who knows it; that it passed by the parent, since the child may
 * still be found to leak on its way out. */
#include "test.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* None of them 0: a test that calls exit(0) has not passed. */
enum verdict { PASSED = 100, FAILED = 101, SKIPPED = 102 };

enum { TIME_LIMIT_S = 60 };

static struct test_case *first_case;
static struct test_case **last_case = &first_case;
static const char *current;
static jmp_buf leave;

void test_register(struct test_case *tc)
{
    *last_case = tc;
    last_case = &tc->next;
}

void test_fail(const char *file, int line, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    printf("not ok %s: %s:%d: ", current, file, line);
    vprintf(fmt, ap);
    printf("\n");
    va_end(ap);
    longjmp(leave, FAILED);
}

void test_skip(const char *reason)
{
    printf("skip %s: %s\n", current, reason);
    longjmp(leave, SKIPPED);
}

void test_check_int(const char *file, int line, const char *what, int64_t a, int64_t b)
{
    if (a != b)
        test_fail(file, line, "%s (%lld, %lld)", what, (long long)a, (long long)b);
}

void test_check_str(const char *file, int line, const char *what, const char *a, const char *b)
{
    if (a == b || (a && b && strcmp(a, b) == 0))
        return;
    test_fail(file, line, "%s (\"%s\", \"%s\")", what, a ? a : "(NULL)", b ? b : "(NULL)");
}

void test_check_mem(const char *file, int line, const char *what, const void *a, const void *b,
                    size_t n)
{
    const unsigned char *pa = a;
    const unsigned char *pb = b;
    for (size_t i = 0; i < n; i++) {
        if (pa[i] != pb[i])
            test_fail(file, line, "%s (byte %zu: 0x%02x, 0x%02x)", what, i, pa[i], pb[i]);
    }
}

static int run_here(const struct test_case *tc)
{
    current = tc->name;
    int verdict = setjmp(leave);
    if (verdict == 0) {
        tc->run();
        verdict = PASSED;
    }
    fflush(stdout);
    return verdict;
}

/* A test that was left half way leaks, and that is no news: only one that passed ends with exit(),
 * where the leak check of AddressSanitizer runs. */
static void run_child(const struct test_case *tc)
{
    alarm(TIME_LIMIT_S);
    int verdict = run_here(tc);
    if (verdict != PASSED)
        _exit(verdict);
    exit(verdict);
}

static int run_forked(const struct test_case *tc)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        run_child(tc);
    int status = 0;
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        printf("not ok %s: cannot fork\n", tc->name);
        return FAILED;
    }
    if (WIFSIGNALED(status)) {
        int sig = WTERMSIG(status);
        printf("not ok %s: %s\n", tc->name, sig == SIGALRM ? "timed out" : strsignal(sig));
        return FAILED;
    }
    int verdict = WEXITSTATUS(status);
    if (verdict == PASSED || verdict == FAILED || verdict == SKIPPED)
        return verdict;
    printf("not ok %s: exit status %d\n", tc->name, verdict);
    return FAILED;
}

int main(int argc, char **argv)
{
    const char *filter = argc > 1 ? argv[1] : "";
    const char *no_fork_text = getenv("TEST_NO_FORK");
    bool no_fork = no_fork_text && strcmp(no_fork_text, "1") == 0;
    int passed = 0;
    int failed = 0;
    int skipped = 0;
    for (const struct test_case *tc = first_case; tc; tc = tc->next) {
        if (!strstr(tc->name, filter))
            continue;
        int verdict = no_fork ? run_here(tc) : run_forked(tc);
        if (verdict == PASSED)
            printf("ok %s\n", tc->name);
        passed += verdict == PASSED;
        failed += verdict == FAILED;
        skipped += verdict == SKIPPED;
    }
    const char *slash = strrchr(argv[0], '/');
    printf("C %s: %d passed, %d failed, %d skipped\n", slash ? slash + 1 : argv[0], passed, failed,
           skipped);
    return failed > 0;
}
