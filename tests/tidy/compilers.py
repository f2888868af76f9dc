# SPDX-License-Identifier: Apache-2.0
"""Checks that run other programs: clang-format, the compiler on each header, clang-tidy, shell and Python syntax."""

import concurrent.futures
import json
import os
import shutil
import subprocess

FLAGS = ["-std=c++20", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-fno-strict-aliasing"]

# Where a defect costs most: these folders are analysed at each run of the tests, all folders in the long run.
ANALYSED = ["src/base", "src/runtime", "src/journal", "src/volume", "src/flashcopy"]


def _run(command, cwd):
    done = subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout


def _each(work, items):
    """The problems of all items, worked on by as many threads as there are cores."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return [problem for problems in pool.map(work, items) for problem in problems]


def check_format(project):
    files = project.code()

    def one(chunk):
        status, output = _run(["clang-format-19", "--dry-run", "-Werror", "--ferror-limit=1", *chunk], project.root)
        return [line for line in output.splitlines() if "error:" in line] if status else []

    return _each(one, [files[i:i + 40] for i in range(0, len(files), 40)])


def check_headers(project):
    """Every header compiles alone. Objects are kept so that ccache can answer for those that did not change."""
    folder = os.path.join(project.build or project.path("build/tidy"), "headers")
    os.makedirs(folder, exist_ok=True)
    launcher = ["ccache"] if shutil.which("ccache") else []

    def one(header):
        source = os.path.join(folder, header.replace("/", "_") + ".cpp")
        included = header[len("src/"):]
        text = f'#include "{included}"\n#include "{included}"  // again: the guard works\n'
        if not os.path.exists(source) or open(source, encoding="utf-8").read() != text:
            with open(source, "w", encoding="utf-8") as file:
                file.write(text)
        command = [*launcher, "clang++-19", *FLAGS, "-I", project.path("src"), "-c", source, "-o", source + ".o"]
        status, output = _run(command, project.root)
        errors = [line for line in output.splitlines() if "error:" in line]
        return [f"{header}: does not compile alone: {(errors or [output])[0]}"] if status else []

    return _each(one, [f for f in project.code("src") if f.endswith(".h")])


def check_scripts(project):
    def one(script):
        first = project.text(script).split("\n", 1)[0]
        path = project.path(script)
        if script.endswith(".py") or "python" in first:
            command = ["/usr/bin/python3", "-c", "import ast,sys; ast.parse(open(sys.argv[1]).read(), sys.argv[1])", path]
        elif shutil.which("shellcheck") and "/lib/" not in script:
            # Files of a lib folder are sourced, and checked as parts of the program that does it.
            command = ["shellcheck", "--severity=warning", "--shell=bash", "--external-sources",
                       "--source-path=" + project.root, path]
        else:
            command = ["bash", "-n", path]
        status, output = _run(command, project.root)
        return [f"{script}: {output.strip()}"] if status else []

    return _each(one, project.scripts())


def check_analysis(project, everything=False):
    """clang-tidy with the checks of .clang-tidy. A file that was clean is not looked at again until it, a header of
    src/ or the configuration changes."""
    database = os.path.join(project.build or "", "compile_commands.json")
    if not os.path.exists(database):
        return [f"{database} is missing: configure a build first"]
    with open(database, encoding="utf-8") as file:
        built = {os.path.relpath(entry["file"], project.root) for entry in json.load(file)}
    files = [f for f in project.code("src") if f in built and not f.endswith("_test.cpp")
             and (everything or f.startswith(tuple(folder + "/" for folder in ANALYSED)))]
    memory = CleanFiles(project, os.path.join(project.build, "clang-tidy-clean.json"))

    def one(file):
        if memory.is_clean(file):
            return []
        command = ["clang-tidy-19", "--quiet", "-p", project.build, "--warnings-as-errors=*", project.path(file)]
        status, output = _run(command, project.root)
        if status == 0:
            memory.remember(file)
            return []
        return [line for line in output.splitlines() if "error:" in line or "warning:" in line] or [output]

    problems = _each(one, files)
    memory.save()
    return problems


class CleanFiles:
    """Remembers by content which files clang-tidy found clean; headers count by the includes they reach."""

    def __init__(self, project, path):
        self._project, self._path, self._key = project, path, {}
        try:
            with open(path, encoding="utf-8") as file:
                self._clean = json.load(file)
        except (OSError, ValueError):
            self._clean = {}

    def _digest(self, file):
        import hashlib
        import re
        seen, todo = set(), [file]
        while todo:
            one = todo.pop()
            if one in seen or not self._project.exists(one):
                continue
            seen.add(one)
            todo += ["src/" + name for name in re.findall(r'#include "([^"]+)"', self._project.text(one))]
        whole = hashlib.sha256(self._project.text(".clang-tidy").encode())
        for one in sorted(seen):
            whole.update(one.encode() + b"\0" + self._project.text(one).encode() + b"\0")
        return whole.hexdigest()

    def is_clean(self, file):
        self._key[file] = self._digest(file)
        return self._clean.get(file) == self._key[file]

    def remember(self, file):
        self._clean[file] = self._key[file]

    def save(self):
        with open(self._path, "w", encoding="utf-8") as file:
            json.dump(self._clean, file, indent=1, sort_keys=True)
