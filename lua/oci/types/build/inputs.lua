--- What builders are given: paths, contents and lists of them; and what they have to look into.
local content = require "oci.content"
local core = require "oci.core"
local options = require "oci.options"

local inputs = {}

--- nil, "TYPE: message", "INVALID", {}
function inputs.refuse(kind, message, ...)
  return nil, ("%s: " .. message):format(kind.name, ...), "INVALID", {}
end

--- The key of a role in a specification: "weight.config" is also weight_config.
function inputs.key(role)
  return (role:gsub("[^%w]", "_"))
end

--- What is given for a role.
function inputs.of_role(given, role)
  local value = given[role.role]
  if value == nil then
    value = given[inputs.key(role.role)]
  end
  return value
end

--- Counts as people say them: "1", "at most 20".
function inputs.counted(role)
  local least, most = role.min or 0, role.max or math.huge
  if least == most then
    return tostring(least)
  end
  return most == math.huge and "at least " .. least or least == 0 and "at most " .. most
    or ("%d to %d"):format(least, most)
end

local KINDS = { "path", "data", "json", "reader", "dir", "glob" }

local function is_content(value)
  for _, kind in ipairs(KINDS) do
    if value[kind] ~= nil then
      return true
    end
  end
  return false
end

--- A copy of a table, or the content that a path is.
function inputs.copy(value)
  if type(value) ~= "table" then
    return { path = value }
  end
  local made = {}
  for key, item in pairs(value) do
    made[key] = item
  end
  return made
end

--- Is there a directory? Reading is what tells, everywhere.
function inputs.is_directory(path)
  local file = io.open(path, "rb")
  if not file then
    return false
  end
  local _, _, number = file:read(1)
  file:close()
  return number == 21 -- EISDIR
end

