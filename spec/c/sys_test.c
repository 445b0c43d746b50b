/* Threads, the pool, forks, clocks, wake-ups, fault points (csrc/sys). Files are in sys_file_test.c. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/file.h"
#include "sys/pool.h"
#include "sys/thread.h"
#include "sys/wake.h"
#include "test.h"
#include "tree.h"

static struct oci_err err;

/* ---- a gate that threads wait at ---- */

static struct oci_mutex gate_lock = OCI_MUTEX_INIT;
static struct oci_cond gate;
static int gate_count;

static void gate_make(void)
{
    oci_cond_init(&gate);
    gate_count = 0;
}

static void gate_pass(void)
{
    oci_mutex_lock(&gate_lock);
    gate_count++;
    oci_cond_broadcast(&gate);
    oci_mutex_unlock(&gate_lock);
}

static void gate_wait(int count)
{
    oci_mutex_lock(&gate_lock);
    while (gate_count < count)
        oci_cond_wait(&gate, &gate_lock);
    oci_mutex_unlock(&gate_lock);
}

/* ---- threads ---- */

struct seen {
    char name[16];
    bool blocked, current;
    struct oci_thread *t;
};

static void look(struct seen *s)
{
    sigset_t set;
    pthread_sigmask(SIG_BLOCK, NULL, &set);
    s->blocked = true;
    static const int signals[] = {SIGINT, SIGTERM, SIGXFSZ, SIGPIPE, SIGCHLD, SIGUSR1, SIGALRM};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        s->blocked = s->blocked && sigismember(&set, signals[i]) == 1;
    pthread_getname_np(pthread_self(), s->name, sizeof s->name);
    gate_wait(1); /* the starter knows its thread by then */
    s->current = s->t && oci_thread_is_current(s->t);
}

static void look_thread(void *ctx)
{
    look(ctx);
}

TEST(a_thread_has_its_name_and_all_signals_blocked)
{
    struct oci_thread t;
    struct seen s = {.t = &t};
    sigset_t before, after;
    gate_make();
    pthread_sigmask(SIG_BLOCK, NULL, &before);
    CHECK_INT(oci_thread_start(&t, "a-name-that-is-too-long", look_thread, &s, NULL), OCI_OK);
    pthread_sigmask(SIG_BLOCK, NULL, &after);
    CHECK(!oci_thread_is_current(&t));
    gate_pass();
    oci_thread_join(&t);
    CHECK_STR(s.name, "a-name-that-is-");
    CHECK(s.blocked && s.current);
    for (int i = 1; i < 32; i++) /* the starter's mask is as it was */
        CHECK_INT(sigismember(&before, i), sigismember(&after, i));
}

TEST(a_thread_that_cannot_start_is_an_error)
{
    struct oci_thread t;
    oci_fault_arm(OCI_FAULT_THREAD, 0, 1, EAGAIN);
    CHECK_INT(oci_thread_start(&t, "x", look_thread, NULL, &err), OCI_IO);
    CHECK(strncmp(err.text, "cannot start a thread: ", 23) == 0);
    oci_fault_clear();
}

TEST(a_wait_with_an_end_ends)
{
    struct oci_mutex m;
    struct oci_cond c;
    oci_mutex_init(&m);
    oci_cond_init(&c);
    oci_mutex_lock(&m);
    CHECK(!oci_cond_wait_ms(&c, &m, 0));
    CHECK(!oci_cond_wait_ms(&c, &m, 1));
    oci_mutex_unlock(&m);
    oci_cond_done(&c);
    oci_mutex_done(&m);
}

/* ---- the pool ---- */

struct job {
    struct oci_job base;
    struct seen seen;
    int wait_for; /* passes of the gate before it goes on */
    atomic_int ran;
    struct job *next; /* posted from inside */
};

