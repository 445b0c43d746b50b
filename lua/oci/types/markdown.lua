--- type:markdown(): a page about a type, for people.
local values = require "oci.types.values"

local TITLE = "org.opencontainers.image.title"

-- ---- pieces of Markdown

-- Text as it is: what has a meaning in Markdown or HTML is escaped, ends of lines are blanks.
local function plain(text)
  return (tostring(text):gsub("%s+", " "):gsub("[\\`*_%[%]<>|#~&!$]", "\\%0"):gsub("^ ?([-+])", "\\%1")
    :gsub("^ ?(%d+)([.)] )", "%1\\%2"))
end

-- Code within a line.
local function code(text)
  text = tostring(text):gsub("%s+", " ")
  local longest = 0
  for ticks in text:gmatch "`+" do
    longest = math.max(longest, #ticks)
  end
  local fence, pad = ("`"):rep(longest + 1), longest > 0 and " " or ""
  return fence .. pad .. text .. pad .. fence
end

-- What is in a table's cell: a bar would end it, in code as well.
local function cell(text)
  return (text:gsub("\\?|", "\\|"))
end

local function codes(list, between)
  local all = {}
  for i, item in ipairs(list or {}) do
    all[i] = code(item)
  end
  return table.concat(all, between or ", ")
end

-- A page that is being written: blocks, with a blank line between them.
local Page = {}
Page.__index = Page

function Page:add(text, ...)
  self[#self + 1] = select("#", ...) > 0 and text:format(...) or text
end

function Page:section(title)
  self:add("## %s", title)
end

function Page:list(lines)
  if lines[1] then
    self:add("- " .. table.concat(lines, "\n- "))
  end
end

-- ---- what there is to say

local function counted(role)
  local least, most = role.min, role.max
  if least == most then
    return tostring(least)
  elseif not most then
    return least == 0 and "any number" or least .. " or more"
  end
  return ("%d to %d"):format(least, most)
end

local function media_types(role)
  local all = {}
  for _, item in ipairs(role.media_types) do
    all[#all + 1] = item == "*" and "any" or code(item)
  end
  for _, prefix in ipairs(role.media_type_prefixes or {}) do
    all[#all + 1] = code(prefix .. "...")
  end
  if role.media_type_pattern then
    all[#all + 1] = code(role.media_type_pattern)
  end
  for _, old in ipairs(role.legacy_media_types or {}) do
    all[#all + 1] = code(old) .. " (old, only read)"
  end
  return table.concat(all, "<br>")
end

-- What else is known of a layer.
local function remarks(role)
  local all = {}
  local function say(text, ...)
    all[#all + 1] = text:format(...)
  end
  if role.description then
    say("%s", plain(role.description))
  end
  if role.artifact_type then
    say("artifact type %s", code(role.artifact_type))
  end
  if role.platform then
    say("platform: %s", plain(role.platform))
  end
  if role.position then
    say("the %s", role.position)
  end
  if role.title_required then
    say("with a title")
  end
  if role.files or role.title_pattern then
    say("titled like %s", codes(role.files or { role.title_pattern }))
  elseif role.extension then
    say("files end in %s", codes { role.extension })
  end
  if role.data == "embedded" then
    say("the content is in the descriptor")
  end
  local wanted = role.annotations or {}
  for _, name in ipairs(wanted.required or {}) do
    if name ~= TITLE or not role.title_required then
      say("needs %s", code(name))
    end
  end
  for _, more in ipairs { wanted.values or {}, role.annotation_values or {} } do
    for _, name in ipairs(values.sorted(more)) do
      say("%s is %s", code(name), code(more[name]))
    end
  end
  return table.concat(all, "<br>")
end

local function add_roles(page, roles)
  local rows = { "| role | media types | how many | |", "|---|---|---|---|" }
  for _, role in ipairs(roles) do
    rows[#rows + 1] = ("| %s | %s | %s | %s |"):format(code(role.role), cell(media_types(role)), counted(role),
      cell(remarks(role)))
  end
  page:add(table.concat(rows, "\n"))
end

local others = {
  reject = "Layers of other media types are refused.",
  ignore = "Layers of other media types are ignored.",
  allow = "Layers of other media types may be there.",
}

local function add_layers(page, shape, unknown, order)
  page:section "Layers"
  if not shape.layers[1] then
    page:add "There are none."
    return
  end
  add_roles(page, shape.layers)
  page:add(others[unknown or "allow"])
  if order == "significant" then
    page:add "Their order counts."
  elseif order == "declared" then
    page:add "They come in the order of this table."
  end
end

local function add_config(page, config)
  page:section "Config"
  if not config then
    page:add "There is none."
    return
  end
  local lines = { "media type: " .. (config.media_type == "*" and "any" or code(config.media_type))
    .. (config.required and "" or " (others are taken, too)") }
  if config.also_media_types then
    lines[#lines + 1] = "also taken: " .. codes(config.also_media_types)
  end
  if config.stale_aliases then
    lines[#lines + 1] = "mistakes that are met: " .. codes(config.stale_aliases)
  end
  if config.content then
    lines[#lines + 1] = "content: " .. plain(config.content)
  end
  for _, name in ipairs(values.sorted(config.labels or {})) do
    lines[#lines + 1] = ("label %s: %s"):format(code(name), code(config.labels[name]))
  end
  page:list(lines)
  local schema = config.schema ~= nil and values.pretty(config.schema)
  if schema then
    page:add("What is in it follows this JSON Schema:")
    page:add("```json\n%s\n```", schema)
  end
end

local marks = {
  ["artifactType"] = "its artifact type",
  ["config.mediaType"] = "the media type of its config",
  ["layer.mediaType"] = "the media types of its layers",
  ["layer.annotation"] = "annotations of its layers",
  ["annotation"] = "annotations of the manifest",
  ["config.label"] = "a label in its config",
  ["tag"] = "its tag",
  ["index-descriptor"] = "what the index says that lists it",
}

local function add_recognition(page, kind)
  page:section "How it is recognised"
  local roots = { code(kind.manifest_media_type) }
  for _, list in ipairs { kind.also_manifest_media_types or {}, kind.also_root_media_types or {} } do
    for _, media_type in ipairs(list) do
      roots[#roots + 1] = code(media_type)
    end
  end
  local lines = { ("%s: %s"):format(kind.entries and "index" or "manifest", table.concat(roots, ", ")) }
  if kind.artifact_type then
    lines[#lines + 1] = "artifact type: " .. (kind.artifact_type == "*" and "of the author's choice"
      or code(kind.artifact_type))
  end
  local by, fallback = marks[kind.identify_by], marks[kind.identify_fallback]
  if by then
    lines[#lines + 1] = ("told by %s%s"):format(by, fallback and ", or else by " .. fallback or "")
  end
  if kind.tag_pattern then
    lines[#lines + 1] = "tags like " .. code(kind.tag_pattern)
  end
  page:list(lines)
end

local function add_annotations(page, annotations, title)
  local lines = {}
  local function add(list, what)
    for _, name in ipairs(list or {}) do
      local value = (annotations.values or {})[name]
      lines[#lines + 1] = ("%s (%s)%s"):format(code(name), what, value and ": " .. code(value) or "")
    end
  end
  add(annotations.required, "required")
  add(annotations.recommended, "recommended")
  if lines[1] then
    page:section(title)
    page:list(lines)
  end
end

local function add_rest(page, kind)
  local lines = {}
  if kind.subject ~= "none" then
    lines[#lines + 1] = kind.subject == "required" and "it has a subject: what it is about" or "it may have a subject"
  end
  if kind.tag_rule then
    lines[#lines + 1] = "tags: " .. plain(kind.tag_rule)
  end
  for _, name in ipairs(values.sorted(kind.limits or {})) do
    lines[#lines + 1] = ("%s: at most %.0f"):format(plain((name:gsub("_", " "))), kind.limits[name])
  end
  if lines[1] then
    page:section "Rules"
    page:list(lines)
  end
  local refused = {}
  for i, text in ipairs(kind.client_rejects or {}) do
    refused[i] = plain(text)
  end
  if refused[1] then
    page:section "What its client refuses"
    page:list(refused)
  end
  if kind.notes and kind.notes ~= "" then
    page:section "Notes"
    page:add("%s", plain(kind.notes))
  end
end

local function add_names(page, kind)
  local lines = {}
  for i, finding in ipairs(kind.findings or {}) do
    lines[i] = ("%s: %s (%s)"):format(code(finding.path), plain(finding.message), finding.rule)
  end
  if lines[1] then
    page:section "Names that do not follow the convention"
    page:list(lines)
  end
end

local function add_links(page, kind)
  local lines = {}
  for _, text in ipairs(kind.specs or {}) do
    lines[#lines + 1] = plain(text)
  end
  for _, field in ipairs { "spec_url", "more_info_url", "config_schema_url" } do
    if kind[field] then
      lines[#lines + 1] = "<" .. kind[field]:gsub("[<>%s]", "") .. ">"
    end
  end
  for _, tool in ipairs(kind.tools or {}) do
    lines[#lines + 1] = ("%s: <%s>"):format(plain(tool.title), (tool.url:gsub("[<>%s]", "")))
  end
  if kind.source then
    lines[#lines + 1] = "read in: " .. plain(kind.source)
  end
  if lines[1] then
    page:section "It refers to"
    page:list(lines)
  end
end

local function add_head(page, kind)
  page:add("# %s", plain(kind.title))
  local about = { code(kind.name) }
  if kind.version then
    about[#about + 1] = "version " .. plain(kind.version)
  end
  if kind.status ~= "current" then
    about[#about + 1] = plain(kind.status)
  end
  page:add("%s", table.concat(about, ", "))
  if kind.description and kind.description ~= "" then
    page:add("%s", plain(kind.description))
  end
  local lines = {}
  for _, locale in ipairs(values.sorted(kind.titles or {})) do
    local description = (kind.descriptions or {})[locale]
    lines[#lines + 1] = ("%s: %s%s"):format(locale, plain(kind.titles[locale]),
      description and ". " .. plain(description) or "")
  end
  page:list(lines)
end

--- A page about a type, in Markdown.
---@param kind oci.Type
---@return string
return function(kind)
  local page = setmetatable({}, Page)
  add_head(page, kind)
  add_recognition(page, kind)
  if kind.entries then
    page:section "Entries"
    add_roles(page, kind.entries)
    add_annotations(page, kind.annotations, "Annotations of the index")
  end
  local shape = kind.child or kind
  if kind.child then
    page:section "Manifests of the entries"
    page:add(shape.artifact_type and "Artifact type: " .. code(shape.artifact_type) or "They have no artifact type.")
  end
  add_config(page, shape.config)
  add_layers(page, shape, kind.unknown_layers, kind.layer_order)
  add_annotations(page, shape.annotations or {}, "Annotations")
  add_rest(page, kind)
  add_names(page, kind)
  add_links(page, kind)
  return table.concat(page, "\n\n") .. "\n"
end
