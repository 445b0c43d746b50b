-- What the annotations say of tables of options is true: every field is taken, and nothing else is. The error for a name that is
-- near to none tells which ones are.
local kit = require "testkit"
local oci = require "oci"

local root = os.getenv "OCI_TEST_ROOT" or "."
local NONE = "is_near_to_none_of_them_all"

-- ---- the annotations

-- The fields of each class, and what it has besides, out of all files of the Lua layer.
local function read_classes()
  local classes, class = {}, nil
  for path in kit.must("find", root .. "/lua/oci", "-name", "*.lua"):gmatch "[^\n]+" do
    for line in kit.read(path):gmatch "[^\n]+" do
      local name, parents = line:match "^%-%-%-@class ([%w_.]+):?%s*([%w_., ]*)"
      local field = line:match "^%-%-%-@field ([%w_]+)%??%s"
      if name then
        class = classes[name] or { fields = {}, parents = {} }
        classes[name] = class
        for parent in parents:gmatch "oci%.[%w_]+" do
          table.insert(class.parents, parent)
        end
      elseif field and class then
        class.fields[field] = true
      end
    end
  end
  return classes
end

local classes

local function add_fields(all, name)
  local class = assert(classes[name], name)
  for field in pairs(class.fields) do
    all[field] = true
  end
  for _, parent in ipairs(class.parents) do
    add_fields(all, parent)
  end
  return all
end

local function sorted(set)
  local list = {}
  for name in pairs(set) do
    list[#list + 1] = name
  end
  table.sort(list)
  return list
end

-- ---- what is taken

-- The names that a call knows which is given a table with an unknown one.
local function known(f)
  local ok, message = pcall(f, { [NONE] = 1 })
  assert.is_false(ok)
  local names = tostring(message):match("unknown option '" .. NONE .. "', known are ([%w_, ]+)")
  assert.is_string(names, message)
  local set = {}
  for name in names:gmatch "[%w_]+" do
    set[name] = true
  end
  return set
end

local manifest = oci.parse([[{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
  "config":{"mediaType":"a/b","size":2,"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"},
  "layers":[]}]])

local function define(more)
  local definition = { name = "annotated", title = "Annotated", artifact_type = "application/vnd.example.annotated.v1" }
  for name, value in pairs(more) do
    definition[name] = value
  end
  return oci.types.define(definition)
end

local cases = {
  ["oci.CallOptions"] = function(given) oci.resolve("x/y", given) end,
  ["oci.PullOptions"] = function(given) oci.pull("x/y", given) end,
  ["oci.OpenFileOptions"] = function(given) oci.open_file("x/y", "a", given) end,
  ["oci.CopyOptions"] = function(given) oci.copy("x/y", "x/z", given) end,
  ["oci.FetchOptions"] = function(given) oci.fetch_blob("x/y", given) end,
  ["oci.RangeOptions"] = function(given) oci.open_blob("x/y", given) end,
  ["oci.PushBlobOptions"] = function(given) oci.push_blob("x/y", "a", given) end,
  ["oci.Spec"] = function(given) oci.push("x/y", given) end,
  ["oci.IndexSpec"] = function(given) oci.index(given) end,
  ["oci.Entry"] = function(given) oci.push("x/y", { manifests = { given } }) end,
  ["oci.NamedEntry"] = function(given)
    given.manifest = manifest
    oci.push("x/y", { manifests = { given } })
  end,
  ["oci.Content"] = function(given) oci.push("x/y", { layers = { given } }) end,
  ["oci.Platform"] = function(given) oci.pull("x/y", { platform = given }) end,
  ["oci.ClientOptions"] = function(given) oci.client(given) end,
  ["oci.RegistryOptions"] = function(given) oci.client { registries = { ["x:1"] = given } } end,
  ["oci.Credentials"] = function(given) oci.client { credentials = given } end,
  ["oci.IdentifyOptions"] = function(given) oci.types.identify(manifest, given) end,
  ["oci.CheckOptions"] = function(given) oci.types.get("wasm"):check(manifest, given) end,
  ["oci.CheckContentOptions"] = function(given) oci.types.get("wasm"):check_content("x/y", given) end,
  ["oci.TypePullOptions"] = function(given) oci.types.get("wasm"):pull("x/y", given) end,
  ["oci.TypeDefinition"] = function(given) define(given) end,
  ["oci.DefinedConfig"] = function(given) define { config = given } end,
  ["oci.DefinedAnnotations"] = function(given) define { annotations = given } end,
  ["oci.DefinedChild"] = function(given)
    define { entries = { { role = "a", artifact_type = "application/vnd.example.a.v1" } }, child = given }
  end,
}

describe("the annotations of", function()
  setup(function()
    classes = read_classes()
  end)

  for _, name in ipairs(sorted(cases)) do
    it(name .. " have every option that is taken, and no other", function()
      local said = add_fields({}, name)
      if name == "oci.Spec" or name == "oci.Entry" or name == "oci.IndexSpec" then
        said.type = nil -- with it the spec is keyed by the type's roles
      elseif name == "oci.TypePullOptions" then
        said.type = nil -- it is known there
      end
      assert.same(sorted(said), sorted(known(cases[name])))
    end)
  end
end)
