"""The same three questions to peculiar-server, to home_made_service.py and to Chroma's server, by h2load for all: what a
client costs is the same on every side. Requests are those of one galaxy, over and over."""
import contextlib
import json
import pathlib
import sqlite3
import statistics
import subprocess

import numpy as np

from load_programs import HERE, Program, answers, free_port, python_of

CLIENTS = 8  # connections, each with one call at a time
NEIGHBORS, PAGE = 10, 50


class Survey:
    """The galaxy that is asked for, its vector, and the redshift that half of the galaxies do not pass."""

    def __init__(self, snapshot):
        self.snapshot = snapshot
        model = json.loads((snapshot / "manifest.json").read_text())["models"][0]
        with sqlite3.connect(f"file:{snapshot / 'catalog.sqlite'}?mode=ro", uri=True) as catalog:
            rows = catalog.execute("SELECT plateifu, z FROM galaxy ORDER BY galaxy_id").fetchall()
        row = len(rows) // 3
        self.galaxy = rows[row][0]
        self.redshift = statistics.median(z for _, z in rows)
        vectors = np.fromfile(snapshot / f"embeddings-{model['name']}.f32", np.float32).reshape(len(rows), -1)
        self.vector = vectors[row].tolist()


def grpc_messages(survey):
    """(method, request) by question; the Python messages of the build must be on sys.path."""
    from peculiar.v1 import query_service_pb2 as v1
    filtered = v1.ListAnomaliesRequest(page_size=PAGE)
    filtered.filter.max_redshift = survey.redshift
    requests = {
        "embedding": ("GetEmbedding", v1.GetEmbeddingRequest(galaxy_id=survey.galaxy)),
        "neighbors": ("FindNeighbors", v1.FindNeighborsRequest(galaxy_id=survey.galaxy, neighbor_count=NEIGHBORS)),
        "made_neighbors": ("FindNeighbors", v1.FindNeighborsRequest(galaxy_id=survey.galaxy, neighbor_count=NEIGHBORS + 1)),
        "page": ("ListAnomalies", v1.ListAnomaliesRequest(page_size=PAGE)),
        "filtered_page": ("ListAnomalies", filtered)}
    own = {question: ("peculiar.v1.QueryService/" + method, request.SerializeToString())
           for question, (method, request) in requests.items()}
    return {**own, "echo": ("peculiar.bench.EchoService/Echo", b""),
            "gated_echo": ("peculiar.bench.EchoService/GatedEcho", b""),
            "page_echo": ("peculiar.bench.EchoService/SizedEcho", b"\x08\xc8\x33")}  # 6600 bytes


class Own:
    name = "peculiar-server"

    def __init__(self, program, survey):
        self.program, self.messages = program, grpc_messages(survey)

    def prepare(self):
        pass

    def ask(self, loads, question, seconds):
        return loads.h2load_grpc(self.program, *self.messages[question], seconds, connections=CLIENTS, streams=1)


class Http:
    """A service that speaks HTTP/1.1 and JSON. `requests`: path, and the body of a POST or None, by question."""

    def __init__(self, name, command, port, requests):
        self.name, self.port, self.requests = name, port, requests
        self.program = Program(command, lambda: answers(port))

    def prepare(self):
        pass

    def ask(self, loads, question, seconds):
        path, body = self.requests[question]
        return loads.h2load(self.program, f"http://127.0.0.1:{self.port}{path}", seconds, connections=CLIENTS, streams=1,
                            http1=True, headers=("content-type: application/json",),
                            body=None if body is None else json.dumps(body).encode())


def home_made(survey, *options):
    port = free_port()
    command = [python_of("home-made"), "-B", HERE / "home_made_service.py", survey.snapshot, port, *options]
    return Http(", ".join(["home-made", *options]), command, port, {
        "embedding": (f"/embedding/{survey.galaxy}", None),
        "neighbors": (f"/neighbors/{survey.galaxy}?k={NEIGHBORS}", None),
        "filtered_page": (f"/anomalies?max_redshift={survey.redshift}&limit={PAGE}", None)})


class Chroma(Http):
    """Its neighbours are of a vector, not of an id. It sorts by nothing else: a page is all that pass the filter, and
    sorting and cutting them is left to the client, here to nobody."""

    def __init__(self, survey, folder):
        self.survey, self.python = survey, pathlib.Path(python_of("chroma"))
        port = free_port()
        super().__init__("chroma", [self.python.parent / "chroma", "run", "--path", folder / "chroma", "--host", "127.0.0.1",
                                    "--port", port], port, {})

    def prepare(self):
        done = subprocess.run([self.python, "-B", HERE / "chroma_fill.py", str(self.port), self.survey.snapshot],
                              check=True, capture_output=True, text=True)
        path = done.stdout.strip()
        self.requests = {
            "embedding": (path + "/get", {"ids": [self.survey.galaxy], "include": ["embeddings"]}),
            "neighbors": (path + "/query", {"query_embeddings": [self.survey.vector], "n_results": NEIGHBORS + 1,
                                            "include": ["metadatas", "distances"]}),
            "filtered_page": (path + "/get", {"where": {"z": {"$lte": self.survey.redshift}}, "include": ["metadatas"]})}


def compare(loads, own_program, survey, folder, repeats, seconds):
    """Yields a line for every service and question; the services are up at once and asked in turn."""
    services = [Own(own_program, survey), home_made(survey), home_made(survey, "tuned"), Chroma(survey, folder)]
    questions = ("embedding", "neighbors", "filtered_page")
    lines = {}
    with contextlib.ExitStack() as programs:
        for service in services:
            programs.enter_context(service.program)
            service.prepare()
        for repeat in range(repeats):
            for question in questions:
                for service in services if repeat % 2 == 0 else services[::-1]:
                    lines.setdefault((service.name, question), []).append(service.ask(loads, question, seconds))
        if services[0].program.failed_calls():
            raise SystemExit("load: peculiar-server refused calls")
        memory = {service.name: service.program.resident_mebibytes() for service in services}
    for question in questions:
        own = statistics.median(line["calls_per_second"] for line in lines[services[0].name, question])
        for service in services:
            medians = {name: statistics.median(line[name] for line in lines[service.name, question])
                       for name in ("calls_per_second", "p50_us", "p99_us", "server_cpu_us")}
            yield {"service": service.name, "question": question, **medians, "repeats": repeats,
                   "peculiar_over_this": round(own / medians["calls_per_second"], 1),
                   "resident_mebibytes": round(memory[service.name], 1)}
