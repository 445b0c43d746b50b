/* The engine without network: calls, work, its end, forks. */
#include "test.h"

#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/library.h"
#include "base/mem.h"
#include "net/net.h"
#include "net/transfer.h"
#include "net_kit.h"
#include "sys/pool.h"
#include "sys/thread.h"

/* ---- calls ---- */

struct counted {
    struct oci_call call;
    int count;
    struct oci_host *host;
    struct oci_call *other;
};

static void count(struct oci_call *c)
{
    OCI_OWNER(c, struct counted, call)->count++;
}

static void post_twice(void *ctx)
{
    struct counted *c = ctx;
    c->host->call(c->host, &c->call);
    c->host->call(c->host, &c->call);
    if (c->count != 0)
        c->count = -100; /* ran inside */
}

static void nothing(void *ctx)
{
    (void)ctx;
}

TEST(engine_call_runs_once_and_never_inside)
{
    struct counted c = {.host = oci_engine_host(kit_engine())};
    oci_list_init(&c.call.link);
    c.call.fn = count;
    kit_on_engine(post_twice, &c);
    kit_on_engine(nothing, NULL); /* the turn after it */
    CHECK_INT(c.count, 1);
    kit_stop();
}

static void uncall_other(struct oci_call *call)
{
    struct counted *c = OCI_OWNER(call, struct counted, call);
    c->host->uncall(c->host, c->other);
}

static void post_both(void *ctx)
{
    struct counted *c = ctx;
    c->host->call(c->host, &c->call);
    c->host->call(c->host, c->other);
}

TEST(engine_call_can_be_taken_back_in_the_same_turn)
{
    struct counted a = {.host = oci_engine_host(kit_engine())}, b = a;
    oci_list_init(&a.call.link);
    oci_list_init(&b.call.link);
    a.call.fn = uncall_other;
    a.other = &b.call;
    b.call.fn = count;
    kit_on_engine(post_both, &a);
    kit_on_engine(nothing, NULL);
    CHECK_INT(b.count, 0);
    kit_stop();
}

/* ---- work ---- */

struct job {
    struct oci_work work;
    atomic_int runs;
    int again; /* how often it says so */
    int done, rc;
    struct oci_host *host;
};

static int run_job(struct oci_work *w, struct oci_err *reterr)
{
    struct job *j = OCI_OWNER(w, struct job, work);
    int n = atomic_fetch_add(&j->runs, 1) + 1;
    w->again_ms = 1;
    if (n <= j->again)
        return OCI_AGAIN;
    return j->rc ? oci_err_set(reterr, j->rc, "told to fail") : OCI_OK;
}

static struct oci_mutex lock = OCI_MUTEX_INIT;
static struct oci_cond finished;

static void job_done(struct oci_work *w)
{
    struct job *j = OCI_OWNER(w, struct job, work);
    oci_mutex_lock(&lock);
    j->done++;
    oci_cond_broadcast(&finished);
    oci_mutex_unlock(&lock);
}

static void post_job(void *ctx)
{
    struct job *j = ctx;
    j->work.run = run_job;
    j->work.done = job_done;
    j->work.asker = j;
    j->host->work(j->host, &j->work);
    if (j->done)
        j->done = -100;
}

static void wait_for(struct job *j)
{
    oci_mutex_lock(&lock);
    while (j->done == 0)
        oci_cond_wait(&finished, &lock);
    oci_mutex_unlock(&lock);
}

static struct job *job_new(int again, int rc)
{
    struct job *j = oci_calloc(1, sizeof *j);
    CHECK(j != NULL);
    j->host = oci_engine_host(kit_engine());
    j->again = again;
    j->rc = rc;
    oci_cond_init(&finished);
    return j;
}

TEST(engine_work_comes_back)
{
    struct job *j = job_new(0, OCI_IO);
    kit_on_engine(post_job, j);
    wait_for(j);
    CHECK_INT(j->done, 1);
    CHECK_INT(j->work.rc, OCI_IO);
    CHECK_STR(j->work.err.text, "told to fail");
    oci_free(j);
    kit_stop();
    oci_pool_stop();
}

TEST(engine_work_is_repeated_when_it_says_so)
{
    struct job *j = job_new(3, OCI_OK);
    kit_on_engine(post_job, j);
    wait_for(j);
    CHECK_INT(atomic_load(&j->runs), 4);
    CHECK_INT(j->done, 1);
    CHECK_INT(j->work.rc, OCI_OK);
    oci_free(j);
    kit_stop();
    oci_pool_stop();
}

static void forget_asker(void *ctx)
{
    ((struct job *)ctx)->work.asker = NULL;
}

TEST(engine_work_that_was_canceled_is_not_repeated)
{
    struct job *j = job_new(1 << 30, OCI_OK); /* for ever */
    kit_on_engine(post_job, j);
    kit_on_engine(forget_asker, j);
    wait_for(j);
    CHECK_INT(j->done, 1);
    CHECK_INT(j->work.rc, OCI_CANCELED);
    oci_free(j);
    kit_stop();
    oci_pool_stop();
}

/* ---- life ---- */

TEST(engine_can_be_stopped_and_started_again)
{
    for (int i = 0; i < 20; i++) {
        kit_on_engine(nothing, NULL);
        kit_stop();
    }
    oci_engine_stop(); /* none runs: nothing */
}

