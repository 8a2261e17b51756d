"""What peculiar-server costs under load, each figure beside its baseline in the same run.

usage: load BIN [--parts ratios,latency,memory,swaps,export,services] [--questions Q] [--galaxies N] [--width D]
                [--repeats R] [--seconds S] [--soak-calls C] [--swaps N]
Prints JSON lines. ratios: throughput over an empty echo's, in pairs whose order alternates, by load_bench and by h2load.
latency: at 25, 50 and 75 % of saturation. memory: resident over many calls, allocations a call. swaps: latency while
snapshots are swapped, failed calls. export: latency while a stream is read slowly. services: the same questions to a
home-made service and to Chroma. Exit code 1 when a call failed.
"""
import argparse
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import grpc

import load_services
from load_programs import GrpcServer, Loads

PARTS = "ratios,latency,memory,swaps,export,services"  # services last: it serves another snapshot
QUESTIONS = ("embedding", "neighbors", "page", "filtered_page")
COMPARED = QUESTIONS + ("made_neighbors", "gated_echo", "page_echo")
RATED = ("echo",) + QUESTIONS
SHARES = (0.25, 0.5, 0.75)
SATURATED = 64  # calls in flight
SNAPSHOTS = 4  # more than are held, so that every swap opens one


class Report:
    def __init__(self):
        self.failed = 0

    def line(self, figure, **values):
        self.failed += sum(values.get("failed", {}).values()) + values.get("not_begun", 0)
        print(json.dumps({"figure": figure, **values}), flush=True)


def spread(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values), "repeats": len(values)}


