--- Conftest's policies and data: each file of the directories is a layer, titled by its path, as `conftest push` has it.
local core = require "oci.core"
local inputs = require "oci.types.build.inputs"

local conftest_bundle = {}

local PATTERNS = { policy = { "**/*.rego" }, data = { "**/*.yaml", "**/*.yml", "**/*.json" } }

-- The files of one role in a directory; none is not an error here.
local function files_in(directory, role)
  local items = {}
  for _, pattern in ipairs(PATTERNS[role]) do
    local paths, message, code, detail = core.glob(directory, pattern)
    if not paths and code ~= "NOT_FOUND" then
      return nil, message, code, detail
    end
    for _, path in ipairs(paths or {}) do
      local full = directory:gsub("(.)/+$", "%1") .. "/" .. path
      local title = inputs.title(directory, false)
      items[#items + 1] = { path = full, title = (title and title .. "/" or "") .. path }
    end
  end
  table.sort(items, function(a, b) return a.path < b.path end)
  return items
end

-- The directory that was given, or nil.
local function directory_of(item)
  if type(item) == "table" then
    return item.dir
  end
  return inputs.is_directory(item) and item or nil
end

-- What was given for a role, with the files of directories in their places.
local function contents_of(given, role)
  local all = {}
  for _, item in ipairs(inputs.each(given)) do
    local directory = directory_of(item)
    local items, message, code, detail = { item }, nil, nil, nil
    if directory then
      items, message, code, detail = files_in(directory, role)
    end
    if not items then
      return nil, message, code, detail
    end
    for _, one in ipairs(items) do
      all[#all + 1] = one
    end
  end
  return all
end

--- See build.expand. Without `data` the data beside the policies are taken, as conftest does.
function conftest_bundle.expand(kind, given)
  local data = given.data
  if data == nil then
    data = {}
    for _, item in ipairs(inputs.each(given.policy)) do
      data[#data + 1] = directory_of(item)
    end
  end
  for role, value in pairs { policy = given.policy or {}, data = data } do
    local items, message, code, detail = contents_of(value, role)
    if not items then
      return nil, ("%s: '%s': %s"):format(kind.name, role, message), code, detail
    end
    given[role] = items
  end
  if not given.policy[1] and not given.data[1] then
    return nil, ("%s: there is neither policy nor data"):format(kind.name), "INVALID", {}
  end
  return given
end

return conftest_bundle
