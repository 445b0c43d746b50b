/* client.h - a client as the rest of client/ sees it, and what the process shares: who counts mailboxes, and
 * ends the engine with the last. */
#ifndef OCI_CLIENT_CLIENT_H
#define OCI_CLIENT_CLIENT_H

#include <stdatomic.h>

#include "base/list.h"
#include "include/oci.h"
#include "net/net.h"
#include "store/stores.h"
#include "sys/thread.h"

OCI_BEGIN

#define OCI_WARNINGS_MAX 16 /* the oldest make room */

struct oci_client {
    /* set once */
    unsigned generation;
    struct oci_client_options options; /* everything it shows is owned */
    struct oci_memory_places *places;
    struct oci_seen *seen;
    atomic_uint refs;
    struct oci_mutex lock;
    struct {
        char *warnings[OCI_WARNINGS_MAX];
        size_t first, count;
    } locked;
    /* The process's lock (process.c). */
    struct oci_link link;
    struct oci_net *net; /* made when a registry is first used, again after the engine ended; or NULL */
};

/* Operations that run hold a reference. */
struct oci_client *oci_client_ref(struct oci_client *c);
void oci_client_unref(struct oci_client *c);
/* OCI_INVALID in the child of a fork. */
int oci_client_check(const struct oci_client *c, struct oci_err *reterr);
/* Borrowed; lives as long as a mailbox does. */
int oci_client_net(struct oci_client *c, struct oci_engine *e, struct oci_net **ret_net,
                   struct oci_err *reterr);
/* Any thread. Without memory the warning is lost. */
void oci_client_warn(struct oci_client *c, const char *text);
/* The credential that was given for a registry: the call's first match, then the client's; NULL: none was. */
const struct oci_credential_option *
oci_client_credential(const struct oci_client *c, const struct oci_call_options *call, const char *registry);
/* Seconds of an option in milliseconds, rounded up to one; 0 and less: 0, the default. */
uint64_t oci_client_ms(double seconds);

/* ---- process.c ---- */

/* Waits while another thread ends the engine. */
int oci_process_mailbox_made(struct oci_err *reterr);
/* With the last mailbox the clients let go of the network, and engine and pool end. */
void oci_process_mailbox_gone(void);
int oci_process_client_made(struct oci_client *c, struct oci_err *reterr);
/* The client's network comes back, to be freed; NULL: none. */
struct oci_net *oci_process_client_gone(struct oci_client *c);
/* Reads c->net; when it is NULL and `net` is not, sets it. */
struct oci_net *oci_process_client_net(struct oci_client *c, struct oci_net *net);

OCI_END

#endif
