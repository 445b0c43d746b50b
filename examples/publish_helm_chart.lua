-- publish_helm_chart.lua REPOSITORY CHART: publishes a chart, a directory or a .tgz, as `helm push` does; the tag is its version.
-- REPOSITORY ends with the chart's name: registry.example.com/charts/shop. Then: helm install shop oci://REPOSITORY
local oci = require "oci"

local pushed = assert(oci.push(arg[1], { type = "helm-chart", chart = arg[2] }))
print(pushed.reference, "tag " .. pushed.tags[1])
