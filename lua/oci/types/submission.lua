--- type:submission(dir): the folder that opencontainers/artifacts asked the author of a type to submit,
--
--   artifactTypes/vnd.ORG.TYPE[.SUBTYPE].VERSION/artifactType.json
--   artifactTypes/vnd.ORG.TYPE[.SUBTYPE].VERSION/artifactConfigSchema.json   if the config has a schema
--
-- and what its reviewers would send back is refused before. The media type is that of the config, or the artifact type where the
-- config is empty. A text in one language is an object { locale, title } as in their schema, in several a list of these.
local core = require "oci.core"
local match = require "oci.types.match"
local options = require "oci.options"
local values = require "oci.types.values"

local EMPTY = "application/vnd.oci.empty.v1+json"

local function characters(text)
  return #text:gsub("[\128-\191]", "")
end

-- ---- what is missing

-- All that is wrong, so that it is mended in one go.
local function complain(problems, condition, text, ...)
  if condition then
    problems[#problems + 1] = text:format(...)
  end
end

local function check_length(problems, what, text, least, most)
  local length = characters(text)
  complain(problems, length < least or length > most, "%s has %s, %d to %d are asked for", what,
    values.counted(length, "character"), least, most)
end

-- Texts by locale; the type's own text is that for en-US unless there is one.
local function localised(problems, what, texts, own, field, least, most)
  local all = { ["en-US"] = own ~= "" and own or nil }
  for locale, text in pairs(texts or {}) do
    all[locale] = text
  end
  local list = core.array {}
  for i, locale in ipairs(values.sorted(all)) do
    list[i] = { locale = locale, [field] = all[locale] }
    check_length(problems, ("the %s for %s"):format(what, locale), all[locale], least, most)
  end
  complain(problems, #list == 0, "a %s is missing", what)
  return #list == 1 and list[1] or list
end

local function layer_types(problems, shape)
  local list, seen = core.array {}, {}
  for _, role in ipairs(shape.layers) do
    for _, media_type in ipairs(role.media_types) do
      if media_type == "*" then
        complain(problems, true, "the layer \"%s\" takes any media type, they must be named", role.role)
      elseif media_type ~= EMPTY and not seen[media_type] then
        seen[media_type] = true
        list[#list + 1] = media_type
      end
    end
  end
  complain(problems, #list == 0, "there is no layer with a media type of its own")
  return list
end

local function tools_of(problems, kind)
  local list = core.array {}
  for i, tool in ipairs(kind.tools or {}) do
    check_length(problems, ("the title of tool %d"):format(i), tool.title, 3, 30)
    list[i] = { url = tool.url, title = { locale = "en-US", title = tool.title } }
  end
  return list[1] and list or nil
end

-- The media type that is the type's own: of its config, or its artifact type.
local function own_type(problems, kind, shape)
  local config = not kind.entries and shape.config and shape.config.media_type
  for _, media_type in ipairs { config or "*", kind.artifact_type or "*" } do
    if media_type ~= "*" and not match.anybodys[media_type] then
      check_length(problems, "the media type " .. media_type, media_type, 35, 100)
      return media_type
    end
  end
  complain(problems, true, "it has no media type of its own, as its config's or as its artifact type")
end

-- vnd.ORG.TYPE.VERSION out of application/vnd.ORG.TYPE.config.vVERSION+json.
local function folder_of(problems, media_type)
  local name = media_type:match "^application/(vnd%..*)$"
  local parts, version = {}, nil
  for part in (name or ""):gsub("%+.*$", ""):gmatch "[^.]+" do
    version = version or (#parts > 2 and part:match "^v(%d[%w-]*)$")
    if not version and part ~= "config" then
      parts[#parts + 1] = part
    end
  end
  complain(problems, #parts < 3 or not version,
    "the media type %s must be like application/vnd.ORG.TYPE.config.v1+json, the folder is named after it", media_type)
  return ("artifactTypes/%s.%s"):format(table.concat(parts, "."), version)
end

-- ---- the files

local function files_of(kind)
  local problems, shape = {}, kind.child or kind
  local media_type = own_type(problems, kind, shape)
  local folder = media_type and folder_of(problems, media_type)
  local document = {
    mediaType = media_type,
    title = localised(problems, "title", kind.titles, kind.title, "title", 3, 30),
    description = localised(problems, "description", kind.descriptions, kind.description or "", "description", 5, 255),
    moreInfoUrl = kind.more_info_url,
    specUrl = kind.spec_url,
    tools = tools_of(problems, kind),
    configSchemaReferenceUrl = kind.config_schema_url,
    layerMediaTypes = layer_types(problems, shape),
  }
  if problems[1] then
    return nil, ("%s cannot be submitted: %s"):format(kind.name, table.concat(problems, "; ")), "INVALID", {}
  end
  local files = { { name = folder .. "/artifactType.json", value = document } }
  if shape.config and shape.config.schema ~= nil then
    files[2] = { name = folder .. "/artifactConfigSchema.json", value = shape.config.schema }
  end
  return files
end

-- Pulled out of memory into the directory: all of them or none, and what is there already stays.
local function write(files, dir)
  local layers = {}
  for i, file in ipairs(files) do
    local text, message, code, detail = values.pretty(file.value)
    if not text then
      return nil, message, code, detail
    end
    layers[i] = { data = text .. "\n", title = file.name, media_type = "application/json" }
  end
  local client, message, code, detail = require("oci").client()
  if not client then
    return nil, message, code, detail
  end
  local pulled
  pulled, message, code, detail = client:push("memory:submission:files", {
    artifact_type = "application/vnd.unknown.artifact.v1", layers = layers,
  })
  if pulled then
    pulled, message, code, detail = client:pull("memory:submission:files", { to = dir })
  end
  client:close()
  if not pulled then
    return nil, (message:gsub("^%a+ memory:submission:files: ", "")), code, detail
  end
  local paths = {}
  for i, file in ipairs(pulled.files) do
    paths[i] = file.path
  end
  return paths
end

--- Writes the files; see oci.Type.
return function(kind, dir)
  options.check_string("submission", 1, dir)
  local files, message, code, detail = files_of(kind)
  if not files then
    return nil, message, code, detail
  end
  return write(files, dir)
end
