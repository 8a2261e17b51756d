"""A server that is attacked: without a token, with a wrong one, with certificates that are not right, with messages that are none.
After every trial it answers. What came of them is in docs/security.md; PECULIAR_TRIALS=1 prints that table's lines."""
import concurrent.futures
import os
import pathlib
import random
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest

import grpc

import programs
from python_package import SITE

from peculiar.v1 import query_service_pb2 as pb

QUERY = "/peculiar.v1.QueryService/"
ADMIN = "/peculiar.v1.AdminService/"
HEALTH = "/grpc.health.v1.Health/Check"
FOLDER = pathlib.Path(tempfile.mkdtemp())
SEED = 20261126
MUTATED = 10_000
Code = grpc.StatusCode


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, cwd=FOLDER)


def make_ca(name):
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj", "/CN=" + name,
            "-keyout", name + ".key", "-out", name + ".pem")


def make_certificate(name, ca, days=1):
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=" + name,
            "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", name + ".key", "-out", name + ".csr")
    openssl("x509", "-req", "-in", name + ".csr", "-CA", ca + ".pem", "-CAkey", ca + ".key", "-copy_extensions", "copy",
            "-days", days, "-out", name + ".pem")


def make_token(name, scopes):
    return programs.run("peculiar-server", "--make-token", name, "--scopes", scopes, "--tokens", FOLDER / "tokens").stdout.strip()


class Guarded:
    """A server with the flags given beside those of its ports."""

    def __init__(self, *flags):
        self.flags = list(map(str, flags))

    def __enter__(self):
        ports = {name: FOLDER / (name + "-port") for name in ("query", "admin")}
        for port in ports.values():
            port.unlink(missing_ok=True)
        self.log = open(FOLDER / "log", "w+")
        self.process = subprocess.Popen(
            [programs.BIN / "peculiar-server", "--snapshots", programs.WORK / "snapshots", "--listen", "127.0.0.1:0",
             "--port-file", ports["query"], "--admin-listen", "127.0.0.1:0", "--admin-port-file", ports["admin"], *self.flags],
            stderr=self.log)
        deadline = time.monotonic() + 60
        while not all(port.exists() for port in ports.values()):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError("the server did not start: " + (FOLDER / "log").read_text())
            time.sleep(0.02)
        self.query, self.admin = ("localhost:" + ports[name].read_text().strip() for name in ("query", "admin"))
        return self

    def __exit__(self, *_):
        alive = self.process.poll() is None
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        self.log.close()
        if not alive or code != 0:
            raise AssertionError("the server ended with %d: %s" % (code, (FOLDER / "log").read_text()))

    def logged(self):
        return (FOLDER / "log").read_text()


