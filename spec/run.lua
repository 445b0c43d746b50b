-- Runs the specs with the Lua that runs this file: what `luarocks test` calls. The servers of
-- `make test` are not started, so specs that need one are skipped.
-- Arguments go to busted: luarocks test -- --filter=push
--
-- It starts itself a second time in an environment that scripts started by specs inherit.
if os.getenv "OCI_TEST_RUN" then
  require "busted.runner" ({ standalone = false })
  return
end

local function quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function output_of(command)
  local pipe = assert(io.popen(command))
  local line = pipe:read("*l")
  pipe:close()
  return assert(line, command)
end

local root = output_of("cd " .. quote(arg[0]:match("^(.*)/spec/run%.lua$") or ".") .. " && pwd -P")
local scratch = output_of("mktemp -d")
local name = rawget(_G, "jit") and "luajit" or "lua" .. _VERSION:match("%d+%.%d+")

-- What is installed is found first; then the checkout, with what `make` or `luarocks make` built in it.
local path = table.concat({ package.path, root .. "/lua/?.lua", root .. "/lua/?/init.lua",
  root .. "/spec/lua/?.lua", root .. "/spec/support/?.lua" }, ";")
local cpath = table.concat({ package.cpath, root .. "/build/" .. name .. "/?.so", root .. "/?.so" }, ";")

local command = {
  "cd", quote(root), "&& env -u LUA_PATH_5_4 -u LUA_CPATH_5_4 -u LUA_PATH_5_3 -u LUA_CPATH_5_3",
  "-u LUA_PATH_5_2 -u LUA_CPATH_5_2 OCI_TEST_RUN=1", "LUA_PATH=" .. quote(path), "LUA_CPATH=" .. quote(cpath),
  "OCI_TEST_LUA=" .. quote(arg[-1]), "OCI_TEST_LUA_NAME=" .. name, "OCI_TEST_ROOT=" .. quote(root),
  "OCI_TEST_TMP=" .. quote(scratch), quote(arg[-1]), "spec/run.lua",
}
local given = table.concat(arg, " ")
for i = 1, #arg do command[#command + 1] = quote(arg[i]) end
if not given:find("%.lua") then command[#command + 1] = "spec/lua" end
if not given:find("-o", 1, true) then command[#command + 1] = "--output=spec/support/busted_lines.lua" end
command[#command + 1] = "--pattern=_spec"

local result = os.execute(table.concat(command, " "))
os.execute("rm -rf " .. quote(scratch))
os.exit((result == true or result == 0) and 0 or 1)
