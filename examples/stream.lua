-- stream.lua REFERENCE COMMAND: stores what a command prints, then reads it back, both without holding it in memory.
local oci = require "oci"

local reference, command = arg[1], arg[2]

-- Anything with a read method is content, or a function that returns pieces.
local pipe = assert(io.popen(command, "r"))
local pushed = assert(oci.push(reference, {
  artifact_type = "application/vnd.example.output.v1",
  layers = { { reader = pipe, media_type = "text/plain" } },
  annotations = { ["com.example.command"] = command },
}))
pipe:close()

local manifest = assert(oci.fetch_manifest(pushed))
local reader = assert(oci.open_blob(manifest.layers[1]))
for chunk in reader:chunks() do
  io.write(chunk)
end