static void run(struct oci_job *base)
{
    struct job *j = (struct job *)(void *)base;
    if (j->wait_for > 0) {
        gate_pass();
        gate_wait(j->wait_for);
    }
    if (j->next)
        CHECK_INT(oci_pool_post(&j->next->base, NULL), OCI_OK);
    atomic_fetch_add(&j->ran, 1);
}

static void run_look(struct oci_job *base)
{
    struct job *j = (struct job *)(void *)base;
    look(&j->seen);
    atomic_fetch_add(&j->ran, 1);
}

static size_t threads(void)
{
    return tree_count("/proc/self/task");
}

TEST(the_pool_starts_when_it_is_needed)
{
    size_t before = threads();
    oci_pool_stop(); /* does nothing */
    CHECK_INT(threads(), before);
    gate_make();
    struct job j = {.base.run = run_look};
    CHECK_INT(oci_pool_post(&j.base, NULL), OCI_OK);
    CHECK(threads() > before); /* a sanitizer may have one of its own */
    gate_pass();
    oci_pool_stop();
    CHECK_INT(j.ran, 1);
    CHECK_STR(j.seen.name, "oci-pool");
    CHECK(j.seen.blocked);
    /* The first of its life and after a stop */
    CHECK_INT(oci_pool_post(&j.base, NULL), OCI_OK);
    oci_pool_stop();
    CHECK_INT(j.ran, 2);
}

struct link {
    struct oci_job base;
    struct link *next; /* posted by the end */
    size_t threads;    /* that there were */
};

static void run_link(struct oci_job *base)
{
    ((struct link *)(void *)base)->threads = threads();
}

static void post_next(struct oci_job *base)
{
    struct link *l = (struct link *)(void *)base;
    if (l->next)
        CHECK_INT(oci_pool_post(&l->next->base, NULL), OCI_OK);
    gate_pass();
}

TEST(what_the_end_of_a_job_leads_to_needs_no_other_thread)
{
    enum { N = 100 };
    static struct link links[N];
    gate_make();
    for (int i = 0; i < N; i++)
        links[i] = (struct link){.base = {.run = run_link, .done = post_next}, .next = i + 1 < N ? &links[i + 1] : NULL};
    CHECK_INT(oci_pool_post(&links[0].base, NULL), OCI_OK);
    gate_wait(N);
    CHECK_INT(links[N - 1].threads, links[0].threads);
    oci_pool_stop();
}

TEST(two_jobs_run_at_the_same_time_even_on_one_core)
{
    gate_make();
    struct job a = {.base.run = run, .wait_for = 2}, b = a;
    CHECK_INT(oci_pool_post(&a.base, NULL), OCI_OK);
    CHECK_INT(oci_pool_post(&b.base, NULL), OCI_OK);
    gate_wait(2); /* each waits until the other runs */
    oci_pool_stop();
    CHECK(a.ran == 1 && b.ran == 1);
}

TEST(stopping_waits_for_every_posted_job_and_what_these_post)
{
    enum { N = 1000 };
    static struct job jobs[N], more[N];
    for (int i = 0; i < N; i++) {
        more[i] = (struct job){.base.run = run};
        jobs[i] = (struct job){.base.run = run, .next = &more[i]};
        CHECK_INT(oci_pool_post(&jobs[i].base, NULL), OCI_OK);
    }
    oci_pool_stop();
    for (int i = 0; i < N; i++)
        CHECK_INT(jobs[i].ran, 1);
    oci_pool_stop(); /* those that were posted while the first stop waited may have new threads */
    for (int i = 0; i < N; i++)
        CHECK_INT(more[i].ran, 1);
}

