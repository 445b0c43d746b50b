/* yaml.h - one YAML document into the values that json.h reads from JSON (this folder is the only user of <yaml.h>).
 *
 * Helm's files are written in YAML, and helm reads them through Go's sigs.k8s.io/yaml into JSON. A document that is
 * taken here gives what it gives there:
 *
 *   null       empty, ~, null, Null, NULL
 *   booleans   true, yes, on, y and false, no, off, n, each also Capitalised and in CAPITALS (YAML 1.1)
 *   integers   12, +12, 0x1f, 0o17, 017 (octal), 0b11, 1_000
 *   floats     1.5, .5, 1., 1e3, 09; a whole one is an integer: 1.0 is 1
 *   text       everything else: dates, 1:30, 1.2.3, numbers beyond a double, plain scalars over 500 characters
 *   quoted and block scalars are text, whatever they say
 *   keys       text; numbers and booleans become text: 1 is "1", yes is "true"
 *   tags       !!str !!int !!float !!bool !!null !!map !!seq; ! and !!timestamp are text
 *   aliases    are copies; << merges: what the mapping says itself counts, then the first of a list of mappings
 *
 * Refused where that library guesses or loses something: duplicate keys; a merge behind a key that it would change;
 * a second document that is not empty; keys that are null, a float or a collection; .inf and .nan; !!binary
 * and other tags (OCI_UNSUPPORTED); and, as in JSON, integers beyond 2^53-1 and NUL or noncharacters in text.
 *
 * Size, depth (OCI_MAX_JSON_DEPTH), values (OCI_MAX_JSON_NODES) and what aliases add are bounded. */
#ifndef OCI_JSON_YAML_H
#define OCI_JSON_YAML_H

#include <stddef.h>

#include "base/err.h"
#include "json/json.h"

OCI_BEGIN

/* Parses `len` bytes of UTF-8, at most `max`. An empty text is null. *ret_root is the caller's: oci_json_free().
 * OCI_INVALID, OCI_UNSUPPORTED, OCI_LIMIT or OCI_NO_MEMORY; the text says what is wrong, with line and column
 * (from 1, in characters). */
int oci_yaml_parse(const char *p, size_t len, size_t max, struct oci_json **ret_root, struct oci_err *reterr);

OCI_END

#endif
