-- Helm pulls and renders what we push, and we read what helm pushes.
local oci = require "oci"
local tools = dofile "spec/interop/tools.lua"

local CHART = oci.types.get "helm-chart"

describe("helm", function()
  local helm, registry, work, chart

  -- A chart with what a chart may have: a dependency, an ignore file and what it leaves out.
  local function make_chart(version)
    tools.run({ cd = work }, helm, "create", "shop")
    tools.run({ cd = work }, helm, "create", "shop/charts/queue")
    tools.write(chart .. "/Chart.yaml", table.concat({
      "apiVersion: v2", "name: shop", "version: " .. version, "appVersion: 1.10", "type: application",
      "description: |", "  A <shop> & more", "  in two lines", "home: https://example.com/?a=1&b=2", "keywords: [one, 2, true]",
      "sources: [https://example.com/src]", "maintainers:", "  - name: Ann", "    email: ann@example.com", "  - name: Bob",
      "annotations:", "  org.opencontainers.image.vendor: Example", "  org.opencontainers.image.title: not this", "dependencies:",
      "  - name: queue", "    version: 0.1.0", "    condition: queue.enabled", "    import-values: [data, {child: a, parent: b}]",
    }, "\n") .. "\n")
    tools.write(chart .. "/.helmignore", "# secrets\nsecret.txt\n*.bak\n/notes/\n")
    tools.run("mkdir", "-p", chart .. "/notes", chart .. "/files/notes")
    for _, name in ipairs { "secret.txt", "values.yaml.bak", "notes/a.txt", "files/notes/kept.txt", "templates/.hidden" } do
      tools.write(chart .. "/" .. name, "left out, or kept")
    end
    tools.write(work .. "/shared.yaml", "kind: ConfigMap\nmetadata: {name: shared}\n")
    tools.try("ln", "-s", "../../shared.yaml", chart .. "/templates/shared.yaml")
  end

  before_each(function()
    helm = tools.program "helm"
    registry = tools.need("OCI_TEST_REGISTRY", "docker-registry")
    work = tools.directory()
    chart = work .. "/shop"
    make_chart "1.2.3"
  end)

  local function package()
    tools.run({ cd = work }, helm, "package", "shop")
    return work .. "/shop-" .. tools.read(chart .. "/Chart.yaml"):match "version: (%S+)" .. ".tgz"
  end

  -- What helm pushes of an archive; the reference, and the manifest.
  local function pushed_by_helm(archive, version)
    local prefix = registry .. "/" .. tools.repository()
    tools.run(helm, "push", "--plain-http", archive, "oci://" .. prefix)
    local ref = prefix .. "/shop:" .. version:gsub("%+", "_")
    return ref, assert(oci.fetch_manifest(ref))
  end

  local function repository()
    return registry .. "/" .. tools.repository() .. "/shop"
  end

  local function rendered(ref, version)
    local output = tools.run(helm, "template", "--plain-http", "demo", "oci://" .. ref:gsub(":[^:/]*$", ""), "--version", version)
    return (output:gsub("Pulled: [^\n]*\n", ""):gsub("Digest: [^\n]*\n", ""):gsub("[^\n]* contains an underscore.*$", ""))
  end

  it("renders what we push of a directory, as it renders its own", function()
    local theirs = pushed_by_helm(package(), "1.2.3")
    local pushed = assert(oci.push(repository(), { type = "helm-chart", chart = chart }))
    assert.same({ "1.2.3" }, pushed.tags)
    local ours = pushed.reference:gsub("@.*", "") .. ":1.2.3"
    assert.equal(rendered(theirs, "1.2.3"), rendered(ours, "1.2.3"))
    assert.truthy(rendered(ours, "1.2.3"):find("name: shared", 1, true)) -- behind a link
    assert.equal(assert(oci.fetch_config(theirs)), assert(oci.fetch_config(ours)))
    tools.run(helm, "pull", "--plain-http", "--untar", "-d", work .. "/out", "oci://" .. ours:gsub(":1.2.3$", ""), "--version", "1.2.3")
    local names = tools.run({ cd = work .. "/out/shop" }, "find", ".", "-type", "f")
    assert.truthy(names:find("./files/notes/kept.txt", 1, true), names)
    assert.truthy(names:find("./charts/queue/templates/service.yaml", 1, true), names)
    for _, left_out in ipairs { "secret.txt", ".bak", "./notes/", ".hidden" } do
      assert.is_nil(names:find(left_out, 1, true), names)
    end
  end)

  it("leaves out the same, whatever .helmignore says", function()
    tools.run("sh", "-c", ("cd '%s' && rm -r charts templates && mkdir C.yaml && touch C.yaml/in.yaml C.yaml/Cin.yaml C.md "
      .. "Charts.yaml Copy.yml Makefile a.txt '!a' '%%a' ./-a ']a' '^a' '0a' '&a' && sed -i '/^dependencies/,$d' Chart.yaml"):format(chart))
    for _, lines in ipairs { "!*.yaml\n!C*", "!/C*\n!*.y?ml\n!*t*", "!C*\n*.md\n!*\n!*a*\n/\nC.yaml/", "![A-D]*\n!?hart.*",
      "!*y*\n!*t*m*\n!*a*", "C.*/\n[a-d].*\n\\*", "!C*\n!*.yml", "!/a\n", "/[^C]*", "!C[!-z]art.yaml",
      "[!-&]*\n[\\--0]*", "[a-%]*\n[!]*\n[^-~]", "[A-\\]]*", "![A-\\]]*", "[!a]*\n[\\]\\^%\\-]*" } do
      tools.write(chart .. "/.helmignore", lines .. "\n")
      local helm_takes_it = pcall(package)
      local pushed, message = oci.push("memory:" .. tools.repository(), { type = "helm-chart", chart = chart })
      assert.equal(helm_takes_it, pushed ~= nil, lines .. ": " .. tostring(message))
      if pushed then
        assert(oci.pull(pushed, { to = work .. "/ours", unpack = false }))
        local function files_in(archive) -- we have entries for directories, helm has not
          return tools.run("sh", "-c", ("tar tzf '%s/'%s | grep -v '/$' | LC_ALL=C sort"):format(work, archive))
        end
        assert.equal(files_in "shop-1.2.3.tgz", files_in "ours/*", lines)
        tools.run("rm", "-r", work .. "/ours", work .. "/shop-1.2.3.tgz")
      end
    end
  end)

  it("pulls what we push of its archive, which has the config and layers of its own push", function()
    local archive = package()
    tools.write(archive .. ".prov", "-----BEGIN PGP SIGNED MESSAGE-----\nnot a signature, but helm does not look\n")
    local theirs, manifest = pushed_by_helm(archive, "1.2.3")
    local built = assert(CHART:build { chart = archive, created = manifest.annotations["org.opencontainers.image.created"] })
    for i, layer in ipairs(manifest.layers) do
      assert.equal(layer.digest, built.layers[i].digest)
      assert.equal(layer.media_type, built.layers[i].media_type)
    end
    assert.equal(2, #built.layers)
    assert.equal(manifest.config.digest, built.config.digest)
    assert.same(manifest.annotations, built.annotations)
    local pushed = assert(oci.push(repository(), { type = "helm-chart", chart = archive }))
    local ours = pushed.reference:gsub("@.*", "")
    tools.run(helm, "pull", "--plain-http", "--prov", "-d", work, "oci://" .. ours, "--version", "1.2.3")
    assert.equal(rendered(theirs, "1.2.3"), rendered(ours, "1.2.3"))
  end)

  it("finds a version with a plus under its tag", function()
    make_chart "1.0.0-rc.1+build.7"
    local pushed = assert(oci.push(repository(), { type = "helm-chart", chart = chart }))
    assert.same({ "1.0.0-rc.1_build.7" }, pushed.tags)
    local ours = pushed.reference:gsub("@.*", "")
    local shown = tools.run(helm, "show", "chart", "--plain-http", "oci://" .. ours, "--version", "1.0.0-rc.1+build.7")
    assert.truthy(shown:find("version: 1.0.0-rc.1+build.7", 1, true), shown)
  end)

  it("is read: what it pushed is a chart without faults, and comes back by its roles", function()
    local archive = package()
    local ref, manifest = pushed_by_helm(archive, "1.2.3")
    assert.equal(CHART, oci.types.identify(manifest))
    assert.same({}, CHART:check(manifest, { config = assert(oci.fetch_config(ref)) }))
    assert.same({}, assert(CHART:check_content(ref)))
    local pulled = assert(CHART:pull(ref, { to = work .. "/back" }))
    assert.equal(tools.read(archive), tools.read(pulled.roles.chart[1].path))
    assert.same({}, pulled.roles.provenance or {})
  end)

  it("refuses what we refuse", function()
    for name, yaml in pairs {
      ["no name"] = "apiVersion: v2\nversion: 1.0.0\n", ["is not semantic"] = "apiVersion: v2\nname: a\nversion: one\n",
      ["neither application nor library"] = "apiVersion: v2\nname: a\nversion: 1.0.0\ntype: x\n",
      ["two dependencies"] = "apiVersion: v2\nname: a\nversion: 1.0.0\ndependencies: [{name: x}, {name: x}]\n",
      ["expected a list"] = "apiVersion: v2\nname: a\nversion: 1.0.0\nkeywords: one\n",
    } do
      tools.write(chart .. "/Chart.yaml", yaml)
      assert.is_false((tools.try(helm, "package", "-d", work, chart)))
      local built, message, code = CHART:build { chart = chart }
      assert.is_nil(built)
      assert.equal("INVALID", code)
      assert.truthy(message:find(name, 1, true), message)
    end
  end)
end)
