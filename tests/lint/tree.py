"""The files of the project that the lints look at."""

import os
import re
import subprocess

CPP = (".cc", ".h", ".cu", ".cuh")


class Tree:
    """Files under root that git tracks or would track; every file when root is not a repository."""

    def __init__(self, root):
        self.root = os.path.abspath(root)
        listed = subprocess.run(
            ["git", "-C", self.root, "ls-files", "-co", "--exclude-standard", "-z"],
            capture_output=True, text=True, check=False)
        if listed.returncode == 0 and os.path.exists(os.path.join(self.root, ".git")):
            names = listed.stdout.split("\0")
        else:
            names = [os.path.relpath(os.path.join(folder, name), self.root)
                     for folder, _, found in os.walk(self.root) for name in found]
        self.paths = sorted(
            name for name in names if name and os.path.isfile(os.path.join(self.root, name))
            and not name.startswith(("build/", ".git/")))

    def select(self, *endings):
        return [path for path in self.paths if path.endswith(endings)]

    def read(self, path):
        with open(os.path.join(self.root, path), "rb") as file:
            return file.read().decode("utf-8", errors="replace")


def is_test(path):
    return path.startswith("tests/") or path.endswith("_test.cc")


def room_of(path):
    """'core/cube/cube.h' is of room 'cube', 'server/main.cc' of 'server', 'tests/...' of 'tests'."""
    parts = path.split("/")
    return parts[1] if parts[0] == "core" and len(parts) > 2 else parts[0]


_TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<mark>[^(\s]{0,16})\(.*?\)(?P=mark)"|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-zA-Z_])'(?:\\.|[^'\\\n])*'", re.S)


def code_only(text):
    """The text with comments, strings and preprocessor lines blanked; line numbers stay."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group())
    text = _TOKEN.sub(blank, text)
    return re.sub(r"^[ \t]*#(?:\\\n|[^\n])*", blank, text, flags=re.M)
