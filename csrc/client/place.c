#include "client/place.h"

#include <string.h>

#include "base/limits.h"

/* Owned by nobody: it shows the option's strings, and oci_origin_new() copies. */
static struct oci_credential show(const struct oci_credential_option *o)
{
    return (struct oci_credential){
        .username = (char *)(uintptr_t)o->username,
        .password = (char *)(uintptr_t)o->password,
        .token = (char *)(uintptr_t)o->token,
        .identity_token = (char *)(uintptr_t)o->identity_token,
    };
}

static int open_origin(struct oci_client *c, struct oci_engine *e, const char *registry,
                       const struct oci_call_options *call, struct oci_origin **ret_origin,
                       struct oci_err *reterr)
{
    struct oci_net *net = NULL;
    int rc = oci_client_net(c, e, &net, reterr);
    if (rc != OCI_OK)
        return rc;
    const struct oci_credential_option *given = oci_client_credential(c, call, registry);
    struct oci_credential credential = {0};
    if (given)
        credential = show(given);
    const struct oci_call_limits limits = {
        .timeout_ms = oci_client_ms(call->timeout),
        .connect_timeout_ms = oci_client_ms(call->connect_timeout),
        .stall_timeout_ms = oci_client_ms(call->stall_timeout),
        .retries = call->retries,
    };
    return oci_origin_new(net, registry, given ? &credential : NULL, &limits, ret_origin, reterr);
}

static int open_store(struct oci_client *c, struct oci_engine *e, bool create,
                      const struct oci_call_options *call, struct oci_opened_place *p, struct oci_err *reterr)
{
    struct oci_host *host = oci_engine_host(e);
    const struct oci_reference *r = &p->ref;
    int rc;
    switch (r->place) {
    case OCI_PLACE_LAYOUT:
        p->store = oci_store_layout(host, r->path, create);
        break;
    case OCI_PLACE_MEMORY:
        p->store = oci_store_memory(host, c->places, r->path);
        break;
    case OCI_PLACE_ARCHIVE:
        return oci_err_set(reterr, OCI_UNSUPPORTED, "oci-archive: is not supported yet");
    case OCI_PLACE_REGISTRY:
    default:
        if (r->repository[0] == '\0')
            return oci_err_set(reterr, OCI_INVALID, "%s names a registry, but no repository in it",
                               r->registry);
        rc = open_origin(c, e, r->registry, call, &p->origin, reterr);
        if (rc != OCI_OK)
            return rc;
        p->store = oci_store_registry(host, p->origin, r->registry, r->repository, c->seen);
        break;
    }
    return p->store ? OCI_OK : oci_err_no_memory(reterr);
}

int oci_place_open(struct oci_client *c, struct oci_engine *e, const struct oci_reference *r, bool create,
                   const struct oci_call_options *call, struct oci_opened_place *ret_place,
                   struct oci_err *reterr)
{
    struct oci_opened_place p = {0};
    if (oci_reference_copy(r, &p.ref) != OCI_OK)
        return oci_err_no_memory(reterr);
    int rc = open_store(c, e, create, call, &p, reterr);
    if (rc != OCI_OK) {
        oci_place_close(&p);
        return rc;
    }
    *ret_place = p;
    return OCI_OK;
}

int oci_place_open_registry(struct oci_client *c, struct oci_engine *e, const struct oci_reference *r,
                            const struct oci_call_options *call, struct oci_opened_place *ret_place,
                            struct oci_err *reterr)
{
    struct oci_opened_place p = {0};
    if (oci_reference_copy(r, &p.ref) != OCI_OK)
        return oci_err_no_memory(reterr);
    int rc = open_origin(c, e, r->registry, call, &p.origin, reterr);
    if (rc != OCI_OK) {
        oci_place_close(&p);
        return rc;
    }
    *ret_place = p;
    return OCI_OK;
}

void oci_place_close(struct oci_opened_place *p)
{
    oci_store_free(p->store);
    oci_origin_free(p->origin);
    oci_reference_done(&p->ref);
    *p = (struct oci_opened_place){0};
}

const char *oci_place_name(const struct oci_opened_place *p)
{
    if (oci_digest_is(&p->ref.digest))
        return p->ref.digest.text;
    return p->ref.tag[0] ? p->ref.tag : "latest";
}

char *oci_place_reference(const struct oci_opened_place *p, const struct oci_digest *digest)
{
    struct oci_reference of = p->ref; /* shows the same path */
    of.digest = *digest;
    struct oci_buf b;
    oci_buf_init(&b, OCI_MAX_PATH + OCI_MAX_URL);
    if (oci_reference_print(&of, OCI_REF_DIGEST, &b) != OCI_OK) {
        oci_buf_done(&b);
        return NULL;
    }
    return oci_buf_take(&b);
}

bool oci_place_same_registry(const struct oci_opened_place *a, const struct oci_opened_place *b)
{
    return a->ref.place == OCI_PLACE_REGISTRY && b->ref.place == OCI_PLACE_REGISTRY &&
           strcmp(a->ref.registry, b->ref.registry) == 0;
}