--- The title of a path: its last part, or the path itself where it is relative and goes down only. nil: none can be made.
function inputs.title(path, last)
  local parts = {}
  for part in path:gmatch "[^/]+" do
    if part ~= "." then
      parts[#parts + 1] = part
      last = last or part == ".."
    end
  end
  if #parts == 0 or parts[#parts] == ".." then
    return nil
  end
  return (last or path:sub(1, 1) == "/") and parts[#parts] or table.concat(parts, "/")
end

function inputs.exists(path)
  local file = io.open(path, "rb")
  if file then
    file:close()
  end
  return file ~= nil
end

-- The first bytes of a file; or nil, message, code, detail.
local function read_some(path, count)
  local file, why, number = io.open(path, "rb")
  if not file then
    return nil, "cannot open " .. why, number == 2 and "NOT_FOUND" or "IO", { path = path }
  end
  local text, wrong = file:read(count)
  file:close()
  if wrong then
    return nil, ("cannot read %s: %s"):format(path, wrong), "IO", { path = path }
  end
  return text or ""
end

--- All of a file, at most `limit` bytes; or nil, message, code, detail.
function inputs.read(path, limit)
  local text, message, code, detail = read_some(path, limit + 1)
  if text and #text > limit then
    return nil, ("%s has more than %d bytes"):format(path, limit), "LIMIT", { path = path }
  end
  return text, message, code, detail
end

--- What a content is called in messages.
function inputs.name(item)
  return item.path or item.dir or item.title or "the content"
end

--- The first bytes of a content, fewer if it is shorter; or nil, message, code, detail. Of a reader nothing can be read before it is sent.
function inputs.head(item, count)
  if item.data then
    return item.data:sub(1, count)
  elseif item.dir then
    return nil, item.dir .. " is a directory, and a file is expected", "INVALID", { path = item.dir }
  elseif not item.path then
    return nil, "a path or data are expected, since it is looked into", "INVALID", {}
  end
  return read_some(item.path, count)
end

--- The digest of a content.
function inputs.digest(client, item)
  if client then
    return client:digest(item)
  end
  return require("oci").digest(item)
end

local function unpacked_digest(client, path)
  local head, message, code, detail = inputs.head({ path = path }, 4)
  if not head then
    return nil, message, code, detail
  elseif head:sub(1, 2) ~= "\31\139" and head ~= "\40\181\47\253" then
    return nil, path .. " is neither gzip nor zstd, as its media type says", "INVALID", { path = path }
  end
  return inputs.digest(client, { path = path, unpacked = true })
end

--- The digest of what is in a layer before it is compressed, as its media type says, which configs name.
function inputs.plain_digest(client, item)
  if item.dir then
    local plain = inputs.copy(item)
    plain.compression, plain.media_type = "none", nil
    return inputs.digest(client, plain)
  elseif item.reader then
    return nil, "a path or data are expected, since the config names their digests", "INVALID", {}
  end
  local media_type = item.media_type or ""
  if not (media_type:find "[+.]gzip$" or media_type:find "%+zstd$") then
    return inputs.digest(client, item)
  elseif item.path then
    return unpacked_digest(client, item.path)
  end
  return nil, "the bytes are compressed, and the config has to name the digest of what is in them: give a path, or the "
    .. "config", "UNSUPPORTED", {}
end

-- The patterns of the files in a directory that a role is made of.
local function patterns_of(role)
  local patterns = {}
  if role.files and role.files[1] then
    return role.files
  end
  for extension in (role.extension or ""):gmatch "[^|]+" do
    patterns[#patterns + 1] = "**/*" .. extension
  end
  return patterns
end

-- The files below `root` that match one of the patterns, each once, sorted.
local function found(root, patterns)
  local paths, seen = {}, {}
  for _, pattern in ipairs(patterns) do
    local some, message, code, detail = core.glob(root, pattern)
    if not some and code ~= "NOT_FOUND" then
      return nil, message, code, detail
    end
    for _, path in ipairs(some or {}) do
      if not seen[path] then
        seen[path] = true
        paths[#paths + 1] = path
      end
    end
  end
  table.sort(paths)
  if not paths[1] then
    return nil, ("no file in %s matches %s"):format(root, table.concat(patterns, ", ")), "NOT_FOUND", { path = root }
  end
  return paths
end

-- Contents of the files below `root`, with what else was given for them, titled by their paths from there.
local function each_file(root, patterns, given)
  local paths, message, code, detail = found(root, patterns)
  if not paths then
    return nil, message, code, detail
  end
  local items = {}
  for i, path in ipairs(paths) do
    items[i] = inputs.copy(given)
    items[i].glob, items[i].root, items[i].dir = nil, nil, nil
    items[i].path, items[i].title = root:gsub("/*$", "") .. "/" .. path, path
  end
  return items
end

local function is_archive(role)
  for _, media_type in ipairs(role.media_types or {}) do
    if media_type:find "tar" then
      return true
    end
  end
end

-- One content as a list: a directory is an archive, or the files in it, whichever the role is made of.
local function expand(role, given)
  local item = inputs.copy(given)
  if item.glob then
    return each_file(item.root or ".", { item.glob }, item)
  end
  if item.path and inputs.is_directory(item.path) then
    item.path, item.dir = nil, item.path
  end
  local patterns = item.dir and role.max ~= 1 and not is_archive(role) and patterns_of(role) or {}
  if patterns[1] then
    return each_file(item.dir, patterns, item)
  end
  return { item }
end

local EXPECTED = "path, content or list of them"

--- A checker (see oci.options): a path, a content, or a list of them.
function inputs.check(value)
  if type(value) ~= "table" then
    return type(value) ~= "string" and EXPECTED or nil
  elseif is_content(value) then
    local fault = content.fault(value)
    return fault and EXPECTED, fault
  end
  local fault = options.list_fault(value)
  if fault then
    return EXPECTED, (fault:gsub("^list", EXPECTED))
  end
  for i, one in ipairs(value) do
    fault = content.fault(one)
    if fault then
      return EXPECTED, ("[%d]: %s"):format(i, fault)
    end
  end
end

--- What was given as a list: one content, a path, or a list of them.
function inputs.each(value)
  if type(value) == "string" or (type(value) == "table" and is_content(value)) then
    return { value }
  end
  return value or {}
end

--- The contents that a role is given, as a list of tables that may be changed; or nil, message, code, detail.
function inputs.list(kind, role, value)
  local given, all = inputs.each(value), {}
  for _, one in ipairs(given) do
    local items, message, code, detail = expand(role, one)
    if not items then
      return nil, ("%s: '%s': %s"):format(kind.name, role.role, message), code, detail
    end
    for _, item in ipairs(items) do
      all[#all + 1] = item
    end
  end
  return all
end

--- Reads what is given for all roles of layers, calls prepare(role, item) for each content, and puts them back as lists. true, or
-- nil, message, code, detail.
function inputs.read_roles(kind, given, prepare)
  for _, role in ipairs(kind.layers) do
    local items, message, code, detail = inputs.list(kind, role, inputs.of_role(given, role))
    if not items then
      return nil, message, code, detail
    end
    for _, item in ipairs(items) do
      prepare(role, item)
    end
    given[inputs.key(role.role)] = nil
    given[role.role] = items
  end
  return true
end

--- After that: the digests of what is in them before it is compressed, in their order; or nil, message, code, detail.
function inputs.diff_ids(kind, given, client)
  local digests = {}
  for _, role in ipairs(kind.layers) do
    for _, item in ipairs(given[role.role]) do
      local digest, message, code, detail = inputs.plain_digest(client, item)
      if not digest then
        return nil, ("%s: '%s': %s"):format(kind.name, role.role, message), code, detail
      end
      digests[#digests + 1] = digest
    end
  end
  return core.array(digests)
end

return inputs
