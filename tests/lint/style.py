"""Exceptions, file names, contract comments, white space, clang-format."""

import os
import re
import shutil
import subprocess

from tree import CPP, code_only, is_test

# Where `try` may stand, and why. In a room: in one file (with its header).
SEAMS = {
    "core/base/parallel": "an exception out of a thread ends the process",
    "core/index/": "FAISS throws",
    "core/projection/": "Spectra throws",
    "core/model/": "LibTorch throws",
    "worker/main.cc": "CLI11 reports usage by exceptions",
    "server/main.cc": "CLI11 reports usage by exceptions",
    "client/main.cc": "CLI11 reports usage by exceptions",
}
DRAWER = re.compile(r"(?:^|[_/.-])(?:utils?|common|helpers?|misc|managers?)(?:[_/.-]|$)", re.I)


def check_exceptions(tree):
    stems = {}
    for path in tree.select(*CPP):
        code = code_only(tree.read(path))
        if is_test(path) or not re.search(r"\btry\s*[{:]", code):
            continue
        seam = next((seam for seam in SEAMS if path.startswith(seam)), None)
        if seam is None:
            yield f"{path}: `try` outside the seams ({', '.join(SEAMS)})"
        else:
            stems.setdefault(seam, set()).add(os.path.splitext(path)[0])
    for seam, files in stems.items():
        if len(files) > 1:
            yield f"{seam}: `try` in {', '.join(sorted(files))}; a seam has one Guard"


def check_names(tree):
    for path in tree.paths:
        if DRAWER.search(path):
            yield f"{path}: a drawer's name; say what is in it"


def check_contracts(tree):
    for path in tree.select(".h", ".cuh"):
        text = tree.read(path)
        # Highway includes its -inl.h files once an instruction set.
        guard = "HWY_TARGET_TOGGLE" if path.endswith("-inl.h") else "#pragma once\n"
        if guard not in text:
            yield f"{path}: no {guard.strip()}"
        elif not re.match(r"(?:#pragma once\n\n?)?(?://[^\n]*\n){2,}", text):
            yield f"{path}: does not open with a contract comment of two lines or more"


def check_space(tree):
    for path in tree.paths:
        text = tree.read(path)
        if path.startswith("tests/data/") or "\0" in text:
            continue
        for number, line in enumerate(text.split("\n"), 1):
            if line != line.rstrip():
                yield f"{path}:{number}: white space at the end of the line"
        if text and not text.endswith("\n"):
            yield f"{path}: no newline at the end"


def check_format(tree):
    program = shutil.which("clang-format-14")
    if program is None:
        yield "clang-format-14 is not installed (deploy/packages.txt, [test])"
        return
    files = [os.path.join(tree.root, path) for path in tree.select(*CPP)]
    if files:
        result = subprocess.run([program, "--dry-run", "-Werror", "--ferror-limit=1", *files],
                                capture_output=True, text=True, check=False)
        for path in re.findall(r"^(\S+?):\d+:\d+: error", result.stderr, re.M):
            yield f"{os.path.relpath(path, tree.root)}: not as clang-format-14 has it"
