--- What is looked at in layers, by the name of the inspection. Each gets the layer (lua/oci/types/layer.lua), a function that
-- reports what is wrong, and what else is known: manifest, config, tag. It gives true, or nil, message, code, detail where
-- the layer could not be read.
local core = require "oci.core"
local options = require "oci.options"

local inspect = {}

local MOST_OF_A_FILE = 5 * 1024 * 1024

-- ---- how the content of an archive or a blob is read

-- What a failure of reading means: a fault of the content is reported, anything else is the caller's.
local faults = { INVALID = true, LIMIT = true, UNSAFE_PATH = true, UNSUPPORTED = true }

local function failed(report, message, code, detail)
  if faults[code] then
    report(message, code == "INVALID" and "error" or "warning")
    return true
  end
  return nil, message, code, detail
end

local function too_large(report, layer)
  report(("the layer has %.0f bytes and was not looked into"):format(layer.descriptor.size), "hint")
  return true
end

-- All of a small layer's bytes go to `look(bytes)`.
local function with_bytes(layer, report, look)
  if not layer:small() then
    return too_large(report, layer)
  end
  local bytes, message, code, detail = layer:bytes()
  if not bytes then
    return nil, message, code, detail
  end
  look(bytes)
  return true
end

-- The layer's JSON object goes to `look(value)`.
local function with_json(layer, report, look)
  return with_bytes(layer, report, function(bytes)
    local value, why = core.json_decode(bytes)
    if value == nil then
      report("the layer is not JSON: " .. why)
    elseif type(value) ~= "table" then
      report "the layer is no JSON object"
    else
      look(value)
    end
  end)
end

-- The bytes of the first file in the layer that matches go to `look(bytes)`, or nil if there is none.
local function with_entry(layer, report, pattern, look)
  if not layer:small() then
    return too_large(report, layer)
  end
  local bytes, message, code, detail = layer:entry(pattern, MOST_OF_A_FILE)
  if bytes == nil then
    return failed(report, message, code, detail)
  end
  look(bytes or nil)
  return true
end

-- The same with a YAML document that must be there.
local function with_yaml(layer, report, pattern, look)
  return with_entry(layer, report, pattern, function(bytes)
    local value, why
    if bytes then
      value, why = core.yaml_decode(bytes)
    end
    if not bytes then
      report(("there is no %s in the archive"):format(pattern:gsub("^%*/", "")))
    elseif type(value) ~= "table" then
      report(("%s in the archive is no YAML mapping%s"):format(pattern:gsub("^%*/", ""), why and ": " .. why or ""))
    else
      look(value)
    end
  end)
end

-- ---- by how a format begins

