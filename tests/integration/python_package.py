"""The Python package, installed from the tree with Debian's tools into a folder of its own, and importable from there."""
import atexit
import pathlib
import shutil
import subprocess
import sys
import tempfile

import programs

FOLDER = pathlib.Path(tempfile.mkdtemp())  # for a test's files too; gone at the end
SITE = FOLDER / "site"


def install():
    """Builds a copy, so that nothing is left in the tree."""
    tree = FOLDER / "tree"
    for folder in ("client/python", "proto"):
        shutil.copytree(programs.ROOT / folder, tree / folder, ignore=shutil.ignore_patterns("build", "*.egg-info"))
    shutil.copy(programs.ROOT / "CMakeLists.txt", tree)
    done = subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-build-isolation", "--no-deps",
                           "--target", SITE, tree / "client" / "python"], text=True, capture_output=True, timeout=120)
    if done.returncode != 0:
        raise AssertionError(done.stdout + done.stderr)
    sys.path.insert(0, str(SITE))


atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)
install()