def channel(address, ca="ca", certificate=None, plain=False):
    options = [("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1)]
    if plain:
        return grpc.insecure_channel(address, options)
    read = lambda name: (FOLDER / name).read_bytes()
    pair = (read(certificate + ".key"), read(certificate + ".pem")) if certificate else (None, None)
    return grpc.secure_channel(address, grpc.ssl_channel_credentials(read(ca + ".pem"), *pair), options)


def call(on, method, message=b"", token=None, metadata=(), timeout=20):
    """Code and text of an answer, to bytes as they are."""
    if token is not None:
        metadata = (*metadata, ("authorization", "Bearer " + token))
    try:
        on.unary_unary(method)(message, timeout=timeout, metadata=metadata)
        return Code.OK, ""
    except grpc.RpcError as error:
        return error.code(), error.details()


def setUpModule():
    for ca in ("ca", "other"):
        make_ca(ca)
    make_certificate("server", "ca")
    make_certificate("renewed", "ca")
    make_certificate("expired", "ca", -1)
    make_certificate("stranger", "other")
    make_certificate("client", "ca")
    make_certificate("client-expired", "ca", -1)


def tearDownModule():
    shutil.rmtree(FOLDER, ignore_errors=True)


TLS = ("--tls-certificate", FOLDER / "server.pem", "--tls-key", FOLDER / "server.key")


class Tokens(unittest.TestCase):
    """One server with TLS and tokens for all trials, which is asked a good question after each."""

    @classmethod
    def setUpClass(cls):
        cls.read, cls.operator = make_token("reader", "read"), make_token("operator", "admin")
        cls.server = Guarded(*TLS, "--tokens", FOLDER / "tokens")
        cls.server.__enter__()
        cls.on = channel(cls.server.query)

    @classmethod
    def tearDownClass(cls):
        cls.on.close()
        cls.server.__exit__()

    def tearDown(self):
        with channel(self.server.query) as fresh:
            self.assertEqual(call(fresh, QUERY + "GetSnapshot", token=self.read), (Code.OK, ""))
        self.assertEqual(call(self.on, QUERY + "GetSnapshot", token=self.read), (Code.OK, ""))
        log = self.server.logged()
        for secret in (self.read, self.operator, "pcl_"):
            self.assertNotIn(secret, log)

    def expect(self, outcome, code, reason):
        self.assertEqual(outcome[0], code, outcome)
        self.assertTrue(outcome[1].startswith(reason), outcome)
        if os.environ.get("PECULIAR_TRIALS"):
            print(self.id().rpartition(".")[2], code.name, outcome[1][:60], sep=" | ", file=sys.stderr)

    def test_no_token(self):
        for method in ("GetSnapshot", "ListAnomalies", "GetGalaxy", "FindNeighbors", "BatchGetEmbeddings", "ListRepeats"):
            self.expect(call(self.on, QUERY + method), Code.UNAUTHENTICATED, "NO_TOKEN: ")
        for method in ("ExportGalaxies", "ExportEmbeddings"):
            with self.assertRaises(grpc.RpcError) as caught:
                list(self.on.unary_stream(QUERY + method)(b"", timeout=20))
            self.expect((caught.exception.code(), caught.exception.details()), Code.UNAUTHENTICATED, "NO_TOKEN: ")

    def test_wrong_tokens(self):
        for token in ("pcl_" + 64 * "0", self.read[:-1], self.read + "0", self.read.upper(), self.read[4:], "x" * 4000):
            self.expect(call(self.on, QUERY + "GetSnapshot", token=token), Code.UNAUTHENTICATED, "BAD_TOKEN: ")
        for header in ("", "Bearer", "Bearer ", self.read, "Basic " + self.read, "Bearer  " + self.read, "Bearer " + self.read + ","):
            self.expect(call(self.on, QUERY + "GetSnapshot", metadata=(("authorization", header),)), Code.UNAUTHENTICATED, "BAD_TOKEN: ")
        twice = (("authorization", "Bearer x"),)
        self.expect(call(self.on, QUERY + "GetSnapshot", metadata=twice, token=self.read), Code.UNAUTHENTICATED, "BAD_TOKEN: ")

    def test_scopes(self):
        with channel(self.server.admin) as admin:
            self.expect(call(admin, ADMIN + "ReloadSnapshot"), Code.UNAUTHENTICATED, "NO_TOKEN: ")
            for method in ("ReloadSnapshot", "ListSnapshots"):
                self.expect(call(admin, ADMIN + method, token=self.read), Code.PERMISSION_DENIED, "SCOPE: the token 'reader' is for read")
                self.expect(call(admin, ADMIN + method, token=self.operator), Code.OK, "")
            self.expect(call(admin, QUERY + "GetSnapshot", token=self.read), Code.UNIMPLEMENTED, "")
        self.expect(call(self.on, QUERY + "GetSnapshot", token=self.operator), Code.PERMISSION_DENIED, "SCOPE: the token 'operator' is for admin")
        self.expect(call(self.on, ADMIN + "ReloadSnapshot", token=self.operator), Code.UNIMPLEMENTED, "")

    def test_health_needs_none(self):
        self.expect(call(self.on, HEALTH), Code.OK, "")

    def test_plain_text_to_the_tls_port(self):
        with channel(self.server.query, plain=True) as plain:
            self.expect(call(plain, QUERY + "GetSnapshot", token=self.read, timeout=5), Code.UNAVAILABLE, "")
        for bytes_sent in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\xff\xff" + bytes(100), b"\x80" * 5000):
            with socket.create_connection(address_of(self.server.query), 10) as connection:
                connection.sendall(bytes_sent)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(4096):
                    pass

    def test_old_tls_is_refused(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(FOLDER / "ca.pem")
        context.set_ciphers("DEFAULT@SECLEVEL=0")
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        with socket.create_connection(address_of(self.server.query), 10) as connection:
            with self.assertRaises(ssl.SSLError):
                context.wrap_socket(connection, server_hostname="localhost")

    def test_random_records_inside_tls(self):
        random_bytes = random.Random(SEED)
        context = ssl.create_default_context(cafile=FOLDER / "ca.pem")
        context.set_alpn_protocols(["h2"])
        for _ in range(50):
            with socket.create_connection(address_of(self.server.query), 10) as raw:
                with context.wrap_socket(raw, server_hostname="localhost") as connection:
                    connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" * random_bytes.randrange(2) + random_bytes.randbytes(500))

    def test_a_server_whose_certificate_comes_from_elsewhere_is_not_trusted(self):
        with channel(self.server.query, ca="other") as suspicious:
            self.expect(call(suspicious, QUERY + "GetSnapshot", token=self.read, timeout=5), Code.UNAVAILABLE, "")

    def test_too_large_a_message(self):
        for size in ((1 << 20) + 1, 3 << 20):
            message = pb.GetGalaxyRequest(galaxy_id="8" * size).SerializeToString()
            self.expect(call(self.on, QUERY + "GetGalaxy", message, self.read), Code.RESOURCE_EXHAUSTED, "")
        message = pb.GetGalaxyRequest(galaxy_id="8" * (1000 << 10)).SerializeToString()
        self.expect(call(self.on, QUERY + "GetGalaxy", message, self.read), Code.INVALID_ARGUMENT, "MALFORMED_ID: ")

    def test_ids_like_paths_and_like_sql(self):
        ids = ["../../etc/passwd", "/etc/passwd", "..\\..\\x", "file:///etc/passwd", "8626-12704/../../x", "8626-12704\0x", "%2e%2e%2f",
               "' OR '1'='1", "8626-12704'; DROP TABLE galaxies; --", "1-209232 UNION SELECT 1", "\" OR \"\"=\"", "*", "%", "_", "$(id)",
               "`id`", "{{7*7}}", "\u202e8626-12704", "8626-12704 " * 100, "NaN", "-1-1", "99999999999999999999-1"]
        for text in ids:
            for request in (pb.GetGalaxyRequest(galaxy_id=text), pb.FindNeighborsRequest(galaxy_id=text, neighbor_count=3),
                            pb.GetEmbeddingRequest(galaxy_id=text), pb.BatchGetEmbeddingsRequest(galaxy_ids=[text])):
                method = type(request).__name__[:-len("Request")]
                self.expect(call(self.on, QUERY + method, request.SerializeToString(), self.read), Code.INVALID_ARGUMENT, "MALFORMED_ID: ")
            for request, reason in ((pb.GetSnapshotRequest(snapshot_id=text), "UNKNOWN_SNAPSHOT: "),
                                    (pb.GetSnapshotRequest(model=text), "UNKNOWN_MODEL: ")):
                outcome = call(self.on, QUERY + "GetSnapshot", request.SerializeToString(), self.read)
                self.expect(outcome, Code.NOT_FOUND, reason)
                for word in (str(programs.WORK), "sqlite", "SELECT *", "no such table"):
                    self.assertNotIn(word, outcome[1])

    def test_floods_of_metadata(self):
        for metadata in ([("x-%d" % i, "v" * 100) for i in range(1000)], [("x", "v" * 100_000)], [("x" * 10_000, "v")],
                         [("x", "")] * 5000, [("x-bin", bytes(20_000))], [("authorization", "Bearer " + "x" * 30_000)]):
            with channel(self.server.query) as flooded:  # gRPC may close a connection that does so: not that of others
                code, text = call(flooded, QUERY + "GetSnapshot", metadata=tuple(metadata), token=self.read)
            self.assertIn(code, (Code.RESOURCE_EXHAUSTED, Code.UNAVAILABLE), text)
            if os.environ.get("PECULIAR_TRIALS"):
                print("test_floods_of_metadata", code.name, text[:60], sep=" | ", file=sys.stderr)
            self.assertEqual(call(self.on, QUERY + "GetSnapshot", token=self.read)[0], Code.OK)

    def test_mutated_requests(self):
        """Good requests with bytes changed, put in, taken out and doubled; half of them with odd values in any field before."""
        chance = random.Random(SEED)
        outcomes = {}
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            requests = [chance.choice(good_requests()) for _ in range(MUTATED)]
            work = [pool.submit(call, self.on, QUERY + type(request).__name__[:-len("Request")],
                                mutated(request.SerializeToString() if chance.random() < 0.5 else odd(request, chance), chance), self.read)
                    for request in requests]
            for done in work:
                code, text = done.result()
                outcomes[code.name] = outcomes.get(code.name, 0) + 1
                self.assertNotIn(code, (Code.UNAVAILABLE, Code.UNKNOWN, Code.DEADLINE_EXCEEDED), text)
                self.assertFalse(text.startswith("INTERNAL: "), text)
        self.assertEqual(sum(outcomes.values()), MUTATED)
        if os.environ.get("PECULIAR_TRIALS"):
            print("test_mutated_requests", outcomes, file=sys.stderr)

    def test_hostile_text_does_not_fill_the_log(self):
        before = len(self.server.logged())
        for _ in range(200):
            self.expect(call(self.on, QUERY + "GetGalaxy", b"\x0a\x02\xff\xfe", self.read), Code.UNIMPLEMENTED, "")
        self.assertEqual(self.server.logged()[before:], "")

    def test_guessing_is_counted_and_named_in_the_log_by_peer(self):
        self.expect(call(self.on, QUERY + "GetSnapshot", token="guess"), Code.UNAUTHENTICATED, "BAD_TOKEN: ")
        lines = [line for line in self.server.logged().splitlines() if "BAD_TOKEN" in line]
        self.assertTrue(lines and '"peer"' in lines[-1], lines)
        self.assertNotIn("guess", lines[-1])


def address_of(server):
    return "127.0.0.1", int(server.rpartition(":")[2])


def good_requests():
    filters = {"min_redshift": 0.01, "max_redshift": 0.1, "fibre_counts": [19, 127], "galaxy_ids": ["7815-3702"],
               "cone": {"ra_deg": 180, "dec_deg": 0, "radius_deg": 90}}
    requests = [pb.ListAnomaliesRequest(page_size=10, filter=filters), pb.ListGalaxiesRequest(page_size=20, filter=filters),
                pb.FindNeighborsRequest(galaxy_id="7815-3702", neighbor_count=5, space="pca", filter=filters),
                pb.FindNeighborsRequest(vector_values=[0.5] * 16, neighbor_count=5), pb.GetEmbeddingRequest(galaxy_id="7815-3702"),
                pb.BatchGetEmbeddingsRequest(galaxy_ids=["7815-3702"] * 3), pb.GetGalaxyRequest(galaxy_id="7815-3702"),
                pb.GetDistributionRequest(bin_count=10), pb.ListRepeatsRequest(page_size=5), pb.GetSnapshotRequest(model="ae")]
    return requests


def odd(request, chance):
    """The bytes of the request with some of its fields, of whatever kind, set to values that nobody means."""
    for field in request.DESCRIPTOR.fields:
        if chance.random() < 0.6:
            continue
        if field.message_type:
            nested = getattr(request, field.name)
            odd(nested.add() if field.label == field.LABEL_REPEATED else nested, chance)
            continue
        text = "".join(map(chr, (chance.choice((chance.randrange(32, 127), chance.randrange(0x800))) for _ in range(chance.randrange(30)))))
        numbers = (0, 1, -1, 2**31 - 1, -2**31, chance.randrange(2000))
        value = (text if field.type == field.TYPE_STRING else chance.choice(numbers) if field.type in (field.TYPE_INT32, field.TYPE_ENUM)
                 else chance.random() < 0.5 if field.type == field.TYPE_BOOL
                 else chance.choice((*numbers, float("nan"), float("inf"), 1e300, -1e-300)) if field.type in (field.TYPE_DOUBLE, field.TYPE_FLOAT)
                 else field.default_value)
        if field.label == field.LABEL_REPEATED:
            getattr(request, field.name).extend([value] * chance.randrange(1, 5) if field.type != field.TYPE_BYTES else [])
        else:
            setattr(request, field.name, value)
    return request.SerializeToString()


def mutated(message, chance):
    if chance.random() < 0.3:
        return message
    message = bytearray(message)
    for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 5))):
        at = chance.randrange(len(message) + 1)
        kind = chance.choice((0, 0, 0, 0, 0, 0, 1, 2, 3, 4))  # most often a bit: much of the rest is no message any more
        if kind == 0 and at < len(message):
            message[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            message[at:at] = chance.randbytes(chance.randrange(1, 9))
        elif kind == 2:
            del message[at:at + chance.randrange(1, 9)]
        elif kind == 3:
            message[at:at] = message[at:at + chance.randrange(1, 30)]
        else:
            message[at:at + 1] = b"\xff\xff\xff\xff\x0f"
    return bytes(message)


class Certificates(unittest.TestCase):
    def test_clients_need_a_certificate_of_the_right_root(self):
        with Guarded(*TLS, "--tls-client-ca", FOLDER / "ca.pem") as server:
            for certificate, code in (("client", Code.OK), (None, Code.UNAVAILABLE), ("stranger", Code.UNAVAILABLE),
                                      ("client-expired", Code.UNAVAILABLE), ("client", Code.OK)):
                for address in (server.query, server.admin):
                    with channel(address, certificate=certificate) as on:
                        method = QUERY + "GetSnapshot" if address == server.query else ADMIN + "ListSnapshots"
                        self.assertEqual(call(on, method, timeout=5)[0], code, certificate)
            with channel(server.query) as on:  # not even health
                self.assertEqual(call(on, HEALTH, timeout=5)[0], Code.UNAVAILABLE)

    def test_an_expired_certificate_is_warned_of_and_refused_by_clients(self):
        with Guarded("--tls-certificate", FOLDER / "expired.pem", "--tls-key", FOLDER / "expired.key") as server:
            self.assertIn("has expired", server.logged())
            with channel(server.query) as on:
                self.assertEqual(call(on, QUERY + "GetSnapshot", timeout=5)[0], Code.UNAVAILABLE)
            done = programs.run("peculiar", "--server", server.query, "--ca-file", FOLDER / "ca.pem", "status", check=False)
            self.assertEqual(done.returncode, 5, done.stderr)

    def test_tls_to_a_plain_port(self):
        with Guarded() as server:
            with channel(server.query) as on:
                self.assertEqual(call(on, QUERY + "GetSnapshot", timeout=5)[0], Code.UNAVAILABLE)
            with channel(server.query, plain=True) as on:
                self.assertEqual(call(on, QUERY + "GetSnapshot")[0], Code.OK)

    def test_certificates_and_tokens_are_read_again(self):
        live = {name: FOLDER / ("live" + name) for name in (".pem", ".key")}
        for ending, path in live.items():
            shutil.copy(FOLDER / ("server" + ending), path)
        first = make_token("first", "read")
        with Guarded("--tls-certificate", live[".pem"], "--tls-key", live[".key"], "--tokens", FOLDER / "tokens") as server:
            with channel(server.query) as old:
                self.assertEqual(call(old, QUERY + "GetSnapshot", token=first)[0], Code.OK)
                self.assertEqual(name_shown(server), "server")

                replace(live[".pem"], FOLDER / "renewed.pem")  # the key is another's until the next line: the old pair stays
                time.sleep(1.1)
                self.assertEqual(name_shown(server), "server")
                replace(live[".key"], FOLDER / "renewed.key")
                programs.wait_until(lambda: name_shown(server) == "renewed", "the certificate is renewed")  # by itself
                self.assertEqual(call(old, QUERY + "GetSnapshot", token=first)[0], Code.OK)  # nobody was cut off

                replace(live[".pem"], FOLDER / "server.pem")
                replace(live[".key"], FOLDER / "server.key")
                second = make_token("second", "read")
                self.assertEqual(call(old, QUERY + "GetSnapshot", token=second)[0], Code.UNAUTHENTICATED)
                server.process.send_signal(signal.SIGHUP)
                programs.wait_until(lambda: call(old, QUERY + "GetSnapshot", token=second)[0] == Code.OK, "the new token is taken")
                self.assertEqual(name_shown(server), "server")

                good = (FOLDER / "tokens").read_text()
                (FOLDER / "tokens").write_text("".join(line for line in good.splitlines(True) if not line.startswith("first ")))
                server.process.send_signal(signal.SIGHUP)
                programs.wait_until(lambda: call(old, QUERY + "GetSnapshot", token=first)[0] == Code.UNAUTHENTICATED, "the old token is refused")

                for path in (live[".pem"], FOLDER / "tokens"):
                    path.write_text("nonsense\n")
                server.process.send_signal(signal.SIGHUP)
                programs.wait_until(lambda: server.logged().count("those read before stay in use") == 2, "both are logged")
                self.assertEqual(name_shown(server), "server")
                self.assertEqual(call(old, QUERY + "GetSnapshot", token=second)[0], Code.OK)
                (FOLDER / "tokens").write_text(good)


def replace(path, source):
    shutil.copy(source, str(path) + ".new")
    os.replace(str(path) + ".new", path)


def name_shown(server):
    """The common name of the certificate that a new connection is shown."""
    context = ssl.create_default_context(cafile=FOLDER / "ca.pem")
    context.set_alpn_protocols(["h2"])
    with socket.create_connection(address_of(server.query), 10) as raw:
        with context.wrap_socket(raw, server_hostname="localhost") as connection:
            return dict(pair[0] for pair in connection.getpeercert()["subject"])["commonName"]


class Start(unittest.TestCase):
    """What a server refuses to be started with."""

    def refuse(self, code, says, *flags):
        done = programs.run("peculiar-server", "--snapshots", FOLDER, *flags, check=False)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertIn(says, done.stderr)

    def test_addresses_that_others_can_reach(self):
        self.refuse(4, "would not be encrypted", "--listen", "0.0.0.0:0")
        self.refuse(4, "metrics are not encrypted", "--listen", "127.0.0.1:0", "--metrics-listen", "0.0.0.0:0", *TLS)
        self.refuse(4, "anyone could call AdminService", "--listen", "127.0.0.1:0", "--admin-listen", "0.0.0.0:0", *TLS)
        make_token("start", "read")
        self.refuse(4, "in the clear", "--listen", "0.0.0.0:0", "--insecure-listen", "--tokens", FOLDER / "tokens")

    def test_files_that_do_not_fit(self):
        key, certificate = FOLDER / "server.key", FOLDER / "server.pem"
        self.refuse(2, "go together", "--tls-certificate", certificate)
        self.refuse(2, "is for TLS", "--tls-client-ca", certificate)
        self.refuse(4, "is not the key of", "--tls-certificate", certificate, "--tls-key", FOLDER / "client.key")
        open_key = FOLDER / "open.key"
        shutil.copy(key, open_key)
        open_key.chmod(0o644)
        self.refuse(4, "others may", "--tls-certificate", certificate, "--tls-key", open_key)
        (FOLDER / "bad-tokens").write_text("hunter2\n")
        (FOLDER / "bad-tokens").chmod(0o600)
        self.refuse(2, "bad-tokens:1: not a token", "--tokens", FOLDER / "bad-tokens")


class Clients(unittest.TestCase):
    """The command line and a script of fifteen lines, over TLS with a token."""

    def test_both(self):
        token = make_token("script", "read")
        with Guarded(*TLS, "--tokens", FOLDER / "tokens") as server:
            environment = {**os.environ, "PECULIAR_SERVER": server.query, "PECULIAR_CA_FILE": str(FOLDER / "ca.pem")}
            done = programs.run("peculiar", "status", env={**environment, "PECULIAR_TOKEN": token})
            self.assertIn("ae", done.stdout)
            (FOLDER / "token").write_text(token + "\n")
            programs.run("peculiar", "anomalies", "--token-file", FOLDER / "token", env=environment)
            for given, says in (({}, "NO_TOKEN"), ({"PECULIAR_TOKEN": "wrong"}, "BAD_TOKEN")):
                done = programs.run("peculiar", "status", env={**environment, **given}, check=False)
                self.assertEqual(done.returncode, 4, done.stderr)
                self.assertIn(says, done.stderr)
            script = programs.ROOT / "client" / "python" / "examples" / "anomalous_agn.py"
            done = subprocess.run(
                [sys.executable, "-B", script, server.query, programs.REAL / "comerford2020_agn_classes.csv",
                 "--root-certificates", FOLDER / "ca.pem"],
                env={**environment, "PECULIAR_TOKEN": token, "PYTHONPATH": str(SITE)}, text=True, capture_output=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("distance", done.stdout)


if __name__ == "__main__":
    unittest.main()
