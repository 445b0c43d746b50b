-- many.lua DIRECTORY REFERENCE...: pulls several artifacts at the same time, each into a directory of its own.
local oci = require "oci"

local directory = table.remove(arg, 1)
local pulls = {}
for i, reference in ipairs(arg) do
  pulls[i] = function()
    return oci.pull(reference, { to = directory .. "/" .. i })
  end
end

local results, message, code, detail = oci.parallel(pulls, { limit = 4 })
if not results then
  io.stderr:write(("%s: %s (%s)\n"):format(arg[detail.index], message, code))
  os.exit(1)
end
for i, pulled in ipairs(results) do
  print(arg[i], pulled.digest, #pulled.files .. " files")
end
