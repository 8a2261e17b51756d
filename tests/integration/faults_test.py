"""What the real programs must survive: full disks, kills, odd locales, hostile cubes, idle and silent clients, a hundred reloads.
docs/reliability.md lists every fault with its test, here or elsewhere."""
import contextlib
import ctypes
import gzip
import hashlib
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import grpc

import programs

NO_SPACE = "No space left on device|disk is full"
SERVICE = "/peculiar.v1.QueryService/"
TRAIN = ("--kind", "ae", "--preset", "tiny", "--epochs", 2, "--seed", 5, "--copies", 1, "--batch", 4, "--threads", 1,
         "--checkpoint-minutes", 0.0001)


class Workspace(unittest.TestCase):
    """A copy of the prepared workspace for each test."""

    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.temporary.name)
        self.addCleanup(self.temporary.cleanup)
        self.prepare(self.folder)

    def prepare(self, folder):
        self.work = folder / "work"
        shutil.copytree(programs.WORK, self.work)
        self.snapshots = self.work / "snapshots"

    def worker(self, verb, *arguments, **options):
        return programs.worker(verb, "--workspace", self.work, *arguments, **options)

    def change(self, number):
        """Makes what `publish` would write differ from every snapshot before."""
        ids = self.folder / "ids"
        ids.write_text("7001-1901\n")
        self.worker("tag", "--name", "number", "--file", ids, "--description", "number %d" % number)

    def current(self):
        return (self.snapshots / "CURRENT").read_text().strip()

    def tree(self):
        """Every file with its digest, but for the lock."""
        return {str(path): hashlib.sha256(path.read_bytes()).hexdigest()
                for path in self.work.rglob("*") if path.is_file() and not path.name.endswith("lock")}

    def weights(self, model):
        digests = [hashlib.sha256(path.read_bytes()).hexdigest()
                   for path in (self.work / "models" / model).glob("checkpoint-*.safetensors")]
        self.assertEqual(len(digests), 1, "more than one checkpoint is left")
        return digests[0]


def take_private_mounts():
    """Mounts from here on are this process's and its children's, and end with it. False where that is not allowed."""
    new_namespace, recursive, private = 0x20000, 0x4000, 1 << 18
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.unshare(new_namespace) == 0 and libc.mount(b"none", b"/", None, recursive | private, None) == 0


