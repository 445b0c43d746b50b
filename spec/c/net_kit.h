/* net_kit.h - asks single HTTP questions through a real engine, and controls the test registry (spec/README.md). */
#ifndef NET_KIT_H
#define NET_KIT_H

#include "base/bytes.h"
#include "net/net.h"

/* One question and its answer. Zeroed, then filled as needed. */
struct ask {
    const char *method, *url, *scope, *extra_scope, *accept;
    const short *want;                              /* ended by 0; NULL: every status that tests use */
    struct oci_source *body;                        /* freed by the kit */
    struct oci_sink *into;                          /* the same */
    uint64_t expect_size, range_from, range_length; /* expect_size 0: unknown */
    bool once;
    struct oci_origin *origin;
    /* Filled at the end. */
    bool over;
    int rc; /* of the flow */
    struct oci_err err;
    int status;
    bool resent;
    char location[512], link[512], content_type[80], digest[160], range[64];
    uint64_t length;
    struct oci_err answer_err;
    struct oci_bytes *bytes; /* when `into` was made by ask_bytes(); freed by ask_done() */
    struct oci_flow *flow;   /* the kit's */
};

/* The engine, made when first needed. */
struct oci_engine *kit_engine(void);
/* A client and an origin of it, for the registry with switches. `options` and `credential` may be NULL. */
struct oci_net *kit_net(const struct oci_net_options *options);
struct oci_origin *kit_origin(struct oci_net *n, const char *registry, const struct oci_credential *credential);

void ask_bytes(struct ask *a, size_t max); /* the answer goes to a->bytes */
void ask_body(struct ask *a, const void *p, size_t len);
void ask_start(struct ask *a);
void ask_cancel(struct ask *a); /* any time; nothing when it is over */
void ask_wait(struct ask *a);
void ask_run(struct ask *a); /* start and wait */
void ask_done(struct ask *a);
/* Runs `fn` on the engine's thread and waits for it. */
void kit_on_engine(void (*fn)(void *ctx), void *ctx);
/* Stops the engine; checks that it was idle before. */
void kit_stop(void);

/* The registry with switches: its address, or the test is skipped. It is reset. */
const char *kit_registry(void);
const char *kit_second(void);
/* A request to its control; the answer's body is the caller's (free()). Fails the test unless it is a 200. */
char *kit_control(const char *method, const char *path, const char *body);
void kit_rules(const char *json_array); /* with ' for " */
void kit_auth(const char *json);        /* the same */
void kit_config(const char *json);
/* How many log entries match (NULL: any). `header` is "name: part of the value"; "!name" means that it is not there. */
int kit_count(const char *method, const char *path_part, const char *origin, const char *header);
int kit_info(const char *key);
/* Puts `len` bytes as a blob of `repository` (unauthorized), and gives its digest. */
void kit_put_blob(const char *repository, const void *p, size_t len, char digest[160]);

/* A client and an origin of it for the registry with switches, which is reset. */
struct bench {
    const char *registry;
    struct oci_net *net;
    struct oci_origin *origin;
};

struct bench bench_up(const struct oci_net_options *options, const struct oci_credential *credential);
void bench_down(struct bench *b); /* the engine and the pool, too */
/* Gets the blob of repository "a"; the bytes must be right. */
void bench_pull(const struct bench *b, struct ask *a, const char *digest, const char *p, size_t len);

/* Bytes that do not repeat soon; the caller's (free()). */
char *kit_pattern(size_t len);

#endif
