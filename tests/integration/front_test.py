"""deploy/nginx in front of the real server: nginx not as root, TLS of its own, asked by Python's gRPC."""
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request

import grpc

import programs

NGINX = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
CONFIGURATION = programs.ROOT / "deploy" / "nginx"
NOBODY = 65534
SNAPSHOT = "/peculiar.v1.QueryService/GetSnapshot"
HEALTH = "/grpc.health.v1.Health/Check"


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Front:
    """nginx with the configuration of deploy/nginx, its ports, paths and upstream changed to those of the test."""

    def __init__(self, folder, server, metrics, **changes):
        self.folder = folder
        self.tls, self.health, self.http = free_ports(3)
        etc, tmp = folder / "etc", folder / "tmp"
        etc.mkdir()
        tmp.mkdir()
        tmp.chmod(0o777)
        replaced = {"listen 8443 ": "listen 127.0.0.1:%d " % self.tls, "listen 8081 ": "listen 127.0.0.1:%d " % self.health,
                    "listen 8080;": "listen 127.0.0.1:%d;" % self.http, "127.0.0.1:50051": server, "127.0.0.1:9464": metrics,
                    "/etc/peculiar/tls/": "%s/" % folder, "/tmp/": "%s/" % tmp, **changes}
        pattern = re.compile("|".join(map(re.escape, replaced)))  # all at once: what is put in is not replaced again
        unused = set(replaced)
        for file in sorted(CONFIGURATION.iterdir()):
            text = file.read_text()
            unused -= set(pattern.findall(text))
            (etc / file.name).write_text(pattern.sub(lambda match: replaced[match[0]], text))
        if unused:
            raise AssertionError("deploy/nginx says nowhere: %s" % ", ".join(unused))
        command = [NGINX, "-e", "stderr", "-c", etc / "nginx.conf"]
        if os.getuid() == 0:
            command = ["setpriv", "--reuid=%d" % NOBODY, "--regid=%d" % NOBODY, "--clear-groups", "--no-new-privs", *command]
        self.log = open(folder / "log", "w+")
        self.process = subprocess.Popen(command, stderr=self.log, stdout=self.log)
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.tls), 1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.stop()
                    raise AssertionError("nginx did not start: " + (folder / "log").read_text()) from None
                time.sleep(0.02)

    def stop(self):
        """The exit code after the signal that a container runtime sends."""
        self.process.send_signal(signal.SIGQUIT)
        code = self.process.wait(30)
        self.log.close()
        return code


