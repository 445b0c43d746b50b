--- Pulling an artifact's files.
local call = require "oci.call"
local options = require "oci.options"
local reference = require "oci.reference"

local pull = {}

local pull_checkers = options.of_call {
  to = options.string,
  overwrite = options.boolean,
  unpack = options.boolean,
  sync = options.boolean,
  on_progress = options.callable,
}

local function pulled(result, ...)
  if not result then
    return nil, ...
  end
  local parsed, message, code, detail = call.manifest_of(result)
  if not parsed then
    return nil, message, code, detail
  end
  return {
    digest = result.descriptor.digest,
    reference = result.descriptor.reference,
    manifest = parsed,
    files = result.files,
  }
end

function pull.pull(client, ref, given)
  local text = reference.text("pull", 1, ref)
  given = options.check("pull", 2, given, pull_checkers)
  local for_core = { to = given.to, overwrite = given.overwrite, unpack = given.unpack, sync = given.sync }
  return call.start(client, "pull", { text }, call.arguments(for_core), given, { finish = pulled })
end

return pull
