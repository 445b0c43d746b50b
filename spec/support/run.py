#!/usr/bin/env python3
"""Runs the tests: C programs, Lua specs under Lua 5.4 and LuaJIT, interop specs under Lua 5.4.

    run.py [--build build] [--c-only] [FILE ...]

It starts the servers that the tests talk to, and ends them. The last line of its output is
`N passed, N failed, N skipped`; the exit status is 1 if a test failed or none ran.
"""
import argparse
import glob
import os
import re
import signal
import subprocess
import sys
import time

import servers

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LUAS = ("lua5.4", "luajit")
TIME_LIMIT_S = int(os.environ.get("OCI_TEST_TIMEOUT", "180"))
COUNTS = re.compile(r"^(?:C \S+|Lua): (\d+) passed, (\d+) failed, (\d+) skipped$")

# What a developer's own settings must not change.
DROPPED = ("LUA_PATH_5_4", "LUA_CPATH_5_4", "LUA_INIT", "LUA_INIT_5_4", "DOCKER_CONFIG",
           "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR", "SSL_CERT_FILE", "SSL_CERT_DIR",
           "SOURCE_DATE_EPOCH", "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY",
           "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY", "MAKEFLAGS", "MFLAGS", "MAKELEVEL")


class Job:
    """One program to run: a C test, or a spec file under one Lua."""

    def __init__(self, name, argv, env):
        self.name = name
        self.argv = argv
        self.env = env


class Totals:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.reasons = {}
        self.broken = []

    def add(self, job, output, status):
        """Adds the result of a job; True if it is good."""
        lines = output.splitlines()
        found = [COUNTS.match(line) for line in lines]
        counts = [tuple(map(int, m.groups())) for m in found if m]
        passed, failed, skipped = counts[-1] if counts else (0, 0, 0)
        # A crash after the last test, or before the first, is a failure too.
        if failed == 0 and (status != 0 or not counts):
            failed = 1
        for line in lines:
            if line.startswith("skip "):
                reason = line.partition(": ")[2]
                self.reasons.setdefault(reason, []).append(job.name)
        self.passed += passed
        self.failed += failed
        self.skipped += skipped
        if failed:
            self.broken.append(job.name)
        return failed == 0, "%d passed%s%s" % (
            passed, ", %d FAILED" % failed if failed else "",
            ", %d skipped" % skipped if skipped else "")


def interpreter(build, lua):
    """The Lua to run; a build with a sanitizer brings its own."""
    own = os.path.join(ROOT, build, "host", lua)
    return own if os.path.exists(own) else lua


def lua_environment(build, lua):
    """Lua finds the checkout's modules, then helpers of the specs, then the system's."""
    places = ["lua/?.lua", "lua/?/init.lua", "spec/lua/?.lua", "spec/support/?.lua"]
    return {
        "LUA_PATH": ";".join(os.path.join(ROOT, p) for p in places) + ";;",
        "LUA_CPATH": os.path.join(ROOT, build, lua, "?.so") + ";;",
        "OCI_TEST_LUA": interpreter(build, lua),
        "OCI_TEST_LUA_NAME": lua,
        # So that a script that a spec starts with lua5.4 or luajit gets the same one.
        "PATH": os.path.join(ROOT, build, "host") + ":" + os.environ.get("PATH", ""),
    }


def sanitizer_environment(build):
    """Options that make a finding fatal."""
    support = os.path.join(ROOT, "spec", "support")
    env = {
        "ASAN_OPTIONS": "abort_on_error=0:exitcode=99:detect_stack_use_after_return=1",
        "LSAN_OPTIONS": "exitcode=99",
        "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
        "TSAN_OPTIONS": "halt_on_error=1:exitcode=66:second_deadlock_stack=1"
                        ":suppressions=%s/tsan.supp" % support,
    }
    if os.path.basename(build) == "address":
        done = subprocess.run(["gcc", "-print-file-name=libasan.so"], capture_output=True,
                              text=True, check=True)
        env["OCI_TEST_PRELOAD"] = done.stdout.strip()
    return env


def c_job(build, source, env):
    name = os.path.splitext(os.path.basename(source))[0]
    return Job(source, [os.path.join(ROOT, build, "test", name)], env)


