-- manifest.lua [TIMES]: a manifest of 1 000 layers built, parsed and linted, beside lua-cjson's encode and decode of the
-- same document. Prints "name milliseconds" (CPU of the process, median) for each; without lua-cjson only ours.
local oci = require "oci"
local found, cjson = pcall(require, "cjson")

local TIMES = tonumber(arg and arg[1]) or 21
local LAYERS = 1000

local spec = { artifact_type = "application/vnd.example.bench.v1", layers = {}, annotations = { one = "1", two = "2" } }
for i = 1, LAYERS do
  spec.layers[i] = {
    data = ("layer %d"):format(i),
    media_type = "application/octet-stream",
    title = ("directory/file-%04d"):format(i),
  }
end
local built = assert(oci.manifest(spec))
local bytes = built.bytes

local work = {
  { "built", function() return oci.manifest(spec) end },
  { "parsed", function() return oci.parse(bytes) end },
  { "linted", function() return oci.lint(bytes) end },
}
if found then
  local document = cjson.decode(bytes)
  work[#work + 1] = { "cjson-encode", function() return cjson.encode(document) end }
  work[#work + 1] = { "cjson-decode", function() return cjson.decode(bytes) end }
end

-- In turn, so that what disturbs one disturbs all.
local times = {}
for round = 0, TIMES do
  for i, item in ipairs(work) do
    collectgarbage()
    local begun = os.clock()
    assert(item[2]())
    if round > 0 then
      times[i] = times[i] or {}
      times[i][round] = (os.clock() - begun) * 1000
    end
  end
end

print(("bytes %d"):format(#bytes))
for i, item in ipairs(work) do
  table.sort(times[i])
  print(("%s %.3f"):format(item[1], times[i][math.floor(TIMES / 2) + 1]))
end
