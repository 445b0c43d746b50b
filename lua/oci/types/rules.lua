--- What single types demand besides counts, media types and annotations; their `rules` name these functions. Each gets
-- what lua/oci/types/check.lua shares: kind, manifest, opts, report, at.
local core = require "oci.core"
local match = require "oci.types.match"

local rules = {}

local TITLE = "org.opencontainers.image.title"

local function annotation(descriptor, name)
  return (descriptor.annotations or {})[name]
end

local function is_local(path)
  return path ~= "" and path:sub(1, 1) ~= "/" and not ("/" .. path .. "/"):find("/../", 1, true)
    and not path:find("[%c\\]")
end

--- Titles are paths below the directory that is pulled to.
rules["local-titles"] = function(self)
  for i, layer in ipairs(self.manifest.layers or {}) do
    local title = annotation(layer, TITLE)
    if title and not is_local(title) then
      self.report("local-titles", self.at(i, "annotations"), ("the title \"%s\" must be a relative path without \"..\"")
        :format((title:gsub("%c", "?"))))
    end
  end
end

--- One title is not given to two contents.
rules["unique-titles"] = function(self)
  local seen = {}
  for i, layer in ipairs(self.manifest.layers or {}) do
    local title = annotation(layer, TITLE)
    if title and seen[title] and seen[title] ~= layer.digest then
      self.report("unique-titles", self.at(i, "annotations"), "another layer has the same title")
    end
    seen[title or ""] = layer.digest
  end
end

--- What has no title is held in memory by its client, which has a limit.
rules["untitled-size"] = function(self)
  local most = 4 * 1024 * 1024
  for i, layer in ipairs(self.manifest.layers or {}) do
    if not annotation(layer, TITLE) and (layer.size or 0) > most then
      self.report("untitled-size", self.at(i, "size"), ("a layer without title may have %d bytes at most"):format(most))
    end
  end
end

--- Its client knows no other algorithm.
rules["sha256-digests"] = function(self)
  local function look(descriptor, path)
    if descriptor and descriptor.digest:sub(1, 7) ~= "sha256:" then
      self.report("sha256-digests", path, "its client knows sha256 only")
    end
  end
  look(self.manifest.config, "config.digest")
  for i, layer in ipairs(self.manifest.layers or {}) do
    look(layer, self.at(i, "digest"))
  end
end

--- The files that annotations name lie in the directory itself.
rules["compose-files"] = function(self)
  for i, layer in ipairs(self.manifest.layers) do
    for _, name in ipairs { "com.docker.compose.file", "com.docker.compose.envfile", "com.docker.compose.extends" } do
      local file = annotation(layer, name)
      if file and (file:find "[/\\]" or file == "." or file == ".." or file == "") and file ~= "true" then
        self.report("compose-files", self.at(i, "annotations"), ("%s must be a plain file name"):format(name))
      end
    end
  end
end

--- Kinds are lower case and singular; name, kind and API version together name one layer.
rules["tekton-layers"] = function(self)
  local seen = {}
  for i, layer in ipairs(self.manifest.layers) do
    local kind = annotation(layer, "dev.tekton.image.kind")
    if kind and (kind ~= kind:lower() or kind:sub(-1) == "s") then
      self.report("tekton-layers", self.at(i, "annotations"), "dev.tekton.image.kind must be lower case and singular")
    end
    local triple = table.concat({ annotation(layer, "dev.tekton.image.apiVersion") or "", kind or "",
      annotation(layer, "dev.tekton.image.name") or "" }, "\0")
    if kind and seen[triple] then
      self.report("tekton-layers", self.at(i, "annotations"), "another layer has the same name, kind and API version")
    end
    seen[triple] = true
  end
end

--- What is said of the version control is said in full.
rules["cue-vcs"] = function(self)
  local given, names = 0, { "org.cuelang.vcs-type", "org.cuelang.vcs-commit", "org.cuelang.vcs-commit-time" }
  for _, name in ipairs(names) do
    given = given + ((self.manifest.annotations or {})[name] and 1 or 0)
    if (self.manifest.annotations or {})[name] == "" then
      self.report("cue-vcs", "annotations", ("the annotation %s must not be empty"):format(name))
    end
  end
  if given > 0 and given < #names then
    self.report("cue-vcs", "annotations", "either all of the org.cuelang.vcs annotations are given, or none")
  end
end

--- With an artifact type it is taken for something else.
rules["no-artifact-type"] = function(self)
  if self.manifest.artifact_type then
    self.report("no-artifact-type", "artifactType", "there must be no artifactType")
  end
end

--- A thumbprint list is a JSON array, as text.
rules["notation-thumbprints"] = function(self)
  local name = "io.cncf.notary.x509chain.thumbprint#S256"
  local text = (self.manifest.annotations or {})[name]
  local value = text and core.json_decode(text)
  local good = text == nil or (type(value) == "table" and #value > 0)
  for _, item in ipairs(good and value or {}) do
    good = good and type(item) == "string" and #item == 64 and not item:find "%X"
  end
  if not good then
    self.report("notation-thumbprints", "annotations",
      ("the annotation %s must be a JSON array of SHA-256 in hex"):format(name))
  end
end

--- No two entries are for one platform.
rules["unique-platforms"] = function(self)
  local seen = {}
  for i, entry in ipairs(self.manifest.manifests or {}) do
    local platform = entry.platform or {}
    local name = ("%s/%s"):format(platform.os or "", platform.architecture or "")
    if not platform.os_version and entry.artifact_type == self.kind.child.artifact_type then
      if seen[name] then
        self.report("unique-platforms", self.at(i, "platform"), ("another entry is for %s as well"):format(name))
      end
      seen[name] = true
    end
  end
end

-- The decoded config of the media type that the type writes, where it is known.
local function config_of(self)
  local bytes = require("oci.types.check").config_bytes(self.manifest, self.opts)
  local value = bytes and core.json_decode(bytes)
  return type(value) == "table" and value or nil
end

--- The layers' digests are repeated in the config, and a component says what it exports and imports.
rules["wasm-config"] = function(self)
  local config = config_of(self)
  if not config then
    return
  end
  local digests = type(config.layerDigests) == "table" and config.layerDigests or {}
  for i = 1, math.max(#digests, #self.manifest.layers) do
    if not self.manifest.layers[i] or digests[i] ~= self.manifest.layers[i].digest then
      self.report("wasm-config", "config", "layerDigests in the config must be the layers' digests, in their order")
      break
    end
  end
  if config.os == "wasip2" and type(config.component) ~= "table" then
    self.report("wasm-config", "config", "the config of a component (os wasip2) must have \"component\"")
  end
end

--- There is an uncompressed digest for each layer.
rules["diff-ids"] = function(self)
  local config = config_of(self)
  local rootfs = config and type(config.rootfs) == "table" and config.rootfs
  local ids = rootfs and rootfs.diff_ids
  if config and type(ids) ~= "table" then
    self.report("diff-ids", "config", "the config has no rootfs with diff_ids")
  elseif ids and #ids ~= #self.manifest.layers then
    self.report("diff-ids", "config", ("the config lists %d diff_ids for %d layers"):format(
      #ids, #self.manifest.layers))
  end
end

--- The version that a manifest states is one of semantic versioning, without build metadata.
rules["plain-version"] = function(self)
  local version = (self.manifest.annotations or {})["org.opencontainers.image.version"]
  if version and not match.semver(version) or version and version:find("+", 1, true) then
    self.report("plain-version", "annotations",
      "org.opencontainers.image.version must be like 1.2.3 or 1.2.3-rc.1, without build metadata (+)")
  end
end

return rules
