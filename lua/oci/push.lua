--- Building and pushing manifests, indexes and blobs. Each call checks its arguments (which may raise), and gives an operation,
-- or nil, message, code, detail.
local content = require "oci.content"
local manifest = require "oci.manifest"
local operation = require "oci.operation"
local options = require "oci.options"
local reference = require "oci.reference"
local spec = require "oci.spec"
local call = require "oci.call"

local push = {}

-- What was built is sent as it was built: its digest is part of the reference, so that content which has changed
-- meanwhile is an error, and nothing gets the tag.
local function push_built(client, text, built)
  local source = manifest.source(built)
  if not source then
    return call.start(client, "push_manifest", { text },
      call.arguments(built.bytes, { media_type = built.media_type }), {}, { finish = call.descriptor })
  end
  local target = text:find("@", 1, true) and text or text .. "@" .. built.digest
  return call.start(client, "push", { target }, call.arguments(source.spec), source.given,
    { finish = call.descriptor })
end

local function check_spec(name, index, given)
  if type(given) ~= "table" then
    options.bad_argument(name, index, "specification (a table) expected, got " .. options.kind(given))
  end
end

-- A spec with a type, keyed by its roles, as the spec that everything else has; and the tag that the type's rule gives.
local function expand(client, name, index, given)
  local kind = given.type
  if kind == nil then
    return given
  elseif type(kind) == "string" then
    local message, code, detail
    kind, message, code, detail = require("oci.types").get(kind)
    if not kind then
      return nil, message or ("the type \"%s\" is not known"):format(given.type), code or "INVALID", detail or {}
    end
  elseif type(kind) ~= "table" then
    options.bad_argument(name, index, "option 'type': name or type expected, got " .. options.kind(kind))
  end
  return require("oci.types.build").expand(kind, given, client)
end

-- The reference's text with the type's tag, where it has neither tag nor digest.
local function with_tag(text, tag)
  if not tag then
    return text
  end
  local parsed, message, code, detail = reference.parse(text)
  if not parsed then
    return nil, message, code, detail
  end
  parsed.tag = parsed.tag or not parsed.digest and tag or nil
  return parsed.reference
end

function push.push(client, ref, given)
  local text = reference.text("push", 1, ref)
  if manifest.is(given) then
    return push_built(client, text, given)
  end
  check_spec("push", 2, given)
  local generic, tag, code, detail = expand(client, "push", 2, given)
  if not generic then
    return nil, tag, code, detail
  end
  local target, message
  target, message, code, detail = with_tag(text, tag)
  if not target then
    return nil, message, code, detail
  end
  local prepared, readers
  prepared, readers, code, detail = spec.prepare("push", 2, generic, function(warning) client:warn(warning) end)
  if not prepared then
    return nil, readers, code, detail
  end
  return call.start(client, "push", { target }, call.arguments(prepared), generic,
    { finish = call.descriptor, readers = readers })
end

function push.manifest(client, given)
  check_spec("manifest", 1, given)
  local generic, message, code, detail = expand(client, "manifest", 1, given)
  if not generic then
    return nil, message, code, detail
  end
  local prepared, readers
  prepared, readers, code, detail = spec.prepare("manifest", 1, generic, function(warning) client:warn(warning) end)
  if not prepared then
    return nil, readers, code, detail
  end
  if readers[1] then
    return nil, "a manifest cannot be built from a reader, which can be read only once: push it", "INVALID", {}
  end
  local function finish(result, ...)
    if not result then
      return nil, ...
    end
    local built = manifest.parse(result.bytes, result.descriptor.media_type)
    manifest.keep_source(built, { spec = prepared, given = generic })
    return built
  end
  return call.start(client, "build", {}, call.arguments(prepared), generic, { finish = finish })
end

local descriptor_checkers = {
  media_type = options.string,
  digest = options.string,
  size = options.size,
  annotations = options.string_map,
  artifact_type = options.string,
  platform = function(value)
    return type(value) ~= "string" and type(value) ~= "table" and "'os/architecture' or table" or nil
  end,
  urls = options.table,
  data = options.string,
  reference = options.string,
  tags = options.table,
}

local index_checkers = {
  artifact_type = options.string,
  manifests = options.table,
  annotations = options.string_map,
}

function push.index(_, given)
  if type(given) ~= "table" then
    options.bad_argument("index", 1, "specification (a table) expected, got " .. options.kind(given))
  end
  options.check("index", 1, given, index_checkers)
  local descriptors = {}
  for i, item in ipairs(given.manifests or {}) do
    if type(item) ~= "table" then
      options.bad_argument("index", 1, ("manifests[%d]: descriptor expected, got %s"):format(i, type(item)))
    elseif manifest.is(item) then
      local kind = item.artifact_type
      item = { media_type = item.media_type, digest = item.digest, size = item.size, artifact_type = kind }
    end
    local fault = options.fault(item, descriptor_checkers)
    if fault then
      options.bad_argument("index", 1, ("manifests[%d]: %s"):format(i, fault))
    end
    descriptors[i] = item
  end
  return operation.finished(manifest.index {
    artifact_type = given.artifact_type,
    manifests = descriptors,
    annotations = given.annotations,
  })
end

function push.push_manifest(client, ref, what, given)
  local text = reference.text("push_manifest", 1, ref)
  local data, media_type = what, nil
  if manifest.is(what) then
    data, media_type = what.bytes, what.media_type
  elseif type(what) ~= "string" then
    options.bad_argument("push_manifest", 2, "bytes or manifest expected, got " .. options.kind(what))
  end
  given = options.check("push_manifest", 3, given, options.of_call())
  return call.start(client, "push_manifest", { text }, call.arguments(data, { media_type = media_type }), given,
    { finish = call.descriptor })
end

local push_blob_checkers = options.of_call { new = options.boolean }

function push.push_blob(client, ref, source, given)
  local text = reference.text("push_blob", 1, ref)
  given = options.check("push_blob", 3, given, push_blob_checkers)
  local item, readers, code, detail = content.one("push_blob", 2, "content", source)
  if not item then
    return nil, readers, code, detail
  end
  return call.start(client, "push_blob", { text }, call.arguments(item, given.new or false), given,
    { finish = call.descriptor, readers = readers })
end

return push
