-- luacheck settings. "min": what Lua 5.1 to 5.4 and LuaJIT have in common.
std = "min"
max_line_length = 120
max_comment_line_length = false
exclude_files = { "build", "lua_modules", ".luarocks" }

-- Specs run under Lua 5.4 and LuaJIT and may ask which one it is.
files["spec"] = { std = "max+busted", max_line_length = false }
files["spec/run.lua"] = { globals = { "arg" } }
files["lua/oci/loop/nginx.lua"] = { std = "+ngx_lua" }
files["examples/openresty"] = { std = "+ngx_lua" }
files["spec/**/nginx*"] = { std = "+ngx_lua" }
files["**/*.rockspec"] = { std = "+rockspec" }
-- Annotations only: nothing in it is ever run.
files["lua/oci/meta.lua"] = { ignore = { "211", "212" } }