TEST(a_pool_without_threads_refuses_and_one_with_a_thread_goes_on)
{
    gate_make();
    struct job a = {.base.run = run}, b = {.base.run = run, .wait_for = 2}, c = {.base.run = run};
    oci_fault_arm(OCI_FAULT_THREAD, 0, 1, EAGAIN);
    CHECK_INT(oci_pool_post(&a.base, &err), OCI_IO);
    CHECK_INT(err.code, OCI_IO);
    oci_fault_arm(OCI_FAULT_THREAD, 1, 0, EAGAIN); /* the first thread of all can be started */
    CHECK_INT(oci_pool_post(&b.base, NULL), OCI_OK);
    gate_wait(1);
    CHECK_INT(oci_pool_post(&c.base, NULL), OCI_OK);
    gate_pass();
    oci_pool_stop();
    oci_fault_clear();
    CHECK_INT(a.ran, 0);
    CHECK(b.ran == 1 && c.ran == 1);
}

/* ---- forks ---- */

#if defined __has_feature
#if __has_feature(thread_sanitizer)
#define NO_THREADS_IN_CHILDREN 1
#endif
#endif
#ifdef __SANITIZE_THREAD__
#define NO_THREADS_IN_CHILDREN 1
#endif
#ifndef NO_THREADS_IN_CHILDREN
#define NO_THREADS_IN_CHILDREN 0
#endif

static void needs_threads_in_children(void)
{
    if (NO_THREADS_IN_CHILDREN)
        SKIP("ThreadSanitizer lets no child of a fork start threads");
}

