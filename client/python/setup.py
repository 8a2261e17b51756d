"""Builds the package: the project's version, and stubs of the API made from its protos."""
import importlib.metadata
import pathlib
import re
import shutil
import subprocess
import sys

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROTOS = ROOT / "proto"


def version():
    return re.search(r"project\(peculiar VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text()).group(1)


def generator():
    """Command of protoc with the Python plugin: that of grpcio-tools, or else Debian's."""
    try:
        importlib.metadata.version("grpcio-tools")
        return [sys.executable, "-m", "grpc_tools.protoc"], "--grpc_python_out"
    except importlib.metadata.PackageNotFoundError:
        plugin = shutil.which("grpc_python_plugin")
        if not (shutil.which("protoc") and plugin):
            sys.exit("peculiar: no generator of stubs: install grpcio-tools, or protobuf-compiler and protobuf-compiler-grpc")
        return ["protoc", f"--plugin=protoc-gen-grpc={plugin}"], "--grpc_out"


def dependencies():
    """Stubs of grpcio-tools 1.63 and later refuse a grpcio or protobuf older than the ones that it was built with."""
    runtime = ["grpcio>=1.51", "protobuf>=4.21"]
    try:
        if tuple(map(int, importlib.metadata.version("grpcio-tools").split(".")[:2])) >= (1, 63):
            runtime = [line for line in importlib.metadata.requires("grpcio-tools") if re.match("grpcio|protobuf", line)]
    except importlib.metadata.PackageNotFoundError:
        pass
    return ["astropy>=5.2", "numpy", *runtime]


class BuildWithStubs(build_py):
    def run(self):
        super().run()
        if not PROTOS.is_dir():
            sys.exit(f"peculiar: no protos in {PROTOS}: the package is built from the project's tree")
        if not self.editable_mode:
            command, grpc_out = generator()
            subprocess.run([*command, f"--proto_path={PROTOS}", f"--python_out={self.build_lib}", f"--pyi_out={self.build_lib}",
                            f"{grpc_out}={self.build_lib}", *sorted(PROTOS.glob("peculiar/v1/*.proto"))], check=True)


setup(version=version(), install_requires=dependencies(), cmdclass={"build_py": BuildWithStubs})
