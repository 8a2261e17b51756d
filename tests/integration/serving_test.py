"""Answers of a live server through the CLI: neighbours against brute force, ids and their errors, a reload under load."""
import csv
import io
import json
import shutil
import tempfile
import threading
import unittest

import numpy as np

import programs


class Serving(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.snapshots = programs.pathlib.Path(cls.folder.name) / "snapshots"
        shutil.copytree(programs.WORK / "snapshots", cls.snapshots)
        cls.server = programs.Server(cls.snapshots).__enter__()
        cls.ids = sorted(cls.rows("anomalies", "--limit", 1000, key="plateifu"))

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()
        cls.folder.cleanup()

    @classmethod
    def rows(cls, *arguments, key):
        text = cls.server.ask("-o", "csv", *arguments).stdout
        return [row[key] for row in csv.DictReader(io.StringIO(text))]

    def test_neighbors_equal_brute_force_in_order(self):
        for model in ("ae", "vae"):
            vectors = np.array([self.embedding(i, model) for i in self.ids], np.float64)
            for row, galaxy in enumerate(self.ids):
                distances = np.sqrt(((vectors - vectors[row]) ** 2).sum(1))
                expected = [self.ids[i] for i in np.lexsort((np.arange(len(self.ids)), distances)) if i != row]
                found = self.rows("neighbors", galaxy, "-k", 1000, "--model", model, key="plateifu")
                self.assertEqual(found, expected)

    def test_neighbors_in_every_space_equal_brute_force_with_and_without_a_filter(self):
        galaxies = {row["plateifu"]: row for row in self.server.ask_json("anomalies", "--limit", 1000)["anomalies"]}
        limit = float(np.median([row["redshift"] for row in galaxies.values()]))
        allowed = np.array([galaxies[i]["redshift"] <= limit for i in self.ids])
        for model in ("ae", "vae"):
            for space in ("latent", "pca", "umap"):
                rows = self.server.ask_json("embedding", *self.ids, "--model", model, "--space", space)["embeddings"]
                self.assertEqual([row["plateifu"] for row in rows], self.ids)
                vectors = np.array([row["values"] for row in rows], np.float32).astype(np.float64)
                for row, galaxy in enumerate(self.ids):
                    distances = np.sqrt(((vectors - vectors[row]) ** 2).sum(1))
                    order = [i for i in np.lexsort((np.arange(len(self.ids)), distances)) if i != row]
                    ask = ("neighbors", galaxy, "-k", 1000, "--model", model, "--space", space)
                    self.assertEqual(self.rows(*ask, key="plateifu"), [self.ids[i] for i in order])
                    self.assertEqual(self.rows(*ask, "--max-redshift", limit, key="plateifu"),
                                     [self.ids[i] for i in order if allowed[i]])

    def test_a_published_transform_places_the_galaxies_where_they_are(self):
        snapshot = self.snapshots / (self.snapshots / "CURRENT").read_text().strip()
        for model in ("ae", "vae"):
            transform = json.loads((snapshot / ("transform-%s-pca.json" % model)).read_text())
            latent, pca = (np.array([row["values"] for row in self.server.ask_json(
                "embedding", *self.ids, "--model", model, "--space", space)["embeddings"]]) for space in ("latent", "pca"))
            placed = (latent - transform["mean"]) @ np.array(transform["components"]).T
            np.testing.assert_allclose(placed, pca, atol=1e-5 * np.abs(pca).max())

    def embedding(self, galaxy, model):
        prefix = programs.PIPELINE / "embedding"
        programs.worker("export", "--workspace", programs.WORK, galaxy, "--out", prefix, "--model", model)
        return np.load("%s-embedding.npy" % prefix)

    def test_the_kinds_of_id_errors(self):
        for galaxy, exit_code, reason in (("8485-1901-x", 2, "MALFORMED_ID"), ("9999-12705", 3, "UNKNOWN_GALAXY")):
            done = self.server.ask("show", galaxy, check=False)
            self.assertEqual(done.returncode, exit_code, done.stderr)
            self.assertIn(reason, done.stderr)
        self.assertEqual(self.server.ask("show", "  manga-%s " % self.ids[0]).returncode, 0)

    def test_numbers_and_names_out_of_range(self):
        for arguments, exit_code, reason in (
                (("neighbors", self.ids[0], "-k", 1001), 2, "1001"),
                (("anomalies", "--model", "nope"), 3, "UNKNOWN_MODEL"),
                (("neighbors", self.ids[0], "--space", "nope"), 2, "UNKNOWN_SPACE"),
                (("show", self.ids[0], "--snapshot", "20200101T000000Z-000000000000"), 3, "UNKNOWN_SNAPSHOT")):
            done = self.server.ask(*arguments, check=False)
            self.assertEqual((done.returncode, reason in done.stderr), (exit_code, True), done.stderr)

    def test_unreachable_server_is_exit_code_5(self):
        done = programs.run("peculiar", "--server", "127.0.0.1:1", "--timeout", 2, "status", check=False)
        self.assertEqual(done.returncode, 5)
        self.assertIn("127.0.0.1:1", done.stderr)


if __name__ == "__main__":
    unittest.main()