class Bench:
    def __init__(self, arguments, folder, report):
        self.arguments, self.folder, self.report = arguments, folder, report
        self.snapshots = folder / "snapshots"
        self.loads = Loads(arguments.bin, folder)
        self.saturation = {}  # calls a second by question

    def publish(self, *options):
        subprocess.run([self.arguments.bin / "random_snapshot", self.snapshots, "--galaxies", str(self.arguments.galaxies),
                        "--width", str(self.arguments.width), *options], check=True, stdout=subprocess.DEVNULL)

    def survey(self):
        return load_services.Survey(self.snapshots / (self.snapshots / "CURRENT").read_text().strip())

    def program(self, name, *options, **more):
        return GrpcServer(self.arguments.bin / name, self.snapshots, self.folder, *options, **more)

    def servers(self):
        return self.program("peculiar-server"), self.program("echo_server")

    def saturate(self, server, question, seconds):
        return self.loads.run(server, question, outstanding=SATURATED, seconds=seconds)

    def ratios(self):
        """Pairs of (question, echo), the one that begins in turn."""
        server, echo = self.servers()
        message_of = load_services.grpc_messages(self.survey())
        with server, echo:
            clients = {
                "load_bench": lambda target, question: self.saturate(target, question, self.arguments.seconds),
                "h2load": lambda target, question: self.loads.h2load_grpc(
                    target, *message_of[question], self.arguments.seconds),
            }
            for client, ask in clients.items():
                for question in self.arguments.questions.split(","):
                    self.pair(client, question, lambda name: ask(echo if name.endswith("echo") else server, name))
            self.report.failed += server.failed_calls()

    def pair(self, client, question, ask):
        ratios, costs, rates, echo_rates = [], [], [], []
        for repeat in range(self.arguments.repeats):
            order = (question, "echo") if repeat % 2 == 0 else ("echo", question)
            lines = {name: ask(name) for name in order}
            for line in lines.values():
                self.report.failed += sum(line.get("failed", {}).values())
            own, echo = lines[question], lines["echo"]
            ratios.append(own["calls_per_second"] / echo["calls_per_second"])
            costs.append(own["server_cpu_us"] - echo["server_cpu_us"])
            rates.append(own["calls_per_second"])
            echo_rates.append(echo["calls_per_second"])
        self.saturation.setdefault(question, statistics.median(rates))
        self.saturation.setdefault("echo", statistics.median(echo_rates))
        self.report.line("throughput over echo", client=client, question=question, **spread(ratios),
                         calls_per_second=statistics.median(rates), echo_calls_per_second=statistics.median(echo_rates),
                         server_cpu_us_beyond_echo=statistics.median(costs))

    def latency(self):
        server, echo = self.servers()
        with server, echo:
            for question in RATED:
                target = echo if question == "echo" else server
                self.saturation.setdefault(question, self.saturate(target, question, 2)["calls_per_second"])
            for share in SHARES:
                for question in RATED:
                    target = echo if question == "echo" else server
                    lines = [self.loads.run(target, question, rate=share * self.saturation[question], seed=repeat + 1,
                                            seconds=self.arguments.seconds) for repeat in range(self.arguments.repeats)]
                    self.report_latency("latency", lines, question=question, share_of_saturation=share)

    def report_latency(self, figure, lines, **values):
        failed = {}
        for line in lines:
            for status, count in line["failed"].items():
                failed[status] = failed.get(status, 0) + count
        quantiles = {name: statistics.median(line[name] for line in lines) for name in ("p50_us", "p99_us", "p999_us")}
        self.report.line(figure, **values, rate=lines[0]["rate"], calls=sum(line["calls"] for line in lines),
                         **quantiles, max_us=max(line["max_us"] for line in lines),
                         not_begun=sum(line["not_begun"] for line in lines), failed=failed)

    def memory(self):
        with self.program("peculiar-server") as server:
            for question in QUESTIONS[:3]:
                load = self.loads.begin(server, question, outstanding=SATURATED, calls=self.arguments.soak_calls)
                resident = []
                while load.poll() is None:
                    resident.append(round(server.resident_mebibytes(), 1))
                    time.sleep(1)
                line = self.loads.end(load)
                tenth = max(1, len(resident) // 10)
                self.report.line("memory", question=question, calls=line["calls"], failed=line["failed"],
                                 resident_mebibytes={"after_a_tenth": resident[tenth - 1], "half": resident[len(resident) // 2],
                                                     "end": resident[-1], "max": max(resident)})
        count_in = self.folder / "allocations"
        for name, questions in (("echo_server", ("echo", "gated_echo")), ("peculiar-server", QUESTIONS)):
            with self.program(name, count_in=count_in) as server:
                for question in questions:
                    self.loads.run(server, question, outstanding=1, calls=1000)
                    self.report.line("allocations", question=question, a_call=self.allocations(server, question))

    def allocations(self, server, question):
        """Two runs of different lengths: what a run costs beside its calls falls out."""
        counts = []
        for seconds in (1, 3):
            before = server.allocations()
            calls = self.loads.run(server, question, outstanding=1, seconds=seconds, warm_up_seconds=0.001)["calls"]
            counts.append((server.allocations() - before, calls))
        (few, few_calls), (many, many_calls) = counts
        return round((many - few) / (many_calls - few_calls), 1)

    def half_load(self, server, question, seconds, seed):
        rate = 0.5 * self.saturation.setdefault(question, self.saturate(server, question, 2)["calls_per_second"])
        return self.loads.run(server, question, rate=rate, seconds=seconds, seed=seed)

    def swaps(self):
        ids = sorted(path.name for path in self.snapshots.iterdir() if path.is_dir())
        with self.program("peculiar-server", "--poll-seconds", "0.05") as server:
            for question in ("embedding", "page"):
                quiet, swapped, swaps, begun = [], [], 0, server.said().count(": serving")
                for repeat in range(self.arguments.repeats):
                    seconds = self.arguments.swaps * self.arguments.swap_seconds / self.arguments.repeats
                    quiet.append(self.half_load(server, question, seconds, repeat + 1))
                    swapped.append(self.while_swapping(server, question, seconds, repeat + 1, ids))
                swaps = server.said().count(": serving") - begun
                self.report_latency("no swaps", quiet, question=question)
                self.report_latency("swaps", swapped, question=question, swaps=swaps)

    def while_swapping(self, server, question, seconds, seed, ids):
        stop = threading.Event()

        def swap():
            while not stop.wait(self.arguments.swap_seconds):
                current = (self.snapshots / "CURRENT").read_text().strip()
                following = ids[(ids.index(current) + 1) % len(ids)]
                (self.snapshots / "CURRENT.new").write_text(following + "\n")
                os.replace(self.snapshots / "CURRENT.new", self.snapshots / "CURRENT")
                server.reload()

        thread = threading.Thread(target=swap)
        thread.start()
        try:
            return self.half_load(server, question, seconds, seed)
        finally:
            stop.set()
            thread.join()

    def export(self):
        with self.program("peculiar-server") as server:
            for question in ("embedding", "page"):
                quiet, streamed, messages = [], [], 0
                for repeat in range(self.arguments.repeats):
                    quiet.append(self.half_load(server, question, self.arguments.seconds, repeat + 1))
                    with SlowReader(server.address) as reader:
                        streamed.append(self.half_load(server, question, self.arguments.seconds, repeat + 1))
                    messages += reader.messages
                self.report_latency("no export", quiet, question=question)
                self.report_latency("slow export", streamed, question=question, messages_read=messages)

    def services(self):
        """Of embeddings alone: the others have no other spaces."""
        self.snapshots = self.folder / "latent"
        self.publish("--latent-only")
        for line in load_services.compare(self.loads, self.program("peculiar-server"), self.survey(), self.folder,
                                          self.arguments.repeats, self.arguments.seconds):
            self.report.line("services", **line)


class SlowReader:
    """Reads a stream of all embeddings, over and over, a message every tenth of a second."""

    def __init__(self, address):
        self.channel = grpc.insecure_channel(address)
        self.messages = 0
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.read)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()
        self.channel.close()

    def read(self):
        export = self.channel.unary_stream("/peculiar.v1.QueryService/ExportEmbeddings")
        while not self.stop.is_set():
            stream = export(b"")
            for _ in stream:
                self.messages += 1
                if self.stop.wait(0.1):
                    stream.cancel()
                    break


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin", type=pathlib.Path)
    parser.add_argument("--parts", default=PARTS)
    parser.add_argument("--questions", default=",".join(COMPARED), help="that `ratios` asks")
    parser.add_argument("--galaxies", type=int, default=10000)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3, help="a measurement")
    parser.add_argument("--soak-calls", type=int, default=1000000)
    parser.add_argument("--swaps", type=int, default=100)
    parser.add_argument("--swap-seconds", type=float, default=0.5, help="between swaps")
    arguments = parser.parse_args()
    for given, known in ((arguments.parts, PARTS), (arguments.questions, ",".join(COMPARED))):
        if unknown := set(given.split(",")) - set(known.split(",")):
            parser.error(f"nothing is called {', '.join(sorted(unknown))}; there are {known}")
    arguments.bin = arguments.bin.resolve()
    sys.path.insert(0, str(arguments.bin.parent / "python"))  # the messages
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("load: stopped"))  # so that the servers end too
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(arguments, pathlib.Path(folder), report)
        bench.publish("--count", str(SNAPSHOTS))
        for part in arguments.parts.split(","):
            getattr(bench, part)()
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
