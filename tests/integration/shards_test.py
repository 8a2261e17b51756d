"""embed --shard in processes side by side, and --merge: the bytes of one process, and what is missing by name."""
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import programs

FILES = 4  # of the dataset's 13 galaxies, at most 4 in each


class Shards(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="peculiar-shards-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.trained = cls.folder / "trained"
        programs.worker("ingest", "--workspace", cls.trained, "--drpall", programs.SURVEY / "drpall.fits",
                        "--cubes", programs.SURVEY, "--galaxies-per-shard", 4)
        assert len(list((cls.trained / "dataset").glob("shard-*.bin"))) == FILES
        for kind in ("ae", "vae"):
            programs.worker("train", "--workspace", cls.trained, "--kind", kind, "--preset", "tiny", "--epochs", 1)

    def setUp(self):
        self.work = self.folder / "work"
        shutil.copytree(self.trained, self.work)
        self.addCleanup(shutil.rmtree, self.work)

    def embed(self, *flags, **options):
        return programs.worker("embed", "--workspace", self.work, "--threads", 1, *flags, **options)

    def files(self):
        return {str(path.relative_to(self.work)): path.read_bytes() for path in self.work.glob("models/*/embeddings/*")
                if not path.name.startswith(".")}

    def clear(self):
        for folder in self.work.glob("models/*/embeddings"):
            shutil.rmtree(folder)

    def refused(self, code, message, *flags):
        done = self.embed(*flags, check=False)
        self.assertIn(message, done.stderr)
        self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)

    def test_shards_side_by_side_merge_to_the_bytes_of_one_process(self):
        self.embed()
        whole = self.files()
        self.assertEqual(len(whole), 2 * (FILES + 1))
        self.clear()
        shards = [subprocess.Popen([programs.BIN / "peculiar-worker", "embed", "--workspace", self.work, "--threads", "1",
                                    "--shard", "%d/3" % index], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                  for index in (0, 1, 2, 1)]  # one that a batch system has started again too early
        for process in shards:
            _, errors = process.communicate(timeout=120)
            self.assertEqual(process.returncode, 0, errors)
        self.assertNotIn("models/ae/embeddings/embeddings.json", self.files())
        self.embed("--merge")
        self.assertEqual(self.files(), whole)

    def test_a_finished_shard_is_not_redone(self):
        self.embed("--shard", "0/2")
        times = {path: path.stat().st_mtime_ns for path in self.work.glob("models/*/embeddings/part-*")}
        self.assertEqual(len(times), FILES)
        self.embed("--shard", "0/2")
        self.assertEqual({path: path.stat().st_mtime_ns for path in times}, times)

    def test_merge_names_what_is_missing_and_of_another_training(self):
        self.embed("--model", "ae", "--shard", "0/2")
        self.refused(4, "2 of 4 parts are not there: galaxies 8 to 11", "--model", "ae", "--merge")
        self.embed("--model", "ae", "--shard", "1/2")
        checkpoint = self.work / "models" / "ae" / "checkpoint.json"
        programs.worker("train", "--workspace", self.work, "--kind", "ae", "--preset", "tiny", "--epochs", 1, "--seed", 2,
                        "--model", "other")
        for path in (self.work / "models" / "other").iterdir():  # trained again, with its parts still there
            shutil.copy(path, checkpoint.parent)
        self.refused(4, "4 of 4 parts are not there", "--model", "ae", "--merge")
        self.embed("--model", "ae", "--shard", "1/2")
        self.refused(4, "part-00001.safetensors was made from checkpoint", "--model", "ae", "--merge")
        self.embed("--model", "ae", "--shard", "0/2")
        self.embed("--model", "ae", "--merge")

    def test_bad_shards(self):
        self.refused(2, "shard '3', expected I/N", "--shard", "3")
        self.refused(2, "shard '4/4', expected 0/4 to 3/4: the first is 0", "--shard", "4/4")
        self.refused(2, "5 shards of a dataset of", "--shard", "0/5")
        self.refused(2, "excludes", "--shard", "0/2", "--merge")


if __name__ == "__main__":
    unittest.main()
