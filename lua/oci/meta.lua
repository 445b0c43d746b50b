---@meta oci.core
-- luacheck: ignore 241

--- oci.core: the C part, as the Lua layer sees it. Private: programs use oci. Everything that can fail gives nil, message,
-- code, detail; wrong types raise.
---@class oci.core
---@field version string
---@field null lightuserdata
local core = {}

---@return string versions "lua-oci/... libcurl/... OpenSSL/..."
function core.versions() end

---@return number seconds since some moment, suspended time included
function core.now() end

---@return integer generation another number in the child of a fork
function core.generation() end

---@param file file*
---@return integer? columns of the terminal that it is
function core.terminal(file) end

---@param value any
---@return string? text
---@return string? message
---@return string? code
---@return table? detail
function core.json_encode(value) end

---@param text string
---@return any value
---@return string? message
---@return string? code
---@return table? detail
function core.json_decode(text) end

---One YAML document, read as helm reads its files (csrc/json/yaml.h); the value is as json_decode gives it.
---@param text string at most 5 MiB
---@return any value
---@return string? message
---@return string? code
---@return table? detail
function core.yaml_decode(text) end

---Does a regular expression (ECMA-262, csrc/base/regex.h) match somewhere in a text? Work and memory are bounded.
---@param pattern string
---@param text string
---@return boolean? found
---@return number|string|nil steps that the match took, or the message
---@return string? code
---@return table? detail
function core.regex_find(pattern, text) end

---The head of a section of WebAssembly (csrc/model/wasm.h).
---@param head string its first six bytes
---@return integer? number
---@return integer|string size bytes that follow it, or the message
---@return integer|string used bytes of the head, or the code
---@return table? detail
function core.wasm_section(head) end

---The names in a section of a component's imports (10) or exports (11).
---@param number integer
---@param section string
---@return string[]? names
---@return string? message
---@return string? code
---@return table? detail
function core.wasm_names(number, section) end

---@generic T: table
---@param list T
---@return T
function core.array(list) end

---@param text string
---@return table? parts place, registry, repository, path, tag, digest
---@return string? message
---@return string? code
---@return table? detail
function core.reference(text) end

---@param text string HOST[:PORT]
---@return table? parts
---@return string? message
---@return string? code
---@return table? detail
function core.reference_registry(text) end

---@param bytes string
---@param algorithm? string
---@return string? digest
---@return string? message
---@return string? code
---@return table? detail
function core.digest(bytes, algorithm) end

--- The files below a directory whose path from there matches; sorted.
---@param root string
---@param pattern string
---@return string[]? paths
---@return string? message
---@return string? code
---@return table? detail
function core.glob(root, pattern) end

--- Does a path match, as core.glob has it?
---@param pattern string
---@param path string
---@return boolean
function core.glob_match(pattern, path) end

---@param bytes string
---@param media_type? string
---@return table? fields of an oci.Manifest
---@return string? message
---@return string? code
---@return table? detail
function core.manifest(bytes, media_type) end

---@param bytes string
---@param media_type? string
---@return oci.Finding[]? findings
---@return string? message
---@return string? code
---@return table? detail
function core.lint(bytes, media_type) end

---@param options table as oci.ClientOptions; `registries` is a list with `host`, `credentials` one with `registry`
---@return oci.core.Client? client
---@return string? message
---@return string? code
---@return table? detail
function core.client(options) end

--- Gets the network ready in the background if the reference is one of a registry. Nothing fails here.
---@param reference any
function core.warm_up(reference) end

--- Blocks until an operation is ready, at most `timeout` seconds and a quarter of a second in any case.
---@param operations oci.core.Operation[]
---@param timeout number seconds
---@return integer? index
---@return "timeout"|"interrupted"|nil why
function core.wait(operations, timeout) end

---@return integer? fd readable while an operation of this state is ready and not yet seen
---@return string? message
---@return string? code
---@return table? detail
function core.mailbox_fd() end

---@return integer? id of an operation that is ready and not yet seen
function core.mailbox_next() end

--- A Unix socket to connect to, once; bytes come when operations become ready. Afterwards mailbox_next() is to be asked at
-- once.
---@return string? path
---@return string? message
---@return string? code
---@return table? detail
function core.mailbox_socket() end

function core.mailbox_socket_close() end

--- Each method but close and warning starts an operation.
---@class oci.core.Client
local Client = {}

function Client:close() end

---@return string? text the next warning
function Client:warning() end

---@alias oci.core.Call { timeout?: number, connect_timeout?: number, stall_timeout?: number, retries?: integer, concurrency?: integer, progress?: boolean, credentials?: table[] }
---@class oci.core.Content one of path, data, reader
---@field path? string
---@field is_dir? boolean
---@field data? string
---@field reader? integer
---@field media_type? string
---@field title? string
---@field annotations? table<string, string>
---@field urls? string[]
---@field embed? boolean
---@field prefix? string
---@field follow_links? boolean
---@field compression? "gzip"|"zstd"|"none"
---@field ignore? string[]
---@field unpacked? boolean of a file, for a digest alone

--- The descriptor of something that is there, or `document` and what the descriptor of that one says besides.
---@class oci.core.Entry: oci.Descriptor
---@field document? integer from 1, before the index itself

