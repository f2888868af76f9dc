# SPDX-License-Identifier: Apache-2.0
"""Links of the documents resolve; every promise and every FlashCopy behaviour names tests that exist."""

"""Links of the documents resolve; promises and numbered cases name tests that exist."""

import os
import re
import subprocess

_LINK = re.compile(r"(?<!\\)!?\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```", re.S | re.M)
_GTEST = re.compile(r"\bTEST(?:_F|_P)?\(\s*(\w+)\s*,\s*(\w+)\s*\)")


def check_links(project):
    problems = []
    for file in project.documents():
        text = _FENCE.sub("", project.text(file))
        for target in _LINK.findall(text):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            resolved = os.path.normpath(os.path.join(os.path.dirname(file), path)) if path else file
            if not project.exists(resolved):
                problems.append(f"{file}: link to {target}: no such file")
            elif anchor and resolved.endswith(".md") and anchor not in anchors(project.text(resolved)):
                problems.append(f"{file}: link to {target}: no such heading")
    return problems


_NAMED = re.compile(r"`((?:src|tests|tools|docs|bench|fuzz|cmake)/[\w./-]+)`")


def check_names(project):
    """Files and folders of the tree that a document names in backticks are there."""
    return [f"{file}: names {name}, which is not there" for file in project.documents() if file != "CHANGELOG.md"
            for name in _NAMED.findall(project.text(file)) if not project.exists(name)]


def anchors(text):
    """The anchors a renderer makes of the headings."""
    found = set()
    for heading in re.findall(r"^#+\s+(.*)$", _FENCE.sub("", text), re.M):
        plain = re.sub(r"[^\w\- ]", "", heading.strip().lower())
        found.add(plain.replace(" ", "-"))
    return found


def check_promises(project, document="docs/promises.md"):
    """Each row of the table has, in its last column, names in backticks: of CTest, GTest, or files of the tree."""
    if document not in project.files:
        return [f"{document} is missing"]
    gtests = {f"{suite}.{name}" for file in project.code() for suite, name in _GTEST.findall(project.text(file))}
    ctests = ctest_names(project)
    problems, rows = [], 0
    for row in re.findall(r"^\|\s*P\d+.*\|\s*$", project.text(document), re.M):
        rows += 1
        cells = [cell.strip() for cell in row.strip().strip("|").split("|")]
        names = re.findall(r"`([^`]+)`", cells[-1])
        if not names:
            problems.append(f"{document}: {cells[0]} names no test")
        for name in names:
            if name not in gtests and name not in ctests and not project.exists(name):
                problems.append(f"{document}: {cells[0]} names '{name}', which is no test of this tree")
    if rows == 0:
        problems.append(f"{document}: has no row that begins with '| P<number>'")
    return problems


FLASHCOPY_BEHAVIOURS = 83


def check_flashcopy(project, document="docs/flashcopy-tests.md", transcripts="tests/transcripts/"):
    """Each behaviour has one row, whose last column names tests that carry its number, or says what it waits for."""
    if document not in project.files:
        return [f"{document} is missing"]
    gtests = {f"{suite}.{name}" for file in project.code() for suite, name in _GTEST.findall(project.text(file))}
    headings = {(os.path.basename(file), number) for file in project.files
                if file.startswith(transcripts) and file.endswith(".txt")
                for number in re.findall(r"^# FC-(\d+)\b", project.text(file), re.M)}
    problems, named, numbers = [], set(), []
    for number, test in re.findall(r"^\|\s*FC-(\d+)\s*\|.*\|([^|]*)\|\s*$", project.text(document), re.M):
        numbers.append(int(number))
        names = re.findall(r"`([^`]+)`", test)
        if not names and "waiting: " not in test:
            problems.append(f"{document}: FC-{number} names no test and waits for nothing")
        for name in names:
            named.add((name, number))
            is_test = name in gtests and f".FC{number}_" in name
            if not is_test and (name, number) not in headings:
                problems.append(f"{document}: FC-{number} names '{name}', which has no test of that number")
    if numbers != list(range(1, FLASHCOPY_BEHAVIOURS + 1)):
        problems.append(f"{document}: has not one row for each of FC-1 to FC-{FLASHCOPY_BEHAVIOURS}, in order")
    problems += [f"{document}: FC-{number} does not name {name}" for name, number in sorted(headings - named)]
    numbered = {(name, number) for name in gtests for number in re.findall(r"^Fc\.FC(\d+)_", name)}
    return problems + [f"{document}: FC-{number} does not name {name}" for name, number in sorted(numbered - named)]


_CASE = re.compile(r"^\|\s*EN-(\d+)\s*\|.*\|([^|]*)\|\s*$", re.M)
_NUMBERED = re.compile(r"^E[Nn](\d+)(?=\D)")


def check_cases(project, document="docs/engine-tests.md"):
    """Every number has a row; its last column names tests of that number that exist, or says what it waits for. No test
    with a number in its name is left out."""
    if document not in project.files:
        return [f"{document} is missing"]
    gtests = [(suite, name) for file in project.code() for suite, name in _GTEST.findall(project.text(file))]
    known = {f"{suite}.{name}" for suite, name in gtests}
    problems, rows = [], {}
    for number, cell in _CASE.findall(project.text(document)):
        if int(number) in rows:
            problems.append(f"{document}: EN-{number} comes twice")
        names = rows[int(number)] = re.findall(r"`([^`]+)`", cell)
        if not names and not re.match(r"\s*waiting: \w", cell):
            problems.append(f"{document}: EN-{number} names neither a test nor what it waits for")
        problems += [f"{document}: EN-{number} names '{name}', which is no test of this tree" for name in names
                     if name not in known]
    missing = set(range(1, max(rows, default=1) + 1)) - set(rows)
    problems += [f"{document}: EN-{number} is missing" for number in sorted(missing)]
    for suite, name in gtests:
        number = _NUMBERED.match(name)
        if number and f"{suite}.{name}" not in rows.get(int(number.group(1)), []):
            problems.append(f"{document}: {suite}.{name} is not named beside its number")
    return problems


def ctest_names(project):
    """The tests of the configured build; without one, the names that stand in CMakeLists.txt files."""
    if project.build and os.path.exists(os.path.join(project.build, "CTestTestfile.cmake")):
        listed = subprocess.run(["ctest", "--test-dir", project.build, "-N"], stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, text=True, check=True)
        return set(re.findall(r"Test +#\d+: (\S+)", listed.stdout))
    files = [file for file in project.files if os.path.basename(file) == "CMakeLists.txt"]
    return {name for file in files for name in re.findall(r"NAME\s+([\w.]+)", project.text(file))}
