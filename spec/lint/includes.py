#!/usr/bin/env python3
"""Checks who includes whom below csrc/, and that each foreign header has one owner.

    includes.py [ROOT]

The direction is  base <- json, sys <- model <- ports <- flow/*.c, content, auth <- net, store, pack,
sign <- client <- lua.  Includes of our own are written relative to csrc: "base/err.h".
"""
import fnmatch
import os
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')

# The ports: the headers of flow/ that the layers below and beside flow's operations may see.
PORTS = {"flow/flow.h", "flow/content.h", "flow/store.h", "flow/driver.h"}

LOW = {"base", "json", "sys", "model", "ports"}
MIDDLE = LOW | {"flow", "content", "auth"}
ALLOWED = {
    "base": set(),
    "json": {"base"},
    "sys": {"base"},
    "model": {"base", "json"},
    "ports": {"base", "json", "sys", "model"},
    "flow": LOW | {"content"},               # operations join, collect and hash content; content knows none of them
    "content": LOW,
    "auth": LOW,
    "net": MIDDLE,
    "store": MIDDLE | {"pack"},              # plain files: what was packed comes back as a directory
    "pack": MIDDLE,
    "sign": MIDDLE,
    "include": {"base", "json", "model"},    # oci.h shows values and references as they are
    "client": MIDDLE | {"net", "store", "pack", "sign", "include"},
    "lua": {"base", "include"},
}

# Header pattern -> the places whose files may include it (prefixes of paths below csrc).
OWNERS = [
    ("pcre2.h", ["base/pcre2_api.h"]),
    ("cjson/*", ["json/"]),
    ("yaml.h", ["json/"]),
    ("openssl/*", ["model/digest.c", "sign/"]),
    ("curl/*", ["net/"]),
    ("archive*.h", ["pack/"]),
    ("zlib.h", ["pack/"]),
    ("zstd*.h", ["pack/"]),
    ("libdeflate.h", ["pack/"]),
    ("lua.h", ["lua/"]),
    ("lualib.h", ["lua/"]),
    ("lauxlib.h", ["lua/"]),
    ("luajit.h", ["lua/"]),
    ("dlfcn.h", ["base/library", "net/curl_api", "lua/"]),
    ("pthread.h", ["sys/", "base/library"]),  # a fork waits for what json/ loads, too
] + [(h, ["sys/"]) for h in (
    "threads.h", "semaphore.h", "sched.h", "signal.h", "spawn.h", "fcntl.h", "unistd.h",
    "poll.h", "dirent.h", "pwd.h", "grp.h", "netdb.h", "sys/*", "netinet/*", "arpa/*", "linux/*")]


def folder_of(path):
    """The layer of a file or header: its folder, or "ports"."""
    return "ports" if path in PORTS else path.split("/")[0]


def own_fault(path, header, known):
    """What is wrong with #include "header" in the file `path`, or None."""
    if "/" not in header:
        return 'write it relative to csrc: "%s/%s"' % (path.split("/")[0], header)
    if header not in known:
        return "no such header below csrc"
    source, target = folder_of(path), folder_of(header)
    if source not in ALLOWED:
        return "%s/ is not in the table of spec/lint/includes.py" % source
    # An operation in flow/ includes flow/ as it likes; a port only ports.
    if source == target or target in ALLOWED[source]:
        return None
    return "%s may not include %s" % (source, target)


def foreign_fault(path, header):
    for pattern, places in OWNERS:
        if fnmatch.fnmatchcase(header, pattern) and not path.startswith(tuple(places)):
            return "<%s> belongs to %s" % (header, ", ".join(places))
    return None


def includes(file):
    """(line number, is ours, header) of each include."""
    with open(file, encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            match = INCLUDE.match(line)
            if match:
                yield number, match[1] == '"', match[2]


def check(root):
    """Faults as lines "csrc/x/y.c:12: ...", sorted."""
    csrc = os.path.join(root, "csrc")
    found = [os.path.relpath(os.path.join(d, f), csrc)
             for d, _, files in os.walk(csrc) for f in files if f.endswith((".c", ".h"))]
    known = {f for f in found if f.endswith(".h")}
    faults = []
    for path in sorted(found):
        for number, ours, header in includes(os.path.join(csrc, path)):
            # Angle brackets do not hide one of our own.
            fault = own_fault(path, header, known) if ours or header in known \
                else foreign_fault(path, header)
            # "foreign.h" in quotes is still foreign.
            if ours and header not in known:
                fault = foreign_fault(path, header) or fault
            if fault:
                faults.append("csrc/%s:%d: %s" % (path, number, fault))
    return faults


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(here))
    faults = check(root)
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
