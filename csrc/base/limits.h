/* limits.h - every number that bounds something hostile, in one place. Bytes unless said otherwise.
 * Reasons: facts/security-quirks, section 5, statements 12 to 16 and 29. */
#ifndef OCI_BASE_LIMITS_H
#define OCI_BASE_LIMITS_H

#define OCI_MAX_MANIFEST (8u << 20)      /* received manifest; we write at most 4 MiB */
#define OCI_MAX_MANIFEST_PUSH (4u << 20) /* what every registry must take (distribution-spec) */
#define OCI_MAX_EMBEDDED (64u << 10)     /* content in a descriptor's data: the lint warns beyond */
#define OCI_MAX_PAGE (8u << 20)          /* one page of a list */
#define OCI_MAX_TOKEN_ANSWER (128u << 10)
#define OCI_MAX_ERROR_BODY (64u << 10)
#define OCI_MAX_HEADERS (128u << 10)
#define OCI_MAX_HEADER_LINES 256
#define OCI_MAX_CONFIG_FILE (1u << 20)   /* docker's config.json */
#define OCI_MAX_CONTENT_IN_MEMORY (1u << 30)
#define OCI_MAX_URL 8192
#define OCI_MAX_NAMES 100000             /* tags or repositories in one answer to the caller */
#define OCI_MAX_PAGES 10000
#define OCI_MAX_REDIRECTS 5              /* hops */
#define OCI_MAX_AUTH_ROUNDS 2
#define OCI_MAX_GRAPH_DEPTH 16           /* index in index */
#define OCI_MAX_GRAPH_NODES 200000
#define OCI_MAX_LAYERS 100000
#define OCI_MAX_JSON_DEPTH 64
#define OCI_MAX_JSON_NODES 2000000
#define OCI_MAX_YAML (5u << 20)          /* a document; what helm takes as one file of a chart */
#define OCI_MAX_YAML_ANCHORS 10000
#define OCI_MAX_YAML_DIRECTIVES 100
#define OCI_MAX_YAML_ALIASED 100000      /* values that aliases add to a document */
#define OCI_MAX_YAML_ALIASED_TEXT (8u << 20) /* and their text */
#define OCI_MAX_REGEX 20000              /* an expression */
#define OCI_MAX_REGEX_TEXT 65536         /* what it is looked for in */
#define OCI_MAX_REGEX_WORK 10000000      /* steps of one match */
#define OCI_MAX_REGEX_HEAP (32u << 20)   /* what one match has to come back to */
#define OCI_MAX_PATH 4096
#define OCI_MAX_SIZE ((1ull << 53) - 1)  /* exact in a double */

#endif
