/* blob_kit.h - blobs of a registry that answers from a table (flow_host.h), and sources of every kind. */
#ifndef BLOB_KIT_H
#define BLOB_KIT_H

#include "content/content_kinds.h"
#include "flow/registry_flows.h"
#include "flow_host.h"

#define OTHER "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
#define BLOB "/v2/a/b/blobs/" HELLO
#define POST "POST /v2/a/b/blobs/uploads/"
#define MOUNT POST "?mount=" HELLO "&from=c/d"
#define AT "https://r.io/up/1"
#define HEAD_404 {.ask = "HEAD " BLOB, .status = 404}
#define POST_202 {.ask = POST, .status = 202, .location = AT}
#define DELETE_204 {.ask = "DELETE " AT, .status = 204}
#define PUSH_SCOPE "repository:a/b:pull,push"

/* Between blob_begin() and blob_end(). */
extern struct flow_host blob_host;
extern struct oci_desc blob_found;
extern enum oci_put_state blob_state;

void blob_begin(const struct flow_row *rows, size_t count);
void blob_end(void);

struct oci_repository blob_repo(void);
struct oci_digest blob_digest(const char *text); /* "": none */
struct oci_desc blob_desc(const char *digest_text, uint64_t size);
struct oci_source *blob_hello(void);

/* Pushes into blob_found and blob_state; gives the error's code. */
struct oci_flow *blob_push_flow(struct oci_source *take, const char *digest_text, uint64_t size,
                                const struct oci_put *hint);
int blob_push(struct oci_source *take, const char *digest_text, uint64_t size, const struct oci_put *hint);

/* Instead of rows (flow_host.h): all goes well. */
void blob_good_registry(struct flow_host *h, const struct oci_http *q, struct flow_row *ret_row);

/* "hello", read once, or by jobs, or moving by itself. */
struct odd {
    struct oci_source base;
    struct oci_source_type type;
    struct oci_source *inside;
    int fails; /* after two bytes */
    size_t given;
    bool *freed;
};

/* Read by the host, and again; read once; moving by itself; read by jobs. `fails`: an error after two bytes. */
struct odd *odd(void);
struct odd *one_shot(void);
struct odd *by_itself(int fails);
struct odd *by_jobs(int fails);

#endif
