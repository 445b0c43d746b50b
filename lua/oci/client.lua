--- Clients: options, and the calls that use them. Token cache, limits and memory places belong to a client.
local calls = require "oci.calls"
local core = require "oci.core"
local operation = require "oci.operation"
local options = require "oci.options"

---@class oci.ClientOptions
---@field registries? table<string, oci.RegistryOptions> by host[:port]; wins over the rest
---@field credentials? oci.Credentials|oci.CredentialFunction for every registry that has none of its own
---@field concurrency? integer blobs at once; 8
---@field timeout? number seconds for a whole call; left out or 0: none
---@field connect_timeout? number seconds; 10
---@field stall_timeout? number seconds without a byte; 60
---@field retries? integer 5
---@field user_agent? string
---@field on_warning? fun(text: string) left out: Lua 5.4's warn()

---@class oci.RegistryOptions
---@field plain_http? boolean left out: only for loopback hosts
---@field ca_file? string certificates in PEM that are trusted here, instead of the system's
---@field credentials? oci.Credentials|oci.CredentialFunction

---@class oci.CallOptions
---@field timeout? number seconds for the whole call; 0: none
---@field connect_timeout? number seconds
---@field stall_timeout? number seconds without a byte
---@field retries? integer

---@class oci.CopyOptions: oci.CallOptions
---@field tags? string|string[] more tags
---@field on_progress? fun(event: oci.Event)

---@class oci.RangeOptions: oci.CallOptions
---@field offset? integer bytes; a part is not verified
---@field length? integer bytes; left out: to the end

---@class oci.FetchOptions: oci.RangeOptions
---@field limit? integer bytes, LIMIT if there are more; left out: 64 MiB

---@class oci.PushBlobOptions: oci.CallOptions
---@field new? boolean hash and upload in one pass, without asking first

---@class oci.IndexSpec: oci.Spec
---@field manifests (oci.Entry|oci.NamedEntry|oci.Descriptor|oci.Manifest)[]

---@alias oci.Ref string|oci.Reference|oci.Descriptor|{ reference: string }

--- The calls have the meaning, the results and the errors of those in oci.
---@class oci.Client
---@field push fun(self: oci.Client, ref: oci.Ref, spec: oci.Spec|oci.Manifest): oci.Descriptor?, string?, string?, table?
---@field manifest fun(self: oci.Client, spec: oci.Spec): oci.Manifest?, string?, string?, table?
---@field index fun(self: oci.Client, spec: oci.IndexSpec): oci.Manifest?, string?, string?, table?
---@field pull fun(self: oci.Client, ref: oci.Ref, opts?: oci.PullOptions): oci.Pulled?, string?, string?, table?
---@field copy fun(self: oci.Client, from: oci.Ref, to: oci.Ref, opts?: oci.CopyOptions): oci.Descriptor?, string?, string?, table?
---@field resolve fun(self: oci.Client, ref: oci.Ref, opts?: oci.CallOptions): oci.Descriptor?, string?, string?, table?
---@field exists fun(self: oci.Client, ref: oci.Ref, opts?: oci.CallOptions): boolean?, string?, string?, table?
---@field tags fun(self: oci.Client, ref: oci.Ref, opts?: oci.CallOptions): string[]?, string?, string?, table?
---@field repositories fun(self: oci.Client, registry: string, opts?: oci.CallOptions): string[]?, string?, string?, table?
---@field tag fun(self: oci.Client, ref: oci.Ref, tags: string|string[], opts?: oci.CallOptions): oci.Descriptor?, string?, string?, table?
---@field untag fun(self: oci.Client, ref: oci.Ref, opts?: oci.CallOptions): true?, string?, string?, table?
---@field delete fun(self: oci.Client, ref: oci.Ref, opts?: oci.CallOptions): true?, string?, string?, table?
---@field fetch_manifest fun(self: oci.Client, ref: oci.Ref, opts?: oci.CallOptions): oci.Manifest?, string?, string?, table?
---@field push_manifest fun(self: oci.Client, ref: oci.Ref, manifest: string|oci.Manifest, opts?: oci.CallOptions): oci.Descriptor?, string?, string?, table?
---@field fetch_config fun(self: oci.Client, ref: oci.Ref, opts?: oci.CallOptions): string?, string?, string?, table?
---@field fetch_blob fun(self: oci.Client, ref: oci.Ref, opts?: oci.FetchOptions): string?, string?, string?, table?
---@field stat_blob fun(self: oci.Client, ref: oci.Ref, opts?: oci.CallOptions): oci.Descriptor?, string?, string?, table?
---@field push_blob fun(self: oci.Client, ref: oci.Ref, source: string|oci.Content, opts?: oci.PushBlobOptions): oci.Descriptor?, string?, string?, table?
---@field open_blob fun(self: oci.Client, ref: oci.Ref, opts?: oci.RangeOptions): oci.Reader?, string?, string?, table?
---@field open_file fun(self: oci.Client, ref: oci.Ref, title: string, opts?: oci.OpenFileOptions): oci.Reader?, string?, string?, table?
---@field digest fun(self: oci.Client, what: string|oci.Content, algorithm?: string): string?, string?, string?, table?
local Client = {}
Client.__index = Client
Client.__name = "oci.Client"

local client = {}

--- A client, or nil, message, code, detail. See oci.client.
function client.new(call, given)
  local made, for_core = { registries = {} }, {}
  if given ~= nil then
    local code, detail
    made, for_core, code, detail = require("oci.client_options")(call, given)
    if not made then
      return nil, for_core, code, detail
    end
  end
  local handle, message, code, detail = core.client(for_core)
  if not handle then
    return nil, message, code, detail
  end
  made.core = handle
  return setmetatable(made, Client)
end

--- The core's client; raises after close.
---@private
function Client:handle()
  if not self.core then
    options.raise("the client is closed")
  end
  return self.core
end

---@private
function Client:warn(text)
  local warn = self.on_warning or rawget(_G, "warn")
  if self.on_warning then
    self.on_warning(text)
  elseif warn then
    warn("oci: ", text)
  end
end

---@private
function Client:tell_warnings()
  while self.core do
    local text = self.core:warning()
    if not text then
      return
    end
    self:warn(text)
  end
end

--- Lets go of the client; operations that run go on. Using it afterwards raises. May be called again.
function Client:close()
  if self.core then
    self.core:close()
  end
  self.core = nil
end

Client.__close = Client.close

function Client:__tostring()
  return self.core and "oci.Client" or "oci.Client (closed)"
end

-- ---- the calls; see those of the same name in oci

--- Starts a call without waiting for it.
---@param name string "push", "pull", "copy", ...: any call that may wait
---@param ... any its arguments
---@return oci.Operation? operation nil, message, code, detail: it could not begin
---@return string? message
---@return string? code
---@return table? detail
function Client:start(name, ...)
  options.check_string("start", 1, name)
  self:handle()
  if not calls[name] then
    options.bad_argument("start", 1, options.unknown("call", name, calls))
  end
  return calls[name](self, ...)
end

-- A method for each call: started, and waited for.
local function waited(name)
  Client[name] = function(self, ...)
    self:handle()
    return operation.run(calls[name](self, ...))
  end
end

for name in pairs(calls) do
  waited(name)
end

return client
