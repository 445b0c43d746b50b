--- Content: a path, bytes, a JSON value, a directory, the files that a pattern matches, or a reader, as callers write it,
-- made into the one form that the core takes: { path=, is_dir=, data=, reader=, media_type=, title=, annotations=, ... }.
local core = require "oci.core"
local options = require "oci.options"

---@class oci.Content one of path, data, json, reader, dir, glob, and:
---@field path? string a file; a directory is packed
---@field data? string bytes
---@field json? any written in canonical form
---@field reader? oci.Source gives the bytes; read once, never kept
---@field dir? string a directory, packed as a deterministic archive
---@field glob? string the files below `root` that match, titled by their paths from there (`*`, `?`, `[a-z]`, `**`)
---@field root? string for glob; left out: "."
---@field media_type? string
---@field title? string
---@field annotations? table<string, string>
---@field urls? string[] where else the content is
---@field embed? boolean the bytes are in the descriptor's `data`, too; LIMIT over 64 KiB
---@field compression? "gzip"|"zstd"|"none" of a directory; left out: gzip. Left out media types follow it
---@field ignore? string[] patterns of what a packed directory leaves out, in the manner of .gitignore
---@field follow_links? boolean of a directory: symbolic links in it are packed as what they lead to, wherever that is; left out:
--- as links, which have to stay inside
---@field prefix? string of a directory: begins the names in the archive ("": nothing does). Left out: the title does, and
--- annotations ask oras and pull to unpack it

---@alias oci.Source (fun(most: integer): string?, string?) | { read: fun(self: any, most: integer): string?, string? }

local content = {}

local function readable(value)
  if type(value) == "function" then
    return nil
  end
  local ok, read = pcall(function() return value.read end)
  return not (ok and read and not options.callable(read)) and "function or object with the method read" or nil
end

local function anything()
end

-- What a content is made of; exactly one is given.
local kinds = {
  path = options.path,
  data = options.bytes,
  json = anything,
  reader = readable,
  dir = options.path,
  glob = options.path,
}

-- How a directory is packed.
local packing = {
  compression = options.one_of("gzip", "zstd", "none"),
  ignore = options.string_list,
  prefix = options.string,
  follow_links = options.boolean,
}

local checkers = {
  root = options.path,
  media_type = options.string,
  title = options.string,
  annotations = options.string_map,
  urls = options.string_list,
  embed = options.boolean,
}
for name, check in pairs(packing) do
  checkers[name] = check
end
for name, check in pairs(kinds) do
  checkers[name] = check
end

