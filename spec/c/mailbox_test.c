/* Mailboxes through oci.h: every way to wait, and what a fork leaves. */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ops.h"
#include "scratch.h"
#include "test.h"

TEST(what_was_warmed_up_for_nothing_ends_with_its_mailbox)
{
    struct oci_mailbox *m = NULL;
    CHECK_INT(oci_mailbox_new(&m, NULL), OCI_OK);
    oci_mailbox_warm_up(m);
    oci_mailbox_warm_up(m);
    oci_mailbox_free(m);
    CHECK_INT(oci_mailbox_new(&m, NULL), OCI_OK); /* and begins again */
    oci_mailbox_warm_up(m);
    oci_mailbox_free(m);
}

/* ---- waiting ---- */

TEST(a_wait_ends_with_its_time)
{
    ops_begin();
    struct oci_op *op = ops_start_reader();
    ops_wait_for_wish(op);
    size_t at;
    CHECK_INT(oci_mailbox_wait(ops_mailbox, &op, 1, 0, &at), 0);
    CHECK_INT(oci_mailbox_wait(ops_mailbox, &op, 1, 0.02, &at), 0);
    CHECK(!oci_op_ready(op));
    CHECK_INT(oci_mailbox_wait(ops_mailbox, NULL, 0, 0.001, &at), 0);
    oci_op_free(op);
    ops_end();
}

TEST(the_first_that_is_ready_is_named)
{
    ops_begin();
    struct oci_op *ops[3];
    for (int i = 0; i < 3; i++) {
        ops[i] = ops_start_reader();
        ops_wait_for_wish(ops[i]);
    }
    oci_op_cancel(ops[1]);
    size_t at = 9;
    CHECK_INT(oci_mailbox_wait(ops_mailbox, ops, 3, -1, &at), 1);
    CHECK_INT(at, 1);
    for (int i = 0; i < 3; i++)
        oci_op_free(ops[i]);
    ops_end();
}

TEST(mailboxes_do_not_take_each_others_operations)
{
    ops_begin();
    struct oci_mailbox *other = NULL;
    CHECK_INT(oci_mailbox_new(&other, NULL), OCI_OK);
    struct oci_op *mine = ops_start_reader();
    ops_wait_for_wish(mine);
    struct oci_op *theirs = NULL;
    struct oci_bytes *b = oci_bytes_new("abc", 3);
    const struct oci_content content = {.kind = OCI_CONTENT_BYTES, .bytes = b};
    CHECK_INT(oci_start_digest(ops_client, other, &content, NULL, NULL, &theirs, NULL), OCI_OK);
    size_t at;
    CHECK_INT(oci_mailbox_wait(other, &theirs, 1, -1, &at), 1);
    while (oci_mailbox_next(ops_mailbox))
        continue;
    CHECK_INT(oci_mailbox_next(other), oci_op_id(theirs));
    CHECK_INT(oci_mailbox_next(other), 0);
    oci_op_free(theirs);
    oci_mailbox_free(other); /* not the last: mine goes on */
    CHECK(!oci_op_ready(mine));
    size_t taken;
    CHECK_INT(oci_op_give(mine, 1, "abc", 3, &taken), OCI_OK);
    oci_op_give_end(mine, 1, NULL);
    ops_result(mine);
    oci_op_free(mine);
    oci_bytes_unref(b);
    ops_end();
}

static bool readable(int fd, int timeout_ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, timeout_ms) == 1;
}

TEST(an_operations_descriptor_is_readable_while_it_is_ready)
{
    ops_begin();
    struct oci_op *op = ops_start_reader();
    int fd = oci_op_fd(op, NULL);
    CHECK(fd >= 0);
    CHECK(readable(fd, -1));
    ops_wait_for_wish(op);
    /* It may be lit a moment too late; who looks puts it out, so that no loop spins on it. */
    while (readable(fd, 0))
        CHECK(!oci_op_ready(op));
    CHECK_INT(oci_op_fd(op, NULL), fd);
    size_t taken;
    CHECK_INT(oci_op_give(op, 1, "abc", 3, &taken), OCI_OK);
    oci_op_give_end(op, 1, NULL);
    while (!oci_op_over(op)) {
        CHECK(readable(fd, -1));
        struct oci_event e;
        while (oci_op_event(op, &e))
            continue;
    }
    CHECK(readable(fd, 0)); /* over stays so */
    oci_op_free(op);
    ops_end();
}

/* Takes all that is ready; true if `id` was among it. */
static bool drain(uint64_t id)
{
    bool found = false;
    for (uint64_t next; (next = oci_mailbox_next(ops_mailbox)) != 0;)
        found = found || next == id;
    return found;
}

TEST(a_mailboxes_descriptor_tells_of_any)
{
    ops_begin();
    int fd = oci_mailbox_fd(ops_mailbox, NULL);
    CHECK(fd >= 0 && !readable(fd, 0));
    struct oci_op *op = ops_start_reader();
    CHECK(readable(fd, -1));
    CHECK(drain(oci_op_id(op)));
    ops_wait_for_wish(op);
    while (readable(fd, 0))
        drain(0);
    oci_op_cancel(op);
    CHECK(readable(fd, -1));
    CHECK(drain(oci_op_id(op)));
    oci_op_free(op);
    ops_end();
}

