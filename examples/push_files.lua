-- push_files.lua REFERENCE FILE...: pushes files, with a bar on a terminal.
local oci = require "oci"

local reference, files = arg[1], {}
for i = 2, #arg do
  files[#files + 1] = arg[i]
end
if not files[1] then
  io.stderr:write("usage: push_files.lua REFERENCE FILE...\n")
  os.exit(2)
end

local pushed, message, code = oci.push(reference, {
  artifact_type = "application/vnd.example.files.v1",
  files = files,
  on_progress = oci.progress(),
})
if not pushed then
  io.stderr:write(("%s (%s)\n"):format(message, code))
  os.exit(1)
end
print(pushed.reference)
