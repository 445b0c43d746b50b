--- Bills of materials: what a document is, is seen in it. SPDX and CycloneDX, each in its forms.
local inputs = require "oci.types.build.inputs"

local sbom = {}

local LOOK = 1024 * 1024

-- The forms: what their documents begin with or soon say.
local FORMS = {
  { type = "sbom-cyclonedx", media_type = "application/vnd.cyclonedx+json", "^%s*{", '"bomFormat"%s*:%s*"CycloneDX"' },
  { type = "sbom-cyclonedx", media_type = "application/vnd.cyclonedx+xml", "^%s*<", "cyclonedx%.org/schema/bom" },
  { type = "sbom-spdx", media_type = "application/spdx+json", "^%s*{", '"spdxVersion"%s*:' },
  { type = "sbom-spdx", media_type = "application/spdx+json", "^%s*{", "spdx%.org/rdf/3" },
  { type = "sbom-spdx", media_type = "text/spdx", "", "^%s*SPDXVersion:%s*SPDX%-" },
  { type = "sbom-spdx", media_type = "text/spdx", "", "\nSPDXVersion:%s*SPDX%-" },
}

-- The form of a document, or nil, message, code, detail.
local function form_of(item)
  local text, message, code, detail = inputs.head(item, LOOK)
  if not text then
    return nil, message, code, detail
  end
  text = text:gsub("^\239\187\191", "")
  for _, form in ipairs(FORMS) do
    if text:find(form[1]) and text:find(form[2]) then
      return form
    end
  end
  return nil, inputs.name(item) .. " is neither SPDX (JSON, tag:value) nor CycloneDX (JSON, XML)", "INVALID",
    { path = item.path }
end

-- The type with the media type of the document's form, as artifact type and as that of the layer.
local function with_media_type(kind, media_type)
  local definition = inputs.copy(kind)
  local role = inputs.copy(kind.layers[1])
  role.media_types = { media_type }
  definition.artifact_type, definition.layers = media_type, { role }
  return definition
end

--- See build.expand.
function sbom.expand(kind, given)
  local items, message, code, detail = inputs.list(kind, kind.layers[1], given.sbom)
  if not items then
    return nil, message, code, detail
  elseif #items ~= 1 then
    return given
  end
  local form
  form, message, code, detail = form_of(items[1])
  if not form then
    return nil, ("%s: %s"):format(kind.name, message), code, detail
  elseif form.type ~= kind.name then
    if kind.name ~= "sbom" then
      return nil, ("%s: %s is of the type %s"):format(kind.name, inputs.name(items[1]), form.type), "INVALID",
        { path = items[1].path }
    end
    kind = require("oci.types").get(form.type)
  end
  given.sbom = items
  return given, nil, nil, with_media_type(kind, form.media_type)
end

return sbom
