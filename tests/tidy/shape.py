# SPDX-License-Identifier: Apache-2.0
"""Lengths, licence lines, folder READMEs, words that must not be in the tree."""

import os
import re

from project import is_test, without_comments_and_strings

FILE_LIMIT = 1000
FUNCTION_LIMIT = 70
TEST_FUNCTION_LIMIT = 120
README_LIMIT = 60
LICENCE = "SPDX-License-Identifier: Apache-2.0"

# Written in two halves so that this file does not contain them.
BANNED = [
    (r"\b(TO" + r"DO|FIX" + r"ME|HA" + r"CK)\b", "unfinished work belongs in an issue"),
    (r"(?<![\w.$}])/(ro" + r"ot|wo" + r"rk|ho" + r"me/\w+)/", "a path of one machine"),
]


def check_licence(project):
    problems = []
    for file in project.code() + project.scripts():
        if not any(LICENCE in line for line in project.text(file).split("\n")[:2]):
            problems.append(f"{file}: the first lines lack '{LICENCE}'")
    return problems


def check_words(project):
    problems = []
    for file in project.files:
        if os.path.basename(file) == "LICENSE":
            continue
        for number, line in enumerate(project.text(file).split("\n"), 1):
            for pattern, why in BANNED:
                match = re.search(pattern, line)
                if match:
                    problems.append(f"{file}:{number}: '{match.group(0)}': {why}")
    return problems


def check_awaits(project):
    """R1 of docs/developing.md: g++ 12 destroys such temporaries of an awaiting expression twice."""
    problems = []
    for file in project.code():
        if file == "src/runtime/coroutine_rules_test.cpp":  # it shows what goes wrong
            continue
        text = without_comments_and_strings(project.text(file))
        for match in re.finditer(r"\bco_await\b[^;]*;", text):
            aggregate = re.search(r"\b[A-Z]\w*\{(?!\}|\*this\})", match.group(0))
            closure = re.search(r"[(,]\s*\[[^\]]+\]\s*[({]", match.group(0))
            found = aggregate or closure
            if found:
                line = text.count("\n", 0, match.start()) + 1
                problems.append(f"{file}:{line}: '{found.group(0)}' in an awaiting expression: name it before (R1)")
    return problems


_PATH = re.compile(r"[A-Za-z0-9._/-]+")


def check_paths(project):
    """A file with another name was made by accident: a placeholder or a pattern that nothing replaced."""
    return [f"{file}: not a name that this tree has" for file in project.files if not _PATH.fullmatch(file)]


def check_readmes(project):
    folders = {"tools", "bench", "tests"}
    for file in project.files:
        parts = file.split("/")
        if parts[0] in ("src", "tests", "fuzz") and len(parts) > 2:
            folders.add("/".join(parts[:2]))
    problems = []
    for folder in sorted(folders):
        readme = folder + "/README.md"
        if readme not in project.files:
            problems.append(f"{folder}: has no README.md that says what it owns")
        elif project.text(readme).count("\n") > README_LIMIT:
            problems.append(f"{readme}: longer than {README_LIMIT} lines")
    return problems


def check_lengths(project):
    problems = []
    for file in project.code() + project.scripts():
        lines = project.text(file).count("\n")
        if lines > FILE_LIMIT:
            problems.append(f"{file}: {lines} lines, limit {FILE_LIMIT}")
    for file in project.code():
        limit = TEST_FUNCTION_LIMIT if is_test(file) else FUNCTION_LIMIT
        for name, line, length in functions(project.text(file)):
            if length > limit:
                problems.append(f"{file}:{line}: function {name} has {length} lines, limit {limit}")
    return problems


_PREPROCESSOR = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.M)
_CONTAINER = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b")


def functions(code):
    """Finds (name, line, length) of the functions of formatted C++: a body in a container whose head has a '('."""
    text = without_comments_and_strings(code)
    text = _PREPROCESSOR.sub(lambda match: "\n" * match.group(0).count("\n"), text)
    found, stack, head_start, line = [], [], 0, 1
    for position, character in enumerate(text):
        if character == "\n":
            line += 1
        elif character == "{":
            head = text[head_start:position]
            outer = not stack or stack[-1][0] == "container"
            container = _CONTAINER.search(head.split("(")[0]) is not None or head.strip() == ""
            kind = "container" if outer and container else "function" if outer and "(" in head else "other"
            stack.append((kind, _name(head), line))
            head_start = position + 1
        elif character == "}":
            kind, name, start = stack.pop() if stack else ("other", "", line)
            if kind == "function":
                found.append((name, start, line - start + 1))
            head_start = position + 1
        elif character == ";":
            head_start = position + 1
    return found


def _name(head):
    match = re.search(r"([\w:~]+)\s*\(([^)]*)", head)
    if not match:
        return "?"
    name = match.group(1)
    return f"{name}({match.group(2).strip()})" if name.startswith("TEST") else name
