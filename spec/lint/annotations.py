#!/usr/bin/env python3
"""Checks that every public function of the Lua layer has annotations: a sentence, each parameter, what it returns.

    annotations.py [ROOT]
"""
import os
import re
import sys

# Where the public functions are, by the table they stand in. Others are the library's own.
PUBLIC = {
    "lua/oci/init.lua": "oci.",
    "lua/oci/client.lua": "Client:",
    "lua/oci/operation.lua": "Operation:",
    "lua/oci/reader.lua": "Reader:",
    "lua/oci/types/init.lua": "types.",
    "lua/oci/types/type.lua": "Type:",
}

HEAD = re.compile(r"^function ([A-Z]?[a-z]+[.:])(\w+)\(([^)]*)\)", re.M)


def comment_above(lines, number):
    """The lines of the comment directly above a line."""
    begin = number
    while begin > 0 and lines[begin - 1].startswith("--"):
        begin -= 1
    return lines[begin:number]


def body(lines, number):
    end = number
    while end < len(lines) and lines[end] != "end":
        end += 1
    return lines[number + 1:end]


def faults_of(name, parameters, comment, lines):
    """What is missing of one function."""
    if any(line.startswith("---@private") for line in comment):
        return []
    missing = []
    if not comment or not comment[0].startswith("--- "):
        missing.append("a sentence about what it does")
    for parameter in parameters:
        if not any(re.match(r"---@param %s\??\s" % re.escape(parameter), line) for line in comment):
            missing.append("---@param %s" % parameter)
    returns = [line for line in comment if line.startswith("---@return")]
    if not returns and any(re.match(r"  return .", line) for line in lines):
        missing.append("---@return")
    # A call that may fail says with which codes.
    if len(returns) == 4 and "nil, message" not in returns[0]:
        missing.append("the codes of its errors at the first ---@return")
    return ["%s has no %s" % (name, what) for what in missing]


def check_text(path, text):
    faults, lines = [], text.split("\n")
    for match in HEAD.finditer(text):
        table, name, parameters = match.groups()
        if table != PUBLIC[path] or name.startswith("_"):
            continue
        number = text.count("\n", 0, match.start())
        names = [p.strip() for p in parameters.split(",") if p.strip()]
        faults += ["%s:%d: %s" % (path, number + 1, fault) for fault in
                   faults_of(table + name, names, comment_above(lines, number), body(lines, number))]
    return faults


def check(root):
    faults = []
    for path in PUBLIC:
        full = os.path.join(root, path)
        if os.path.exists(full):
            with open(full, encoding="utf-8") as file:
                faults += check_text(path, file.read())
    return faults


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    faults = check(sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(here)))
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
