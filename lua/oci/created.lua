--- The time of creation that a manifest's annotation says.

local LATEST = 253402300799 -- the end of the year 9999: a later one is not of four digits

local function rfc3339(seconds)
  if seconds > LATEST then
    return nil, ("created: %.0f seconds are behind the year 9999"):format(seconds)
  end
  return (os.date("!%Y-%m-%dT%H:%M:%SZ", seconds))
end

--- The text for a `created`: true (now, or SOURCE_DATE_EPOCH), seconds, or RFC 3339, which is kept; or nil, message.
return function(value)
  if type(value) == "number" then
    return rfc3339(value)
  elseif type(value) == "string" then
    if value:find("^%d%d%d%d%-%d%d%-%d%d[Tt ]%d%d:%d%d:%d%d%.?%d*[Zz]$")
      or value:find("^%d%d%d%d%-%d%d%-%d%d[Tt ]%d%d:%d%d:%d%d%.?%d*[+-]%d%d:%d%d$") then
      return value
    end
    return nil, ("created: \"%s\" is not a time in the form of RFC 3339"):format((value:gsub("%c", "?")))
  end
  local epoch = os.getenv "SOURCE_DATE_EPOCH"
  if epoch and epoch ~= "" and not epoch:find("^%d+$") then
    return nil, "SOURCE_DATE_EPOCH is not a number of seconds"
  end
  return rfc3339(epoch and tonumber(epoch) or os.time())
end
