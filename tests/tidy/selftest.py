#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Each check finds the fault it is there for: a check that cannot fail proves nothing."""

import os
import tempfile
import unittest

import compilers
import documents
import layers
import shape
from project import Project, without_comments_and_strings

LICENCE = "// SPDX-License-Identifier: Apache-2.0\n"


class TidyTest(unittest.TestCase):
    def project(self, **files):
        """A tree made of keyword arguments: src__base__a_h becomes src/base/a.h."""
        files["src__CMakeLists_txt"] = "set(TWINTRACK_FOLDERS base runtime media journal volume console)\n"
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        for name, text in files.items():
            parts = name.split("__")
            stem, _, ending = parts[-1].rpartition("_")
            path = os.path.join(folder.name, *parts[:-1], f"{stem}.{ending}" if stem else ending)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        return Project(folder.name, os.path.join(folder.name, "out"))

    def assert_finds(self, check, word, **files):
        problems = check(self.project(**files))
        self.assertTrue(any(word in problem for problem in problems), problems)

    def test_upward_include(self):
        self.assert_finds(layers.check_includes, "base is below journal",
                          src__base__a_h='#include "journal/j.h"\n', src__journal__j_h="")

    def test_console_must_not_know_the_engine(self):
        self.assert_finds(layers.check_includes, "must not know",
                          src__console__a_h='#include "journal/j.h"\n', src__journal__j_h="")

    def test_relative_include(self):
        self.assert_finds(layers.check_includes, "not of the form", src__base__a_h='#include "b.h"\n', src__base__b_h="")

    def test_downward_include_is_fine(self):
        project = self.project(src__journal__a_h='#include "base/b.h"\n', src__base__b_h="")
        self.assertEqual([], layers.check_includes(project))

    def test_engine_touches_a_clock(self):
        self.assert_finds(layers.check_engine, "clocks", src__volume__a_cpp="auto t = std::chrono::steady_clock::now();\n")

    def test_engine_touches_fsync(self):
        self.assert_finds(layers.check_engine, "files", src__media__a_cpp="int f() { return ::fsync(3); }\n")

    def test_engine_may_speak_of_a_clock(self):
        project = self.project(src__volume__a_cpp="// never std::chrono::steady_clock\n", src__runtime__b_cpp="fsync(1);\n")
        self.assertEqual([], layers.check_engine(project))

    def test_missing_licence(self):
        self.assert_finds(shape.check_licence, "lack", src__base__a_h="#pragma once\n")

    def test_long_function(self):
        body = "  call();\n" * 80
        self.assert_finds(shape.check_lengths, "function f has",
                          src__base__a_cpp="namespace tt {\nvoid f(int a) {\n" + body + "}\n}\n")

    def test_long_method(self):
        body = "    call();\n" * 80
        self.assert_finds(shape.check_lengths, "function grow has",
                          src__base__a_h="class A {\n  void grow() {\n" + body + "  }\n};\n")

    def test_long_file(self):
        self.assert_finds(shape.check_lengths, "limit 1000", src__base__a_cpp="\n" * 1001)

    def test_name_of_a_placeholder(self):
        self.assert_finds(shape.check_paths, "not a name", **{"@home__mine_dat": "secret\n"})

    def test_a_table_is_not_a_function(self):
        rows = "  {1, 2},\n" * 200
        self.assertEqual([], shape.check_lengths(self.project(src__base__a_cpp="const T t[] = {\n" + rows + "};\n")))

    def test_missing_readme(self):
        self.assert_finds(shape.check_readmes, "src/base: has no README.md", src__base__a_h=LICENCE)

    def test_banned_words(self):
        self.assert_finds(shape.check_words, "issue", docs__a_md="TO" + "DO: later\n")
        self.assert_finds(shape.check_words, "machine", docs__a_md="see /ro" + "ot/x\n")

    def test_temporaries_of_awaiting_expressions(self):
        self.assert_finds(shape.check_awaits, "R1", src__base__a_cpp="auto d = co_await harden(append(Thaw{a,\n b}));\n")
        self.assert_finds(shape.check_awaits, "R1", src__base__a_cpp="co_await run(1, [x](int) { return x; });\n")
        fine = "auto d = co_await f(a[i](x), Empty{});\nThaw t{a};\nco_await g(t);\n"
        self.assertEqual([], shape.check_awaits(self.project(src__base__a_cpp=fine)))

    def test_dead_link(self):
        self.assert_finds(documents.check_links, "no such file", docs__a_md="[x](b.md)\n")
        self.assert_finds(documents.check_links, "no such heading", docs__a_md="[x](#nowhere)\n# Here\n")

    def test_name_of_a_missing_file(self):
        self.assert_finds(documents.check_names, "names src/base/b.h", docs__a_md="see `src/base/b.h`\n")

    def test_promise_without_test(self):
        self.assert_finds(documents.check_promises, "no test of this tree",
                          docs__promises_md="| P1 | never loses | `Journal.Nothing` |\n")
        self.assert_finds(documents.check_promises, "names no test", docs__promises_md="| P1 | never loses | - |\n")

    def test_promise_with_test(self):
        project = self.project(docs__promises_md="| P1 | never loses | `Journal.Replay` |\n",
                               src__journal__a_test_cpp="TEST(Journal, Replay) {}\n")
        self.assertEqual([], documents.check_promises(project))

    def flashcopy(self, heading="# FC-2 does\n", code="TEST(Fc, FC3_Does) {}\n", **cells):
        """A tree in which every behaviour waits, but for the cells given, with one transcript and one test."""
        cells = {"FC2": "`a.txt`", "FC3": "`Fc.FC3_Does`", **cells}
        rows = [f"| FC-{n} | does | {cells.get(f'FC{n}', 'waiting: later')} |\n" for n in range(1, 84)]
        return {"docs__flashcopy-tests_md": "".join(rows), "tests__transcripts__a_txt": heading,
                "tests__dscli__a_test_cpp": code}

    def test_flashcopy_behaviours(self):
        check = documents.check_flashcopy
        self.assertEqual([], check(self.project(**self.flashcopy())))
        self.assert_finds(check, "FC-1 names 'a.txt'", **self.flashcopy(FC1="`a.txt`"))
        self.assert_finds(check, "FC-4 names 'Fc.FC3_Does'", **self.flashcopy(FC4="`Fc.FC3_Does`"))
        self.assert_finds(check, "FC-2 names 'a.txt'", **self.flashcopy(heading="# FC-20 does\n"))
        self.assert_finds(check, "FC-5 names no test", **self.flashcopy(FC5="later"))
        self.assert_finds(check, "FC-7 does not name a.txt", **self.flashcopy(heading="# FC-2 does\n# FC-7 too\n"))
        self.assert_finds(check, "FC-3 does not name Fc.FC3_Does", **self.flashcopy(FC3="waiting: later"))
        incomplete = self.flashcopy()
        incomplete["docs__flashcopy-tests_md"] = incomplete["docs__flashcopy-tests_md"].replace("FC-9 ", "FC9 ")
        self.assert_finds(check, "not one row for each", **incomplete)

    def cases(self, table, code=""):
        return {"docs__engine-tests_md": table, "src__journal__a_test_cpp": code}

    def test_numbered_case_without_test(self):
        for word, table, code in (
                ("no test of this tree", "| EN-1 | a crash | `En.EN1_Crash` |\n", ""),
                ("neither a test nor", "| EN-1 | a crash | - |\n", ""),
                ("EN-1 is missing", "| EN-2 | a crash | waiting: mirrors |\n", ""),
                ("EN-1 comes twice", "| EN-1 | a crash | waiting: mirrors |\n" * 2, ""),
                ("En.EN1_Crash is not named", "| EN-1 | a crash | waiting: mirrors |\n", "TEST(En, EN1_Crash) {}\n")):
            self.assert_finds(documents.check_cases, word, **self.cases(table, code))

    def test_numbered_case_with_test(self):
        files = self.cases("| EN-1 | a crash | `Ring.En1Crash` |\n| EN-2 | a copy | waiting: mirrors |\n",
                           "TEST(Ring, En1Crash) {}\n")
        self.assertEqual([], documents.check_cases(self.project(**files)))

    def test_header_that_needs_another(self):
        self.assert_finds(compilers.check_headers, "does not compile alone",
                          src__base__a_h="#pragma once\nstd::string f();\n")

    def test_format(self):
        self.assert_finds(compilers.check_format, "error:", src__base__a_h="int   f( );\n")

    def test_broken_script(self):
        self.assert_finds(compilers.check_scripts, "a.sh", a_sh="#!/bin/bash\nif true; then\n")
        self.assert_finds(compilers.check_scripts, "a.py", a_py="def f(:\n")

    def test_comments_are_blanked_and_numbers_kept(self):
        self.assertEqual("int x = 1'000'000;\n", without_comments_and_strings("int x = 1'000'000;// {\n"))


if __name__ == "__main__":
    unittest.main()