local function begins(beginning, what)
  return function(layer, report)
    local head, message, code, detail = layer:head(#beginning)
    if not head then
      return nil, message, code, detail
    end
    if head ~= beginning then
      report(("the layer is no %s: it does not begin as one"):format(what))
    end
    return true
  end
end

inspect.gzip = begins("\31\139", "gzip")
inspect.zstd = begins("\40\181\47\253", "zstd")
inspect.zip = begins("PK\3\4", "zip")
inspect.wasm = begins("\0asm", "WebAssembly binary")

--- SIF has its magic behind the line that starts it as a script.
function inspect.sif(layer, report)
  local head, message, code, detail = layer:head(64)
  if not head then
    return nil, message, code, detail
  end
  if head:sub(33, 42) ~= "SIF_MAGIC\0" then
    report "the layer is no SIF file: there is no SIF_MAGIC in its header"
  end
  return true
end

-- ---- JSON and YAML

function inspect.json(layer, report)
  return with_json(layer, report, function() end)
end

function inspect.yaml(layer, report)
  return with_bytes(layer, report, function(bytes)
    local value, why = core.yaml_decode(bytes)
    if type(value) ~= "table" then
      report("the layer is no YAML mapping" .. (why and ": " .. why or ""))
    end
  end)
end

function inspect.spdx(layer, report)
  return with_json(layer, report, function(value)
    if not (type(value.spdxVersion) == "string" and value.spdxVersion:find "^SPDX%-") and value["@graph"] == nil then
      report "the layer is no SPDX document: it has no spdxVersion"
    end
  end)
end

function inspect.cyclonedx(layer, report)
  return with_json(layer, report, function(value)
    if value.bomFormat ~= "CycloneDX" or type(value.specVersion) ~= "string" then
      report "the layer is no CycloneDX document: it needs bomFormat \"CycloneDX\" and a specVersion"
    end
  end)
end

-- ---- signatures and attestations

local function field(value, ...)
  for _, name in ipairs { ... } do
    value = type(value) == "table" and value[name] or nil
  end
  return value
end

-- The digest that a tag is made of, as cosign makes it.
local function digest_in_tag(tag)
  local algorithm, hex = (tag or ""):match "(sha%d+)%-(%x+)%.%l+$"
  return hex and algorithm .. ":" .. hex
end

function inspect.simplesigning(layer, report, about)
  return with_json(layer, report, function(value)
    if field(value, "critical", "type") ~= "cosign container image signature" then
      report "the payload's critical.type must be \"cosign container image signature\""
    end
    local digest = field(value, "critical", "image", "docker-manifest-digest")
    local subject = about.manifest.subject and about.manifest.subject.digest or digest_in_tag(about.tag)
    if type(digest) ~= "string" then
      report "the payload has no critical.image.docker-manifest-digest"
    elseif subject and subject ~= digest then
      report(("the payload is about %s, the signature is of %s"):format(digest, subject))
    end
  end)
end

function inspect.dsse(layer, report)
  return with_json(layer, report, function(value)
    if type(value.payload) ~= "string" or type(value.payloadType) ~= "string" or type(value.signatures) ~= "table" then
      report "the layer is no DSSE envelope: it needs payload, payloadType and signatures"
    end
  end)
end

inspect["in-toto"] = function(layer, report)
  return with_json(layer, report, function(value)
    local predicate = (layer.descriptor.annotations or {})["in-toto.io/predicate-type"]
    if type(value._type) ~= "string" or not value._type:find("https://in-toto.io/Statement/", 1, true) then
      report "the layer is no in-toto statement: its _type must be https://in-toto.io/Statement/..."
    elseif predicate and value.predicateType ~= predicate then
      report(("the statement's predicateType is %s, the layer's annotation says %s"):format(
        tostring(value.predicateType), predicate))
    end
  end)
end

inspect["sigstore-bundle"] = function(layer, report, about)
  return with_json(layer, report, function(value)
    local name = type(value.mediaType) == "string" and value.mediaType or ""
    if not name:find("application/vnd.dev.sigstore.bundle", 1, true) then
      report "the layer is no Sigstore bundle: its mediaType must say so"
    elseif name:find "version=0%.[12]$" then
      report "the bundle is older than version 0.3"
    elseif field(value, "verificationMaterial", "x509CertificateChain") then
      report "a bundle of version 0.3 has a single certificate, no chain of them"
    end
    local said = (about.manifest.annotations or {})["dev.sigstore.bundle.content"]
    local is = value.dsseEnvelope and "dsse-envelope" or value.messageSignature and "message-signature"
    if not is then
      report "the bundle has neither a dsseEnvelope nor a messageSignature"
    elseif said and said ~= is then
      report(("the bundle has a %s, the annotation dev.sigstore.bundle.content says %s"):format(is, said), "warning")
    end
  end)
end

-- ---- archives

-- A field of a chart as helm finds it: whatever the case of its name. A number is text to helm, as it is written.
local function chart_field(chart, wanted)
  local found = chart[wanted]
  for name, value in pairs(chart) do
    if found == nil and type(name) == "string" and name:lower() == wanted then
      found = value
    end
  end
  return (type(found) == "number" or (type(found) == "string" and found ~= "")) and found or nil
end

inspect["helm-chart"] = function(layer, report, about)
  return with_yaml(layer, report, "*/Chart.yaml", function(chart)
    local config = about.config and core.json_decode(about.config)
    for _, name in ipairs { "name", "version" } do
      local value = chart_field(chart, name)
      if not value then
        report(("Chart.yaml has no %s"):format(name))
      elseif type(value) == "string" and type(config) == "table" and config[name] ~= value then
        report(("Chart.yaml has the %s %s, the config %s"):format(name, value, tostring(config[name])))
      end
    end
  end)
end

local function check_opa_manifest(bytes, report)
  local value, why = core.json_decode(bytes)
  if type(value) ~= "table" then
    report(".manifest in the bundle is no JSON object" .. (why and ": " .. why or ""))
  elseif value.roots ~= nil and options.string_list(value.roots) then
    report "\"roots\" in the bundle's .manifest must be a list of strings"
  elseif value.revision ~= nil and type(value.revision) ~= "string" then
    report "\"revision\" in the bundle's .manifest must be a string"
  end
end

local LOADED = { "**/*.rego", "**/data.json", "**/data.yaml", "**/*.wasm", "patch.json" }

--- A bundle needs no .manifest, but something that OPA loads.
inspect["opa-bundle"] = function(layer, report)
  if not layer:small() then
    return too_large(report, layer)
  end
  local bytes, message, code, detail = layer:entry(".manifest", layer.limit)
  local loaded = bytes and true
  if bytes then
    check_opa_manifest(bytes, report)
  elseif bytes == false then
    loaded, message, code, detail = layer:has(LOADED)
  end
  if loaded == nil then
    return failed(report, message, code, detail)
  elseif not loaded then
    report("there is nothing in the bundle that OPA loads: no policy, no data.json, no data.yaml", "warning")
  end
  return true
end

inspect["imgpkg-bundle"] = function(layer, report)
  return with_yaml(layer, report, ".imgpkg/images.yml", function(lock)
    if lock.kind ~= "ImagesLock" or lock.apiVersion ~= "imgpkg.carvel.dev/v1alpha1" then
      report ".imgpkg/images.yml must be of the kind ImagesLock of imgpkg.carvel.dev/v1alpha1"
    end
    for _, image in ipairs(type(lock.images) == "table" and lock.images or {}) do
      local name = field(image, "image")
      if type(name) ~= "string" or not name:find "@sha%d+:%x+$" then
        report(("the image %s in .imgpkg/images.yml is not named by its digest"):format(tostring(name)))
      end
    end
  end)
end

inspect["imgpkg-locations"] = function(layer, report)
  return with_yaml(layer, report, "image-locations.yml", function(locations)
    if locations.kind ~= "ImageLocations" then
      report "image-locations.yml must be of the kind ImageLocations"
    end
  end)
end

local function needs_file(name)
  return function(layer, report)
    return with_entry(layer, report, name, function(bytes)
      if not bytes then
        report(("there is no %s in the archive"):format(name))
      end
    end)
  end
end

inspect["crossplane-package"] = needs_file "package.yaml"
inspect["devcontainer-feature"] = needs_file "devcontainer-feature.json"
inspect["devcontainer-template"] = needs_file "devcontainer-template.json"

-- ---- which

local by_ending = {
  { "%+gzip$", "gzip" }, { "%.gzip$", "gzip" }, { "tar%.gz$", "gzip" }, { "%+zstd$", "zstd" },
  { "^application/zip$", "zip" }, { "^archive/zip$", "zip" }, { "[/+]wasm$", "wasm" }, { "%+json$", "json" },
  { "^application/json$", "json" },
}

--- The name of what a layer is inspected by: what its role says, or what its media type ends with; nil: nothing.
function inspect.for_layer(role, descriptor)
  local by = role and role.inspect
  if by then
    return by ~= "none" and by or nil
  end
  for _, pair in ipairs(by_ending) do
    if descriptor.media_type:find(pair[1]) then
      return pair[2]
    end
  end
end

return inspect
