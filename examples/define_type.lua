-- define_type.lua REFERENCE FILE...: defines a type of artifact, publishes one of it, and pulls it back by the roles of its
-- layers. `oci.types.identify` finds the type from now on; `report:submission(DIR)` writes the files that tell others of it.
local oci = require "oci"

local report = assert(oci.types.define {
  name = "acme-report", title = "Acme report", artifact_type = "application/vnd.acme.report.v1", version = "1.0",
  config = { media_type = "application/vnd.acme.report.config.v1+json", schema = { required = { "period" } } },
  layers = { { role = "pages", media_types = { "text/markdown", "application/pdf" }, files = { "*.md", "*.pdf" } } },
})
local pages = {}
for i = 2, #arg do
  pages[#pages + 1] = { path = arg[i], title = arg[i]:match "[^/]*$" }
end
assert(oci.push(arg[1], { type = report, config = { json = { period = "2026-11" } }, pages = pages }))
for _, file in ipairs(assert(report:pull(arg[1], { to = "report" })).roles.pages) do
  print(file.path, file.media_type)
end