/* Not under AddressSanitizer and ThreadSanitizer: the children get their allocators' locks as the loading thread held them,
 * and wait for ever (gcc 12; seen in their stacks). */
#if !defined __SANITIZE_ADDRESS__ && !defined __SANITIZE_THREAD__
static atomic_bool is_loaded;

static void load_libcurl(void *ctx)
{
    struct oci_timers timers;
    oci_timers_init(&timers);
    *(struct oci_transfers **)ctx = oci_transfers_new(&timers, NULL);
    atomic_store(&is_loaded, true);
}

static void load_in_child(int gate)
{
    struct oci_transfers *own = NULL;
    char c;
    alarm(30); /* rather than spin */
    (void)!read(gate, &c, 1);
    load_libcurl(&own);
    _exit(own ? 0 : 1);
}

/* The child would find the loader and libcurl in the middle of it. */
TEST(engine_libcurl_is_not_loaded_by_halves_when_somebody_forks)
{
    struct oci_thread t;
    struct oci_transfers *ts = NULL;
    int gate[2]; /* the children wait, so that many forks happen while it is loaded */
    pid_t children[64];
    size_t count = 0;
    CHECK_INT(pipe(gate), 0);
    CHECK_INT(oci_thread_start(&t, "loader", load_libcurl, &ts, NULL), OCI_OK);
    for (; count < 64 && !atomic_load(&is_loaded); count++) {
        children[count] = fork();
        if (children[count] == 0) {
            close(gate[1]);
            load_in_child(gate[0]);
        }
    }
    oci_thread_join(&t);
    close(gate[1]);
    for (size_t i = 0; i < count; i++) {
        int status = 0;
        CHECK_INT(waitpid(children[i], &status, 0), children[i]);
        CHECK_INT(status, 0);
    }
    close(gate[0]);
    CHECK(ts != NULL);
    oci_transfers_free(ts);
}
#endif

static atomic_bool is_loading, has_forked;

static void load_until_forked(void *ctx)
{
    (void)ctx;
    oci_library_begin();
    atomic_store(&is_loading, true);
    while (!atomic_load(&has_forked))
        sched_yield();
    oci_library_end();
}

/* What is loaded may wait for a lock that the fork has. */
TEST(engine_a_fork_does_not_wait_for_ever_while_something_is_loaded)
{
    struct oci_thread t;
    CHECK_INT(oci_thread_start(&t, "loader", load_until_forked, NULL, NULL), OCI_OK);
    while (!atomic_load(&is_loading))
        sched_yield();
    pid_t pid = fork();
    if (pid == 0) {
        alarm(20);
        oci_library_begin(); /* nobody has it here */
        oci_library_end();
        _exit(0);
    }
    atomic_store(&has_forked, true);
    int status = 0;
    CHECK_INT(waitpid(pid, &status, 0), pid);
    CHECK_INT(status, 0);
    oci_thread_join(&t);
    oci_library_begin();
    oci_library_end();
}

/* ThreadSanitizer does not let the child of a process with threads start another. */
#ifndef __SANITIZE_THREAD__
static void wait_for_child(pid_t pid)
{
    int status = 0;
    CHECK_INT(waitpid(pid, &status, 0), pid);
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 0);
}

TEST(engine_is_abandoned_in_the_child_of_a_fork)
{
    struct oci_engine *mine = kit_engine();
    struct oci_net *n = kit_net(NULL);
    struct oci_origin *o = kit_origin(n, "localhost:1", NULL);
    CHECK(oci_engine_alive(mine));
    pid_t pid = fork();
    if (pid == 0) {
        struct counted c = {.host = oci_engine_host(mine)};
        oci_list_init(&c.call.link);
        bool dead = !oci_engine_alive(mine);
        c.host->call(c.host, &c.call); /* does nothing, and does not hang */
        oci_origin_free(o);
        oci_net_free(n);
        struct oci_engine *other = oci_engine_get(NULL);
        bool good = dead && other && other != mine && oci_engine_alive(other) && oci_list_empty(&c.call.link);
        oci_engine_stop();
        _exit(good ? 0 : 1);
    }
    wait_for_child(pid);
    CHECK(oci_engine_get(NULL) == mine);
    kit_on_engine(nothing, NULL); /* still runs here */
    oci_origin_free(o);
    oci_net_free(n);
    kit_stop();
}

static atomic_bool keep_calling;

static void call_often(void *ctx)
{
    while (atomic_load(&keep_calling))
        kit_on_engine(nothing, ctx);
}

/* A fork may catch the engine's locks in anybody's hands. */
TEST(engine_survives_forks_while_it_is_busy)
{
    kit_engine();
    struct oci_thread t;
    atomic_store(&keep_calling, true);
    CHECK_INT(oci_thread_start(&t, "caller", call_often, NULL, NULL), OCI_OK);
    for (int i = 0; i < 50; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            struct oci_engine *e = oci_engine_get(NULL);
            oci_engine_stop();
            _exit(e ? 0 : 1);
        }
        wait_for_child(pid);
    }
    atomic_store(&keep_calling, false);
    oci_thread_join(&t);
    kit_stop();
}

#endif

TEST(engine_says_what_network_library_it_has)
{
    char text[200];
    oci_net_versions(text, sizeof text);
    CHECK(strstr(text, "libcurl") != NULL);
}
