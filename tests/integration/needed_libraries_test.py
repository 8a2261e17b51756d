"""The worker of preset cuda needs LibTorch, CUDA and the C library of a machine, and what is copied beside it.

usage: needed_libraries_test.py PROGRAM"""

import re
import subprocess
import sys
import unittest

LIBTORCH = {"libtorch.so", "libtorch_cpu.so", "libtorch_cuda.so", "libc10.so", "libc10_cuda.so", "libgomp.so.1"}
CUDA = re.compile(r"libcudart\.so\.\d+")
SYSTEM = re.compile(r"lib(?:c|m|gcc_s|stdc\+\+|dl|rt|pthread)\.so\.\d|ld-linux-x86-64\.so\.2")
COPIED = {"libhwy.so.1", "libisal.so.2"}  # Debian has no archives of these; cmake --install takes them along
OLDEST_LIBC = (2, 35)  # of Ubuntu 22.04; Debian 12 has 2.36


def read(*options):
    return subprocess.run(["readelf", "--wide", *options, PROGRAM], capture_output=True, text=True, check=True).stdout


class NeededLibraries(unittest.TestCase):
    def test_all_others_are_inside(self):
        needed = re.findall(r"\(NEEDED\).*\[(.*)\]", read("--dynamic"))
        others = [name for name in needed if name not in LIBTORCH | COPIED and not CUDA.fullmatch(name)
                  and not SYSTEM.fullmatch(name)]
        self.assertEqual(others, [])
        self.assertLessEqual({"libtorch_cuda.so", "libc10.so"}, set(needed))

    def test_the_c_library_may_be_four_years_old(self):
        versions = {tuple(map(int, version.split("."))) for version in re.findall(r"GLIBC_([0-9.]+)", read("--version-info"))}
        self.assertLessEqual(max(versions), OLDEST_LIBC)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    PROGRAM = sys.argv.pop()
    unittest.main()
