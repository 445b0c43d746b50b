-- Runs the specs with the Lua that runs this file: what `luarocks test` calls. The servers of
-- `make test` are not started, so specs that need one are skipped.
-- Arguments go to busted: luarocks test -- --filter=push
local root = arg[0]:match("^(.*)/spec/run%.lua$") or "."
package.path = table.concat({ root .. "/spec/lua/?.lua", root .. "/spec/support/?.lua",
  package.path }, ";")

-- busted takes what is left of the command line as files and options.
local given = table.concat(arg, " ")
if not given:find("%.lua") then arg[#arg + 1] = root .. "/spec/lua" end
if not given:find("-o", 1, true) then arg[#arg + 1] = "--output=plainTerminal" end
arg[#arg + 1] = "--pattern=_spec"

require "busted.runner" ({ standalone = false })
