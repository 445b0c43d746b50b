--- The calls, by name: each starts an operation (oci.call). What they are made of is loaded with the first of a kind, since
-- most programs make calls of one kind.
local calls = {}

local modules = {
  ["oci.push"] = { "push", "manifest", "index", "push_manifest", "push_blob" },
  ["oci.pull"] = { "pull" },
  ["oci.simple"] = { "copy", "resolve", "exists", "tags", "repositories", "tag", "untag", "delete", "fetch_manifest",
    "fetch_config", "fetch_blob", "stat_blob", "open_blob", "open_file", "digest" },
}

local function of(module, name)
  return function(...)
    return require(module)[name](...)
  end
end

for module, names in pairs(modules) do
  for _, name in ipairs(names) do
    calls[name] = of(module, name)
  end
end

-- The library's own: not listed, so clients have no method for it, and nobody is told of it.
return setmetatable(calls, { __index = { read_entries = of("oci.types.archive", "read_entries") } })
