#!/usr/bin/env python3
"""Compares the rockspec's C sources and Lua modules with the tree.

    rockspec.py          names what differs, exit status 1
    rockspec.py --fix    writes the lists anew
"""
import glob
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ROCKSPEC = "lua-oci-scm-1.rockspec"


def source_lines(root):
    files = sorted(glob.glob("csrc/*/*.c", root_dir=root))
    return ['"%s",' % f for f in files]


def module_name(path):
    """lua/oci/init.lua -> oci, lua/oci/loop/luv.lua -> oci.loop.luv"""
    return re.sub(r"/init$", "", path[len("lua/"):-len(".lua")]).replace("/", ".")


def module_lines(root):
    files = sorted(glob.glob("lua/**/*.lua", root_dir=root, recursive=True))
    return ['["%s"] = "%s",' % (module_name(f), f) for f in files]


def replace_block(text, name, lines, indent):
    """Replaces the lines between the one that opens `name` and the one that closes it."""
    body = "".join("%s%s\n" % (indent, line) for line in lines)
    pattern = re.compile(r"(^[ \t]*%s(?: =)? \{\n).*?(^[ \t]*(?:-- )?\},?\n)" % name, re.S | re.M)
    return pattern.sub(lambda m: m[1] + body + m[2], text, count=1)


def wanted(text, root):
    text = replace_block(text, "sources", source_lines(root), " " * 8)
    return replace_block(text, "-- modules", module_lines(root), " " * 4)


def entries(text):
    return set(re.findall(r'"((?:csrc|lua)/[^"]+)"', text))


def main():
    path = os.path.join(ROOT, ROCKSPEC)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    fixed = wanted(text, ROOT)
    if fixed == text:
        return 0
    if "--fix" in sys.argv[1:]:
        with open(path, "w", encoding="utf-8") as file:
            file.write(fixed)
        return 0
    for what, names in (("missing", entries(fixed) - entries(text)),
                        ("not in the tree", entries(text) - entries(fixed))):
        if names:
            print("%s: %s: %s" % (ROCKSPEC, what, " ".join(sorted(names))))
    print("%s: spec/lint/rockspec.py --fix writes its lists" % ROCKSPEC)
    return 1


if __name__ == "__main__":
    sys.exit(main())
