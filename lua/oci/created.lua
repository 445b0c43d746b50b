--- The time of creation that a manifest's annotation says.

local LATEST = 253402300799 -- the end of the year 9999: a later one is not of four digits

local function rfc3339(seconds)
  if seconds > LATEST then
    return nil, ("created: %.0f seconds are behind the year 9999"):format(seconds)
  end
  return (os.date("!%Y-%m-%dT%H:%M:%SZ", seconds))
end

-- "2024-02-29T23:59:60.5+01:00"; whether a month has so many days is not looked at.
local function is_time(text)
  local month, day, hour, minute, second, fraction, zone = text:match(
    "^%d%d%d%d%-(%d%d)%-(%d%d)[Tt ](%d%d):(%d%d):(%d%d)([.%d]*)([Zz+-]%d?%d?:?%d?%d?)$")
  return month and month >= "01" and month <= "12" and day >= "01" and day <= "31" and hour <= "23" and minute <= "59"
    and second <= "60" and (fraction == "" or fraction:find "^%.%d+$" ~= nil)
    and (zone:find "^[Zz]$" or zone:find "^[+-]%d%d:%d%d$") ~= nil
end

--- The text for a `created`: true (now, or SOURCE_DATE_EPOCH), seconds, or RFC 3339, which is kept; or nil, message.
return function(value)
  if type(value) == "number" then
    return rfc3339(value)
  elseif type(value) == "string" then
    if is_time(value) then
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
