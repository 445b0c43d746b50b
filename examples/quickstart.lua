-- Packs a real directory, pushes it, lists, resolves and pulls it back, and compares.
--
--   lua5.4 examples/quickstart.lua                     an OCI image layout in a temporary directory
--   lua5.4 examples/quickstart.lua REGISTRY/NAME:TAG   the same in a registry
local oci = require "oci"

local root = arg[0]:match("^(.*)/examples/[^/]*$") or "."
local work = os.tmpname()
os.remove(work)

local reference = arg[1] or "oci:" .. work .. "/layout:v1"
local source = { dir = root .. "/lua", title = "lua" }

-- Push: a directory and a file, under a type of our own. What is there already is not sent again.
local pushed = assert(oci.push(reference, {
  artifact_type = "application/vnd.example.lua-sources.v1",
  files = { source, root .. "/LICENSE" },
  annotations = { ["org.opencontainers.image.title"] = "the Lua layer of lua-oci" },
}))
print(("pushed   %s"):format(pushed.reference))

-- List, resolve, look inside.
print(("tags     %s"):format(table.concat(assert(oci.tags(reference)), ", ")))
assert(assert(oci.resolve(reference)).digest == pushed.digest)
local manifest = assert(oci.fetch_manifest(reference))
for _, layer in ipairs(manifest.layers) do
  print(("layer    %-8s %8d bytes  %s"):format(layer.annotations["org.opencontainers.image.title"], layer.size,
    layer.media_type))
end

-- Pull: every byte is verified before a file has its name.
local pulled = assert(oci.pull(reference, { to = work .. "/pulled" }))
for _, file in ipairs(pulled.files) do
  print(("pulled   %-8s %s, %s"):format(file.title, file.path, file.state))
end

-- Compare: packing is deterministic, so equal directories have equal digests.
local before, after = assert(oci.digest(source)), assert(oci.digest { dir = work .. "/pulled/lua", title = "lua" })
local license = { path = root .. "/LICENSE" }
assert(before == after, "what came back differs from what was pushed")
assert(oci.digest(license) == oci.digest { path = work .. "/pulled/LICENSE" })
print(("equal    %s"):format(after))

os.execute("rm -r '" .. work .. "'")
