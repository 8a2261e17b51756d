"""The Python package against servers that are away, slow, broken or careful: retries, time limits, credentials."""
import concurrent.futures
import subprocess
import time
import unittest

import grpc

from python_package import FOLDER

import peculiar
from peculiar.v1 import query_service_pb2, query_service_pb2_grpc


class Unreliable:
    """A server on a free port that fails its first calls, in this process."""

    def __init__(self, failures, code=grpc.StatusCode.UNAVAILABLE, seconds=0, credentials=None, galaxies=2, breaks=False):
        calls = self.calls = []

        class Service(query_service_pb2_grpc.QueryServiceServicer):
            def GetSnapshot(self, request, context):
                calls.append(dict(context.invocation_metadata()))
                time.sleep(seconds)
                if len(calls) <= failures:
                    context.abort(code, "SOME_REASON: not now")
                return query_service_pb2.GetSnapshotResponse(snapshot={"snapshot_id": "good"})

            def ExportGalaxies(self, request, context):
                """Two galaxies, whatever `galaxies` says."""
                calls.append(dict(context.invocation_metadata()))
                if len(calls) <= failures:
                    context.abort(code, "SOME_REASON: not now")
                for plateifu in ("1-1", "1-2"):
                    yield query_service_pb2.ExportGalaxiesResponse(
                        galaxies=[{"galaxy": {"plateifu": plateifu}}], total_count=galaxies, snapshot_id="good", model="ae")
                time.sleep(seconds)
                if breaks:
                    context.abort(code, "SOME_REASON: in the middle")

        self._server = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
        query_service_pb2_grpc.add_QueryServiceServicer_to_server(Service(), self._server)
        port = (self._server.add_secure_port("localhost:0", credentials) if credentials
                else self._server.add_insecure_port("localhost:0"))
        self.address = "localhost:%d" % port

    def __enter__(self):
        self._server.start()
        return self

    def __exit__(self, *_):
        self._server.stop(None).wait(10)


class Connections(unittest.TestCase):
    def test_an_unavailable_server_is_asked_again(self):
        with Unreliable(2) as server, peculiar.Client(server.address) as client:
            self.assertEqual(client.snapshot().snapshot_id, "good")
            self.assertEqual(len(server.calls), 3)

    def test_only_so_often_and_only_then(self):
        for options, code, calls, kind in (({"retries": 0}, grpc.StatusCode.UNAVAILABLE, 1, peculiar.Unreachable),
                                           ({"retries": 1}, grpc.StatusCode.UNAVAILABLE, 2, peculiar.Unreachable),
                                           ({"timeout": 1.5, "retries": 99}, grpc.StatusCode.UNAVAILABLE, None, peculiar.Unreachable),
                                           ({}, grpc.StatusCode.INTERNAL, 1, peculiar.Error),
                                           ({}, grpc.StatusCode.RESOURCE_EXHAUSTED, 1, peculiar.Refused),
                                           ({}, grpc.StatusCode.UNAUTHENTICATED, 1, peculiar.Denied)):
            with Unreliable(9, code) as server, peculiar.Client(server.address, **options) as client:
                with self.assertRaises(peculiar.Error) as caught:
                    client.snapshot()
                self.assertEqual((type(caught.exception), caught.exception.code()), (kind, code))
                self.assertIn("SOME_REASON: not now", caught.exception.message)
                self.assertEqual(len(server.calls), calls or len(server.calls))

    def test_an_answer_that_does_not_come_ends_with_the_time(self):
        with Unreliable(0, seconds=1) as server, peculiar.Client(server.address, timeout=0.2) as client:
            with self.assertRaisesRegex(peculiar.Unreachable, "within 0.2 s"):
                client.snapshot()

    def test_an_export_begins_again_but_does_not_go_on(self):
        folder = FOLDER / "broken"
        folder.mkdir()
        with Unreliable(2) as server, peculiar.Client(server.address) as client:
            self.assertEqual(client.export_galaxies(folder / "whole.csv"), 2)
            self.assertEqual(len(server.calls), 3)
        whole = (folder / "whole.csv").read_text()
        self.assertEqual([line.split(",")[0] for line in whole.splitlines()], ["plateifu", "1-1", "1-2"])
        for options, timeout, kind, text in (({"breaks": True}, 30, peculiar.Unreachable, "lost localhost.*in the middle"),
                                             ({"seconds": 1}, 0.3, peculiar.Unreachable, "within 0.3 s"),
                                             ({"galaxies": 3}, 30, peculiar.Error, "ended after 2 of 3")):
            with Unreliable(0, **options) as server, peculiar.Client(server.address, timeout) as client:
                with self.assertRaisesRegex(kind, text):
                    client.export_galaxies(folder / "whole.csv")
                self.assertEqual(len(server.calls), 1)
        self.assertEqual([(path.name, path.read_text()) for path in folder.iterdir()], [("whole.csv", whole)])

    def test_nobody_listening_and_a_question_unknown(self):
        with self.assertRaisesRegex(peculiar.Unreachable, "127.0.0.1:1 in 1 attempts"):
            peculiar.Client("127.0.0.1:1", retries=0).snapshot()
        with Unreliable(0) as server, peculiar.Client(server.address) as client:
            with self.assertRaisesRegex(peculiar.Error, "does not answer this question"):
                client.galaxy("1-1")

    def test_addresses(self):
        for address in ("localhost", "localhost:0", "localhost:65536", ":1", "::1:50051", "http://a:1"):
            with self.assertRaises(peculiar.InvalidRequest, msg=address):
                peculiar.Client(address)
        for address in ("localhost:1", "[::1]:50051", "unix:/a"):
            peculiar.Client(address).close()

    def test_a_token_goes_with_every_call_but_not_in_the_clear_to_elsewhere(self):
        with Unreliable(0) as server, peculiar.Client(server.address, token="secret") as client:
            client.snapshot()
            self.assertEqual(server.calls[0]["authorization"], "Bearer secret")
        with self.assertRaisesRegex(peculiar.InvalidRequest, "in the clear"):
            peculiar.Client("example.org:50051", token="secret")

    def test_tls_both_ways(self):
        certificate, key = FOLDER / "certificate.pem", FOLDER / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-out", certificate, "-keyout", key],
                       check=True, capture_output=True)
        credentials = grpc.ssl_server_credentials([(key.read_bytes(), certificate.read_bytes())], certificate.read_bytes(), True)
        with Unreliable(0, credentials=credentials) as server:
            with peculiar.Client(server.address, token="secret", root_certificates=certificate, certificate=certificate,
                                 key=key) as client:
                self.assertEqual(client.snapshot().snapshot_id, "good")
            for options in ({}, {"root_certificates": certificate}):
                with peculiar.Client(server.address, retries=0, **options) as client:
                    with self.assertRaises(peculiar.Unreachable):
                        client.snapshot()
            self.assertEqual(len(server.calls), 1)
        with self.assertRaisesRegex(peculiar.InvalidRequest, "go together"):
            peculiar.Client("localhost:1", root_certificates=certificate, certificate=certificate)


if __name__ == "__main__":
    unittest.main()
