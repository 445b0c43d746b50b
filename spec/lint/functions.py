#!/usr/bin/env python3
"""Checks that C functions and files stay under their limits of lines and call nothing that is banned.

    functions.py [ROOT]

A small scanner instead of a parser: comments, texts and preprocessor lines are blanked first.
"""
import glob
import os
import re
import sys

LIMIT = 80
FILE_LIMITS = {"csrc": 600, "spec": 800}

# Memory comes from base/mem.c, texts are bounded.
BANNED = re.compile(r"(?<![\w.>])(malloc|calloc|realloc|reallocarray|strdup|strndup|free|asprintf|"
                    r"vasprintf|sprintf|vsprintf|strcpy|strcat|strncat|strtok|gets|alloca)"
                    r"\s*\(")
BANNED_FREE = {"csrc/base/mem.c"}

TOKEN = re.compile(r"""
    /\*.*?\*/ | //[^\n]* |
    "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'
""", re.S | re.X)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.M)


def blank(match):
    """As many lines, nothing on them: line numbers stay right."""
    return "\n" * match[0].count("\n") or " "


def code_only(text):
    return TOKEN.sub(blank, text)


def banned_calls(text):
    """[(line, name)]"""
    code = code_only(text)
    return [(code.count("\n", 0, m.start()) + 1, m[1]) for m in BANNED.finditer(code)]


def long_functions(text, limit):
    """[(line, name, lines)] of functions longer than `limit`, head and braces included."""
    code = DIRECTIVE.sub(blank, code_only(text))
    found, depth, head_start, open_at = [], 0, 0, None
    for match in re.finditer(r"[{};]", code):
        token, at = match[0], match.start()
        if token == "{":
            if depth == 0:
                open_at = at
            depth += 1
            continue
        if token == "}":
            depth -= 1
            if depth == 0 and open_at is not None:
                head = code[head_start:open_at]
                add_function(found, code, head_start, head, at, limit)
        if depth == 0:
            head_start, open_at = at + 1, None
    return found


def add_function(found, code, head_start, head, end, limit):
    name = re.search(r"(?:TEST\()?(\w+)\s*[()]", head)
    if not name or "=" in head or not head.rstrip().endswith(")"):
        return      # a struct, an enum or an initialiser
    begin = head_start + len(head) - len(head.lstrip())
    lines = code.count("\n", begin, end) + 1
    if lines > limit:
        found.append((code.count("\n", 0, begin) + 1, name[1], lines))


def long_file(path, text):
    lines, limit = text.count("\n"), FILE_LIMITS[path.split("/")[0]]
    return ["%s: %d lines; the limit is %d" % (path, lines, limit)] if lines > limit else []


def check(root):
    faults = []
    sources = glob.glob(os.path.join(root, "csrc/*/*.[ch]"))
    for file in sorted(sources + glob.glob(os.path.join(root, "spec/c/**/*.[ch]"), recursive=True)):
        path = os.path.relpath(file, root)
        with open(file, encoding="utf-8", errors="replace") as handle:
            text = handle.read()
        faults += long_file(path, text)
        faults += ["%s:%d: %s has %d lines; the limit is %d" % (path, line, name, lines, LIMIT)
                   for line, name, lines in long_functions(text, LIMIT)]
        if path.startswith("csrc/") and path not in BANNED_FREE:
            faults += ["%s:%d: %s() is banned (base/mem.h, base/str.h)" % (path, line, name)
                       for line, name in banned_calls(text)]
    return faults


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    faults = check(sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(here)))
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
