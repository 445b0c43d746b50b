--- Helm charts from a directory or a .tgz, as helm 3 pushes them: the config is Chart.yaml as helm reads and prints it.
local archive = require "oci.types.archive"
local core = require "oci.core"
local go = require "oci.types.build.go"
local helm_ignore = require "oci.types.build.helm_ignore"
local inputs = require "oci.types.build.inputs"

local helm_chart = {
  options = {
    -- false: not even the one that lies beside the archive
    provenance = function(value) return value ~= false and inputs.check(value) or nil end,
  },
}

local FILE_LIMIT = 5 * 1024 * 1024 -- helm's own
local PREFIX = "org.opencontainers.image."

-- ---- Chart.yaml, read as helm's structs are

-- Readers give the value, or nil for what is not written, and what was expected instead.
local read = {}

-- A scalar is text here, however it is written.
function read.text(value)
  local kind = type(value)
  if kind == "number" then
    return go.number(value)
  elseif kind == "boolean" then
    return tostring(value)
  elseif value == nil or value == core.null then
    return nil
  elseif kind ~= "string" then
    return nil, "text"
  end
  return value
end

function read.clean(value)
  local text, expected = read.text(value)
  return text and go.printable(text), expected
end

function read.flag(value)
  if value == nil or value == core.null or type(value) == "boolean" then
    return value == true or nil
  end
  return nil, "true or false"
end

local function is_list(value)
  return type(value) == "table" and (value[1] ~= nil or next(value) == nil)
end

local function list_of(reader)
  return function(value)
    if value == nil or value == core.null then
      return nil
    elseif not is_list(value) then
      return nil, "a list"
    end
    local items = {}
    for i, item in ipairs(value) do
      local read_item, expected = reader(item)
      if expected then
        return nil, "a list of " .. expected
      end
      items[i] = read_item == nil and "" or read_item
    end
    return items[1] and items or nil
  end
end

function read.texts(value)
  if value == nil or value == core.null then
    return nil
  elseif type(value) ~= "table" or value[1] ~= nil then
    return nil, "a mapping"
  end
  local all = {}
  for name, item in pairs(value) do
    local text, expected = read.text(item)
    if expected then
      return nil, "a mapping to " .. expected
    end
    all[name] = text or ""
  end
  return next(all) and all or nil
end

function read.anything(value)
  return value ~= core.null and value or nil
end

-- A struct: its fields in the order in which Go prints them. Names are found as Go's decoder finds them, whatever their case.
local function record(fields)
  return function(value)
    if type(value) ~= "table" or value[1] ~= nil then
      return nil, "mappings"
    end
    local lower, made = {}, { fields = fields }
    for name, item in pairs(value) do
      lower[name:lower()] = item
    end
    for _, field in ipairs(fields) do
      local given = value[field.name]
      if given == nil then
        given = lower[field.name:lower()]
      end
      local item, expected = field.read(given)
      if expected then
        return nil, ("%s in '%s'"):format(expected, field.name)
      end
      made[field.name] = item
    end
    return made
  end
end

local function field(name, reader, always)
  return { name = name, read = reader, always = always }
end

local maintainer = record { field("name", read.clean), field("email", read.clean), field("url", read.clean) }

local dependency = record {
  field("name", read.clean, true), field("version", read.clean), field("repository", read.clean, true),
  field("condition", read.clean), field("tags", list_of(read.clean)), field("enabled", read.flag),
  field("import-values", list_of(read.anything)), field("alias", read.text),
}

local metadata = record {
  field("name", read.clean), field("home", read.clean), field("sources", list_of(read.clean)),
  field("version", read.text), field("description", read.clean), field("keywords", list_of(read.clean)),
  field("maintainers", list_of(maintainer)), field("icon", read.clean), field("apiVersion", read.text),
  field("condition", read.clean), field("tags", read.clean), field("appVersion", read.clean),
  field("deprecated", read.flag), field("annotations", read.texts), field("kubeVersion", read.clean),
  field("dependencies", list_of(dependency)), field("type", read.text),
}

