"""Runs the programs under test. PECULIAR_BIN names their folder, PECULIAR_PIPELINE the folder that prepare.py fills."""
import json
import os
import pathlib
import signal
import subprocess
import time

BIN = pathlib.Path(os.environ["PECULIAR_BIN"])
PIPELINE = pathlib.Path(os.environ["PECULIAR_PIPELINE"])
SURVEY = PIPELINE / "survey"
WORK = PIPELINE / "work"
ROOT = pathlib.Path(__file__).resolve().parents[2]
REAL = ROOT / "tests" / "data" / "manga"
MAPS = REAL / "manga-7815-3702-MAPS-HYB10-GAU-MILESHC.fits.gz"
SPECTRA = REAL / "MaNGA_test_spectra.fits.gz"


def run(program, *arguments, check=True, **options):
    """The finished process; with `check`, a non-zero exit code is an error that shows what the program said."""
    done = subprocess.run([BIN / program, *map(str, arguments)], text=True, capture_output=True, timeout=300, **options)
    if check and done.returncode != 0:
        raise AssertionError("%s %s: exit %d\n%s" % (program, arguments, done.returncode, done.stderr))
    return done


def wait_until(is_true, what, seconds=30, processes=()):
    """Until is_true(); an error after that time, or when one of the processes has ended before. `what`: for its message."""
    deadline = time.monotonic() + seconds
    while not is_true():
        for process in processes:
            if process.poll() is not None:
                raise AssertionError("a process ended before " + what)
        if time.monotonic() > deadline:
            raise AssertionError("waited in vain until " + what)
        time.sleep(0.01)


def worker(*arguments, **options):
    return run("peculiar-worker", *arguments, **options)


class Server:
    """A server of `snapshots` on a free port, stopped at the end of the `with` block. `flags`: more of them; `options`: Popen's."""

    def __init__(self, snapshots, *flags, **options):
        self.snapshots = pathlib.Path(snapshots)
        self.flags = flags
        self.options = options

    def __enter__(self):
        port_file = self.snapshots.parent / ("port-%d" % os.getpid())
        port_file.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [BIN / "peculiar-server", "--snapshots", self.snapshots, "--listen", "127.0.0.1:0", "--port-file", port_file,
             *self.flags],
            stderr=subprocess.PIPE, text=True, **self.options)
        deadline = time.monotonic() + 30
        while not port_file.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError("the server did not start: " + self.process.communicate()[1])
            time.sleep(0.02)
        self.address = "127.0.0.1:" + port_file.read_text().strip()
        port_file.unlink()
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.log = self.process.communicate(timeout=30)[1]
        if self.process.returncode != 0:
            raise AssertionError("the server ended with %d: %s" % (self.process.returncode, self.log))

    def ask(self, *arguments, **options):
        return run("peculiar", "--server", self.address, *arguments, **options)

    def ask_json(self, *arguments):
        return json.loads(self.ask("-o", "json", *arguments).stdout)
