"""Starts servers and loads for load.py, and reads what they cost."""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
TICKS = os.sysconf("SC_CLK_TCK")
START_SECONDS = 60
FEWEST_CALLS, LONGEST_SECONDS = 100, 60  # of an h2load


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def python_of(name):
    return subprocess.run([HERE / "python_of", name], check=True, capture_output=True, text=True).stdout.strip()


def quantile(ordered, share):
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


class Program:
    """A server that runs until the end of the `with` block. `ready` says whether it is up."""

    def __init__(self, command, ready, environment=None):
        self.command, self.ready = [str(part) for part in command], ready
        self.environment = {**os.environ, **(environment or {})}

    def __enter__(self):
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(self.command, stdout=self.log, stderr=self.log, env=self.environment)
        deadline = time.monotonic() + START_SECONDS
        while not self.ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                raise SystemExit(f"load: {self.command[0]} did not start: {self.said()[-2000:]}")
            time.sleep(0.05)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def tell(self, number):
        self.process.send_signal(number)

    def resident_mebibytes(self):
        lines = pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


def answers(port):
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


class GrpcServer(Program):
    """peculiar-server or echo_server; `allocations` counts, with the count of them preloaded."""

    def __init__(self, binary, snapshots, folder, *options, count_in=None):
        self.port_file, self.metrics_port_file = (folder / f"{binary.name}.{kind}" for kind in ("port", "metrics"))
        self.count_in = count_in
        library = binary.parent.parent / "tests" / "bench" / "libcount_allocations.so"
        environment = {"LD_PRELOAD": f"{library} libstdc++.so.6", "COUNT_ALLOCATIONS": str(count_in)} if count_in else None
        super().__init__([binary, "--snapshots", snapshots, "--listen", "127.0.0.1:0", "--port-file", self.port_file,
                          "--metrics-listen", "127.0.0.1:0", "--metrics-port-file", self.metrics_port_file, *options],
                         self.port_file.exists, environment)

    def __enter__(self):
        self.port_file.unlink(missing_ok=True)
        super().__enter__()
        self.address = f"127.0.0.1:{self.port_file.read_text().strip()}"
        return self

    def allocations(self):
        return int.from_bytes(self.count_in.read_bytes(), "little")

    def failed_calls(self):
        """By the server's own counts, but for those that h2load gives up when its time is over; echo_server has none."""
        url = f"http://127.0.0.1:{self.metrics_port_file.read_text().strip()}/metrics"
        lines = urllib.request.urlopen(url).read().decode().splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines
                   if line.startswith("peculiar_requests_total{") and not re.search(r'code="(OK|CANCELLED)"', line))

    def reload(self):
        self.tell(signal.SIGHUP)


class Loads:
    """The own load and h2load against a server, each as a dict of figures."""

    def __init__(self, binaries, folder):
        self.binaries, self.folder = binaries, folder

    def begin(self, server, question, **options):
        flags = [text for name, value in options.items() for text in (f"--{name.replace('_', '-')}", str(value))]
        return subprocess.Popen([self.binaries / "load_bench", server.address, question, *flags],
                                stdout=subprocess.PIPE, text=True)

    def run(self, server, question, **options):
        """With the server's processor time a call, warm-up calls included on both sides."""
        before = server.cpu_seconds()
        line = self.end(self.begin(server, question, **options))
        line["server_cpu_us"] = 1e6 * (server.cpu_seconds() - before) / max(1, line["calls_begun"])
        return line

    @staticmethod
    def end(process):
        said = process.communicate()[0]
        if process.returncode != 0:
            raise SystemExit("load: load_bench failed")
        return json.loads(said)

    def h2load(self, server, url, seconds, body=None, connections=4, streams=16, headers=(), http1=False):
        """Requests a second and latencies; any answer but a 2xx is an error. The server's processor time with it."""
        log = self.folder / "h2load.log"
        log.unlink(missing_ok=True)
        command = ["h2load", "-t1", f"-c{connections}", f"-m{streams}", f"-D{round(1000 * seconds)}ms", "--log-file", log]
        command += [f"-H{header}" for header in headers] + (["--h1"] if http1 else [])
        if body is not None:
            (self.folder / "body").write_bytes(body)
            command += ["-d", self.folder / "body"]
        before = server.cpu_seconds()
        done = subprocess.run([*map(str, command), url], capture_output=True, text=True)
        cpu = server.cpu_seconds() - before
        rows = [line.split("\t") for line in log.read_text().splitlines()] if log.exists() else []
        failed = sum(not row[1].startswith("2") for row in rows)
        if done.returncode != 0 or failed:
            raise SystemExit(f"load: h2load {url}: {failed} of {len(rows)} failed\n{done.stdout}{done.stderr}")
        if len(rows) < FEWEST_CALLS and seconds < LONGEST_SECONDS:  # too slow to be measured in that time
            return self.h2load(server, url, 4 * seconds, body, connections, streams, headers, http1)
        latencies = sorted(int(row[2]) for row in rows)
        return {"calls": len(rows), "calls_per_second": len(rows) / seconds, "server_cpu_us": 1e6 * cpu / len(rows),
                "p50_us": quantile(latencies, 0.5), "p99_us": quantile(latencies, 0.99)}

    def h2load_grpc(self, server, method, message, seconds, **options):
        """`method`: package.Service/Method. h2load does not read grpc-status: the server's counts must be looked at."""
        return self.h2load(server, f"http://{server.address}/{method}", seconds,
                           body=b"\0" + len(message).to_bytes(4, "big") + message,
                           headers=("content-type: application/grpc", "te: trailers"), **options)
