"""Training and embedding on GPUs that are not there (tests/cuda_stand_in): how they use memory, graphs and processes."""
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import unittest

BIN = pathlib.Path(os.environ["PECULIAR_BIN"])
STAND_IN = os.environ["PECULIAR_STAND_IN"]
GALAXIES, BATCH = 40, 16  # an epoch: 6 batches of 16 copies, then one of 12
OUT_OF_MEMORY = 4


class Done:
    """A program that has ended: `replays` and such from the stand-in's report, which a crash leaves out."""

    def __init__(self, process, report):
        self.output, self.errors = process.communicate(timeout=200)
        self.code = process.returncode
        self.__dict__.update(json.loads(report.read_text()) if report.exists() else {"broken": ["no report"]})


class CudaStandIn(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="peculiar-stand-in-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.work = cls.make_dataset("work", GALAXIES)
        cls.runs = 0

    @classmethod
    def make_dataset(cls, name, galaxies):
        subprocess.run([BIN / "random_dataset", cls.folder / name, "--galaxies", str(galaxies)], check=True,
                       stdout=subprocess.DEVNULL)
        return cls.folder / name

    def start(self, program, *words, **variables):
        """The process and the path of its report."""
        type(self).runs += 1
        report = self.folder / ("report-%d" % self.runs)
        environment = dict(os.environ, LD_PRELOAD=STAND_IN, TORCH_CUDNN_V8_API_DISABLED="1",
                           PECULIAR_STAND_IN_REPORT=str(report), **variables)
        process = subprocess.Popen([BIN / program, *map(str, words)], env=environment, text=True, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process, report

    def finish(self, process, report, code=0):
        done = Done(process, report)
        self.assertEqual(done.code, code, done.errors)
        self.assertEqual(done.broken, [])
        return done

    def worker(self, command, *words, work=None, code=0, **variables):
        return self.finish(*self.start("peculiar-worker", command, "--workspace", work or self.work, "--engine", "scan", *words,
                                       **variables), code=code)

    def train(self, model, *words, **options):
        return self.worker("train", "--model", model, "--kind", "ae", "--device", "cuda", "--fresh", *words, **options)

    def metrics(self, model):
        return [json.loads(line) for line in (self.work / "models" / model / "metrics.jsonl").read_text().splitlines()]

    def test_what_does_not_compute_passes_as_on_a_gpu(self):
        for program, tests in (("model_gpu_test", "MemoryGpuTest.*:StepGraphGpuTest.OtherThreads*"),
                               ("train_gpu_test", "OptimiserGpuTest.IsCaptured*")):
            done = self.finish(*self.start(program, "--gtest_filter=" + tests))
            self.assertIn("PASSED", done.output)
            self.assertNotIn("SKIPPED", done.output)

    def test_steps_are_replayed_once_they_are_captured(self):
        done = self.train("a", "--preset", "small", "--epochs", 3, "--batch", BATCH)
        # Of 18 steps and of four tests the first three are run as they are, and so are all three steps of 12 copies.
        self.assertEqual((done.captured, done.replays), (2, (18 - 3) + (4 - 3)))
        line = self.metrics("a")[-1]
        self.assertEqual((line["device"], line["driver"]), ("cuda:0 stand-in", "CUDA 13.2"))
        self.assertGreater(line["gpu_memory_bytes"], 1e9)

    def test_a_dataset_too_large_for_the_gpu_stays_beside_it(self):
        work = self.make_dataset("large", 300)  # half a gigabyte, more than half of the limit
        done = self.train("b", "--preset", "tiny", "--batch", 8, "--epochs", 1, "--memory-limit", "800MiB", work=work)
        self.assertGreater(done.replays, 90)

    def test_little_memory_is_for_one_graph_at_a_time(self):
        done = self.train("c", "--preset", "small", "--epochs", 3, "--batch", BATCH, "--memory-limit", "2GiB")
        self.assertEqual(done.captured, 3)
        self.assertLessEqual(self.metrics("c")[-1]["gpu_memory_bytes"], 2 << 30)

    def test_the_batch_that_would_fit_fits(self):
        work = self.make_dataset("few", 24)
        self.train("d", "--preset", "tiny", "--epochs", 1, work=work)
        # Of some of these a first step has room for one cube more than the graph of later ones has.
        for limit, batch, *words in (("250MiB", 5, "train", "--preset", "tiny"), ("600MiB", 30, "train", "--preset", "tiny"),
                                     ("600MiB", 30, "train", "--preset", "small"), ("800MiB", 10, "train", "--preset", "small"),
                                     ("200MiB", 24, "embed")):
            words += ["--device", "cuda", "--memory-limit", limit, "--model", "d"]
            words += [] if words[0] == "embed" else ["--kind", "ae", "--fresh", "--epochs", 2]
            with self.subTest(words=words):
                errors = self.worker(*words, "--batch", batch, work=work, code=OUT_OF_MEMORY).errors
                fit = re.search(r"out of memory on cuda:0 stand-in with a batch of %d cubes: .* a batch of (\d+) would fit" % batch, errors)
                self.assertTrue(fit, errors)
                self.worker(*words, "--batch", fit.group(1), work=work)

    def test_two_processes_sum_by_nccl_once_a_step(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        words = ("train", "--workspace", self.work, "--engine", "scan", "--model", "f", "--kind", "ae", "--preset", "tiny", "--device",
                 "cuda", "--epochs", 2, "--batch", BATCH)
        started = [self.start("peculiar-worker", *words, RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE="2",
                              MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), PECULIAR_STAND_IN_GPUS="2") for rank in (0, 1)]
        for process, report in started:
            done = self.finish(process, report)
            self.assertEqual((done.sums, done.captured), (14, 1))
            self.assertNotIn("destroy_process_group", done.errors)  # as LibTorch warns when NCCL is not closed


if __name__ == "__main__":
    unittest.main()
