# SPDX-License-Identifier: Apache-2.0
"""What the checks look at: the files of the project, read once."""

import os
import re

CODE = (".h", ".cpp")
SCRIPT_NAMES = ("run", "test", "install-packages", "mirror-certs")
SKIPPED_FOLDERS = {".git", "build", "node_modules", "__pycache__", "twintrack-image", "dist", "results"}


class Project:
    def __init__(self, root, build=None):
        self.root = os.path.abspath(root)
        self.build = build
        self.files = sorted(self._walk())
        self._text = {}

    def _walk(self):
        for folder, folders, names in os.walk(self.root):
            folders[:] = [f for f in folders if f not in SKIPPED_FOLDERS]
            for name in names:
                if name in SKIPPED_FOLDERS:  # .git is a file in a worktree
                    continue
                yield os.path.relpath(os.path.join(folder, name), self.root)

    def path(self, relative):
        return os.path.join(self.root, relative)

    def exists(self, relative):
        return os.path.exists(self.path(relative))

    def text(self, relative):
        """The file's text; the empty string for a binary file."""
        if relative not in self._text:
            with open(self.path(relative), "rb") as file:
                data = file.read()
            self._text[relative] = "" if b"\0" in data[:4096] else data.decode("utf-8", "replace")
        return self._text[relative]

    def code(self, *folders):
        """The C++ files, of some top folders or of all."""
        return [f for f in self.files if f.endswith(CODE) and (not folders or f.split("/")[0] in folders)]

    def scripts(self):
        """Shell and Python programs: by name or by their first line."""
        found = []
        for file in self.files:
            name = os.path.basename(file)
            if name.endswith((".py", ".sh")):
                found.append(file)
            elif "." not in name.lstrip(".") and self.text(file).startswith("#!"):
                found.append(file)
        return found

    def documents(self):
        return [f for f in self.files if f.endswith(".md")]


def is_test(file):
    """Tests and what only tests use: *_test.cpp, *_lab.h, folders named testing, everything in tests/."""
    name = os.path.basename(file)
    return bool(re.search(r"_(test|lab)\.(cpp|h)$", name)) or "/testing/" in file or file.startswith("tests/")


_TOKENS = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\((.*?)\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S)


def without_comments_and_strings(code):
    """The same number of lines and braces of code, so that what is left can be searched by pattern."""

    def blank(match):
        text = match.group(0)
        # The apostrophes of a number such as 1'000'000 are not a character literal.
        if text[0] == "'" and match.start() > 0 and code[match.start() - 1].isalnum():
            return text
        return "\n" * text.count("\n") if text.startswith(("//", "/*")) else '""' + "\n" * text.count("\n")

    return _TOKENS.sub(blank, code)
