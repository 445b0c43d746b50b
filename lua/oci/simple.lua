--- The calls that take references and little else: copying, blobs, tags, what there is and what is in it.
local call = require "oci.call"
local core = require "oci.core"
local operation = require "oci.operation"
local options = require "oci.options"
local reference = require "oci.reference"

local simple = {}

local start, start_parsed, arguments = call.start, call.start_parsed, call.arguments
local descriptor, bytes, names, done = call.descriptor, call.bytes, call.names, call.done
local list_of = call.list_of

local of_every_call = options.of_call()

-- ---- copy, blobs

local copy_checkers = options.of_call { tags = options.strings, on_progress = options.callable }

function simple.copy(client, from, to, given)
  local texts = { reference.text("copy", 1, from), reference.text("copy", 2, to) }
  given = options.check("copy", 3, given, copy_checkers)
  return start(client, "copy", texts, arguments { tags = list_of(given.tags) }, given, { finish = descriptor })
end

-- For the core 0 is the usual limit.
local function limit(value)
  return (options.size(value) or value < 1) and "whole number of bytes, at least 1" or nil
end

local blob_checkers = options.of_call { offset = options.size, length = options.size, limit = limit }
local open_checkers = options.of_call { offset = options.size, length = options.size }

local function whole(result, message, code, detail)
  if not result and code == "LIMIT" then
    message = message .. "; give a larger 'limit', or read it with open_blob"
  end
  return bytes(result, message, code, detail)
end

function simple.fetch_blob(client, ref, given)
  local text = reference.text("fetch_blob", 1, ref)
  given = options.check("fetch_blob", 2, given, blob_checkers)
  local range = { offset = given.offset, length = given.length, limit = given.limit }
  return start(client, "fetch_blob", { text }, arguments(range), given, { finish = whole })
end

-- `size` is that of a file.
local opened = call.finish(function(result, handle)
  return require("oci.reader").new(handle, result.descriptor, result.size)
end)

function simple.open_blob(client, ref, given)
  local text = reference.text("open_blob", 1, ref)
  given = options.check("open_blob", 2, given, open_checkers)
  local range = { offset = given.offset, length = given.length }
  return start(client, "open_blob", { text }, arguments(range), given, { finish = opened, streams = true })
end

local open_file_checkers = options.of_call { platform = options.platform }

function simple.open_file(client, ref, title, given)
  local text = reference.text("open_file", 1, ref)
  options.check_argument("open_file", 2, title, options.string)
  given = options.check("open_file", 3, given, open_file_checkers)
  return start(client, "open_file", { text }, arguments(title, { platform = given.platform }), given,
    { finish = opened, streams = true })
end

-- ---- those that take a reference and little else

-- The core's `what` as the call `name`.
local function of_reference(name, what, finish)
  simple[name] = function(client, ref, given)
    local text = reference.text(name, 1, ref)
    given = options.check(name, 2, given, of_every_call)
    return start(client, "simple", { text }, arguments(what), given, { finish = finish })
  end
end

local function exists(result, message, code, detail)
  if result then
    return true
  elseif code == "NOT_FOUND" then
    return false
  end
  return nil, message, code, detail
end

of_reference("resolve", "resolve", descriptor)
of_reference("exists", "resolve", exists)
of_reference("tags", "tags", names)
of_reference("untag", "untag", done)
of_reference("delete", "delete", done)
of_reference("fetch_manifest", "fetch_manifest", call.manifest)
of_reference("fetch_config", "fetch_config", bytes)
of_reference("stat_blob", "stat_blob", descriptor)

function simple.repositories(client, registry, given)
  local text = registry
  if type(registry) == "table" then
    text = registry.registry
  end
  if type(text) ~= "string" then
    options.bad_argument("repositories", 1, "registry (HOST or HOST:PORT) expected, got " .. options.kind(registry))
  end
  given = options.check("repositories", 2, given, of_every_call)
  local parsed, message, code, detail = core.reference_registry(text)
  if not parsed then
    return nil, message, code, detail
  end
  return start_parsed(client, "simple", { parsed }, arguments(text, "repositories"), given, { finish = names })
end

function simple.tag(client, ref, tags, given)
  local text = reference.text("tag", 1, ref)
  tags = list_of(options.check_argument("tag", 2, tags, options.strings))
  if #tags == 0 then
    options.bad_argument("tag", 2, "at least one tag expected")
  end
  given = options.check("tag", 3, given, of_every_call)
  return start(client, "tag", { text }, arguments { tags = tags }, given, { finish = descriptor })
end

local digest_of = call.finish(function(result) return result.descriptor.digest end)

-- The content, and whether what is in it counts: `unpacked` is for digests alone.
local function what_counts(what)
  if what.unpacked == nil then
    return what, nil
  elseif type(what.unpacked) ~= "boolean" or type(what.path) ~= "string" then
    options.bad_argument("digest", 1, "option 'unpacked': true or false expected, and a 'path'")
  end
  local packed = options.with(what, {})
  packed.unpacked = nil
  return packed, what.unpacked
end

function simple.digest(client, what, algorithm)
  if algorithm ~= nil then
    options.check_string("digest", 2, algorithm)
  end
  if type(what) == "string" then
    return operation.finished(core.digest(what, algorithm))
  elseif type(what) ~= "table" then
    options.bad_argument("digest", 1, "bytes or content (a table) expected, got " .. options.kind(what))
  end
  local from, unpacked = what_counts(what)
  local item, readers, code, detail = require("oci.content").one("digest", 1, "content", from)
  if not item then
    return nil, readers, code, detail
  end
  item.unpacked = unpacked
  return start(client, "digest", {}, arguments(item, algorithm or "sha256"), {},
    { finish = digest_of, readers = readers })
end

return simple