static int connect_to(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    CHECK(strlen(path) < sizeof at.sun_path);
    memcpy(at.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&at, sizeof at) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

TEST(the_socket_rings_for_this_process_alone)
{
    setenv("TMPDIR", scratch_dir(), 1);
    ops_begin();
    const char *borrowed = NULL;
    CHECK_INT(oci_mailbox_socket(ops_mailbox, &borrowed, NULL), OCI_OK);
    char *path = strdup(borrowed);
    /* Another process connects first: it gets nothing but the end. */
    pid_t child = fork();
    if (child == 0) {
        int fd = connect_to(path);
        char c;
        _exit(fd >= 0 && read(fd, &c, 1) == 0 ? 0 : 1);
    }
    int status = -1;
    while (waitpid(child, &status, WNOHANG) == 0)
        oci_mailbox_next(ops_mailbox);
    CHECK_INT(status, 0);
    CHECK(scratch_exists(path));

    int fd = connect_to(path);
    CHECK(fd >= 0);
    CHECK_INT(oci_mailbox_next(ops_mailbox), 0);
    CHECK(!scratch_exists(path));
    CHECK_STR(scratch_tree(scratch_dir()), ""); /* its directory neither */
    CHECK_INT(connect_to(path), -1);
    char c;
    struct oci_op *op = ops_start_reader();
    CHECK_INT(read(fd, &c, 1), 1);
    CHECK(drain(oci_op_id(op)));
    ops_wait_for_wish(op);
    oci_op_cancel(op);
    bool found = false;
    while (!found) {
        CHECK_INT(read(fd, &c, 1), 1);
        found = drain(oci_op_id(op)) && oci_op_over(op);
    }
    oci_op_free(op);
    oci_mailbox_socket_close(ops_mailbox);
    CHECK_INT(read(fd, &c, 1), 0);
    close(fd);
    /* And one that nobody connects to is gone with the mailbox. */
    CHECK_INT(oci_mailbox_socket(ops_mailbox, &borrowed, NULL), OCI_OK);
    ops_end();
    CHECK_STR(scratch_tree(scratch_dir()), "");
    free(path);
}

static void on_signal(int sig)
{
    (void)sig;
}

static atomic_bool stop_signals;

static void *send_signals(void *to)
{
    while (!atomic_load(&stop_signals)) {
        pthread_kill(*(pthread_t *)to, SIGUSR1);
        usleep(1000);
    }
    return NULL;
}

TEST(a_signal_ends_a_wait)
{
    struct sigaction sa = {.sa_handler = on_signal};
    sigaction(SIGUSR1, &sa, NULL);
    ops_begin();
    struct oci_op *op = ops_start_reader();
    struct oci_event e = {0};
    size_t at;
    while (e.kind != OCI_EVENT_WANTS_BYTES)
        if (oci_mailbox_wait(ops_mailbox, &op, 1, -1, &at) == 1)
            oci_op_event(op, &e);
    pthread_t self = pthread_self(), sender;
    CHECK_INT(pthread_create(&sender, NULL, send_signals, &self), 0);
    CHECK_INT(oci_mailbox_wait(ops_mailbox, &op, 1, -1, &at), -1);
    atomic_store(&stop_signals, true);
    pthread_join(sender, NULL);
    oci_op_free(op);
    ops_end();
}

/* ---- fork ---- */

/* What is made in the child works, on an engine of its own. ThreadSanitizer allows no threads there. */
static int anew_in_child(void)
{
#ifndef __SANITIZE_THREAD__
    struct oci_op *fresh = NULL;
    const struct oci_result *r = NULL;
    size_t at;
    if (oci_client_new(NULL, &ops_client, NULL) != OCI_OK || oci_mailbox_new(&ops_mailbox, NULL) != OCI_OK)
        return 4;
    struct oci_bytes *b = oci_bytes_new("abc", 3);
    const struct oci_content content = {.kind = OCI_CONTENT_BYTES, .bytes = b};
    if (oci_start_digest(ops_client, ops_mailbox, &content, NULL, NULL, &fresh, NULL) != OCI_OK ||
        oci_mailbox_wait(ops_mailbox, &fresh, 1, -1, &at) != 1 || oci_op_result(fresh, &r, NULL) != OCI_OK)
        return 5;
    oci_op_free(fresh);
    oci_bytes_unref(b);
    ops_end();
    if (ops_threads() != 0)
        return 6;
#endif
    return 0;
}

static int in_child(struct oci_op *op)
{
    struct oci_err err = {0};
    const struct oci_result *r = NULL;
    size_t at;
    if (!oci_op_ready(op) || !oci_op_over(op) || oci_mailbox_wait(ops_mailbox, &op, 1, -1, &at) != 1)
        return 1;
    if (oci_op_result(op, &r, &err) != OCI_INVALID || !strstr(err.text, "was made before fork()"))
        return 2;
    struct oci_op *fresh = NULL;
    oci_err_clear(&err);
    if (oci_start_digest(ops_client, ops_mailbox, &ops_reader_content, NULL, NULL, &fresh, &err) !=
            OCI_INVALID ||
        !strstr(err.text, "was made before fork()"))
        return 3;
    oci_op_free(op);
    oci_mailbox_free(ops_mailbox);
    oci_client_free(ops_client);
    return anew_in_child();
}

TEST(a_child_of_fork_begins_anew)
{
    ops_begin();
    struct oci_op *op = ops_start_reader();
    ops_wait_for_wish(op);
    pid_t child = fork();
    if (child == 0)
        _exit(in_child(op));
    int status = -1;
    CHECK_INT(waitpid(child, &status, 0), child);
    CHECK_INT(status, 0);
    /* The parent's goes on. */
    size_t taken;
    CHECK_INT(oci_op_give(op, 1, "abc", 3, &taken), OCI_OK);
    oci_op_give_end(op, 1, NULL);
    ops_result(op);
    oci_op_free(op);
    ops_end();
}
