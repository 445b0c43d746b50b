--- lua-oci: artifacts in registries of the Open Container Initiative, from Lua.
--
-- Every call gives its value, or nil, message, code, detail: `message` one line for a person, `code` one of NOT_FOUND
-- UNAUTHORIZED DENIED DIGEST_MISMATCH SIZE_MISMATCH INVALID UNSAFE_PATH EXISTS CONFLICT UNSUPPORTED RATE_LIMITED TIMEOUT
-- CANCELED NETWORK TLS IO LIMIT NO_MEMORY REGISTRY, `detail` a table (status, errors, url, retryable, path). Wrong types,
-- unknown options and use after close raise. Times are seconds, sizes bytes.
--
-- In a script calls block; in a supported event loop they suspend the coroutine. All of them exist on a client, too.
local core = require "oci.core"

---@class oci
local oci = {}

oci._VERSION = "oci " .. core.version
oci.version = core.version

--- The versions of this library and of those it uses, for a report of a fault.
---@return string
function oci.versions()
  local jit = rawget(_G, "jit")
  return core.versions() .. " " .. (jit and jit.version or _VERSION)
end

-- ---- values: no I/O, in every phase of every loop

--- JSON. encode: an empty table is an object, oci.array{} a list, oci.null null; keys are sorted, whole floats written as
-- integers; functions, holes and mixed keys raise. decode: strict (UTF-8, no duplicate keys, integers to 2^53-1).
---@class oci.json
---@field encode fun(value: any): string?, string?, string?, table? errors: INVALID, LIMIT, NO_MEMORY
---@field decode fun(text: string): any, string?, string?, table? errors: INVALID, LIMIT, NO_MEMORY
oci.json = { encode = core.json_encode, decode = core.json_decode }

--- JSON's null; the same value as lua-cjson's.
---@type lightuserdata
oci.null = core.null

--- Marks a table as a list, so that an empty one is [] in JSON.
---@generic T: table
---@param list T
---@return T
function oci.array(list)
  return core.array(list)
end

--- A reference's parts, as a table that turns back into text (`tostring`, `.reference`) when it is used.
---@param text string [registry[:port]/]repository[:tag][@digest], oci:DIR[:tag][@digest], memory:NAME[:tag][@digest]
---@return oci.Reference? reference nil, message, code, detail: INVALID
---@return string? message
---@return string? code
---@return table? detail
function oci.reference(text)
  require("oci.options").check_string("reference", 1, text)
  return require("oci.reference").parse(text)
end

--- A Manifest out of bytes, which are kept.
---@param bytes string
---@param media_type? string what the sender called it
---@return oci.Manifest? manifest nil, message, code, detail: INVALID, LIMIT
---@return string? message
---@return string? code
---@return table? detail
function oci.parse(bytes, media_type)
  local options = require "oci.options"
  options.check_string("parse", 1, bytes)
  if media_type ~= nil then
    options.check_string("parse", 2, media_type)
  end
  return require("oci.manifest").parse(bytes, media_type)
end

--- What a manifest, an index, a descriptor or an oci-layout file breaks, also when `parse` refuses it.
---@param what oci.Manifest|string a manifest, or bytes
---@param media_type? string what the sender called it
---@return oci.Finding[]? findings nil, message, code, detail: LIMIT
---@return string? message
---@return string? code
---@return table? detail
function oci.lint(what, media_type)
  return require("oci.lint")(what, media_type)
end

-- ---- clients

local default, default_options, default_generation

-- The default client is made at its first use, and again in the child of a fork. Loading libcurl takes as long as all that
-- is written in Lua: for a call about a registry the two go on side by side.
local function client(ref, other)
  if not default or default_generation ~= core.generation() then
    core.warm_up(ref)
    core.warm_up(other)
    default = assert(require("oci.client").new("configure", default_options))
    default_generation = core.generation()
  end
  return default
end

--- A client of one's own.
---@param options? oci.ClientOptions
---@return oci.Client? client nil, message, code, detail: INVALID, IO
---@return string? message
---@return string? code
---@return table? detail
function oci.client(options)
  return require("oci.client").new("client", options)
