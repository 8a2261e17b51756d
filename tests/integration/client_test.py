"""peculiar as analysis programs and terminals meet it: its formats read by astropy, stilts, pandas and numpy, its tables."""
import csv
import fcntl
import io
import json
import os
import pathlib
import pty
import shutil
import struct
import subprocess
import tempfile
import termios
import unittest
import warnings

import numpy as np
from astropy.io.votable import parse_single_table

import programs

try:
    import pandas
except ImportError:  # the csv and json modules do
    pandas = None


class Client(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.path = pathlib.Path(cls.folder.name)
        cls.server = programs.Server(programs.WORK / "snapshots").__enter__()
        cls.galaxies = cls.server.ask_json("list", "--limit", 0)["galaxies"]
        cls.ids = [row["plateifu"] for row in cls.galaxies]
        cls.questions = {
            "anomalies": ("anomalies", "--limit", 0, "--compare", "vae"),
            "galaxies": ("list", "--limit", 0),
            "neighbors": ("neighbors", *cls.ids[:3]),
            "embeddings": ("embedding", *cls.ids),
            "populations": ("distribution", "--by", "fibres"),
            "repeats": ("repeats",),
            "models": ("models",),
            "checks": ("doctor",),
        }

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()
        cls.folder.cleanup()

    def votable(self, *question):
        """The table, read by astropy with every complaint an error; its text, checked by votlint where stilts is."""
        text = self.server.ask(*question, "-o", "votable").stdout
        if shutil.which("stilts"):
            lint = subprocess.run(["stilts", "votlint", "-"], input=text, text=True, capture_output=True, timeout=120)
            self.assertEqual((lint.returncode, lint.stdout, lint.stderr), (0, "", ""), question)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return parse_single_table(io.BytesIO(text.encode()), verify="exception")

    def test_votable_has_what_json_has(self):
        for name, question in self.questions.items():
            answer = self.server.ask_json(*question)
            table = self.votable(*question)
            self.assertEqual(table.nrows, len(answer[name]), name)
            for row, expected in enumerate(answer[name]):
                self.assertEqual(list(table.array.dtype.names), list(expected))
                for column, value in expected.items():
                    found = table.array[row][column]
                    if value is None:
                        self.assertTrue(np.ma.is_masked(found) or found == "" or np.isnan(found), (name, column))
                    elif isinstance(value, list) and value and not isinstance(value[0], str):
                        self.assertEqual(list(found), value)
                    elif isinstance(value, list):
                        self.assertEqual(found, ";".join(value))
                    elif column != "found":  # what the doctor found has times in it
                        self.assertEqual(found, value, (name, column))
            parameters = {parameter.name: parameter.value for parameter in table.params}
            for key in ("snapshot_id", "model", "score_kind", "total_count"):
                if key in answer:
                    self.assertEqual(parameters[key], answer[key], (name, key))

    def test_votable_says_units_and_meaning(self):
        table = self.votable("list", "--limit", 0)
        fields = {field.name: field for field in table.fields}
        self.assertEqual(fields["mae"].unit.to_string(), "1e-19 W / (m2 nm)")
        self.assertEqual((fields["ra_deg"].unit.to_string(), fields["ra_deg"].ucd), ("deg", "pos.eq.ra;meta.main"))
        self.assertEqual(fields["redshift"].ucd, "src.redshift")
        self.assertEqual(fields["plateifu"].ucd, "meta.id;meta.main")
        self.assertEqual(self.votable("anomalies", "--max-score", -1).nrows, 0)
        for record in (("status",), ("show", self.ids[0]), ("show", *self.ids[:2])):
            self.assertGreater(self.votable(*record).nrows, 30)
        self.assertIn('<INFO name="server_version" value="', self.server.ask("repeats", "-o", "votable").stdout)

    def test_csv_and_jsonl_load_with_the_same_numbers(self):
        for name, question in self.questions.items():
            if name == "checks":
                continue
            expected = self.server.ask_json(*question)[name]
            text = {form: self.server.ask(*question, "-o", form).stdout for form in ("csv", "jsonl")}
            if pandas:
                tables = [pandas.read_csv(io.StringIO(text["csv"]), float_precision="round_trip"),
                          pandas.read_json(io.StringIO(text["jsonl"]), lines=True, precise_float=True)]
                for table in tables:
                    self.assertEqual(len(table), len(expected), name)
                    self.assertIn("snapshot_id", table.columns)
                    for column, value in expected[0].items():
                        if isinstance(value, float):
                            numbers = np.array([row[column] for row in expected], float)  # None is nan
                            np.testing.assert_allclose(table[column].astype(float), numbers, rtol=1e-14, err_msg=name + column)
            rows = list(csv.DictReader(io.StringIO(text["csv"])))
            lines = [json.loads(line) for line in text["jsonl"].splitlines()]
            for row, line, value in zip(rows, lines, expected, strict=True):
                for column, cell in value.items():
                    self.assertEqual(line[column], cell)
                    if isinstance(cell, float):
                        self.assertEqual(float(row[column]), cell)

    def test_exports_are_what_lists_and_embeddings_say(self):
        for form in ("csv", "jsonl", "votable"):
            file = self.path / ("galaxies." + form)
            self.server.ask("export", "galaxies", "-o", form, "--out", file)
            text = file.read_text()
            listed = self.server.ask("list", "--limit", 0, "-o", form).stdout
            self.assertEqual(text, listed)
        for model, space in (("ae", "latent"), ("vae", "umap")):
            matrix = self.path / ("%s.npy" % model)
            self.server.ask("export", "embeddings", "--model", model, "--space", space, "--out", matrix)
            values = np.load(matrix, mmap_mode="r")
            self.assertEqual(values.dtype, np.float32)
            self.assertEqual(list(np.loadtxt(matrix.with_suffix(".ids"), dtype=str)), self.ids)
            asked = self.server.ask_json("embedding", "--ids", matrix.with_suffix(".ids"), "--model", model,
                                         "--space", space)["embeddings"]
            np.testing.assert_array_equal(values, np.array([row["values"] for row in asked], np.float32))
        limit = sorted(row["redshift"] for row in self.galaxies)[6]
        few = self.server.ask("export", "galaxies", "--max-redshift", limit).stdout.splitlines()
        self.assertEqual(len(few), 1 + sum(row["redshift"] <= limit for row in self.galaxies))
        self.assertLess(len(few), len(self.ids))
        self.assertFalse([name for name in os.listdir(self.path) if name.startswith(".")])

    def test_compared_scores_are_those_of_the_other_model(self):
        other = {row["plateifu"]: row for row in self.server.ask_json("anomalies", "--model", "vae", "--limit", 0)["anomalies"]}
        rows = self.server.ask_json("anomalies", "--compare", "vae", "--min-percentile", 50, "--limit", 0)["anomalies"]
        self.assertGreater(len(rows), 3)
        for row in rows:
            for column in ("score", "rank", "percentile"):
                self.assertEqual(row["vae_" + column], other[row["plateifu"]][column])

    def in_terminal(self, width, *arguments):
        """What the program writes to a terminal of `width` columns, and its exit code."""
        leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
        process = subprocess.Popen([programs.BIN / "peculiar", "--server", self.server.address, *map(str, arguments)],
                                   stdin=subprocess.DEVNULL, stdout=follower, stderr=follower)
        os.close(follower)
        text = b""
        try:
            while part := os.read(leader, 65536):
                text += part
        except OSError:  # the end of a terminal
            pass
        os.close(leader)
        return text.decode().replace("\r\n", "\n"), process.wait(timeout=60)

    def test_tables_fit_the_terminal_whatever_their_length(self):
        many = self.path / "many.txt"
        many.write_text("\n".join(self.ids * 7))  # 13 galaxies, 12 neighbours each, 7 times
        for width in (80, 200):
            for arguments, rows in ((("anomalies", "--limit", 1), 1), (("list", "--limit", 1), 1), (("doctor",), 9),
                                    (("neighbors", "-k", 12, "--ids", many), 7 * 13 * 12)):
                text, code = self.in_terminal(width, *arguments)
                self.assertEqual(code, 0, text)
                self.assertLessEqual(max(map(len, text.splitlines())), width, text)
                self.assertGreater(len(text.splitlines()), rows)
        narrow, wide = (self.in_terminal(width, "anomalies")[0] for width in (80, 200))
        self.assertIn("Not shown in this width:", narrow)
        self.assertLess(narrow.splitlines()[0].count("  "), wide.splitlines()[0].count("  "))
        piped = self.server.ask("anomalies").stdout
        self.assertNotIn("Not shown", piped)
        self.assertIn("tags", piped.splitlines()[0])

    def test_progress_is_for_terminals_and_leaves_no_trace(self):
        text, code = self.in_terminal(80, "export", "galaxies", "--out", self.path / "seen.csv")
        self.assertEqual((code, text.split("\r\033[K")[-1]), (0, ""))
        self.assertEqual(self.server.ask("export", "galaxies", "--out", self.path / "unseen.csv").stderr, "")

    def test_a_reader_that_leaves_early_is_no_error(self):
        for question in ("export galaxies -o jsonl", "list --limit 0 -o csv", "neighbors --ids %s" % (self.path / "few.txt")):
            (self.path / "few.txt").write_text("\n".join(self.ids))
            done = subprocess.run("%s/peculiar --server %s %s | head -n 1" % (programs.BIN, self.server.address, question),
                                  shell=True, text=True, capture_output=True, timeout=60)
            self.assertEqual((done.stderr, len(done.stdout.splitlines())), ("", 1))

    def test_every_shell_reads_its_completion(self):
        for shell, check in (("bash", ["bash", "-n"]), ("zsh", ["zsh", "-n"]), ("fish", ["fish", "-n"])):
            script = self.path / ("completion." + shell)
            script.write_text(programs.run("peculiar", "completion", shell).stdout)
            if shutil.which(shell):
                done = subprocess.run([*check, script], text=True, capture_output=True, timeout=60)
                self.assertEqual((done.returncode, done.stderr), (0, ""), shell)
        if shutil.which("fish"):
            ask = "source %s; complete -C 'peculiar anomalies --score '; complete -C 'peculiar ex'" % (self.path / "completion.fish")
            done = subprocess.run(["fish", "--no-config", "-c", ask], text=True, capture_output=True, timeout=60)
            words = [line.split("\t")[0] for line in done.stdout.splitlines()]
            self.assertEqual(words, ["chi", "mae", "relative", "relevance", "export"])


if __name__ == "__main__":
    unittest.main()
