#!/usr/bin/env python3
"""All of `make lint`: the quick checks first, then the analysers, then the compilers.

    lint.py [--quick]

Each step runs even if one before it failed; the exit status is 1 if any did.
"""
import concurrent.futures
import glob
import os
import re
import subprocess
import sys
import time

import annotations
import functions
import includes
import rockspec

ROOT = rockspec.ROOT
HERE = os.path.dirname(os.path.abspath(__file__))
C_FLAGS = ["-std=gnu11", "-Icsrc", "-Ispec/c", "-D_GNU_SOURCE"]
ANALYZER = "spec/lint/analyzer.h"
# They define what that header wraps.
NOT_WRAPPED = {"csrc/base/err.c", "csrc/sys/beneath.c"}
JOBS = os.cpu_count() or 2


def run(argv):
    """What a command printed, and whether it succeeded."""
    done = subprocess.run(argv, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace")
    return done.stdout.splitlines(), done.returncode == 0


def checked(argv, keep=lambda line: True):
    """The lines that a failed command printed; none if it succeeded."""
    lines, good = run(argv)
    if good:
        return []
    return [line for line in lines if keep(line)] or ["%s failed" % argv[0]]


def in_parallel(function, items):
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        return [line for lines in pool.map(function, items) for line in lines]


def files(*patterns):
    return sorted(f for p in patterns for f in glob.glob(p, root_dir=ROOT, recursive=True))


def lua_flags():
    lines, good = run(["pkg-config", "--cflags", "lua5.4"])
    return [f.replace("-I", "-isystem") for f in lines[0].split()] if good and lines else []


# ---- the steps: each gives the faults as lines

def include_directions():
    return includes.check(ROOT)


def function_sizes():
    return functions.check(ROOT)


def public_annotations():
    return annotations.check(ROOT)


def rockspec_lists():
    return checked([sys.executable, "-B", os.path.join(HERE, "rockspec.py")])


def own_tests():
    return in_parallel(lambda test: checked([sys.executable, "-B", os.path.join(ROOT, test)]),
                       ["spec/lint/lint_test.py", "spec/support/support_test.py"])


def headers_alone():
    """Every header compiles without anything before it."""
    flags = [*C_FLAGS, *lua_flags(), "-Wall", "-Wextra", "-Werror", "-Wno-unused-function"]
    return in_parallel(lambda h: checked(["gcc", "-fsyntax-only", "-x", "c", *flags, h]),
                       files("csrc/*/*.h", "spec/c/*.h"))


def clang_tidy():
    flags = [*C_FLAGS, *lua_flags(), "-w"]

    def tidy(source):
        wrap = [] if source in NOT_WRAPPED else ["-include", ANALYZER]
        lines = checked(["clang-tidy", "--quiet", source, "--", *flags, *wrap])
        # Without the notes: one line a finding.
        return [os.path.relpath(n, ROOT) for n in lines if re.search(r": (error|warning): ", n)]
    found = in_parallel(tidy, files("csrc/*/*.c"))
    return sorted(set(found))


def cppcheck():
    def check(sources, *more):
        return checked(["cppcheck", "-q", "-j%d" % JOBS, "--std=c11", "--inline-suppr",
                        "--enable=warning,performance,portability", "--error-exitcode=1",
                        "--suppress=missingIncludeSystem",
                        # clang's analyser knows better what is initialised.
                        "--suppress=uninitStructMember", "--suppress=legacyUninitvar",
                        "--suppress=arrayIndexThenCheck",
                        "--template={file}:{line}: {id}: {message}", *C_FLAGS[1:], *more, *sources])
    sources = files("csrc/*/*.c")
    return (check([f for f in sources if f not in NOT_WRAPPED], "--include=" + ANALYZER)
            + check([f for f in sources if f in NOT_WRAPPED]))


def luacheck():
    places = [p for p in ("lua", "spec", "examples") if files(p + "/**/*.lua")]
    return checked(["luacheck", "--quiet", "--formatter", "plain", *places, *files("*.rockspec")])


def luarocks():
    return checked(["luarocks", "lint", rockspec.ROCKSPEC])


def build_with(compiler):
    build = "build/lint-" + compiler
    return checked(["make", "--no-print-directory", "-k", "-j%d" % JOBS, "all", "tests", "WERROR=1",
                    "LUA=", "SANITIZE=", "CC=" + compiler, "BUILD=" + build],
                   lambda line: not line.startswith("  "))


def gcc_build():
    return build_with("gcc")


def clang_build():
    return build_with("clang")


def exported_symbols():
    """A module in someone's process shows one name only."""
    faults = []
    for module in files("build/lint-gcc/*/oci/core.so"):
        lines, _ = run(["nm", "-D", "--defined-only", module])
        names = [line.split()[-1] for line in lines]
        if "luaopen_oci_core" not in names:
            faults.append("%s: luaopen_oci_core is not exported" % module)
        faults += ["%s: %s is exported" % (module, n) for n in names if n != "luaopen_oci_core"]
    return faults


QUICK = [include_directions, function_sizes, public_annotations, rockspec_lists, own_tests]
SLOW = [headers_alone, gcc_build, clang_build, exported_symbols, luacheck, luarocks, cppcheck,
        clang_tidy]


def main():
    failed = []
    for step in QUICK if "--quick" in sys.argv[1:] else QUICK + SLOW:
        begin = time.monotonic()
        try:
            faults = step()
        except OSError as error:
            faults = [str(error)]
        name = step.__name__.replace("_", " ")
        text = "%d FAULTS" % len(faults) if faults else "good"
        print("  LINT %s: %s (%.1f s)" % (name, text, time.monotonic() - begin), flush=True)
        for fault in faults:
            print("    " + fault)
        if faults:
            failed.append(name)
    print("lint: " + ("failed: " + ", ".join(failed) if failed else "good"))
    return 1 if failed else 0


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
