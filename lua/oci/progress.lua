--- What on_progress may be: a line for each thing that is done, and on a terminal below them a bar with rate and time left.
local core = require "oci.core"
local options = require "oci.options"

local progress = {}

local REDRAW_S = 0.1
local CLEAR = "\r\27[K"

local function size_of(bytes)
  local units = { "B", "KiB", "MiB", "GiB", "TiB" }
  local n, unit = bytes, 1
  while n >= 1024 and unit < #units do
    n, unit = n / 1024, unit + 1
  end
  return unit == 1 and ("%d B"):format(n) or ("%.1f %s"):format(n, units[unit])
end

local function time_of(seconds)
  local s = math.ceil(seconds)
  if s >= 3600 then
    return ("%d:%02d:%02d"):format(math.floor(s / 3600), math.floor(s / 60) % 60, s % 60)
  end
  return ("%d:%02d"):format(math.floor(s / 60), s % 60)
end

-- A name for a person: titles come from others, so nothing in them may move the cursor.
local function name_of(event)
  local name = event.title or (event.digest and ("%s %s"):format(event.what, event.digest:sub(1, 19))) or event.what
  return (name:gsub("[%c\127]", "?"))
end

local function bar_of(state, columns)
  local done, total = 0, 0
  for _, item in pairs(state.items) do
    done, total = done + item.done, total + (item.total or item.done)
  end
  local elapsed = core.now() - state.begun
  local rate = elapsed > 0 and (done - state.skipped) / elapsed or 0
  local part = total > 0 and done / total or 0
  local left = rate > 0 and time_of((total - done) / rate) or "-:--"
  local text = (" %3d%%  %s of %s  %s/s  %s left"):format(math.floor(part * 100), size_of(done), size_of(total),
    size_of(rate), left)
  local width = math.min(columns - #text - 3, 40)
  if width < 5 then
    return text:sub(1, columns - 1)
  end
  local filled = math.floor(part * width)
  return "[" .. ("="):rep(filled) .. (" "):rep(width - filled) .. "]" .. text
end

-- Adds what the event says to what is known; true if the thing has ended.
local function note(state, event)
  local key = event.digest or event.title or event.what
  local item = state.items[key]
  if not item then
    item = { done = 0 }
    state.items[key] = item
    state.open = state.open + 1
  elseif item.over and (event.state == "started" or event.state == "moving") then
    item.over = false -- the same content once more, in another call
    state.open = state.open + 1
  end
  item.done, item.total = event.done, event.total or item.total
  if event.state == "started" or event.state == "moving" then
    return false
  end
  if event.state == "exists" or event.state == "mounted" then
    item.done = item.total or 0
    state.skipped = state.skipped + item.done
  end
  if not item.over then
    item.over = true
    state.open = state.open - 1
  end
  return true
end

local function forget(state)
  state.items, state.open, state.skipped, state.begun = {}, 0, 0, core.now()
end

--- See oci.progress.
function progress.new(stream)
  if stream ~= nil and not options.has_write(stream) then
    options.bad_argument("progress", 1, "file or object with write expected, got " .. options.kind(stream))
  end
  local out = stream or io.stderr
  local columns = io.type(out) == "file" and core.terminal(out)
  local state = { drawn = 0 }
  forget(state)
  return function(event)
    local ended = note(state, event)
    local text = ""
    if ended then
      text = ("%-7s %10s  %s"):format(event.state, size_of(event.total or event.done), name_of(event))
      text = columns and CLEAR .. text:sub(1, columns - 1) .. "\n" or text .. "\n"
    end
    if columns and state.open > 0 and (ended or core.now() - state.drawn >= REDRAW_S) then
      state.drawn = core.now()
      text = text .. (ended and "" or CLEAR) .. bar_of(state, columns)
    end
    if text ~= "" then
      out:write(text)
      if out.flush then
        out:flush()
      end
    end
    if state.open == 0 then
      forget(state)
    end
  end
end

return progress