static int child_status(pid_t pid)
{
    int status;
    CHECK_INT(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

TEST(the_child_of_a_fork_has_a_pool_of_its_own)
{
    needs_threads_in_children();
    gate_make();
    unsigned generation = oci_fork_generation();
    struct job busy = {.base.run = run, .wait_for = 3}, busy2 = busy, waiting = {.base.run = run};
    CHECK_INT(oci_pool_post(&busy.base, NULL), OCI_OK);
    CHECK_INT(oci_pool_post(&busy2.base, NULL), OCI_OK);
    gate_wait(2);
    CHECK_INT(oci_pool_post(&waiting.base, NULL), OCI_OK);
    pid_t pid = fork();
    if (pid == 0) {
        alarm(20);
        struct job own = {.base.run = run};
        int rc = oci_pool_post(&own.base, NULL);
        oci_pool_stop();
        /* The parent's jobs are the parent's: neither run nor waited for here. */
        _exit(rc == OCI_OK && own.ran == 1 && busy.ran == 0 && waiting.ran == 0 &&
                      oci_fork_generation() == generation + 1
                  ? 0
                  : 1);
    }
    CHECK_INT(child_status(pid), 0);
    gate_pass();
    oci_pool_stop();
    CHECK(busy.ran == 1 && busy2.ran == 1 && waiting.ran == 1);
    CHECK_INT(oci_fork_generation(), generation);
}

static atomic_bool posting_ends;
static void post_all_the_time(void *ctx)
{
    (void)ctx;
    static struct job jobs[64];
    for (size_t i = 0; i < 64; i++)
        jobs[i] = (struct job){.base.run = run, .ran = 1};
    for (size_t i = 0; !atomic_load(&posting_ends); i = (i + 1) % 64) {
        if (atomic_exchange(&jobs[i].ran, 0) == 0)
            continue; /* still posted */
        oci_pool_post(&jobs[i].base, NULL);
    }
}

TEST(a_fork_while_the_lock_is_taken_leaves_no_lock_behind)
{
    needs_threads_in_children();
    struct oci_thread t;
    CHECK_INT(oci_thread_start(&t, "poster", post_all_the_time, NULL, NULL), OCI_OK);
    for (int i = 0; i < 50; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            alarm(20); /* a lock that nobody releases would hang here */
            struct job own = {.base.run = run};
            oci_pool_post(&own.base, NULL);
            oci_pool_stop();
            _exit(own.ran == 1 ? 0 : 1);
        }
        CHECK_INT(child_status(pid), 0);
    }
    atomic_store(&posting_ends, true);
    oci_thread_join(&t);
    oci_pool_stop();
}

/* ---- clocks, random numbers, environment ---- */

static uint64_t fake_ms(void)
{
    return 42;
}

static int64_t fake_unix(void)
{
    return 1136214245;
}

TEST(clocks_go_forward_and_can_be_faked)
{
    uint64_t a = oci_clock_ms(), b = oci_clock_ms();
    CHECK(b >= a && a > 0);
    int64_t now = oci_clock_unix();
    CHECK(now >= (int64_t)time(NULL) - 1 && now <= (int64_t)time(NULL));
    oci_clock_fake(fake_ms, fake_unix);
    CHECK_INT(oci_clock_ms(), 42);
    CHECK_INT(oci_clock_unix(), 1136214245);
    oci_clock_fake(NULL, NULL);
    CHECK(oci_clock_ms() >= a);
    CHECK(oci_clock_unix() >= now);
}

TEST(dates_are_those_of_the_c_library)
{
    static const int64_t times[] = {0,          -1,         1136214245, 951782400, 951868799,  4107542400,
                                    2147483648, 1709164800, -86400,     -1000000,  253402300799};
    char ours[32], theirs[32];
    oci_clock_rfc3339(1136214245, ours);
    CHECK_STR(ours, "2006-01-02T15:04:05Z");
    for (size_t i = 0; i < 2000; i++) {
        time_t t = (time_t)(i < sizeof times / sizeof *times ? times[i] : (int64_t)(oci_random_u64() % 253402300800u));
        struct tm tm;
        gmtime_r(&t, &tm);
        strftime(theirs, sizeof theirs, "%Y-%m-%dT%H:%M:%SZ", &tm);
        oci_clock_rfc3339(t, ours);
        CHECK_STR(ours, theirs);
    }
}

TEST(source_date_epoch_is_a_number_or_nothing)
{
    int64_t t = -7;
    unsetenv("SOURCE_DATE_EPOCH");
    CHECK_INT(oci_clock_source_date(&t), OCI_NOT_FOUND);
    setenv("SOURCE_DATE_EPOCH", "", 1);
    CHECK_INT(oci_clock_source_date(&t), OCI_NOT_FOUND);
    static const char *const bad[] = {"now", "-1", "1.5", " 1", "1 ", "0x10", "99999999999999999999", "253402300800"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        setenv("SOURCE_DATE_EPOCH", bad[i], 1);
        CHECK_INT(oci_clock_source_date(&t), OCI_INVALID);
    }
    CHECK_INT(t, -7);
    setenv("SOURCE_DATE_EPOCH", "1700000000", 1);
    CHECK_INT(oci_clock_source_date(&t), OCI_OK);
    CHECK_INT(t, 1700000000);
}

TEST(an_empty_variable_is_none)
{
    setenv("OCI_TEST", "", 1);
    CHECK(oci_env("OCI_TEST") == NULL);
    setenv("OCI_TEST", "x", 1);
    CHECK_STR(oci_env("OCI_TEST"), "x");
    unsetenv("OCI_TEST");
    CHECK(oci_env("OCI_TEST") == NULL);
}

TEST(random_numbers_differ)
{
    uint64_t seen[256], ones = 0, zeros = 0;
    for (size_t i = 0; i < 256; i++) {
        seen[i] = oci_random_u64();
        ones |= seen[i];
        zeros |= ~seen[i];
        for (size_t k = 0; k < i; k++)
            CHECK(seen[k] != seen[i]);
    }
    CHECK(ones == UINT64_MAX && zeros == UINT64_MAX); /* every bit was both */
}

/* ---- wake-ups ---- */

static void ignore_signal(int n)
{
    (void)n;
}

static void check_wake(bool is_eventfd)
{
    struct oci_wake w = OCI_WAKE_NONE;
    CHECK_INT(oci_wake_open(&w, NULL), OCI_OK);
    CHECK_INT(w.read_fd == w.write_fd, is_eventfd);
    struct pollfd p = {.fd = w.read_fd, .events = POLLIN};
    CHECK_INT(oci_wake_wait(&w, 0), 0);
    CHECK_INT(oci_wake_wait(&w, 1), 0);
    for (int i = 0; i < 100000; i++) /* more than a pipe holds: never blocks */
        oci_wake_set(&w);
    CHECK_INT(poll(&p, 1, 0), 1);
    CHECK_INT(oci_wake_wait(&w, -1), 1);
    CHECK_INT(oci_wake_wait(&w, 0), 1); /* waiting does not clear */
    oci_wake_clear(&w);
    CHECK_INT(oci_wake_wait(&w, 0), 0);
    oci_wake_clear(&w); /* never blocks */
    oci_wake_set(&w);
    CHECK_INT(oci_wake_wait(&w, INT64_MAX), 1);
    oci_wake_clear(&w);
    /* A signal's handler ran: the caller looks whether it is to end. */
    struct sigaction sa = {.sa_handler = ignore_signal};
    sigaction(SIGALRM, &sa, NULL);
    struct itimerval soon = {.it_interval.tv_usec = 1000, .it_value.tv_usec = 1000}, never = {0};
    setitimer(ITIMER_REAL, &soon, NULL);
    CHECK_INT(oci_wake_wait(&w, -1), -1);
    setitimer(ITIMER_REAL, &never, NULL);
    oci_wake_close(&w);
    CHECK(w.read_fd == -1 && w.write_fd == -1);
    oci_wake_close(&w);
}

TEST(a_wake_up_is_readable_while_it_is_set)
{
    check_wake(true);
}

TEST(a_pipe_serves_where_there_is_no_eventfd)
{
    oci_fault_arm(OCI_FAULT_OPEN, 0, 1, ENOSYS);
    check_wake(false);
}

TEST(no_descriptor_left_is_an_error)
{
    struct oci_wake w = OCI_WAKE_NONE;
    oci_fault_arm(OCI_FAULT_OPEN, 0, 1, EMFILE);
    CHECK_INT(oci_wake_open(&w, &err), OCI_IO);
    CHECK_INT(w.read_fd, -1);
    oci_fault_clear();
}

static struct oci_wake woken = OCI_WAKE_NONE;
static void wake_it(void *ctx)
{
    (void)ctx;
    oci_wake_set(&woken);
}

TEST(another_thread_wakes)
{
    struct oci_thread t;
    CHECK_INT(oci_wake_open(&woken, NULL), OCI_OK);
    CHECK_INT(oci_thread_start(&t, "waker", wake_it, NULL, NULL), OCI_OK);
    CHECK_INT(oci_wake_wait(&woken, -1), 1);
    oci_thread_join(&t);
    oci_wake_close(&woken);
}

/* ---- fault points ---- */

TEST(a_fault_comes_after_so_many_calls_and_so_many_times)
{
    int fd, results[8];
    oci_fault_arm(OCI_FAULT_OPEN, 2, 3, EIO);
    for (int i = 0; i < 8; i++) {
        results[i] = oci_file_open_read(OCI_CWD, "/etc/passwd", true, &fd, NULL, NULL);
        if (results[i] == OCI_OK)
            oci_fd_close(fd);
    }
    for (int i = 0; i < 8; i++)
        CHECK_INT(results[i], i >= 2 && i < 5 ? OCI_IO : OCI_OK);
    oci_fault_arm(OCI_FAULT_OPEN, 0, 0, EIO); /* for ever */
    for (int i = 0; i < 8; i++)
        CHECK_INT(oci_file_open_read(OCI_CWD, "/etc/passwd", true, &fd, NULL, NULL), OCI_IO);
    oci_fault_clear();
    CHECK_INT(oci_file_open_read(OCI_CWD, "/etc/passwd", true, &fd, NULL, NULL), OCI_OK);
    oci_fd_close(fd);
}