end

--- Sets the options of the default client, which the calls of this module use.
---@param options? oci.ClientOptions
---@return true? ok nil, message, code, detail: INVALID, IO; the client is then the one from before
---@return string? message
---@return string? code
---@return table? detail
function oci.configure(options)
  local made, message, code, detail = require("oci.client").new("configure", options)
  if not made then
    return nil, message, code, detail
  end
  default, default_options, default_generation = made, options, core.generation()
  return true
end

-- ---- calls

--- Pushes content and the manifest made of it, an index and the manifests in it, or a manifest that was built (what it was
-- built from must be unchanged) or received (what it names must be there). Without a tag it goes by its digest, or by the tag
--- that its `type` gives it. What `lint` calls an error is refused before anything is sent. Blobs of 64 KiB and more that
--- the client has seen in another repository of the registry are mounted from there.
---@param ref oci.Ref
---@param spec oci.Spec|oci.Manifest
---@return oci.Descriptor? pushed with `reference`, `tags`, `fallback`; nil, message, code, detail: INVALID, UNAUTHORIZED, DENIED,
--- IO, EXISTS (`immutable`), LIMIT (`embed`, 4 MiB of manifest), ...
---@return string? message
---@return string? code
---@return table? detail
function oci.push(ref, spec)
  return client(ref):push(ref, spec)
end

--- Builds what push would send, and sends nothing. Files are read, and a subject without size is asked for.
---@param spec oci.Spec without readers
---@return oci.Manifest? manifest nil, message, code, detail: INVALID, IO, LIMIT
---@return string? message
---@return string? code
---@return table? detail
function oci.manifest(spec)
  return client():manifest(spec)
end

--- Builds an index of manifests: descriptors, what was built or received, or specs. Pushing it pushes those, too.
---@param spec oci.IndexSpec
---@return oci.Manifest? index nil, message, code, detail: INVALID, IO, LIMIT
---@return string? message
---@return string? code
---@return table? detail
function oci.index(spec)
  return client():index(spec)
end

--- Pulls an artifact's files into a directory, verified, all of them or none.
---@param ref oci.Ref
---@param opts? oci.PullOptions
---@return oci.Pulled? pulled nil, message, code, detail: NOT_FOUND, DIGEST_MISMATCH, EXISTS, UNSAFE_PATH, ...
---@return string? message
---@return string? code
---@return table? detail
function oci.pull(ref, opts)
  return client(ref):pull(ref, opts)
end

--- Copies an artifact, an image or an index with all it names, byte for byte. Without a tag and a digest in `to`, the tag
-- of `from` is taken.
---@param from oci.Ref
---@param to oci.Ref
---@param opts? oci.CopyOptions
---@return oci.Descriptor? copied nil, message, code, detail: NOT_FOUND, DENIED, DIGEST_MISMATCH, ...
---@return string? message
---@return string? code
---@return table? detail
function oci.copy(from, to, opts)
  return client(from, to):copy(from, to, opts)
end

--- What a reference names; without a tag and a digest: `latest`.
---@param ref oci.Ref
---@param opts? oci.CallOptions
---@return oci.Descriptor? descriptor nil, message, code, detail: NOT_FOUND, UNAUTHORIZED, ...
---@return string? message
---@return string? code
---@return table? detail
function oci.resolve(ref, opts)
  return client(ref):resolve(ref, opts)
end

--- Is there what a reference names?
---@param ref oci.Ref
---@param opts? oci.CallOptions
---@return boolean? exists nil, message, code, detail: it cannot be told
---@return string? message
---@return string? code
---@return table? detail
function oci.exists(ref, opts)
  return client(ref):exists(ref, opts)
end

--- The tags of a repository or layout, all pages.
---@param ref oci.Ref
---@param opts? oci.CallOptions
---@return string[]? tags nil, message, code, detail: NOT_FOUND, LIMIT past 100 000, ...
---@return string? message
---@return string? code
---@return table? detail
function oci.tags(ref, opts)
  return client(ref):tags(ref, opts)
