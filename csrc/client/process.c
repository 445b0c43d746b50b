/* What all Lua states of a process share. Each generation of forks has its own: a child finds its parent's,
 * whose locks may be anybody's, and leaves it alone. */
#include "base/mem.h"
#include "client/client.h"
#include "sys/pool.h"

struct process {
    unsigned generation;
    struct process *parents; /* what was abandoned at a fork */
    /* Held while the engine ends, so that no mailbox, and so no operation, comes into being meanwhile. The
     * only lock that is held for long; nothing on the engine's thread takes it. */
    struct oci_mutex lifecycle;
    unsigned mailboxes;
    struct oci_mutex lock;
    struct oci_link clients; /* and their `net` */
};

static struct process *_Atomic current;

/* NULL: out of memory. */
static struct process *process(void)
{
    const unsigned generation = oci_fork_generation();
    struct process *p = atomic_load(&current);
    if (p && p->generation == generation)
        return p;
    struct process *fresh = oci_calloc(1, sizeof *fresh);
    if (!fresh)
        return NULL;
    fresh->generation = generation;
    fresh->parents = p;
    oci_mutex_init(&fresh->lifecycle);
    oci_mutex_init(&fresh->lock);
    oci_list_init(&fresh->clients);
    if (atomic_compare_exchange_strong(&current, &p, fresh))
        return fresh;
    oci_mutex_done(&fresh->lifecycle);
    oci_mutex_done(&fresh->lock);
    oci_free(fresh);
    return p; /* another thread was faster */
}

int oci_process_mailbox_made(struct oci_err *reterr)
{
    struct process *p = process();
    if (!p)
        return oci_err_no_memory(reterr);
    oci_mutex_lock(&p->lifecycle);
    p->mailboxes++;
    oci_mutex_unlock(&p->lifecycle);
    return OCI_OK;
}

/* Takes one client's network; NULL: none has any. */
static struct oci_net *take_net(struct process *p)
{
    struct oci_net *net = NULL;
    oci_mutex_lock(&p->lock);
    for (struct oci_link *l = p->clients.next; l != &p->clients && !net; l = l->next) {
        struct oci_client *c = OCI_OWNER(l, struct oci_client, link);
        net = c->net;
        c->net = NULL;
    }
    oci_mutex_unlock(&p->lock);
    return net;
}

void oci_process_mailbox_gone(void)
{
    struct process *p = process();
    if (!p)
        return; /* only in a child that has made nothing */
    oci_mutex_lock(&p->lifecycle);
    if (--p->mailboxes == 0) {
        for (struct oci_net *net; (net = take_net(p));)
            oci_net_free(net);
        oci_engine_stop();
        oci_pool_stop();
    }
    oci_mutex_unlock(&p->lifecycle);
}

int oci_process_client_made(struct oci_client *c, struct oci_err *reterr)
{
    struct process *p = process();
    if (!p)
        return oci_err_no_memory(reterr);
    oci_mutex_lock(&p->lock);
    oci_list_append(&p->clients, &c->link);
    oci_mutex_unlock(&p->lock);
    return OCI_OK;
}

struct oci_net *oci_process_client_gone(struct oci_client *c)
{
    struct process *p = process();
    if (!p)
        return NULL;
    oci_mutex_lock(&p->lock);
    oci_list_remove(&c->link);
    struct oci_net *net = c->net;
    c->net = NULL;
    oci_mutex_unlock(&p->lock);
    return net;
}

struct oci_net *oci_process_client_net(struct oci_client *c, struct oci_net *net)
{
    struct process *p = process();
    if (!p)
        return NULL;
    oci_mutex_lock(&p->lock);
    if (!c->net)
        c->net = net;
    net = c->net;
    oci_mutex_unlock(&p->lock);
    return net;
}