def lua_job(build, source, lua, env):
    busted = servers.program("busted") or "/usr/bin/busted"
    argv = [interpreter(build, lua), busted, "--output=spec/support/busted_lines.lua", source]
    return Job("%s (%s)" % (source, lua), argv, {**env, **lua_environment(build, lua)})


def find(pattern):
    return sorted(os.path.relpath(p, ROOT) for p in glob.glob(os.path.join(ROOT, pattern)))


def jobs_of(source, build, env):
    if source.endswith(".c"):
        return [c_job(build, source, env)]
    luas = LUAS[:1] if source.startswith("spec/interop/") else LUAS
    return [lua_job(build, source, lua, env) for lua in luas]


def all_jobs(args, env):
    if args.files:
        sources = [os.path.relpath(os.path.abspath(f), ROOT) for f in args.files]
    else:
        sources = find("spec/c/*_test.c")
        if not args.c_only:
            sources += find("spec/lua/*_spec.lua") + find("spec/interop/*_spec.lua")
    return [job for source in sources for job in jobs_of(source, args.build, env)]


def end_group(process):
    """Ends what a job left running, too: it has a process group of its own."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def run_job(job):
    """(output, status)"""
    process = subprocess.Popen(job.argv, cwd=ROOT, env=job.env, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               start_new_session=True)
    try:
        output, _ = process.communicate(timeout=TIME_LIMIT_S)
    except subprocess.TimeoutExpired:
        end_group(process)
        output, _ = process.communicate()
        output += b"\nnot ok %s: no end after %d s\n" % (job.name.encode(), TIME_LIMIT_S)
    finally:
        end_group(process)
        process.wait()
    return output.decode("utf-8", "replace"), process.returncode


def show(output, status):
    """What a person needs of a failed job: all but the tests that passed."""
    for line in output.splitlines():
        if not line.startswith(("ok ", "skip ")):
            print("      " + line)
    if status < 0:
        print("      ended by signal %d (%s)" % (-status, signal.strsignal(-status)))


def run_all(jobs, verbose):
    totals = Totals()
    for job in jobs:
        begin = time.monotonic()
        print("  TEST %s " % job.name, end="", flush=True)
        try:
            output, status = run_job(job)
        except OSError as error:
            output, status = "cannot run: %s" % error, 127
        good, text = totals.add(job, output, status)
        print("%s (%.1f s)" % (text, time.monotonic() - begin), flush=True)
        if not good:
            show(output, status)
        elif verbose:
            print(output)
        else:
            for line in output.splitlines():
                if line.startswith("note: "):
                    print("      " + line)
    return totals


def report(totals):
    if totals.reasons:
        print("skipped:")
    for reason, names in sorted(totals.reasons.items()):
        print("  %d x %s (%s)" % (len(names), reason, ", ".join(sorted(set(names)))))
    if totals.broken:
        print("failed: " + ", ".join(totals.broken))
    print("%d passed, %d failed, %d skipped" % (totals.passed, totals.failed, totals.skipped))
    return 1 if totals.failed or not totals.passed else 0


def environment(group, build):
    env = {k: v for k, v in os.environ.items() if k not in DROPPED}
    env.update(group.environment)
    env["HOME"] = group.make_directory("home")
    env["LC_ALL"] = "C.UTF-8"
    env["OCI_TEST_BUILD"] = os.path.join(ROOT, build)
    env["OCI_TEST_ROOT"] = ROOT
    env.update(sanitizer_environment(build))
    return env


SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


def leave(number, _frame):
    """An exception, so that the servers are ended on the way out. One is enough: make and the
    terminal may send the signal again, and that must not end the cleaning up."""
    for other in SIGNALS:
        signal.signal(other, signal.SIG_IGN)
    sys.exit(128 + number)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build")
    parser.add_argument("--c-only", action="store_true")
    parser.add_argument("--verbose", "-v", action="store_true")
    parser.add_argument("files", nargs="*")
    args = parser.parse_args()
    for number in SIGNALS:
        signal.signal(number, leave)
    with servers.Servers() as group:
        group.start_all()
        totals = run_all(all_jobs(args, environment(group, args.build)), args.verbose)
    return report(totals)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except servers.StartError as failure:
        sys.exit("cannot start a test server: %s" % failure)
