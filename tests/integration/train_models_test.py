"""deploy/train-models: several models of a workspace, side by side on devices, and how it ends."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import unittest

import programs

LAUNCHER = programs.ROOT / "deploy" / "train-models"
TINY = "--preset tiny --epochs 1"
ENDLESS = "--preset tiny --epochs 100000"


class TrainModels(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="peculiar-models-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.work = self.folder / "work"
        self.work.mkdir()
        shutil.copy(programs.WORK / "workspace.json", self.work)
        os.symlink((programs.WORK / "dataset").resolve(), self.work / "dataset")

    def start(self, models, devices="cpu,cpu", workspace=None):
        path = self.folder / "models.txt"
        path.write_text("\n".join(models) + "\n")
        process = subprocess.Popen([LAUNCHER, "--workspace", workspace or self.work, "--devices", devices, "--worker",
                                    programs.BIN / "peculiar-worker", path], text=True, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        self.addCleanup(self.clear, process)
        return process

    @staticmethod
    def clear(process):
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)

    def finish(self, process, code):
        output, errors = process.communicate(timeout=120)
        self.assertEqual(process.returncode, code, errors)
        return output, errors

    def model(self, name):
        return self.work / "models" / name

    def metrics(self, name):
        path = self.model(name) / "metrics.jsonl"
        return path.read_text().splitlines() if path.exists() else []

    def await_training(self, process, *names):
        programs.wait_until(lambda: all(len(self.metrics(name)) > 1 for name in names), "all train", processes=(process,))

    def workers_of(self, errors):
        """Process ids of the workers that it has started, from its lines "ae: train on cpu, process 17"."""
        return [int(line.split()[-1]) for line in errors.splitlines() if ", process " in line]

    def check_gone(self, errors):
        for pid in self.workers_of(errors):
            self.assertRaises(ProcessLookupError, os.kill, pid, 0)

    def test_two_models_side_by_side_and_a_third_when_a_device_is_free(self):
        output, errors = self.finish(self.start(
            ["# name, flags of train", "", "ae --kind ae " + TINY, "vae --kind vae " + TINY + " --threads 1",
             "other --kind ae %s --seed 2  # waits" % TINY]), 0)
        for name in ("ae", "vae", "other"):
            self.assertTrue((self.model(name) / "embeddings" / "embeddings.json").exists())
            self.assertRegex(output, r"(?m)^%s: model +%s$" % (name, name))
            self.assertEqual(json.loads(self.metrics(name)[-1])["device"], "cpu")
        self.assertEqual(len(self.workers_of(errors)), 6)
        for line in (output + errors).splitlines():
            self.assertRegex(line, r"^(ae|vae|other): ")
        again, _ = self.finish(self.start(["ae --kind ae " + TINY], devices="cpu"), 0)
        self.assertIn("ae: nothing to do", again)

    def test_both_train_at_once_and_sigterm_leaves_checkpoints(self):
        process = self.start(["ae --kind ae " + ENDLESS, "vae --kind vae " + ENDLESS, "never --kind ae " + TINY])
        self.await_training(process, "ae", "vae")
        process.send_signal(signal.SIGTERM)
        _, errors = self.finish(process, 143)
        for name in ("ae", "vae"):
            self.assertIn("%s: peculiar-worker: training of %s was interrupted" % (name, name), errors)
            self.assertTrue((self.model(name) / "checkpoint.json").exists())
        self.assertFalse(self.model("never").exists())
        self.check_gone(errors)

    def test_one_that_fails_ends_the_others_with_its_exit_code(self):
        process = self.start(["ae --kind ae " + ENDLESS, "vae --kind vae --preset tiny --batch 0", "never --kind ae " + TINY])
        _, errors = self.finish(process, 2)
        self.assertIn("vae: peculiar-worker: batch is 0", errors)
        self.assertIn("vae: train ended with exit code 2 on cpu", errors)
        self.assertFalse(self.model("never").exists())
        self.check_gone(errors)

    def test_a_killed_worker_is_a_failure(self):
        process = self.start(["ae --kind ae " + ENDLESS], devices="cpu")
        self.await_training(process, "ae")
        pid = int((self.work / "models" / "ae.lock").read_text())
        os.kill(pid, signal.SIGKILL)
        _, errors = self.finish(process, 1)
        self.assertEqual(self.workers_of(errors), [pid])
        self.assertIn("ae: train ended with exit code -9 on cpu", errors)

    def refused(self, message, models, **options):
        _, errors = self.finish(self.start(models, **options), 2)
        self.assertIn(message, errors)
        self.assertFalse((self.work / "models").exists())

    def test_bad_input(self):
        self.refused("names no model", ["# nothing"])
        self.refused("line 2: model ae is there twice", ["ae --kind ae", "ae --kind vae"])
        self.refused("line 1: --device is set for all models", ["ae --kind ae --device=cuda:1"])
        self.refused("line 1: '--kind' is no name of a model", ["--kind ae"])
        self.refused("line 1: No closing quotation", ["ae --kind 'ae"])
        self.refused("--devices 'cpu,'", ["ae --kind ae"], devices="cpu,")
        self.refused("unknown device 'gpu'", ["ae --kind ae"], devices="gpu")
        self.finish(self.start(["ae --kind ae"], workspace=self.folder / "none"), 3)


if __name__ == "__main__":
    unittest.main()
