"""Training in several processes over loopback: the weights of one process, a checkpoint that another number of processes goes on
from, an end in time when one dies or is late, and clear words for settings that cannot work."""
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

import numpy

import programs

VARIABLES = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT", "LOCAL_WORLD_SIZE", "LOCAL_RANK")
# Small steps: larger ones amplify rounding, whatever it comes from.
TRAIN = ("--kind", "vae", "--preset", "tiny", "--seed", 5, "--copies", 1, "--batch", 8, "--optimiser", "adagrad",
         "--rate-schedule", "constant", "--learning-rate", 0.00003, "--output", "json")
ENDLESS = (*TRAIN, "--epochs", 100000, "--checkpoint-minutes", 0.001)


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def environment(rank, size, port, **changes):
    """This process's, with the place of a rank; None takes a variable away."""
    place = {"RANK": rank, "WORLD_SIZE": size, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "LOCAL_WORLD_SIZE": 2, **changes}
    rest = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    return rest | {name: str(value) for name, value in place.items() if value is not None}


def weights(folder):
    """Name -> values of every tensor of the checkpoint that is no state of the optimiser."""
    name = json.loads((folder / "checkpoint.json").read_text())["file"]
    content = (folder / name).read_bytes()
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8:8 + size])
    return {key: numpy.frombuffer(content[8 + size:], "<f4")[entry["data_offsets"][0] // 4:entry["data_offsets"][1] // 4]
            for key, entry in header.items() if key != "__metadata__" and not key.startswith("optimiser.")}


class Workspace(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = pathlib.Path(temporary.name)
        self.work = self.workspace("work")
        self.model = self.work / "models" / "vae"

    def workspace(self, name):
        """The prepared dataset, nothing trained yet."""
        work = self.root / name
        work.mkdir()
        shutil.copy(programs.WORK / "workspace.json", work)
        shutil.copytree(programs.WORK / "dataset", work / "dataset")
        return work

    def start(self, size, *flags):
        """A process for every rank; those left at the end of the test are killed."""
        port = free_port()
        ranks = [subprocess.Popen([programs.BIN / "peculiar-worker", "train", "--workspace", self.work, *map(str, flags)], text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(rank, size, port))
                 for rank in range(size)]
        self.addCleanup(self.clear, ranks)
        return ranks

    @staticmethod
    def clear(ranks):
        for process in ranks:
            if process.poll() is None:
                process.kill()
            process.communicate()

    def finish(self, ranks):
        """What each printed; all must end well."""
        said = [process.communicate(timeout=60) for process in ranks]
        for process, (_, errors) in zip(ranks, said):
            self.assertEqual(process.returncode, 0, errors)
        return [output for output, _ in said]

    def await_training(self, ranks):
        metrics = self.model / "metrics.jsonl"
        programs.wait_until(lambda: metrics.exists() and len(metrics.read_text().splitlines()) >= 3, "the training comes on",
                            processes=ranks)

    def alone(self, work, *flags):
        done = programs.worker("train", "--workspace", work, *flags, env=environment(None, None, None, MASTER_ADDR=None))
        return json.loads(done.stdout)

    def distance(self, left, right):
        """Of two workspaces' weights, the largest."""
        ours, theirs = weights(left / "models" / "vae"), weights(right / "models" / "vae")
        self.assertEqual(ours.keys(), theirs.keys())
        self.assertGreater(len(ours), 10)
        return max(numpy.abs(values - theirs[name]).max() for name, values in ours.items())


class TwoProcesses(Workspace):
    def test_weights_are_those_of_one_and_either_goes_on_where_the_other_was(self):
        other, whole = self.workspace("other"), self.workspace("whole")
        first, second = self.finish(self.start(2, *TRAIN, "--epochs", 1))
        report = json.loads(first)
        self.assertEqual((report["processes"], report["epochs"]), (2, 1))
        self.assertEqual(second, "", "rank 1 printed")
        self.assertEqual(self.alone(other, *TRAIN, "--epochs", 1)["processes"], 1)
        self.assertLess(self.distance(self.work, other), 1e-5)
        self.alone(whole, *TRAIN, "--epochs", 2)
        self.assertGreater(self.distance(self.work, whole), 5e-5, "an epoch moves too little to show anything")
        self.assertEqual(self.alone(self.work, *TRAIN, "--epochs", 2)["resumed_epoch"], 1)
        self.assertLess(self.distance(self.work, whole), 1e-5)
        self.work = other
        first, _ = self.finish(self.start(2, *TRAIN, "--epochs", 2))
        self.assertEqual(json.loads(first)["resumed_epoch"], 1)
        self.assertLess(self.distance(other, whole), 1e-5)
        self.assertEqual(sorted(path.name for path in self.model.iterdir()),
                         sorted(path.name for path in (whole / "models" / "vae").iterdir()))

    def test_a_signal_to_one_stops_both_with_a_checkpoint(self):
        ranks = self.start(2, *ENDLESS)
        self.await_training(ranks)
        ranks[1].send_signal(signal.SIGTERM)
        for process in ranks:
            _, errors = process.communicate(timeout=30)
            self.assertEqual(process.returncode, 4, errors)
            self.assertIn("interrupted", errors)
        self.assertGreater(len(weights(self.model)), 10)


class LostProcess(Workspace):
    def check_lost(self, process, message, seconds=30):
        start = time.monotonic()
        _, errors = process.communicate(timeout=seconds)
        self.assertLess(time.monotonic() - start, seconds)
        self.assertEqual(process.returncode, 5, errors)
        self.assertIn(message, errors)

    def test_a_killed_rank_ends_the_other_and_one_process_goes_on(self):
        for killed in (1, 0):
            with self.subTest(killed=killed):
                shutil.rmtree(self.model, ignore_errors=True)
                ranks = self.start(2, *ENDLESS)
                self.await_training(ranks)
                ranks[killed].kill()
                self.check_lost(ranks[1 - killed], "rank %d of 2 lost another process" % (1 - killed))
                epoch = json.loads((self.model / "checkpoint.json").read_text())["epoch"]
                report = self.alone(self.work, *TRAIN, "--epochs", epoch + 1)
                self.assertEqual((report["resumed_epoch"], report["epochs"]), (epoch, epoch + 1))

    def test_a_late_rank_ends_the_other_after_the_timeout(self):
        ranks = self.start(2, *ENDLESS, "--rank-timeout", 2)
        self.await_training(ranks)
        ranks[1].send_signal(signal.SIGSTOP)
        self.check_lost(ranks[0], "more than 2 s late")
        ranks[1].send_signal(signal.SIGCONT)
        self.check_lost(ranks[1], "lost another process")


class BadSettings(Workspace):
    def check_refused(self, code, message, *flags, rank=0, size=2, port=None, **changes):
        done = programs.worker("train", "--workspace", self.work, *TRAIN, "--epochs", 1, *flags, check=False,
                               env=environment(rank, size, port or free_port(), **changes))
        self.assertIn(message, done.stderr)
        self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
        self.assertFalse(self.model.exists())

    def test_each_is_named_with_its_value_and_what_is_expected(self):
        self.check_refused(2, "batch is 8 over 3 processes (WORLD_SIZE), expected a multiple of 3", size=3)
        self.check_refused(2, "RANK is '2', expected 0 to 1", rank=2)
        self.check_refused(2, "MASTER_PORT is set, but RANK is not", rank=None)
        self.check_refused(2, "LOCAL_WORLD_SIZE is '0', expected 1 to 4096", LOCAL_WORLD_SIZE=0)

    def test_all_stages_are_for_one_process(self):
        done = programs.worker("run", "--workspace", self.work, "--drpall", programs.SURVEY / "drpall.fits", "--cubes",
                               programs.SURVEY, check=False, env=environment(0, 2, free_port()))
        self.assertIn("WORLD_SIZE is 2, but run is for one process", done.stderr)
        self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)

    def test_a_rendezvous_that_nobody_joins(self):
        self.check_refused(5, "rank 0 of 2 waited 1 s for the other processes: rank 1 did not come", "--rank-timeout", 1)
        self.check_refused(5, "rank 1 of 2 found no rank 0 at 127.0.0.1", "--rank-timeout", 1, rank=1)

    def test_a_port_in_use(self):
        with socket.socket(socket.AF_INET6) as taken:
            taken.bind(("::", 0))
            taken.listen()
            port = taken.getsockname()[1]
            self.check_refused(5, "rank 0 cannot listen on MASTER_PORT %d, expected a free port" % port, port=port)

    def test_ranks_that_were_started_differently(self):
        port = free_port()
        ranks = [subprocess.Popen([programs.BIN / "peculiar-worker", "train", "--workspace", self.work,
                                   *map(str, TRAIN), "--epochs", str(1 + rank)], text=True, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, env=environment(rank, 2, port)) for rank in range(2)]
        self.addCleanup(self.clear, ranks)
        _, errors = ranks[1].communicate(timeout=30)
        self.assertIn("rank 1 of 2 was not started as rank 0: epochs is 2, rank 0 has 1", errors)
        self.assertEqual(ranks[1].returncode, 4)
        ranks[0].communicate(timeout=30)
        self.assertEqual(ranks[0].returncode, 5)


if __name__ == "__main__":
    unittest.main()
