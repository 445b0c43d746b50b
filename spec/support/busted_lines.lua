-- An output handler of busted that prints what spec/c/test.c prints, so that run.py reads both:
-- `ok NAME`, `skip NAME: reason`, `not ok NAME: where: message` (its further lines indented), and a
-- closing line with the counts, without which the run counts as failed.
return function()
  local busted = require "busted"
  local handler = require "busted.outputHandlers.base" ()
  local write = io.write
  local counts = { passed = 0, failed = 0, skipped = 0 }

  local function line(format, ...)
    write((format:format(...):gsub("\n", "\n    ")), "\n")
    io.flush()
  end

  local function text_of(message)
    if type(message) == "string" then return message end
    if message == nil then return "nil error" end
    return require "pl.pretty".write(message)
  end

  local function failed(report)
    counts.failed = counts.failed + 1
    local trace = report.element.trace or report.trace or {}
    line("not ok %s: %s:%s: %s", report.name, trace.short_src or "?", trace.currentline or "?",
      text_of(report.message))
    if report.trace and report.trace.traceback then line("    %s", report.trace.traceback) end
  end

  local function skipped(name, message)
    counts.skipped = counts.skipped + 1
    local reason = text_of(message or name):gsub("^[^%s:]+:%d+: ", "")
    line("skip %s: %s", name, reason)
  end

  -- Skipped in a before_each: the test has not started, so no end of it will be reported, and
  -- busted's own function falls over that.
  function handler.basePending(element, _, message, trace)
    local progress = handler.inProgress[tostring(element)]
    if progress then
      progress.message, progress.trace = message, trace
    else
      skipped(handler.getFullName(element), message)
    end
    return nil, true
  end

  local function test_end(_, _, status)
    if status == "success" then
      counts.passed = counts.passed + 1
      line("ok %s", handler.successes[#handler.successes].name)
    elseif status == "pending" then
      local report = handler.pendings[#handler.pendings]
      skipped(report.name, report.message)
    elseif status == "failure" then
      failed(handler.failures[#handler.failures])
    else
      failed(handler.errors[#handler.errors])
    end
    return nil, true
  end

  -- Errors outside of a test: a file that does not load, a setup that fails.
  local function other_error(element)
    if element.descriptor ~= "it" then failed(handler.errors[#handler.errors]) end
    return nil, true
  end

  local function suite_end()
    line("Lua: %d passed, %d failed, %d skipped", counts.passed, counts.failed, counts.skipped)
    return nil, true
  end

  busted.subscribe({ "test", "end" }, test_end)
  busted.subscribe({ "error" }, other_error)
  busted.subscribe({ "failure" }, other_error)
  busted.subscribe({ "suite", "end" }, suite_end)
  return handler
end
