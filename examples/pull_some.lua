-- pull_some.lua REFERENCE DIRECTORY PATTERN: pulls the files whose titles match ("*.txt", "**/*.json"), of linux/arm64 where there
-- are several platforms, and says what became of each.
local oci = require "oci"

local pulled = assert(oci.pull(arg[1], {
  to = arg[2],
  include = arg[3],
  exclude = { "*.bak", "**/*.bak" },
  platform = "linux/arm64",
  on_progress = oci.progress(),
}))
for _, file in ipairs(pulled.files) do
  print(file.state, file.path)
end
