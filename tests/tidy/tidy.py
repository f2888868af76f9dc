#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tidy.py CHECK... [--root DIR] [--build DIR]: reads the tree as a strict stranger would; exit 1 and one line per
problem. Without CHECK: the list of checks."""

import argparse
import os
import sys

import compilers
import documents
import layers
import shape
from project import Project

CHECKS = {
    "includes": layers.check_includes,
    "engine": layers.check_engine,
    "licence": shape.check_licence,
    "lengths": shape.check_lengths,
    "paths": shape.check_paths,
    "readmes": shape.check_readmes,
    "words": shape.check_words,
    "awaits": shape.check_awaits,
    "links": documents.check_links,
    "names": documents.check_names,
    "promises": documents.check_promises,
    "flashcopy": documents.check_flashcopy,
    "cases": documents.check_cases,
    "format": compilers.check_format,
    "headers": compilers.check_headers,
    "scripts": compilers.check_scripts,
    "analysis": compilers.check_analysis,
    "analysis_all": lambda project: compilers.check_analysis(project, everything=True),
}


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("check", nargs="*", choices=[*CHECKS, []])
    parser.add_argument("--root", default=os.path.join(here, "..", ".."))
    parser.add_argument("--build", help="a configured build folder, for headers and analysis")
    arguments = parser.parse_args()
    if not arguments.check:
        print("\n".join(CHECKS))
        return 0
    project = Project(arguments.root, arguments.build and os.path.abspath(arguments.build))
    count = 0
    for name in arguments.check:
        problems = CHECKS[name](project)
        count += len(problems)
        for problem in problems:
            print(problem)
        print(f"{name}: {len(problems)} problems in {len(project.files)} files")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
