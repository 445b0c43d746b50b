-- catalog.lua [markdown|json] [TYPE...]: the catalog of artifact types for operators of registries: what a manifest of each
-- type may carry, and how large a layer may be. All types, or those named, then with a page about each in Markdown.
local oci = require "oci"

-- The items of several lists, each once.
local function joined(...)
  local all, seen = oci.array {}, {}
  for i = 1, select("#", ...) do
    for _, item in ipairs(select(i, ...) or {}) do
      if not seen[item] then
        seen[item] = true
        all[#all + 1] = item
      end
    end
  end
  return all
end

-- The media types of layers, with what stands for several.
local function layer_types(roles)
  local all = oci.array {}
  for _, role in ipairs(roles) do
    local prefixes = {}
    for i, prefix in ipairs(role.media_type_prefixes or {}) do
      prefixes[i] = prefix .. "*"
    end
    all = joined(all, role.media_types, role.legacy_media_types, { role.media_type_pattern }, prefixes)
  end
  return all
end

-- What an operator decides by. Of a type that is an index, config and layers are those of the manifests behind it.
local function policy_of(kind)
  local part = kind.child or kind
  return {
    name = kind.name,
    title = kind.title,
    description = kind.description,
    status = kind.status,
    manifests = joined({ kind.manifest_media_type }, kind.also_manifest_media_types, kind.also_root_media_types),
    artifact_type = kind.artifact_type or oci.null,
    configs = joined({ part.config.media_type }, part.config.also_media_types),
    layers = layer_types(part.layers),
    other_layers = kind.unknown_layers ~= "reject",
    largest_layer = kind.limits and kind.limits.layer_bytes or oci.null,
  }
end

local function cell(list)
  return list[1] and "`" .. table.concat(list, "`<br>`") .. "`" or ""
end

local function size(bytes)
  return bytes == oci.null and "" or ("%d MiB"):format(bytes / 2 ^ 20)
end

local function print_markdown(policies)
  print "# Types of artifacts\n"
  print "What the manifests of each type carry. Where other layers says yes, the type's client takes or skips layers of"
  print "further media types; a largest layer is named where the client refuses larger ones.\n"
  print "| type | what it is | `artifactType` | `config.mediaType` | layers | other layers | largest layer |"
  print "|---|---|---|---|---|---|---|"
  for _, policy in ipairs(policies) do
    print(("| %s | %s | %s | %s | %s | %s | %s |"):format(policy.name, policy.title,
      policy.artifact_type ~= oci.null and "`" .. policy.artifact_type .. "`" or "", cell(policy.configs),
      cell(policy.layers), policy.other_layers and "yes" or "no", size(policy.largest_layer)))
  end
end

local form, policies = arg[1] or "markdown", oci.array {}
local kinds = {}
for i = 2, #arg do
  kinds[i - 1] = assert(oci.types.get(arg[i]))
end
for i, kind in ipairs(kinds[1] and kinds or oci.types.all()) do
  policies[i] = policy_of(kind)
end
if form == "json" then
  print(assert(oci.json.encode(policies)))
elseif form == "markdown" then
  print_markdown(policies)
  for _, kind in ipairs(kinds) do
    print("\n" .. kind:markdown():gsub("^#", "##"):gsub("\n##", "\n###"))
  end
else
  io.stderr:write "usage: catalog.lua [markdown|json] [TYPE...]\n"
  os.exit(2)
end