class FullDisk(Workspace):
    """On a file system of memory that is filled up but for a few bytes."""

    @classmethod
    def setUpClass(cls):
        if not take_private_mounts():
            raise unittest.SkipTest("mounting a small file system needs root")

    def prepare(self, folder):
        disk = folder / "disk"
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "none", disk], check=True)
        self.addCleanup(subprocess.run, ["umount", disk], check=True)
        self.ballast = disk / "ballast"
        super().prepare(disk)

    def fill(self, leave):
        """Leaves so many bytes, in whole blocks of 4 KiB."""
        self.ballast.unlink(missing_ok=True)
        space = os.statvfs(self.ballast.parent)
        with open(self.ballast, "w") as ballast:
            os.posix_fallocate(ballast.fileno(), 0, space.f_bavail * space.f_frsize - leave // 4096 * 4096)

    def expect_no_space(self, verb, *arguments):
        """Exit 4 that says why, and no file came, went or changed."""
        before = self.tree()
        done = self.worker(verb, *arguments, check=False)
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertRegex(done.stderr, NO_SPACE)
        self.assertEqual(self.tree(), before)

    def test_publish(self):
        self.change(1)
        old = self.current()
        with programs.Server(self.snapshots) as server:
            for leave in (0, 4096, 65536, 200000, 300000):
                self.fill(leave)
                self.expect_no_space("publish")
                self.assertEqual(server.ask_json("show", "7001-1901")["snapshot_id"], old)
            self.ballast.unlink()
            self.worker("publish")
            self.assertNotEqual(self.current(), old)

    def test_train_embed_reduce_and_tag(self):
        self.worker("train", *TRAIN, "--model", "unbroken")
        model = ("--model", "broken")
        self.fill(400000)  # one checkpoint, not two
        done = self.worker("train", *TRAIN, *model, check=False)
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertRegex(done.stderr, NO_SPACE)
        self.weights("broken")  # the one that was whole is there
        self.ballast.unlink()
        self.worker("train", *TRAIN, *model)
        self.assertEqual(self.weights("broken"), self.weights("unbroken"))
        for verb in ("embed", "reduce"):
            self.fill(0)
            self.expect_no_space(verb, *model)
            self.ballast.unlink()
            self.worker(verb, *model)
        self.fill(0)
        ids = self.folder / "ids"
        ids.write_text("7001-1901\n")
        self.expect_no_space("tag", "--name", "odd", "--file", ids)

    def test_ingest(self):
        arguments = ("--drpall", programs.SURVEY / "drpall.fits", "--cubes", programs.SURVEY)
        self.work = self.work.parent / "other"
        self.fill(1 << 20)
        done = self.worker("ingest", *arguments, check=False)
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertRegex(done.stderr, NO_SPACE)
        self.assertEqual([name for name in self.tree() if name.endswith((".tmp", "dataset.json"))], [])
        self.ballast.unlink()
        self.worker("ingest", *arguments)
        self.assertEqual(*(sorted((digest for name, digest in self.tree().items() if "shard" in name and ".bin" in name))
                           for self.work in (self.work, programs.WORK)))

    def test_exports(self):
        with programs.Server(self.snapshots) as server:
            self.fill(0)
            before = self.tree()
            for what, name in (("galaxies", "g.csv"), ("galaxies", "g.vot"), ("embeddings", "e.npy")):
                done = server.ask("export", what, "--out", self.work / name, check=False)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertRegex(done.stderr, NO_SPACE)
            self.expect_no_space("export", "7001-1901", "--out", self.work / "x")
            self.assertEqual(self.tree(), before)

    def test_server(self):
        self.fill(0)
        refused = programs.run("peculiar-server", "--snapshots", self.snapshots, "--listen", "127.0.0.1:0",
                               "--port-file", self.work / "port", check=False)
        self.assertEqual(refused.returncode, 4, refused.stderr)
        self.assertRegex(refused.stderr, NO_SPACE)
        port, log = self.folder / "port", self.work / "log"
        with open(log, "w") as out:
            server = subprocess.Popen([programs.BIN / "peculiar-server", "--snapshots", self.snapshots, "--listen", "127.0.0.1:0",
                                       "--port-file", port, "--log-level", "debug"], stderr=out)
        try:
            programs.wait_until(port.exists, "the server starts")
            for _ in range(20):
                programs.run("peculiar", "--server", "127.0.0.1:" + port.read_text().strip(), "status")
            self.assertEqual(log.stat().st_size, 0)
        finally:
            server.terminate()
            self.assertEqual(server.wait(30), 0)


class Kills(Workspace):
    """SIGKILL after a part of the time that the verb takes; the unit tests kill at every step."""

    def begin_and_kill(self, after, verb, *arguments):
        process = subprocess.Popen(list(map(str, [programs.BIN / "peculiar-worker", verb, "--workspace", self.work, *arguments])),
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(after)
        except subprocess.TimeoutExpired:
            process.kill()
        process.wait()

    def test_publish(self):
        self.change(0)
        begin = time.monotonic()
        self.worker("publish")
        took = time.monotonic() - begin
        for part in range(1, 8):
            old = self.current()
            self.change(part)
            self.begin_and_kill(took * part / 8, "publish")
            between = self.current()
            self.worker("publish")
            self.assertIn(between, (old, self.current()))
            self.assertEqual([name for name in os.listdir(self.snapshots) if name.startswith(".")], [])
            self.worker("rollback", "--to", between)  # verifies it
            self.worker("publish")

    def test_train(self):
        begin = time.monotonic()
        self.worker("train", *TRAIN, "--model", "unbroken")
        took = time.monotonic() - begin
        for part in (0.2, 0.5, 0.8):
            self.begin_and_kill(took * part, "train", *TRAIN, "--model", "broken")
        self.worker("train", *TRAIN, "--model", "broken")
        self.assertEqual(self.weights("broken"), self.weights("unbroken"))


class Locales(Workspace):
    """Commas for points, a dotless i and an odd time zone change no byte."""

    def test_nothing_follows_them(self):
        for language in ("de_DE", "tr_TR"):
            done = subprocess.run(["localedef", "-i", language, "-f", "UTF-8", self.folder / (language + ".UTF-8")],
                                  capture_output=True, text=True, check=False)
            if done.returncode != 0:
                self.skipTest("no locale can be made: " + done.stderr)
        outcomes = [self.outcome({"LC_ALL": language, "LOCPATH": str(self.folder), "TZ": zone})
                    for language, zone in (("C", "UTC"), ("de_DE.UTF-8", "Asia/Kathmandu"), ("tr_TR.UTF-8", "XYZ-14:59"))]
        self.assertEqual(outcomes[1], outcomes[0])
        self.assertEqual(outcomes[2], outcomes[0])

    def outcome(self, environment):
        shutil.rmtree(self.work)
        super().prepare(self.folder)
        environment = {**os.environ, **environment}
        test = subprocess.run(["/usr/bin/python3", "-c", "import locale; locale.setlocale(locale.LC_ALL, '');"
                               "print(locale.localeconv()['decimal_point'])"], env=environment, capture_output=True, text=True)
        self.assertEqual(test.stdout.strip(), "," if environment["LC_ALL"] != "C" else ".", test.stderr)
        self.worker("train", *TRAIN, "--model", "ai", env=environment)
        for verb in ("embed", "reduce"):
            self.worker(verb, "--model", "ai", env=environment)
        self.worker("publish", "--model", "ai", env=environment)
        texts = []
        with programs.Server(self.snapshots, env=environment) as server:
            for output in ("table", "csv", "jsonl", "votable"):
                for ask in (("anomalies",), ("show", "7001-1901"), ("neighbors", "7001-1901", "--max-redshift", "0.05")):
                    texts.append(server.ask("-o", output, *ask, env=environment).stdout.replace(self.current(), "ID"))
        files = {name: digest for name, digest in self.tree().items()
                 if "ai" in name and (name.endswith(("safetensors", "f32", "faiss", "bin")) or "transform" in name)}
        return texts, sorted((pathlib.Path(name).name, digest) for name, digest in files.items())


def cards(*lines, end=True):
    """A FITS header of these lines."""
    text = "".join(line.ljust(80) for line in lines) + ("END".ljust(80) if end else "")
    return text.ljust(-(-len(text) // 2880) * 2880).encode()


PRIMARY = ("SIMPLE  =                    T", "BITPIX  =                    8", "NAXIS   =                    0")


def image(*sizes, bitpix=-32, more=()):
    return cards("XTENSION= 'IMAGE   '", "BITPIX  = %20d" % bitpix, "NAXIS   = %20d" % len(sizes),
                 *("NAXIS%-3d= %20d" % (i + 1, size) for i, size in enumerate(sizes)),
                 "PCOUNT  =                    0", "GCOUNT  =                    1", "EXTNAME = 'FLUX    '", *more)


class HostileCubes(Workspace):
    """Headers that promise or hold too much, and what is no file at all: refused by name, soon, in little memory."""

    def test_they_are_refused_and_the_rest_is_read(self):
        cubes = self.folder / "cubes"
        cubes.mkdir()
        good = cubes / "manga-7001-1901-LOGCUBE.fits.gz"
        shutil.copy(programs.SURVEY / good.name, good)
        huge = 2 ** 31 - 1
        bad = {
            "sizes": cards(*PRIMARY) + image(huge, huge, huge),
            "overflow": cards(*PRIMARY) + image(2 ** 62, 4, 1),
            "negative": cards(*PRIMARY) + image(-4, 4, 4),
            "axes": cards(*PRIMARY) + image(*[1] * 999),
            "bitpix": cards(*PRIMARY) + image(4, 4, 4, bitpix=1 << 30),
            "heap": cards(*PRIMARY) + image(4, 4, 4).replace(b"PCOUNT  =                    0", b"PCOUNT  = 9223372036854775807"),
            "header": cards(*PRIMARY, *["COMMENT x"] * 200000),
            "endless": cards(*PRIMARY, *["COMMENT x"] * 200000, end=False),
            "extensions": cards(*PRIMARY) + image() * 20000,
            "twice": gzip.compress(good.read_bytes(), 1),
        }
        names = {}
        for number, (kind, content) in enumerate(bad.items()):
            names[kind] = "9001-%d" % (1901 + number)
            (cubes / ("manga-%s-LOGCUBE.fits.gz" % names[kind])).write_bytes(gzip.compress(content, 1))
        for number, kind in enumerate(("pipe", "device", "folder", "loop")):
            names[kind] = "9002-%d" % (1901 + number)
            path = cubes / ("manga-%s-LOGCUBE.fits.gz" % names[kind])
            {"pipe": lambda: os.mkfifo(path), "device": lambda: path.symlink_to("/dev/zero"), "folder": path.mkdir,
             "loop": lambda: path.symlink_to(path.name)}[kind]()
        table = self.folder / "drpall.csv"
        table.write_text("plateifu,z\n" + "".join("%s,0.03\n" % name for name in ["7001-1901", *names.values()]))
        self.work = self.folder / "other"
        with open(self.folder / "said", "w") as said:
            process = subprocess.Popen([programs.BIN / "peculiar-worker", "ingest", "--workspace", self.work, "--drpall", table,
                                        "--cubes", cubes], stdout=subprocess.DEVNULL, stderr=said)
        timer = threading.Timer(120, process.kill)
        timer.start()
        _, status, used = os.wait4(process.pid, 0)
        timer.cancel()
        said = (self.folder / "said").read_text()
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 0, said)
        self.assertLess(used.ru_utime + used.ru_stime, 20)
        self.assertLess(used.ru_maxrss, 2 << 20)  # KiB: LibTorch, and two cubes at a time
        for kind, name in names.items():
            self.assertRegex(said, r"(refused|missing) %s: ." % name, kind)
        entries = json.loads((self.work / "dataset" / "dataset.json").read_text())["entries"]
        self.assertEqual([entry["galaxy"]["plateifu"] for entry in entries], ["7001-1901"])


class Port(Workspace):
    """One server, and clients that are too many, too slow or in the way of a reload."""

    def serve(self, *flags, **options):
        server = programs.Server(self.snapshots, *flags, **options).__enter__()
        self.addCleanup(server.__exit__)
        return server

    def connect(self, server, **options):
        channel = grpc.insecure_channel(server.address, options=list({"grpc.use_local_subchannel_pool": 1, **options}.items()))
        self.addCleanup(channel.close)
        return channel

    @staticmethod
    def field(text, number=1):
        """A message with one string of less than 128 bytes."""
        return bytes([number << 3 | 2, len(text.encode())]) + text.encode()

    def open_connections(self, server, count):
        port = int(server.address.split(":")[1])
        sockets = []
        for number in range(count):
            one = socket.create_connection(("127.0.0.1", port), 10)
            if number % 2 == 0:  # half say hello in HTTP/2, half are silent
                one.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
            sockets.append(one)
            self.addCleanup(one.close)
        return sockets

    def test_a_hundred_reloads_under_load_lose_no_call(self):
        ids = [self.current()]
        self.change(1)
        self.worker("publish")
        ids.append(self.current())
        server = self.serve("--keep", "0", "--poll-seconds", "3600")
        stop, answers, errors = threading.Event(), [], []

        def ask():
            get = self.connect(server).unary_unary(SERVICE + "GetEmbedding")
            while not stop.is_set():
                try:
                    answer = get(self.field("7001-1901"), timeout=20)
                    answers.append([id for id in ids if id.encode() in answer])
                except grpc.RpcError as error:
                    errors.append(error.details())

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        try:
            describe = self.connect(server).unary_unary(SERVICE + "GetSnapshot")
            for number in range(100):
                (self.snapshots / "new").write_text(ids[number % 2] + "\n")
                (self.snapshots / "new").rename(self.snapshots / "CURRENT")
                server.process.send_signal(signal.SIGHUP)
                programs.wait_until(lambda: ids[number % 2].encode() in describe(b"", timeout=20), "the snapshot is served")
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.assertEqual(errors, [])
        self.assertGreater(len(answers), 100)
        self.assertEqual({len(answer) for answer in answers}, {1})
        for id in ids:
            self.assertIn([id], answers)

    def test_a_thousand_idle_connections(self):
        # The usual soft limit, which the server raises.
        server = self.serve(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, 4096)))
        descriptors = pathlib.Path("/proc/%d/fd" % server.process.pid)
        before = len(list(descriptors.iterdir()))
        sockets = self.open_connections(server, 1000)
        programs.wait_until(lambda: len(list(descriptors.iterdir())) >= before + 990, "they are accepted")
        self.assertEqual(server.ask("show", "7001-1901").returncode, 0)
        status = pathlib.Path("/proc/%d/status" % server.process.pid).read_text()
        self.assertLess(int(re.search(r"VmRSS:\s+(\d+)", status)[1]), 200 << 10)
        for one in sockets:
            one.close()
        programs.wait_until(lambda: len(list(descriptors.iterdir())) < before + 20, "they are let go of")
        self.assertEqual(server.ask("show", "7001-1901").returncode, 0)

    def test_without_descriptors_it_ends_to_be_started_again(self):
        server = programs.Server(self.snapshots, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100)))
        server.__enter__()
        with contextlib.suppress(OSError):  # it may have gone before the last one
            self.open_connections(server, 120)
        said = server.process.communicate(timeout=30)[1]
        self.assertEqual(server.process.returncode, 1, said)
        self.assertIn("out of open files", said)

    def unread_exports(self, server, count):
        """Streams whose first message has come and is not taken."""
        export = self.connect(server, **{"grpc.http2.lookahead_bytes": 64, "grpc.http2.bdp_probe": 0}).unary_stream(
            SERVICE + "ExportGalaxies")
        calls = [export(b"") for _ in range(count)]
        for call in calls:
            call.initial_metadata()
            self.addCleanup(call.cancel)
        return calls

    def test_streams_that_nobody_reads(self):
        """They hold no thread: others are answered, and read in the end they are whole."""
        server = self.serve("--max-exports", "100")
        calls = self.unread_exports(server, 100)
        for _ in range(3):
            self.assertEqual(server.ask("show", "7001-1901").returncode, 0)
        first = list(calls[0])
        self.assertIn(b"7001-1901", first[0])
        for call in calls[1:]:
            self.assertEqual(list(call), first)

    def test_a_stop_does_not_wait_for_them(self):
        server = programs.Server(self.snapshots, "--drain-seconds", "0.5", "--max-exports", "50").__enter__()
        self.unread_exports(server, 50)
        begin = time.monotonic()
        server.__exit__()
        self.assertLess(time.monotonic() - begin, 3.5)

    def test_ids_of_every_wrong_kind(self):
        server = self.serve("--log-level", "error")
        channel = self.connect(server)
        wrong = ["", " ", "x", "7001", "7001-", "-1901", "7001-1901-", "7001-1901-x", "7001 1901", "7001_1901", "07001-1901",
                 "7001-01901", "+7001-1901", "7001-1901.0", "7e3-1901", "0x1b59-1901", "7001\u20111901", "\uff17001-1901",
                 "\u0667001-1901", "7001-1901\0", "7001-1901;7001-1902", "7001-1901,7001-1902", "../7001-1901", "%37001-1901",
                 "manga-", "manga-7001-1901-LOGCUBE", "MANGA-7001-1901", "1-", "-1", "99999999999999999999-1901", "null", "NaN",
                 "*", "%", "7001-1901' --", "\u202e7001-1901", "a" * 120]
        for method in ("GetGalaxy", "GetEmbedding", "FindNeighbors", "BatchGetEmbeddings"):
            call = channel.unary_unary(SERVICE + method)
            for text in wrong:
                with self.assertRaises(grpc.RpcError, msg=(method, text)) as raised:
                    call(self.field(text), timeout=20)
                self.assertIn(raised.exception.code(), (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND), (method, text))
                self.assertRegex(raised.exception.details(), "^[A-Z_]+: ")
            call(self.field("7001-1901"), timeout=20)


if __name__ == "__main__":
    unittest.main()