end

--- The repositories of a registry, all pages, where it tells them.
---@param registry string host[:port]
---@param opts? oci.CallOptions
---@return string[]? names nil, message, code, detail: UNSUPPORTED, NOT_FOUND, UNAUTHORIZED, LIMIT past 100 000, ...
---@return string? message
---@return string? code
---@return table? detail
function oci.repositories(registry, opts)
  return client():repositories(registry, opts)
end

--- Gives what a reference names more tags.
---@param ref oci.Ref
---@param tags string|string[]
---@param opts? oci.CallOptions
---@return oci.Descriptor? descriptor nil, message, code, detail: NOT_FOUND, DENIED, INVALID, ...
---@return string? message
---@return string? code
---@return table? detail
function oci.tag(ref, tags, opts)
  return client(ref):tag(ref, tags, opts)
end

--- Removes a tag and only the tag.
---@param ref oci.Ref
---@param opts? oci.CallOptions
---@return true? ok nil, message, code, detail: UNSUPPORTED by many registries, NOT_FOUND, ...
---@return string? message
---@return string? code
---@return table? detail
function oci.untag(ref, opts)
  return client(ref):untag(ref, opts)
end

--- Deletes a manifest and all its tags.
---@param ref oci.Ref
---@param opts? oci.CallOptions
---@return true? ok nil, message, code, detail: UNSUPPORTED, NOT_FOUND, DENIED, ...
---@return string? message
---@return string? code
---@return table? detail
function oci.delete(ref, opts)
  return client(ref):delete(ref, opts)
end

--- Fetches a manifest or an index.
---@param ref oci.Ref
---@param opts? oci.CallOptions
---@return oci.Manifest? manifest nil, message, code, detail: NOT_FOUND, DIGEST_MISMATCH, INVALID, LIMIT over 8 MiB, ...
---@return string? message
---@return string? code
---@return table? detail
function oci.fetch_manifest(ref, opts)
  return client(ref):fetch_manifest(ref, opts)
end

--- Pushes a manifest's bytes as they are. What it names must be there.
---@param ref oci.Ref
---@param manifest string|oci.Manifest
---@param opts? oci.CallOptions
---@return oci.Descriptor? descriptor nil, message, code, detail: INVALID, DENIED, ...
---@return string? message
---@return string? code
---@return table? detail
function oci.push_manifest(ref, manifest, opts)
  return client(ref):push_manifest(ref, manifest, opts)
end

--- The config of a manifest, as bytes.
---@param ref oci.Ref
---@param opts? oci.CallOptions
---@return string? bytes nil, message, code, detail: NOT_FOUND, INVALID for an index, ...
---@return string? message
---@return string? code
---@return table? detail
function oci.fetch_config(ref, opts)
  return client(ref):fetch_config(ref, opts)
end

--- A blob as a string. The reference has its digest: HOST/REPOSITORY@sha256:..., or a layer of a fetched manifest.
---@param ref oci.Ref
---@param opts? oci.FetchOptions
---@return string? bytes nil, message, code, detail: NOT_FOUND, DIGEST_MISMATCH, LIMIT, ...
---@return string? message
---@return string? code
---@return table? detail
function oci.fetch_blob(ref, opts)
  return client(ref):fetch_blob(ref, opts)
end

--- Is a blob there, and how large is it?
---@param ref oci.Ref with the blob's digest
---@param opts? oci.CallOptions
---@return oci.Descriptor? descriptor nil, message, code, detail: NOT_FOUND, ...
---@return string? message
---@return string? code
---@return table? detail
function oci.stat_blob(ref, opts)
  return client(ref):stat_blob(ref, opts)
end

