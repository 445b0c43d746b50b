#!/usr/bin/env python3
"""Tests of the lint scripts themselves: what is broken on purpose must be reported."""
import os
import tempfile
import unittest

import annotations
import functions
import includes
import rockspec

TREE = {
    "base/err.h": "",
    "json/json.h": '#include "base/err.h"\n#include <cjson/cJSON.h>\n',
    "model/digest.c": '#include <openssl/evp.h>\n#include "json/json.h"\n',
    "flow/flow.h": '#include "base/err.h"\n',
    "flow/graph.h": '#include "flow/flow.h"\n',
    "store/stores.h": "",
    "net/net.h": '#include "flow/graph.h"\n#include <curl/curl.h>\n',
    "include/oci.h": "",
    "client/client.c": '#include "net/net.h"\n#include "include/oci.h"\n',
    "lua/core.c": '#include "include/oci.h"\n#include <lua.h>\n#include <dlfcn.h>\n',
    "sys/file.c": "#include <unistd.h>\n#include <sys/stat.h>\n",
}


def make_tree(root, files):
    for path, text in files.items():
        full = os.path.join(root, "csrc", path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)


class Includes(unittest.TestCase):
    def faults(self, **broken):
        with tempfile.TemporaryDirectory() as root:
            make_tree(root, {**TREE, **{k.replace("__", "/") + ".c": v for k, v in broken.items()}})
            return includes.check(root)

    def test_a_good_tree(self):
        self.assertEqual(self.faults(), [])

    def test_directions(self):
        for name, header, text in (
                ("base__x", "json/json.h", "base may not include json"),
                ("sys__x", "model/digest.h", "no such header"),
                ("model__x", "flow/flow.h", "model may not include ports"),
                ("flow__x", "net/net.h", "flow may not include net"),
                ("flow__y", "store/stores.h", "flow may not include store"),
                ("content__x", "flow/graph.h", "content may not include flow"),
                ("net__x", "store/stores.h", "net may not include store"),
                ("client__x", "lua/core.h", "no such header"),
                ("lua__x", "net/net.h", "lua may not include net"),
                ("json__x", "json.h", "relative to csrc"),
                ("new__x", "base/err.h", "not in the table")):
            with self.subTest(name):
                fault, = self.faults(**{name: '/* */\n#include "%s"\n' % header})
                self.assertIn("csrc/%s.c:2: " % name.replace("__", "/"), fault)
                self.assertIn(text, fault)

    def test_owners(self):
        for name, header in (
                ("model__x", "cjson/cJSON.h"), ("net__x", "openssl/evp.h"),
                ("model__reference", "openssl/sha.h"), ("store__x", "curl/curl.h"),
                ("client__x", "lua.h"), ("content__x", "zlib.h"), ("net__x", "archive_entry.h"),
                ("client__x", "unistd.h"), ("net__x", "sys/eventfd.h"), ("net__x", "dlfcn.h")):
            with self.subTest(name + " " + header):
                fault, = self.faults(**{name: "#include <%s>\n" % header})
                self.assertIn("<%s> belongs to" % header, fault)
                self.assertEqual(len(self.faults(**{name: '#include "%s"\n' % header})), 1)

    def test_the_loader_of_curl_may_use_dlfcn(self):
        self.assertEqual(self.faults(net__curl_api="#include <dlfcn.h>\n"), [])


class Functions(unittest.TestCase):
    def test_length_counts_from_the_head_to_the_brace(self):
        text = "int f(int a,\n      int b)\n{\n%s}\n" % ("    a++;\n" * 90)
        self.assertEqual(functions.long_functions(text, 80), [(1, "f", 94)])
        self.assertEqual(functions.long_functions(text, 94), [])
        self.assertEqual(functions.long_functions("TEST(t)\n{\n}\n", 2), [(1, "t", 3)])

    def test_files_have_a_limit(self):
        self.assertEqual(functions.long_file("csrc/a/b.c", "\n" * 600), [])
        self.assertEqual(functions.long_file("csrc/a/b.c", "\n" * 601), ["csrc/a/b.c: 601 lines; the limit is 600"])
        self.assertEqual(functions.long_file("spec/c/b.c", "\n" * 800), [])
        self.assertEqual(len(functions.long_file("spec/c/b.c", "\n" * 801)), 1)

    def test_braces_in_texts_and_comments_do_not_count(self):
        text = 'void g(void)\n{\n    puts("{"); /* { */\n    putchar(\'{\'); // {\n}\nint h;\n'
        self.assertEqual(functions.long_functions(text, 4), [(1, "g", 5)])

    def test_banned_calls(self):
        text = 'x = malloc(3); /* malloc(4) */\nputs("free(x)");\noci_free(x); p->free(x);\nfree (x);\n'
        self.assertEqual(functions.banned_calls(text), [(1, "malloc"), (4, "free")])


class Annotations(unittest.TestCase):
    GOOD = ("--- Does it,\n-- and more.\n---@param ref oci.Ref\n---@return true? ok nil, message, code, detail: IO\n"
            "---@return string? message\n---@return string? code\n---@return table? detail\n"
            "function oci.do_it(ref)\n  return 1\nend\n")

    def faults(self, text):
        return annotations.check_text("lua/oci/init.lua", text)

    def test_a_good_function(self):
        self.assertEqual(self.faults(self.GOOD), [])

    def test_what_is_missing_is_named(self):
        for gone, text in (("--- Does it,\n-- and more.\n", "a sentence"), ("---@param ref oci.Ref\n", "---@param ref"),
                           (": IO", None), ("nil, message, code, detail: IO", "the codes of its errors")):
            found = self.faults(self.GOOD.replace(gone, ""))
            self.assertEqual(len(found), 1 if text else 0, gone)
            self.assertTrue(not text or text in found[0], found)
        self.assertEqual(len(self.faults("--- X.\nfunction oci.x()\n  return 1\nend\n")), 1)
        self.assertEqual(self.faults("--- X.\nfunction oci.x()\n  print(1)\nend\n"), [])

    def test_private_functions_and_other_tables_need_none(self):
        self.assertEqual(self.faults("---@private\nfunction oci.x(a)\nend\n"), [])
        self.assertEqual(self.faults("function helper.x(a)\nend\n"), [])


class Rockspec(unittest.TestCase):
    def test_a_list_is_replaced_in_place(self):
        text = 'a\n  sources = {\n    "old.c",\n  },\nb\n'
        fixed = rockspec.replace_block(text, "sources", ['"csrc/a/x.c",'], "    ")
        self.assertEqual(fixed, 'a\n  sources = {\n    "csrc/a/x.c",\n  },\nb\n')


if __name__ == "__main__":
    unittest.main()
