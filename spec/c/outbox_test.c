/* Progress as the caller sees it: what replaces what, how often, how much is kept. The test is the engine's
 * thread. */
#include <stdio.h>
#include <string.h>

#include "client/op.h"
#include "ops.h"
#include "sys/clock.h"
#include "test.h"

static uint64_t now_ms = 1000;
static uint64_t fake_ms(void)
{
    return now_ms;
}
static int64_t fake_unix(void)
{
    return 0;
}

/* An operation that is never launched. */
static struct oci_op *begin(bool progress)
{
    struct oci_call_options o = OCI_CALL_OPTIONS_INIT;
    o.progress = progress;
    struct oci_op *op = NULL;
    ops_begin();
    CHECK_INT(oci_op_begin(ops_client, ops_mailbox, "test", NULL, &o, &op, NULL), OCI_OK);
    return op;
}

static void end(struct oci_op *op)
{
    struct oci_op *none = NULL;
    oci_op_launch(op, OCI_CANCELED, &none, NULL);
    ops_end();
}

static void tell(struct oci_op *op, unsigned blob, enum oci_progress_state state, uint64_t done,
                 uint64_t total)
{
    struct oci_digest digest = {""};
    if (blob > 0)
        snprintf(digest.text, sizeof digest.text, "sha256:%064u", blob);
    const struct oci_progress_event e = {
        .what = "blob", .digest = &digest, .title = "t", .done = done, .total = total, .state = state};
    oci_outbox_tell(op, &e);
}

/* All that is there, as "state done/total " for each. */
static const char *take_all(struct oci_op *op)
{
    static char text[2000];
    struct oci_event e;
    text[0] = '\0';
    while (oci_op_event(op, &e)) {
        size_t len = strlen(text);
        snprintf(text + len, sizeof text - len, "%s %llu/%llu ", e.state, (unsigned long long)e.done,
                 (unsigned long long)e.total);
    }
    CHECK(!oci_op_ready(op));
    return text;
}

TEST(moving_events_replace_each_other)
{
    struct oci_op *op = begin(true);
    oci_clock_fake(fake_ms, fake_unix);
    tell(op, 1, OCI_STARTED, 0, 100);
    CHECK(oci_op_ready(op));
    for (unsigned i = 1; i <= 5; i++) {
        tell(op, 1, OCI_MOVING, i * 10, 100);
        now_ms += 200;
    }
    CHECK_STR(take_all(op), "started 0/100 moving 50/100 ");
    tell(op, 1, OCI_MOVING, 60, 100);
    tell(op, 1, OCI_DONE, 100, 100);
    CHECK_STR(take_all(op), "done 100/100 ");
    end(op);
}

TEST(moving_is_told_ten_times_a_second_at_most)
{
    struct oci_op *op = begin(true);
    oci_clock_fake(fake_ms, fake_unix);
    tell(op, 1, OCI_STARTED, 0, 1000);
    take_all(op);
    unsigned told = 0;
    for (unsigned i = 0; i < 1000; i++) { /* a second, a millisecond each */
        tell(op, 1, OCI_MOVING, i, 1000);
        told += take_all(op)[0] != '\0';
        now_ms++;
    }
    CHECK_INT(told, 10);
    struct oci_totals t;
    oci_op_totals(op, &t);
    CHECK_INT(t.done, 999); /* the totals know all of it */
    end(op);
}

TEST(totals_count_what_is_moved)
{
    struct oci_op *op = begin(false);
    struct oci_totals t;
    tell(op, 1, OCI_STARTED, 0, 100);
    tell(op, 2, OCI_STARTED, 0, 50);
    tell(op, 3, OCI_STARTED, 0, OCI_SIZE_UNKNOWN);
    tell(op, 1, OCI_MOVING, 30, 100);
    tell(op, 3, OCI_MOVING, 7, OCI_SIZE_UNKNOWN);
    oci_op_totals(op, &t);
    CHECK_INT(t.blobs, 3);
    CHECK_INT(t.total, 150);
    CHECK_INT(t.done, 37);
    tell(op, 1, OCI_MOVING, 5, 100); /* begun anew */
    tell(op, 2, OCI_EXISTS_ALREADY, 0, 50);
    tell(op, 3, OCI_DONE, 9, OCI_SIZE_UNKNOWN);
    tell(op, 1, OCI_DONE, 100, 100);
    oci_op_totals(op, &t);
    CHECK_INT(t.blobs_done, 3);
    CHECK_INT(t.total, 109);
    CHECK_INT(t.done, 109);
    CHECK(!oci_op_ready(op)); /* nobody asked for events */
    end(op);
}

TEST(a_stream_is_known_by_its_title_until_it_has_a_digest)
{
    struct oci_op *op = begin(true);
    tell(op, 0, OCI_STARTED, 0, OCI_SIZE_UNKNOWN);
    tell(op, 7, OCI_DONE, 12, 12);
    struct oci_event e;
    CHECK(oci_op_event(op, &e));
    CHECK_STR(e.state, "started");
    CHECK_STR(e.title, "t");
    CHECK(oci_op_event(op, &e));
    CHECK_STR(e.state, "done");
    CHECK_STR(e.digest + strlen(e.digest) - 2, "07");
    CHECK(!oci_op_event(op, &e));
    struct oci_totals t;
    oci_op_totals(op, &t);
    CHECK_INT(t.blobs, 1);
    end(op);
}

TEST(nobody_looking_costs_a_bounded_amount)
{
    struct oci_op *op = begin(true);
    for (unsigned i = 1; i <= 20000; i++) {
        tell(op, i, OCI_STARTED, 0, 1);
        tell(op, i, OCI_DONE, 1, 1);
    }
    unsigned events = 0;
    for (struct oci_event e; oci_op_event(op, &e);)
        events++;
    CHECK_INT(events, 2 * 4096);
    struct oci_totals t;
    oci_op_totals(op, &t);
    CHECK_INT(t.blobs_done, 20000);
    end(op);
}

TEST(what_was_told_is_freed_with_the_operation)
{
    struct oci_op *op = begin(true);
    tell(op, 1, OCI_STARTED, 0, 1); /* not ended, not taken */
    tell(op, 2, OCI_STARTED, 0, 1);
    tell(op, 2, OCI_DONE, 1, 1); /* ended, not taken */
    tell(op, 3, OCI_STARTED, 0, 1);
    struct oci_event e;
    CHECK(oci_op_event(op, &e));
    end(op); /* AddressSanitizer looks at it */
}