@unittest.skipUnless(NGINX, "nginx is not installed (deploy/packages.txt, [front])")
class PublicFront(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.folder.chmod(0o755)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-keyout", cls.folder / "tls.key", "-out", cls.folder / "tls.crt", "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
        if os.getuid() == 0:
            os.chown(cls.folder / "tls.key", NOBODY, NOBODY)
        cls.snapshots = cls.folder / "snapshots"
        shutil.copytree(programs.WORK / "snapshots", cls.snapshots)
        port_file = cls.folder / "metrics-port"
        cls.server = cls.enterClassContext(programs.Server(
            cls.snapshots, "--metrics-listen", "127.0.0.1:0", "--metrics-port-file", port_file))
        deadline = time.monotonic() + 30
        while not port_file.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        cls.front = cls.start("front", cls.server.address, "127.0.0.1:" + port_file.read_text().strip())

    @classmethod
    def tearDownClass(cls):
        code = cls.front.stop()
        assert code == 0, "nginx ended with %d" % code

    @classmethod
    def start(cls, name, server, metrics="127.0.0.1:1", **changes):
        folder = cls.folder / name
        folder.mkdir()
        for file in ("tls.key", "tls.crt"):
            os.link(cls.folder / file, folder / file)
        return Front(folder, server, metrics, **changes)

    def call(self, method, request=b"", front=None, roots=None):
        roots = roots or (self.folder / "tls.crt").read_bytes()
        with grpc.secure_channel("localhost:%d" % (front or self.front).tls, grpc.ssl_channel_credentials(roots),
                                 [("grpc.enable_http_proxy", 0)]) as channel:
            return channel.unary_unary(method)(request, timeout=20)

    def refused(self, method, request=b"", **options):
        with self.assertRaises(grpc.RpcError) as caught:
            self.call(method, request, **options)
        return caught.exception.code(), caught.exception.details()

    def current(self):
        return (self.snapshots / "CURRENT").read_text().strip()

    def test_answers_over_tls_are_the_servers(self):
        self.assertIn(self.current().encode(), self.call(SNAPSHOT))
        self.assertEqual(self.call(HEALTH), b"\x08\x01")  # SERVING

    def test_a_stream_passes_to_its_end(self):
        roots = grpc.ssl_channel_credentials((self.folder / "tls.crt").read_bytes())
        with grpc.secure_channel("localhost:%d" % self.front.tls, roots, [("grpc.enable_http_proxy", 0)]) as channel:
            parts = list(channel.unary_stream("/peculiar.v1.QueryService/ExportGalaxies")(b"", timeout=20))
        galaxies = {path.name.split("-LOGCUBE")[0].removeprefix("manga-") for path in programs.SURVEY.glob("*LOGCUBE*")}
        self.assertGreater(len(galaxies), 0)
        for galaxy in galaxies:
            self.assertIn(galaxy.encode(), b"".join(parts))

    def test_the_servers_errors_arrive_whole(self):
        code, details = self.refused("/peculiar.v1.QueryService/GetGalaxy", b"\x0a\x0a9999-12705")  # galaxy_id
        self.assertEqual(code, grpc.StatusCode.NOT_FOUND)
        self.assertTrue(details.startswith("UNKNOWN_GALAXY:"), details)

    def test_a_request_that_is_too_large_gets_the_servers_error(self):
        code, _ = self.refused("/peculiar.v1.QueryService/GetGalaxy", b"\x0a\x80\x80\x60" + b"x" * (3 << 19))  # 1.5 MiB
        self.assertEqual(code, grpc.StatusCode.RESOURCE_EXHAUSTED)

    def test_what_is_not_public_is_refused(self):
        for method in ("/peculiar.v1.AdminService/ReloadSnapshot", "/grpc.health.v1.Health/Watch",
                       "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"):
            code, details = self.refused(method)
            self.assertEqual(code, grpc.StatusCode.UNIMPLEMENTED, method)
            self.assertTrue(details.startswith("NOT_PUBLIC:"), details)

    def test_another_certificate_is_not_trusted(self):
        other = self.folder / "other.crt"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "/dev/null", "-out", other,
                        "-days", "2", "-subj", "/CN=localhost"], check=True, capture_output=True)
        self.assertEqual(self.refused(SNAPSHOT, roots=other.read_bytes())[0], grpc.StatusCode.UNAVAILABLE)

    def test_plaintext_gets_no_answer(self):
        with grpc.insecure_channel("127.0.0.1:%d" % self.front.tls, [("grpc.enable_http_proxy", 0)]) as channel:
            with self.assertRaises(grpc.RpcError):
                channel.unary_unary(SNAPSHOT)(b"", timeout=10)

    def test_tls_before_1_2_is_refused(self):
        done = subprocess.run(["openssl", "s_client", "-connect", "127.0.0.1:%d" % self.front.tls, "-tls1_1", "-cipher",
                               "ALL:@SECLEVEL=0"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("alert", done.stderr)

    def test_health_for_probes_is_on_a_port_of_its_own_and_nothing_else_is(self):
        with grpc.insecure_channel("127.0.0.1:%d" % self.front.health, [("grpc.enable_http_proxy", 0)]) as channel:
            self.assertEqual(channel.unary_unary(HEALTH)(b"", timeout=20), b"\x08\x01")
            with self.assertRaises(grpc.RpcError) as caught:
                channel.unary_unary(SNAPSHOT)(b"", timeout=20)
            self.assertEqual(caught.exception.code(), grpc.StatusCode.UNIMPLEMENTED)

    def get(self, path):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        return opener.open("http://127.0.0.1:%d%s" % (self.front.http, path), timeout=20).read().decode()

    def test_metrics_are_passed_on_and_nothing_else_is(self):
        self.assertIn('peculiar_snapshot_info{snapshot_id="%s"} 1' % self.current(), self.get("/metrics"))
        self.assertEqual(self.get("/healthz"), "ok\n")
        with self.assertRaises(urllib.error.HTTPError) as caught:
            self.get("/")
        self.assertEqual(caught.exception.code, 404)

    def test_the_dashboard_asks_for_metrics_that_there_are(self):
        dashboard = (programs.ROOT / "deploy" / "grafana" / "peculiar-server.json").read_text()
        asked = set(re.findall(r"\b(?:peculiar|process)_[a-z_]+", dashboard))
        given = set(re.findall(r"^([a-z_]+)", self.get("/metrics"), re.M))
        self.assertGreater(len(asked), 8)
        self.assertEqual(asked - given, set())

    def test_without_a_server_the_status_says_so(self):
        front = self.start("alone", "127.0.0.1:%d" % free_ports(1)[0])
        try:
            code, details = self.refused(SNAPSHOT, front=front)
        finally:
            self.assertEqual(front.stop(), 0)
        self.assertEqual(code, grpc.StatusCode.UNAVAILABLE)
        self.assertTrue(details.startswith("SERVER_UNAVAILABLE:"), details)

    def test_a_connection_that_has_had_its_calls_ends_without_a_failed_one(self):
        front = self.start("short", self.server.address, **{"keepalive_requests 1000": "keepalive_requests 20"})
        roots = grpc.ssl_channel_credentials((self.folder / "tls.crt").read_bytes())
        try:
            with grpc.secure_channel("localhost:%d" % front.tls, roots, [("grpc.enable_http_proxy", 0)]) as channel:
                snapshot = channel.unary_unary(SNAPSHOT)
                for _ in range(20):
                    calls = [snapshot.future(b"", timeout=20) for _ in range(16)]
                    for call in calls:
                        self.assertIn(self.current().encode(), call.result())
        finally:
            self.assertEqual(front.stop(), 0)

    def test_a_client_over_its_rate_is_told_so(self):
        front = self.start("slow", self.server.address, **{"rate=1000r/s": "rate=1r/m", "burst=2000 nodelay": "burst=1 nodelay"})
        try:
            self.call(SNAPSHOT, front=front)
            self.call(SNAPSHOT, front=front)
            code, details = self.refused(SNAPSHOT, front=front)
        finally:
            self.assertEqual(front.stop(), 0)
        self.assertEqual(code, grpc.StatusCode.RESOURCE_EXHAUSTED)
        self.assertTrue(details.startswith("TOO_BUSY:"), details)


if __name__ == "__main__":
    unittest.main()
