--- Building and pushing manifests, indexes and blobs.
local call = require "oci.call"
local content = require "oci.content"
local manifest = require "oci.manifest"
local options = require "oci.options"
local reference = require "oci.reference"
local spec = require "oci.spec"

local push = {}

local function check_spec(name, index, given)
  if type(given) ~= "table" then
    options.bad_argument(name, index, "specification (a table) expected, got " .. options.kind(given))
  end
end

-- References that credentials may be needed for: the place, and the subject that is asked for.
local function start(client, name, text, prepared, given, made)
  local texts = { text, prepared.subject }
  if not text then
    texts = { prepared.subject }
  end
  local parsed = {}
  for i, each in ipairs(texts) do
    local message, code, detail
    parsed[i], message, code, detail = reference.parse(each)
    if not parsed[i] then
      return nil, message, code, detail
    end
  end
  local arguments = text and call.arguments(text, prepared) or call.arguments(prepared)
  return call.start_parsed(client, name, parsed, arguments, given, made)
end

-- What was built is sent as it was built: its digest is part of the reference, so that content which has changed
-- meanwhile is an error, and nothing gets the tag.
local function push_built(client, text, built)
  local source = manifest.source(built) or { spec = spec.of_received(built), given = {} }
  local target = text:find("@", 1, true) and text or text .. "@" .. built.digest
  return start(client, "push", target, source.spec, source.given, { finish = call.descriptor })
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
  local generic, tag, code, detail = spec.expand(client, "push", 2, given)
  if not generic then
    return nil, tag, code, detail
  end
  local target, message
  target, message, code, detail = with_tag(text, tag)
  if not target then
    return nil, message, code, detail
  end
  local prepared, readers
  prepared, readers, code, detail = spec.prepare("push", 2, generic, client)
  if not prepared then
    return nil, readers, code, detail
  end
  return start(client, "push", target, prepared, generic, { finish = call.descriptor, readers = readers })
end

-- A manifest or index that was built, with what it was made of: pushing it makes it again. What its subject's reference
-- named then it names still.
local function built_of(prepared, given)
  return call.finish(function(result)
    local built, message, code, detail = manifest.parse(result.bytes, result.descriptor.media_type)
    if not built then
      return nil, message, code, detail
    end
    if prepared.subject then
      prepared.documents[#prepared.documents].subject = built.subject
      prepared.subject = nil
    end
    manifest.keep_source(built, { spec = prepared, given = given })
    return built
  end)
end

local function build(client, name, given)
  local prepared, readers, code, detail = spec.prepare(name, 1, given, client)
  if not prepared then
    return nil, readers, code, detail
  end
  if readers[1] then
    return nil, "a manifest cannot be built from a reader, which can be read only once: push it", "INVALID", {}
  end
  return start(client, "build", nil, prepared, given, { finish = built_of(prepared, given) })
end

function push.manifest(client, given)
  check_spec("manifest", 1, given)
  local generic, message, code, detail = spec.expand(client, "manifest", 1, given)
  if not generic then
    return nil, message, code, detail
  end
  return build(client, "manifest", generic)
end

function push.index(client, given)
  check_spec("index", 1, given)
  local generic, message, code, detail = spec.expand(client, "index", 1, given)
  if not generic then
    return nil, message, code, detail
  end
  return build(client, "index", options.with({ manifests = {} }, generic))
end

local of_every_call = options.of_call()

function push.push_manifest(client, ref, what, given)
  local text = reference.text("push_manifest", 1, ref)
  local data, media_type = what, nil
  if manifest.is(what) then
    data, media_type = what.bytes, what.media_type
  elseif type(what) ~= "string" then
    options.bad_argument("push_manifest", 2, "bytes or manifest expected, got " .. options.kind(what))
  end
  given = options.check("push_manifest", 3, given, of_every_call)
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
