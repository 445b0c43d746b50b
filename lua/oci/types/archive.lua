--- Files out of archives: tar, tar+gzip or tar+zstd, in a file or a blob. For builders and checks.
local call = require "oci.call"
local operation = require "oci.operation"
local options = require "oci.options"
local reference = require "oci.reference"

local archive = {}

local checkers = options.of_call { patterns = options.string_list, limit = options.size, cut = options.boolean }

-- The contents by pattern, of what the core gives in the patterns' order.
local function by_pattern(patterns)
  return call.finish(function(result)
    local found = {}
    for i, pattern in ipairs(patterns) do
      found[pattern] = result.entries[i] or nil
    end
    return found
  end)
end

--- The call "read_entries" (see oci.calls), which is not for others. `what` is a reference with a digest, or { path = }.
function archive.read_entries(client, what, given)
  given = options.check("read_entries", 2, given, checkers)
  if not given.patterns then
    options.bad_argument("read_entries", 2, "option 'patterns' expected")
  end
  local wanted = { patterns = given.patterns, limit = given.limit, cut = given.cut,
    size = type(what) == "table" and what.size or nil }
  local made = { finish = by_pattern(given.patterns) }
  if type(what) == "table" and what.path and not what.place then -- a parsed reference has both
    return call.start(client, "read_entries", {}, call.arguments(what.path, nil, wanted), given, made)
  end
  local text = reference.text("read_entries", 1, what)
  local parsed, message, code, detail = reference.parse(text)
  if not parsed then
    return nil, message, code, detail
  end
  return call.start_parsed(client, "read_entries", { parsed }, call.arguments(nil, text, wanted), given, made)
end

--- Waits for a call of a client, or of the default one.
function archive.run(client, name, ...)
  if client then
    return operation.run(client:start(name, ...))
  end
  return operation.run(require("oci").start(name, ...))
end

--- The first regular files in the archive at `path` that match the patterns, each at most `limit` bytes: by pattern, absent
-- where nothing matches. Or nil, message, code, detail.
function archive.read(client, path, patterns, limit)
  return archive.run(client, "read_entries", { path = path }, { patterns = patterns, limit = limit })
end

return archive
