# SPDX-License-Identifier: Apache-2.0
"""Which folder may use which: includes point down, and the engine sees the world only through src/runtime."""

import os
import re

from project import is_test, without_comments_and_strings


def layers(project):
    """The order of the layers, lowest first: the list that the build itself uses."""
    match = re.search(r"set\(TWINTRACK_FOLDERS ([^)]+)\)", project.text("src/CMakeLists.txt"))
    return match.group(1).split()


# What stores and serves data; the management side must not know it.
STORAGE = {"media", "journal", "volume", "cache", "flashcopy", "mirror", "image", "host"}

# Beyond the order: who must not know whom although it stands above.
FORBIDDEN = {
    # Production code never depends on the simulator.
    **{folder: {"sim"} for folder in ("media", "journal", "volume", "cache", "flashcopy", "mirror", "image", "host",
                                   "apps")},
    # The management side reaches an image through catalogue messages only.
    "interfaces": {"sim", *STORAGE},
    "console": {"sim", *STORAGE},
}

ENGINE = {"base", "model", "sim", *STORAGE}

# What engine code must not touch: a run of the simulator must depend on its seed alone.
OUTSIDE_WORLD = [
    (r"#include\s*<(thread|mutex|shared_mutex|condition_variable|future|semaphore)>", "threads and locks"),
    (r"\bstd::(thread|jthread|mutex|async|condition_variable)\b", "threads and locks"),
    (r"\bpthread_\w+", "threads and locks"),
    (r"\bstd::chrono::\w+_clock\b|\bclock_gettime\b|\bgettimeofday\b|\b(std::)?time\(\s*(nullptr|NULL|0)\s*\)", "clocks"),
    (r"\bstd::this_thread\b|\b(u|nano)sleep\(", "clocks"),
    (r"\bstd::random_device\b|\bgetrandom\b|\b(std::)?s?rand\(", "random devices"),
    (r"#include\s*<(sys/socket|netinet/\w+|sys/epoll|liburing)\.h>", "sockets and rings"),
    (r"(?<![\w.>:])(::)?(fsync|fdatasync|sync_file_range|pread|pwrite)\(", "files"),
    (r"#include\s*<(fstream|filesystem)>", "files"),
    (r"\bgetenv\(", "the environment"),
]

# Files that are in an engine folder and may touch some of it nevertheless, with the reason.
ALLOWED = {
    ("src/sim/campaign.cpp", "clocks"): "drives many seeds and ends by time; nothing simulated sees it",
    ("src/sim/campaign.cpp", "the environment"): "the number of seeds, from the caller",
    ("src/sim/case.cpp", "the environment"): "the seed to repeat, from the caller",
    ("src/host/tls/server_context.cpp", "files"): "reads certificates, once, before anything is served",
}

_INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)


def folder_of(file):
    parts = file.split("/")
    return parts[1] if parts[0] == "src" and len(parts) > 2 else None


def check_includes(project):
    order, problems = layers(project), []
    for file in project.code("src"):
        folder = folder_of(file)
        if folder is None:
            continue
        if folder not in order:
            problems.append(f"{file}: folder {folder} is not in the list of layers")
            continue
        for included in _INCLUDE.findall(project.text(file)):
            problems += _judge(project, order, file, folder, included)
    return problems


def _judge(project, order, file, folder, included):
    if folder == "apps" and "/" not in included and project.exists(os.path.join(os.path.dirname(file), included)):
        return []  # A program's own files; it is no library.
    if "/" not in included or ".." in included or not project.exists("src/" + included):
        return [f'{file}: include "{included}" is not of the form "folder/file.h"']
    other = included.split("/")[0]
    if is_test(file) and (other == "sim" or "/testing/" in included):
        return []
    if order.index(other) > order.index(folder):
        return [f"{file}: includes {included}: {folder} is below {other}"]
    if other in FORBIDDEN.get(folder, set()):
        return [f"{file}: includes {included}: {folder} must not know {other}"]
    return []


def check_engine(project):
    problems = []
    for file in project.code("src"):
        if folder_of(file) not in ENGINE or is_test(file):
            continue
        text = without_comments_and_strings(project.text(file))
        for pattern, what in OUTSIDE_WORLD:
            if (file, what) in ALLOWED:
                continue
            for match in re.finditer(pattern, text):
                line = text.count("\n", 0, match.start()) + 1
                problems.append(f"{file}:{line}: engine code touches {what}: {match.group(0).strip()}")
    return problems
