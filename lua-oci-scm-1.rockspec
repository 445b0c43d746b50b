rockspec_format = "3.0"
package = "lua-oci"
version = "scm-1"

source = {
  url = "git+https://github.com/lua-oci/lua-oci.git",
}

description = {
  summary = "Push, pull and inspect artifacts in OCI (Open Container Initiative) registries",
  detailed = [[
Puts any file, directory or stream into an OCI registry or image layout as a typed artifact, and
gets it back verified. Blocking in a script, non-blocking inside nginx and libuv.
libcurl and libarchive are loaded when they are first needed.]],
  license = "Apache-2.0",
  labels = { "oci", "registry", "container", "artifact" },
}

supported_platforms = { "linux" }

dependencies = { "lua >= 5.1" }

-- curl has no entry: it is not linked, and LuaRocks would not find its header on Debian.
external_dependencies = {
  OPENSSL = { header = "openssl/evp.h", library = "crypto" },
  CJSON = { header = "cjson/cJSON.h", library = "cjson" },
  ZLIB = { header = "zlib.h", library = "z" },
}

-- The lists of sources and modules are kept by spec/lint/rockspec.py --fix.
build = {
  type = "builtin",
  modules = {
    ["oci.core"] = {
      sources = {
        "csrc/auth/auth.c",
        "csrc/auth/keys.c",
        "csrc/base/buf.c",
        "csrc/base/bytes.c",
        "csrc/base/encode.c",
        "csrc/base/err.c",
        "csrc/base/map.c",
        "csrc/base/mem.c",
        "csrc/base/redact.c",
        "csrc/base/str.c",
        "csrc/json/json.c",
        "csrc/json/print.c",
        "csrc/json/read.c",
        "csrc/model/digest.c",
        "csrc/model/media_type.c",
        "csrc/sys/beneath.c",
        "csrc/sys/clock.c",
        "csrc/sys/dir.c",
        "csrc/sys/doorbell.c",
        "csrc/sys/fault.c",
        "csrc/sys/file.c",
        "csrc/sys/name.c",
        "csrc/sys/pool.c",
        "csrc/sys/thread.c",
        "csrc/sys/wake.c",
      },
      defines = { "_GNU_SOURCE" },
      incdirs = { "csrc", "$(OPENSSL_INCDIR)", "$(CJSON_INCDIR)", "$(ZLIB_INCDIR)" },
      libdirs = { "$(OPENSSL_LIBDIR)", "$(CJSON_LIBDIR)", "$(ZLIB_LIBDIR)" },
      libraries = { "crypto", "cjson", "z", "pthread", "dl" },
    },
    -- modules {
    -- }
  },
}

-- Not type "busted": that one wants busted as a rock, from the network.
test = {
  type = "command",
  script = "spec/run.lua",
}