--- Pushes one blob.
---@param ref oci.Ref the repository or layout; a tag is of no use
---@param source string|oci.Content a path, or content
---@param opts? oci.PushBlobOptions
---@return oci.Descriptor? descriptor nil, message, code, detail: DENIED, IO, NETWORK (detail.retryable), ...
---@return string? message
---@return string? code
---@return table? detail
function oci.push_blob(ref, source, opts)
  return client(ref):push_blob(ref, source, opts)
end

--- Opens a blob for reading piece by piece, without holding it in memory.
---@param ref oci.Ref with the blob's digest
---@param opts? oci.RangeOptions
---@return oci.Reader? reader nil, message, code, detail: NOT_FOUND, ...
---@return string? message
---@return string? code
---@return table? detail
function oci.open_blob(ref, opts)
  return client(ref):open_blob(ref, opts)
end

--- Opens a file of an artifact for reading piece by piece, by the name that `pull` would give it: its title, or with more
-- parts a file in a packed directory ("docs/a.txt" in "docs"), which comes out of the archive without being unpacked. At the end
-- the whole archive was verified.
---@param ref oci.Ref
---@param title string
---@param opts? oci.OpenFileOptions
---@return oci.Reader? reader nil, message, code, detail: NOT_FOUND, INVALID for an index without platforms or what is no file, ...
---@return string? message
---@return string? code
---@return table? detail
function oci.open_file(ref, title, opts)
  return client(ref):open_file(ref, title, opts)
end

--- The digest of bytes or of content.
---@param what string|oci.Content a string is bytes here, not a path. { path =, unpacked = true }: of the tar in a tar+gzip or
--- tar+zstd, which the configs of images name
---@param algorithm? "sha256"|"sha512" left out: sha256
---@return string? digest nil, message, code, detail: UNSUPPORTED, IO
---@return string? message
---@return string? code
---@return table? detail
function oci.digest(what, algorithm)
  if type(what) == "string" and (algorithm == nil or type(algorithm) == "string") then
    return core.digest(what, algorithm)
  end
  return client():digest(what, algorithm)
end

-- ---- many at once, loops

--- Starts a call without waiting for it: oci.start("pull", ref, opts).
---@param name string "push", "pull", "copy", ...: any of the calls above
---@param ... any its arguments
---@return oci.Operation? operation nil, message, code, detail: it could not begin
---@return string? message
---@return string? code
---@return table? detail
function oci.start(name, ...)
  return client(...):start(name, ...)
end

--- Waits for the first operation of a list that has its results.
---@param ops oci.Operation[]
---@param timeout? number seconds
---@return oci.Operation? operation nil, message, "TIMEOUT", { pending = true }
---@return integer|string? index
---@return string? code
---@return table? detail
function oci.wait(ops, timeout)
  return require("oci.operation").wait_any(ops, timeout)
end

--- Runs functions whose calls go on at the same time. The first failure (nil, message, ... or an error) cancels the rest: a
-- failure is returned, with detail.index; an error is raised on.
---@param functions (fun(): any)[]
---@param opts? { limit?: integer } so many at once; left out: all
---@return any[]? results the first result of each (true for none); nil, message, code, detail
---@return string? message
---@return string? code
---@return table? detail
function oci.parallel(functions, opts)
  return require("oci.parallel").run(functions, opts)
end

--- Chooses how calls wait: "nginx", "luv", "blocking", "auto" (the first whose library is loaded and that can suspend here), or
-- a table { running =, wait = }. Without an argument it gives the one that would be used now.
---@param ... string|oci.HostLoop
---@return true|oci.HostLoop
function oci.loop(...)
  return require("oci.loop").choose(select("#", ...), (...))
end

--- A function for on_progress: a bar with rate and time left on a terminal, plain lines elsewhere.
---@param stream? file* or an object with write; left out: io.stderr
---@return fun(event: oci.Event)
function oci.progress(stream)
  return require("oci.progress").new(stream)
end

-- ---- types of artifacts

-- `oci.types` is loaded when it is first used.
---@class oci
---@field types oci.Types
setmetatable(oci, {
  __index = function(self, name)
    if name == "types" then
      self.types = require "oci.types"
      return self.types
    end
  end,
})

return oci
