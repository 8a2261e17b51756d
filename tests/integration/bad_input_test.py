"""Bad files met by the real worker: refused by name and reason, the run goes on, nothing half-written stays."""
import gzip
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import unittest

import numpy as np
from astropy.io import fits

import programs


def cube_path(folder, plateifu):
    return folder / ("manga-%s-LOGCUBE.fits.gz" % plateifu)


class BadInput(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.temporary.name)
        self.cubes = self.folder / "cubes"
        self.cubes.mkdir()
        truth = (programs.SURVEY / "truth.csv").read_text().splitlines()
        names = truth[0].split(",")
        rows = [dict(zip(names, line.split(","))) for line in truth[1:]]
        self.good = next(row for row in rows if cube_path(programs.SURVEY, row["plateifu"]).exists())
        self.source = cube_path(programs.SURVEY, self.good["plateifu"])
        self.table = {}

    def tearDown(self):
        self.temporary.cleanup()

    def add(self, plateifu):
        self.table[plateifu] = self.good["z"]
        return cube_path(self.cubes, plateifu)

    def ingest(self, *extra, **options):
        drpall = self.folder / "drpall.csv"
        drpall.write_text("plateifu,z\n" + "".join("%s,%s\n" % row for row in self.table.items()))
        return programs.worker("ingest", "--workspace", self.folder / "work", "--drpall", drpall, "--cubes", self.cubes,
                               "-o", "json", *extra, **options)

    def edited(self, plateifu, edit):
        """An unpacked cube whose header fits its name, changed by `edit` (a function on the HDU list)."""
        with fits.open(self.source) as hdus:
            hdus[0].header["PLATEIFU"] = plateifu
            hdus = edit(hdus) or hdus
            hdus.writeto(self.add(plateifu).with_suffix(""))

    def test_every_kind_of_bad_cube_is_refused_and_the_good_one_is_read(self):
        shutil.copy(self.source, self.add(self.good["plateifu"]))
        packed = self.source.read_bytes()
        self.add("9001-1901")  # missing
        self.add("9001-1902").write_bytes(b"")
        self.add("9001-1903").write_bytes(packed[: len(packed) // 2])
        corrupt = bytearray(packed)
        corrupt[len(packed) // 2] ^= 0xFF
        self.add("9001-1904").write_bytes(corrupt)
        self.add("9001-1905").write_bytes(b"this is no FITS file" * 1000)
        shutil.copy(self.source, self.add("9001-1906"))  # header of another plate-IFU

        def falling(hdus):
            hdus["WAVE"].data = hdus["WAVE"].data[::-1].copy()

        def random(hdus):
            hdus["WAVE"].data = np.random.default_rng(1).uniform(3600, 10000, hdus["WAVE"].data.size)

        def without_ivar(hdus):
            del hdus["IVAR"]

        def other_shape(hdus):
            hdus["MASK"].data = hdus["MASK"].data[:, :-1, :].copy()

        def compressed(hdus):
            flux = hdus["FLUX"]
            return fits.HDUList([hdus[0], fits.CompImageHDU(flux.data, flux.header, name="FLUX")] + list(hdus[2:]))

        self.edited("9001-1907", falling)
        self.edited("9001-1908", random)
        self.edited("9001-1909", without_ivar)
        self.edited("9001-1910", other_shape)
        self.edited("9001-1911", compressed)
        bomb = self.add("9001-1912")
        with gzip.open(bomb, "wb", compresslevel=1) as out:
            for _ in range(600):
                out.write(bytes(1 << 20))

        done = self.ingest("--max-cube-gib", 0.5)
        report = json.dumps(json.loads(done.stdout))
        expected = {
            "9001-1901": "", "9001-1902": "empty", "9001-1903": "truncated", "9001-1904": "", "9001-1905": "",
            "9001-1906": self.good["plateifu"], "9001-1907": "not increasing", "9001-1908": "not increasing",
            "9001-1909": "IVAR", "9001-1910": "MASK", "9001-1911": "compress", "9001-1912": "bytes"}
        for plateifu, reason in expected.items():
            line = next((text for text in done.stderr.splitlines() if plateifu in text), None)
            self.assertIsNotNone(line, "%s is not in the summary:\n%s" % (plateifu, done.stderr))
            self.assertIn(reason, line)
            self.assertIn(plateifu, report)
        dataset = json.loads((self.folder / "work" / "dataset" / "dataset.json").read_text())
        self.assertNotIn(".tmp", " ".join(os.listdir(self.folder / "work" / "dataset")))
        self.assertIn(self.good["plateifu"], json.dumps(dataset))

    def test_no_readable_cube_is_an_error(self):
        self.add("9001-1901")
        done = self.ingest(check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("9001-1901", done.stderr)

    def test_bad_tables_are_named_and_write_nothing(self):
        work = self.folder / "work"
        for text, words in (("plate,z\n1,2\n", ["plateifu"]), ("plateifu,ra\n8485-1901,2\n", ["z"]),
                            ("plateifu,z\n8485-1901,0.02\n8485-1901,0.03\n", ["8485-1901", "2"]),
                            ("plateifu,z\n8485-1901,abc\n", ["abc"]), ("", [])):
            drpall = self.folder / "bad.csv"
            drpall.write_text(text)
            done = programs.worker("ingest", "--workspace", work, "--drpall", drpall, "--cubes", self.cubes, check=False)
            self.assertNotEqual(done.returncode, 0)
            for word in ["bad.csv", *words]:
                self.assertIn(word, done.stderr)
            self.assertFalse((work / "dataset" / "dataset.json").exists())

    def test_a_gpu_that_is_not_there_is_an_error_that_says_why(self):
        shutil.copy(self.source, self.add(self.good["plateifu"]))
        self.add("9001-1901")
        self.ingest()

        def train(device):
            return programs.worker("train", "--workspace", self.folder / "work", "--kind", "ae", "--preset", "tiny", "--epochs",
                                   "1", "--engine", "reference", "--device", device, check=False,
                                   env={**os.environ, "CUDA_VISIBLE_DEVICES": ""})

        # What is missing depends on the machine and the program; that it is said does not.
        done = train("cuda:99")
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertRegex(done.stderr, r"cannot use device cuda:99: .*(built without CUDA|driver)")
        done = train("cuda:first")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("expected one of: auto, cpu, cuda, cuda:N", done.stderr)

    def test_workspace_of_another_version(self):
        work = self.folder / "work"
        work.mkdir()
        (work / "workspace.json").write_text('{"format": 99}')
        self.add(self.good["plateifu"])
        done = self.ingest(check=False)
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertIn("99", done.stderr)

    def test_two_workers_on_one_workspace(self):
        shutil.copy(self.source, self.add(self.good["plateifu"]))
        self.ingest()
        import fcntl
        with open(self.folder / "work" / "lock", "r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            done = self.ingest(check=False)
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertIn("another peculiar-worker", done.stderr)

    def test_full_disk_is_a_clear_error_and_what_was_there_stays(self):
        shutil.copy(self.source, self.add(self.good["plateifu"]))
        self.ingest()
        manifest = self.folder / "work" / "dataset" / "dataset.json"
        before = manifest.read_bytes()
        self.edited("9001-1902", lambda hdus: None)

        def small_files():
            import resource
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

        done = self.ingest(check=False, preexec_fn=small_files)
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertIn("File too large", done.stderr)
        self.assertEqual(manifest.read_bytes(), before)
        self.ingest()
        self.assertIn("9001-1902", manifest.read_text())

    def test_killed_ingest_goes_on_to_the_same_bytes(self):
        for plateifu in ("9001-1901", "9001-1902", "9001-1903"):
            self.edited(plateifu, lambda hdus: None)
        self.ingest()
        dataset = self.folder / "work" / "dataset"

        def content():
            return {path.name: path.read_bytes() for path in sorted(dataset.iterdir())}

        unbroken = content()
        for delay in (0.05, 0.3, 0.8):
            shutil.rmtree(self.folder / "work")
            process = subprocess.Popen(
                [programs.BIN / "peculiar-worker", "ingest", "--workspace", self.folder / "work", "--drpall",
                 self.folder / "drpall.csv", "--cubes", self.cubes], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            try:
                process.wait(delay)
            except subprocess.TimeoutExpired:
                process.kill()
            process.wait()
            self.ingest()
            self.assertEqual(content(), unbroken)


if __name__ == "__main__":
    unittest.main()
