-- Every type that is to be made is made of its roles, with the least that it demands; its own check finds no error in what is
-- pushed, and it is found again.
local kit = require "testkit"
local oci = require "oci"
local types_kit = require "types_kit"

local types = oci.types
local TITLE = "org.opencontainers.image.title"
local EMPTY = "application/vnd.oci.empty.v1+json"
local MANIFEST = "application/vnd.oci.image.manifest.v1+json"
local ROOT = os.getenv "OCI_TEST_ROOT" or "."

local special = {
  ["io.cncf.notary.x509chain.thumbprint#S256"] = '["' .. ("0f"):rep(32) .. '"]',
  ["org.opencontainers.image.version"] = "1.2.3",
  ["org.opencontainers.image.created"] = "2026-01-02T03:04:05Z",
}

-- The annotations that are wanted and have no value of their own; of a layer all but the title.
local function annotations_of(wanted, of_layer)
  local all = {}
  for _, name in ipairs(wanted and wanted.required or {}) do
    all[name] = not (of_layer and name == TITLE) and not (wanted.values or {})[name] and (special[name] or "x") or nil
  end
  return all
end

local function descriptor(media_type)
  return { media_type = media_type, digest = oci.digest "elsewhere", size = 9 }
end

-- What the builders want to see.
local function write(dir, name, text)
  kit.must("mkdir", "-p", (dir .. "/" .. name):match "^(.*)/")
  kit.write(dir .. "/" .. name, text)
  return dir
end

local natural = {
  ["helm-chart"] = function(dir)
    return { chart = write(dir, "Chart.yaml", "apiVersion: v2\nname: a\nversion: 1.0.0\n") }
  end,
  ["oci-image"] = function() return { filesystem = { data = "tar" }, platform = "linux/amd64" } end,
  ["opa-bundle"] = function(dir) return { bundle = write(dir, "a.rego", "package a\n") } end,
  ["singularity-sif"] = function() return { sif = ROOT .. "/spec/fixtures/tiny.sif" } end,
  ["wasm"] = function() return { module = { data = "\0asm\1\0\0\0" } } end,
  ["sbom-spdx"] = function() return { sbom = { data = '{"spdxVersion": "SPDX-2.3"}' } } end,
  ["sbom-cyclonedx"] = function() return { sbom = { data = '{"bomFormat": "CycloneDX"}' } } end,
  ["devcontainer-feature"] = function(dir)
    return { feature = write(dir, "devcontainer-feature.json", '{"id": "a", "version": "1.0.0"}') }
  end,
  ["devcontainer-template"] = function(dir)
    return { template = write(dir, "devcontainer-template.json", '{"id": "a", "version": "1.0.0"}') }
  end,
}

local function layer_of(role)
  local extension = (role.extension or ""):match "^[^|%[]*"
  local annotations = annotations_of(role.annotations, true)
  for name in pairs(role.annotation_values or {}) do
    annotations[name] = nil -- the builder knows it
  end
  return {
    data = role.role,
    title = role.title_required and (role.title_pattern and role.title_pattern:gsub("<.->", "x") or "file" .. extension) or nil,
    media_type = not role.media_types[1] and role.media_type_pattern:gsub("<.->", "x") or nil,
    annotations = next(annotations) and annotations or nil,
  }
end

-- The least that can be given for a manifest.
local function given_for(shape, spec)
  local any = false
  for _, role in ipairs(shape.layers) do
    if role.min > 0 and role.media_types[1] ~= EMPTY then
      spec[role.role], any = spec[role.role] or layer_of(role), true
    end
  end
  local first = shape.layers[1]
  if not any and first and first.media_types[1] ~= EMPTY then
    spec[first.role] = spec[first.role] or layer_of(first)
  end
  local config = shape.config
  if config and not config.default and config.media_type ~= EMPTY and (config.media_type ~= "*" or config.required) then
    spec.config = {
      json = config.schema and types_kit.sample(config.schema) or {},
      media_type = config.media_type == "*" and "application/vnd.example.config.v1+json" or nil,
    }
  end
  local annotations = annotations_of(shape.annotations)
  spec.annotations = next(annotations) and annotations or nil
  return spec
end

local built_by_themselves = { ["helm-chart"] = true, wasm = true, modelpack = true, ["oci-image"] = true }

local function spec_of(kind)
  local spec = natural[kind.name] and natural[kind.name](kit.tmp()) or {}
  if kind.entries then
    spec.annotations = annotations_of(kind.annotations)
    for _, role in ipairs(kind.entries) do
      local child = kind.child
      if child.role == role.role then
        spec[role.role] = { json = {} }
      elseif child.role then
        local entry = descriptor(MANIFEST)
        entry.annotations = annotations_of(role.annotations)
        spec[role.role] = role.min > 0 and { entry } or nil
      else
        local entry = given_for(child, { platform = "linux/amd64" })
        entry.annotations = annotations_of(child.annotations)
        for name, value in pairs(annotations_of(role.annotations)) do
          entry.annotations[name] = value
        end
        spec[role.role] = { entry }
      end
    end
  else
    given_for(kind, spec)
    spec.config = not built_by_themselves[kind.name] and spec.config or nil
  end
  spec.subject = kind.subject == "required" and descriptor(MANIFEST) or nil
  spec.artifact_type = kind.artifact_type == "*" and "application/vnd.example.artifact.v1" or nil
  return spec
end

local function errors_in(findings)
  local all = {}
  for _, finding in ipairs(findings) do
    all[#all + 1] = finding.severity == "error" and finding.rule .. ": " .. finding.message or nil
  end
  return all
end

-- Pushed to a registry that never was; the manifest and its config's bytes. What lies elsewhere cannot be.
local function made(kind)
  local spec = spec_of(kind)
  if kind.subject == "required" or kind.name == "cnab-bundle" then
    local built = assert(kind:build(spec))
    return built, nil
  end
  local ref = "memory:" .. kit.repository():gsub("/", "-") .. ":v1"
  spec.type = kind
  assert(oci.push(ref, spec))
  local manifest = assert(oci.fetch_manifest(ref))
  return manifest, manifest.config and assert(oci.fetch_config(ref)), ref
end

describe("made of its roles", function()
  for _, kind in ipairs(types.all()) do
    if kind.status ~= "legacy" and kind.status ~= "profile" then
      it(kind.name, function()
        local manifest, config, ref = made(kind)
        assert.equal(kind.manifest_media_type, manifest.media_type)
        assert.same({}, errors_in(kind:check(manifest, { config = config })))
        if not kind.generic and kind.identify_by ~= "none" and not kind.entries then
          local found = types.identify(manifest, {
            config = config,
            descriptor = kind.index_descriptor,
            tag = kind.tag_pattern and kind.tag_pattern:gsub("<hex>", ("ab"):rep(32)):gsub("<.->", "x"),
          })
          assert.equal(kind.name, found and found.name)
        end
        if kind.entries and ref then
          local child = assert(oci.fetch_manifest(manifest.manifests[1]))
          assert.same({}, errors_in(kind:check(child)))
          if kind.identify_by ~= "annotation" then -- else only the index tells it
            assert.equal(kind.name, types.identify(child).name)
          end
        end
      end)
    end
  end
end)