--- A manifest (contents), an index (entries), or either as it is (bytes).
---@class oci.core.Document
---@field where? string begins messages about it
---@field artifact_type? string
---@field annotations? table<string, string>
---@field subject? oci.Descriptor
---@field empty_config_type? string
---@field version_1_0? boolean
---@field docker? boolean
---@field expect? string a digest
---@field config? oci.core.Content
---@field contents? oci.core.Content[]
---@field is_index? boolean
---@field entries? oci.core.Entry[]
---@field bytes? string
---@field media_type? string of bytes

---@class oci.core.Spec
---@field documents oci.core.Document[] an index after those it names, the root last
---@field subject? string a reference: what it names is the root's subject
---@field tags? string[]
---@field new? boolean
---@field fallback? boolean
---@field immutable? boolean

---@param ref string
---@param spec oci.core.Spec
---@param call oci.core.Call
---@return oci.core.Operation? operation
function Client:push(ref, spec, call) end

---@param spec oci.core.Spec
---@param call oci.core.Call
---@return oci.core.Operation? operation
function Client:build(spec, call) end

---@param ref string
---@param options { stream?: boolean, to?: string, overwrite?: boolean, sync?: boolean, unpack?: boolean, platform?: string|oci.Platform, include?: string[], exclude?: string[], media_types?: string[], layers?: integer[], manifest?: string, manifest_type?: string }
---@param call oci.core.Call
---@return oci.core.Operation? operation
function Client:pull(ref, options, call) end

--- The manifest that a pull takes.
---@param ref string
---@param options { platform?: string|oci.Platform }
---@param call oci.core.Call
---@return oci.core.Operation? operation
function Client:choose(ref, options, call) end

---@param from string
---@param to string
---@param options { tags?: string[] }
---@param call oci.core.Call
---@return oci.core.Operation? operation
function Client:copy(from, to, options, call) end

---@param ref string
---@param what "resolve"|"tags"|"repositories"|"untag"|"delete"|"fetch_manifest"|"fetch_config"|"stat_blob"
---@param call oci.core.Call
---@return oci.core.Operation? operation
function Client:simple(ref, what, call) end

---@param ref string
---@param options { tags: string[] }
---@param call oci.core.Call
---@return oci.core.Operation? operation
function Client:tag(ref, options, call) end

---@param ref string
---@param bytes string
---@param options { media_type?: string, tags?: string[] }
---@param call oci.core.Call
---@return oci.core.Operation? operation
function Client:push_manifest(ref, bytes, options, call) end

---@param ref string
---@param range { offset?: integer, length?: integer, limit?: integer }
---@param call oci.core.Call
---@return oci.core.Operation? operation
function Client:fetch_blob(ref, range, call) end

---@param ref string
---@param range { offset?: integer, length?: integer }
---@param call oci.core.Call
---@return oci.core.Operation? operation
function Client:open_blob(ref, range, call) end

---@param ref string
---@param path string
---@param options { platform?: string|oci.Platform }
---@param call oci.core.Call
---@return oci.core.Operation? operation
function Client:open_file(ref, path, options, call) end

--- Of each pattern the first regular file in an archive whose name matches: `entries` of the result, false for none.
---@param path? string of the archive
---@param ref? string or its blob
---@param options { patterns: string[], limit: integer, size?: integer, cut?: boolean } size: of the blob
---@param call oci.core.Call
---@return oci.core.Operation? operation
function Client:read_entries(path, ref, options, call) end

---@param ref string
---@param content oci.core.Content
---@param is_new boolean
---@param call oci.core.Call
---@return oci.core.Operation? operation
function Client:push_blob(ref, content, is_new, call) end

---@param content oci.core.Content
---@param algorithm string
---@param call oci.core.Call
---@return oci.core.Operation? operation
function Client:digest(content, algorithm, call) end

---@class oci.core.Operation
local Operation = {}

---@return integer id counted from 1, never used twice
function Operation:id() end

---@return boolean ready something is there: an event, bytes, or the end
function Operation:ready() end

---@return boolean over
function Operation:over() end

---@return integer? fd readable while ready
---@return string? message
---@return string? code
---@return table? detail
function Operation:pollfd() end

function Operation:cancel() end

function Operation:close() end

---@return "progress"|"wants"|nil kind
---@return oci.Event|integer? what the event, or the number of the reader that is wanted
---@return integer? room bytes
function Operation:event() end

---@return integer done bytes
---@return integer total bytes known
---@return integer blobs_done
---@return integer blobs known
function Operation:totals() end

---@param reader integer
---@param bytes string
---@param from integer the first byte of them, from 1
---@return integer? taken nil: no more is wanted
function Operation:give(reader, bytes, from) end

---@param reader integer
---@param failure? string
function Operation:give_end(reader, failure) end

---@param most integer bytes
---@return string|false|nil chunk nil: the verified end, or with a message a failure; false: nothing now
---@return string? message
---@return string? code
---@return table? detail
function Operation:take(most) end

--- Of a pull whose files are taken one after the other.
---@param most integer bytes
---@return integer|false|nil file its place in the result's files; nil: all are there and verified, or with a message a failure;
--- false: nothing now
---@return string? chunk or message; absent: the file is there as a whole, and verified
---@return string? code
---@return table? detail
function Operation:take_file(most) end

---@return { descriptor?: oci.Descriptor, bytes?: string, manifest?: table, names: string[], files?: oci.File[], entries?: (string|false)[], size: integer }? result
---@return string? message
---@return string? code
---@return table? detail
function Operation:result() end

return core
