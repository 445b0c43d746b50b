/* wasm.h - what a component of WebAssembly imports and exports, by name (WebAssembly/component-model,
 * design/mvp/Binary.md). No I/O: whoever reads the file gives sections. Nothing else of them is looked into. */
#ifndef OCI_MODEL_WASM_H
#define OCI_MODEL_WASM_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "json/json.h"

OCI_BEGIN

enum { OCI_WASM_IMPORTS = 10, OCI_WASM_EXPORTS = 11 }; /* sections */

#define OCI_WASM_HEAD 6 /* bytes of a section's head, at most */

/* The head of a section, of OCI_WASM_HEAD bytes or all that there are: its number, the size of what follows, and how many
 * bytes it takes itself. OCI_INVALID. */
int oci_wasm_section(const void *p, size_t len, unsigned *ret_id, uint32_t *ret_size, size_t *ret_used,
                     struct oci_err *reterr);
/* The names in a section of imports or of exports, in its order: an array of strings, the caller's. OCI_INVALID for what is no
 * such section, OCI_LIMIT past 100 000 names. */
int oci_wasm_names(unsigned id, const void *p, size_t len, struct oci_json **ret_names, struct oci_err *reterr);

OCI_END

#endif