-- As Go prints it: in the order of the fields, what is empty left out.
local function print_value(value)
  if type(value) ~= "table" then
    return assert(go.json(value))
  elseif value.fields then
    local names, texts = {}, {}
    for i, f in ipairs(value.fields) do
      local item = value[f.name]
      names[i] = f.name
      texts[f.name] = (f.always or (item ~= nil and item ~= "")) and print_value(item or "") or nil
    end
    return go.object(names, texts)
  elseif type(value[1]) == "table" and value[1].fields then
    local items = {}
    for i, item in ipairs(value) do
      items[i] = print_value(item)
    end
    return "[" .. table.concat(items, ",") .. "]"
  end
  return assert(go.json(value))
end

-- ---- what helm insists on

-- Parts between dots, each matching the pattern: how many; nil: some do not.
local function parts_of(text, pattern)
  local rest, count = ("." .. text):gsub("%." .. pattern, "")
  return rest == "" and count or nil
end

-- As helm takes versions: "1.2.3-rc.1+build", "v1" too.
local function is_version(text)
  local numbers, rest = text:match "^v?([%d.]+)(.*)$"
  local before = rest and rest:match "^%-[^+]*" or ""
  local meta = rest and rest:sub(#before + 1)
  return numbers ~= nil and (parts_of(numbers, "%d+") or 4) <= 3
    and (before == "" or parts_of(before:sub(2), "[%w-]+") ~= nil)
    and (meta == "" or (meta:sub(1, 1) == "+" and parts_of(meta:sub(2), "[%w-]+") ~= nil))
end

local function complaint(chart)
  if not chart.name or chart.name == "" then
    return "it has no name"
  elseif chart.name == "." or chart.name == ".." or chart.name:find "/" then
    return ("the name \"%s\" is not one"):format(chart.name)
  elseif not chart.version or chart.version == "" then
    return "it has no version"
  elseif not is_version(chart.version) then
    return ("the version \"%s\" is not semantic"):format(chart.version)
  elseif chart.type and chart.type ~= "" and chart.type ~= "application" and chart.type ~= "library" then
    return "its type is neither application nor library"
  end
  local seen = {}
  for _, other in ipairs(chart.dependencies or {}) do
    local alias = other.alias ~= "" and other.alias or nil
    if alias and alias:find "[^%w_-]" then
      return ("the alias \"%s\" has characters that none may have"):format(alias)
    elseif seen[alias or other.name or ""] then
      return ("two dependencies are called \"%s\""):format(alias or other.name or "")
    end
    seen[alias or other.name or ""] = true
  end
end

-- The chart's metadata; or nil, message, code, detail. `files`: texts of Chart.yaml and maybe requirements.yaml.
local function parse(files)
  local all = {}
  for _, name in ipairs { "Chart.yaml", "requirements.yaml" } do
    local value, message, code, detail = {}, nil, nil, nil
    if files[name] then
      value, message, code, detail = core.yaml_decode(files[name])
    end
    if value == nil then
      return nil, ("%s: %s"):format(name, message), code, detail
    elseif value == core.null then
      value = {}
    elseif type(value) ~= "table" or value[1] ~= nil then
      return nil, name .. " is not a mapping", "INVALID", {}
    end
    for key, item in pairs(value) do
      all[key] = item
    end
  end
  local chart, expected = metadata(all)
  if not chart then
    return nil, "Chart.yaml: expected " .. expected, "INVALID", {}
  end
  chart.apiVersion = chart.apiVersion ~= "" and chart.apiVersion or "v1" -- as helm 2 wrote charts
  local wrong = complaint(chart)
  if wrong then
    return nil, "Chart.yaml: " .. wrong, "INVALID", {}
  end
  return chart
end

-- ---- annotations

local function authors(chart)
  local all = {}
  for i, person in ipairs(chart.maintainers or {}) do
    all[i] = (person.name or "") .. ((person.email or "") ~= "" and " (" .. person.email .. ")" or "")
  end
  return table.concat(all, ", ")
end

-- The chart's own annotations are kept, except for its name and version; the caller's come last.
local function annotations_of(chart, given)
  local all = {
    [PREFIX .. "description"] = chart.description,
    [PREFIX .. "url"] = chart.home,
    [PREFIX .. "source"] = chart.sources and chart.sources[1],
    [PREFIX .. "authors"] = authors(chart),
  }
  for name, value in pairs(all) do
    all[name] = value:find "%S" and value or nil
  end
  for name, value in pairs(chart.annotations or {}) do
    all[name] = value
  end
  all[PREFIX .. "title"], all[PREFIX .. "version"] = chart.name, chart.version
  for name, value in pairs(given or {}) do
    all[name] = value
  end
  return all
end

-- ---- the two inputs

local function from_directory(item)
  local files = {}
  for _, name in ipairs { "Chart.yaml", "requirements.yaml", ".helmignore" } do
    local text, message, code, detail = inputs.read(item.dir .. "/" .. name, FILE_LIMIT)
    if not text and (code ~= "NOT_FOUND" or name == "Chart.yaml") then
      return nil, message, code, detail
    end
    files[name] = text
  end
  local patterns, wrong = helm_ignore.patterns(files[".helmignore"])
  if not patterns then
    return nil, ("%s/.helmignore: %s"):format(item.dir, wrong), "INVALID", { path = item.dir .. "/.helmignore" }
  end
  for _, pattern in ipairs(item.ignore or {}) do
    patterns[#patterns + 1] = pattern
  end
  item.ignore = patterns
  return files
end

local function from_archive(item, client)
  if not item.path then
    return nil, "a chart is a directory or the path of a .tgz", "INVALID", {}
  end
  local patterns = { "*/Chart.yaml", "*/requirements.yaml" }
  local found, message, code, detail = archive.read(client, item.path, patterns, FILE_LIMIT)
  if not found then
    return nil, message, code, detail
  elseif not found["*/Chart.yaml"] then
    return nil, "there is no */Chart.yaml in " .. item.path, "INVALID", { path = item.path }
  end
  return { ["Chart.yaml"] = found["*/Chart.yaml"], ["requirements.yaml"] = found["*/requirements.yaml"] }
end

-- helm sorts the layers by their digests.
local function order_of(client, chart, provenance)
  local digests = {}
  for role, item in pairs { chart = chart, provenance = provenance } do
    local digest, message, code, detail = inputs.digest(client, item)
    if not digest then
      return nil, message, code, detail
    end
    digests[role] = digest
  end
  return digests.chart < digests.provenance and { "chart", "provenance" } or { "provenance", "chart" }
end

-- The content of a role that has one, looked at; or nil, message, code, detail.
local function one(kind, role, value)
  local items, message, code, detail = inputs.list(kind, { role = role, media_types = { "tar" } }, value)
  if not items then
    return nil, message, code, detail
  elseif #items ~= 1 then
    return nil, ("%s: one %s is expected"):format(kind.name, role), "INVALID", {}
  end
  return items[1]
end

-- The provenance that was given, or lies beside the archive; false: there is none.
local function provenance_of(chart, given)
  if given ~= nil then
    return given and inputs.copy(given)
  end
  local beside = chart.path and chart.path .. ".prov"
  return beside and inputs.exists(beside) and { path = beside } or false
end

--- See build.expand: the contents of the roles, the tag, and the order of the roles.
function helm_chart.expand(kind, given, client)
  local item, message, code, detail = one(kind, "chart", given.chart)
  if not item then
    return nil, message, code, detail
  end
  local files
  files, message, code, detail = (item.dir and from_directory or from_archive)(item, client)
  local chart
  if files then
    chart, message, code, detail = parse(files)
  end
  if not chart then
    return nil, ("%s: %s"):format(kind.name, message), code, detail
  end
  if item.dir then
    item.prefix, item.compression, item.follow_links = chart.name, "gzip", true
  end
  local provenance, order = provenance_of(item, given.provenance), nil
  if provenance then
    order, message, code, detail = order_of(client, item, provenance)
    if not order then
      return nil, message, code, detail
    end
  end
  given.chart, given.provenance = item, provenance or nil
  given.config = { data = print_value(chart), media_type = kind.config.media_type }
  given.annotations = annotations_of(chart, given.annotations)
  return given, chart.version:gsub("%+", "_"), order
end

return helm_chart