local function kind_of(given)
  local found = {}
  for name in pairs(kinds) do
    if given[name] ~= nil then
      found[#found + 1] = name
    end
  end
  table.sort(found)
  if #found == 1 then
    return found[1]
  end
  return nil, #found == 0 and "one of 'path', 'data', 'json', 'reader', 'dir', 'glob' expected"
    or ("only one of '%s' and '%s' expected"):format(found[1], found[2])
end

-- The title of a path: a relative one itself, tidied; of an absolute one the last part. nil: none can be made.
local function title_of(path)
  if not path:find("[/.]") then
    return path ~= "" and path or nil
  end
  local parts = {}
  for part in path:gmatch("[^/]+") do
    if part == ".." then
      return nil
    end
    if part ~= "." then
      parts[#parts + 1] = part
    end
  end
  if #parts == 0 then
    return nil
  end
  return path:sub(1, 1) == "/" and parts[#parts] or table.concat(parts, "/")
end

--- A new list for content.add: `items` as the core takes them, `readers` by number (those of another list go on in it).
function content.list(readers)
  return { items = {}, readers = readers or {}, titles = {}, below = {} }
end

local function packing_fault(given, kind)
  if kind == "dir" or kind == "path" then
    return nil
  end
  for name in pairs(packing) do
    if given[name] ~= nil then
      return ("'%s' is for directories"):format(name)
    end
  end
end

--- What is wrong with what was given as content, or nil and the kind of content that it is.
function content.fault(given)
  if type(given) == "string" then
    return select(2, options.path(given)), "path"
  elseif type(given) ~= "table" then
    return "path or table expected, got " .. options.kind(given)
  end
  local kind, wrong = kind_of(given)
  local fault = options.fault(given, checkers) or wrong
  if fault then
    return fault
  elseif given.root and kind ~= "glob" then
    return "'root' is for 'glob'"
  elseif kind == "glob" and given.title then
    return "files found by 'glob' are titled by their paths, not by 'title'"
  end
  return packing_fault(given, kind), kind
end

-- The table form of what was given, checked; raises.
local function as_table(call, index, where, given)
  local fault, kind = content.fault(given)
  if fault then
    options.bad_argument(call, index, ("%s: %s"):format(where, fault))
  end
  return type(given) == "string" and { path = given } or given, kind
end

-- The title below which this one would be, or one that would be below this: nobody could write both. (Titles that differ in
-- case alone are files of their own on most systems, so they are pushed, although pull refuses them everywhere.)
local function in_the_way(list, title)
  if list.below[title] then
    return list.below[title]
  end
  local slash = title:find("/", 1, true)
  while slash do
    local above = title:sub(1, slash - 1)
    if list.titles[above] then
      return above
    end
    list.below[above] = title
    slash = title:find("/", slash + 1, true)
  end
end

-- What was given, as messages show it.
local function shown(text)
  return (text:gsub("%c", "?"))
end

-- Appends one item, with its title if the list wants titles.
local function append(list, item, where, titled)
  if titled and not item.title then
    item.title = item.path and title_of(item.path)
    if not item.title then
      return nil, item.path and ("%s: no title can be made of the path \"%s\"; give one"):format(where,
        shown(item.path)) or where .. ": a title is needed", "INVALID", { path = item.path }
    end
  end
  if item.title and list.titles[item.title] then
    return nil, ("%s: the title \"%s\" is given twice"):format(where, shown(item.title)), "INVALID",
      { path = item.path }
  end
  local other = item.title and in_the_way(list, item.title)
  if other then
    return nil, ("%s: the titles \"%s\" and \"%s\" cannot both be files of one directory"):format(where,
      shown(item.title), shown(other)), "INVALID", { path = item.path }
  elseif item.title then
    list.titles[item.title] = true
  end
  list.items[#list.items + 1] = item
  return true
end

local function add_glob(list, given, where, titled)
  local root = given.root or "."
  local found, message, code, detail = core.glob(root, given.glob)
  if not found then
    return nil, where .. ": " .. message, code, detail
  end
  for _, path in ipairs(found) do
    local item = {
      path = root:gsub("/*$", "") .. "/" .. path,
      media_type = given.media_type,
      annotations = given.annotations,
      urls = given.urls,
      embed = given.embed,
      title = titled and path or nil,
    }
    local ok, why, why_code, why_detail = append(list, item, where, titled)
    if not ok then
      return nil, why, why_code, why_detail
    end
  end
  return true
end

-- What an item has as it was given. One by one: of a table that is written with names for all of them, the unused ones are
-- kept room for, which is much for a thousand files.
local carried = {
  "title",
  "media_type",
  "annotations",
  "urls",
  "embed",
  "compression",
  "ignore",
  "prefix",
  "follow_links",
}

local function item_of(from)
  local item = {}
  for i = 1, #carried do
    item[carried[i]] = from[carried[i]]
  end
  return item
end

--- Adds what was given as content to the list. `where` says which one it is in messages; `titled`: it needs a title.
-- Raises for a wrong type or name; true, or nil, message, code, detail.
function content.add(list, call, index, where, given, titled)
  local from, kind = as_table(call, index, where, given)
  if kind == "glob" then
    return add_glob(list, from, where, titled)
  end
  if type(given) == "string" then
    return append(list, from, where, titled)
  end
  local item = item_of(from)
  if kind == "json" then
    local ok, text, message, code, detail = pcall(core.json_encode, from.json)
    if not ok then
      options.bad_argument(call, index, ("%s: %s"):format(where, text))
    elseif not text then
      return nil, where .. ": " .. message, code, detail
    end
    item.data = text
    item.media_type = item.media_type or "application/json"
  elseif kind == "reader" then
    list.readers[#list.readers + 1] = from.reader
    item.reader = #list.readers
  elseif kind == "data" then
    item.data = from.data
  else
    item.path = from[kind]
    item.is_dir = kind == "dir" or nil
  end
  return append(list, item, where, titled)
end

--- One content alone (a config, a blob): the item and the readers' list, or nil, message, code, detail.
function content.one(call, index, where, given)
  local from, kind = as_table(call, index, where, given)
  if kind == "glob" then
    options.bad_argument(call, index, where .. ": one content expected, 'glob' is for many")
  end
  local list = content.list()
  local ok, message, code, detail = content.add(list, call, index, where, from, false)
  if not ok then
    return nil, message, code, detail
  end
  return list.items[1], list.readers
end

return content
