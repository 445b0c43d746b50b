--- What calls have in common: a call checks its arguments (which may raise), asks for credentials, and starts an operation;
-- it gives the operation, or nil, message, code, detail. Waiting is the caller's business.
local core = require "oci.core"
local manifest = require "oci.manifest"
local operation = require "oci.operation"
local options = require "oci.options"

local call = {}

local unpack = rawget(table, "unpack") or rawget(_G, "unpack")

--- The credentials that functions give for these parsed references, as the core takes them; or nil, message, code, detail.
function call.credentials(client, parsed)
  if not client.credentials and next(client.registries) == nil then
    return {}
  end
  return require("oci.credentials").gather(client, parsed)
end

-- The core's options of a call about these references, with their credentials, which may be there already.
local function call_options(client, given, parsed, credentials)
  local for_call = options.call_options(given)
  for_call.progress = given.on_progress ~= nil
  local found, message, code, detail = credentials, nil, nil, nil
  if not found then
    found, message, code, detail = call.credentials(client, parsed)
  end
  if not found then
    return nil, message, code, detail
  end
  for_call.credentials = found[1] and found or nil
  return for_call
end

--- A string or a list of them, as a list.
function call.list_of(value)
  return type(value) == "string" and { value } or value
end

--- Arguments of a start, nil among them.
function call.arguments(...)
  return { n = select("#", ...), ... }
end

--- Starts the method `name` of the core's client. `parsed` are the references that credentials may be needed for; a call that
-- is made of several asks for them once, and has them in `made.credentials`.
function call.start_parsed(client, name, parsed, args, given, made)
  local for_call, message, code, detail = call_options(client, given, parsed, made.credentials)
  made.credentials = nil
  if not for_call then
    return nil, message, code, detail
  end
  args[args.n + 1] = for_call
  local handle
  local core_client = client:handle()
  handle, message, code, detail = core_client[name](core_client, unpack(args, 1, args.n + 1))
  if not handle then
    return nil, message, code, detail
  end
  made.core, made.client, made.on_progress = handle, client, given.on_progress
  return operation.new(made)
end

--- The same with the texts of references before the other arguments.
function call.start(client, name, texts, args, given, made)
  local parsed, all = {}, { n = #texts + args.n }
  for i, text in ipairs(texts) do
    local ref, message, code, detail = core.reference(text)
    if not ref then
      return nil, message, code, detail
    end
    parsed[i], all[i] = ref, text
  end
  for i = 1, args.n do
    all[#texts + i] = args[i]
  end
  return call.start_parsed(client, name, parsed, all, given, made)
end

-- ---- what calls make of the core's results

--- A finish of an operation: what `make` makes of the core's result, and of its handle if it streams. Failures are passed on.
function call.finish(make)
  return function(result, ...)
    if not result then
      return nil, ...
    end
    return make(result, ...)
  end
end

call.descriptor = call.finish(function(result) return result.descriptor end)
call.bytes = call.finish(function(result) return result.bytes end)
call.names = call.finish(function(result) return result.names end)
call.done = call.finish(function() return true end)

--- The Manifest of a result, with references for what it names.
function call.manifest_of(result)
  local parsed, message, code, detail
  if result.manifest then
    parsed = manifest.of(result.manifest)
  else
    parsed, message, code, detail = manifest.parse(result.bytes, result.descriptor.media_type)
  end
  if not parsed then
    return nil, message, code, detail
  end
  return result.descriptor.reference and manifest.locate(parsed, result.descriptor.reference) or parsed
end

call.manifest = call.finish(call.manifest_of)

return call
