"""Rankings, percentiles and distributions of a live server against numpy, from the published catalogue."""
import sqlite3
import unittest

import numpy as np

import programs

SHARES = [0, 0.05, 0.16, 0.25, 0.5, 0.75, 0.84, 0.95, 1]
NAMES = ["min", "p05", "p16", "p25", "median", "p75", "p84", "p95", "max"]


class Populations(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        snapshots = programs.WORK / "snapshots"
        cls.server = programs.Server(snapshots).__enter__()
        catalogue = snapshots / (snapshots / "CURRENT").read_text().strip() / "catalog.sqlite"
        with sqlite3.connect("file:%s?mode=ro" % catalogue, uri=True) as database:
            cls.galaxies = database.execute(
                "SELECT plateifu, z, fibres, agn_infrared + agn_x_ray + agn_radio + agn_broad_line FROM galaxy "
                "ORDER BY galaxy_id").fetchall()
            cls.mae = np.array(database.execute(
                "SELECT mae FROM score WHERE model_id = 0 ORDER BY galaxy_id").fetchall())[:, 0]
            cls.lines = [name for (name,) in database.execute("SELECT name FROM line ORDER BY line_id")]
            cls.errors = np.array(database.execute(
                "SELECT value FROM line_share WHERE model_id = 0 ORDER BY galaxy_id, line_id").fetchall()).reshape(
                    len(cls.galaxies), len(cls.lines))
        cls.names = np.array([row[0] for row in cls.galaxies])

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    def test_every_line_ranks_by_error_and_by_share(self):
        self.assertEqual(len(self.lines), 19)
        for index, line in enumerate(self.lines):
            for flags, values in (((), self.errors[:, index]), (("--share",), self.errors[:, index] / self.mae)):
                rows = self.server.ask_json("anomalies", "--limit", 0, "--line", line, *flags)["anomalies"]
                order = np.argsort(-values, kind="stable")
                self.assertEqual([row["plateifu"] for row in rows], list(self.names[order]))
                np.testing.assert_allclose([row["score"] for row in rows], values[order], rtol=1e-14)
                below = [100 * np.mean(values <= value) for value in values[order]]
                np.testing.assert_allclose([row["percentile"] for row in rows], below)

    def check(self, answer, members, log):
        edges = np.array(answer["bin_edges"])
        found = {row["population"]: row for row in answer["populations"]}
        self.assertEqual(set(found), {name for name, mask in members.items() if mask.any()})
        every = np.geomspace if log else np.linspace
        np.testing.assert_allclose(edges, every(self.mae.min(), self.mae.max(), 9), rtol=1e-12)
        percentiles = np.array([100 * np.mean(self.mae <= value) for value in self.mae])
        for name, row in found.items():
            values = self.mae[members[name]]
            self.assertEqual((row["galaxies"], row["ranked"]), (len(values), len(values)))
            np.testing.assert_allclose([row[quantile] for quantile in NAMES], np.quantile(values, SHARES), rtol=1e-12)
            self.assertEqual(row["bin_counts"], list(np.histogram(values, edges)[0]))
            self.assertAlmostEqual(row["median_percentile"], np.median(percentiles[members[name]]), places=10)

    def test_distributions_are_numpys(self):
        fibres = np.array([row[2] for row in self.galaxies])
        agn = np.array([row[3] > 0 for row in self.galaxies])
        bins = np.floor(np.array([row[1] for row in self.galaxies]) / 0.03)
        for log in (False, True):
            flags = ("--bins", 8) + (("--log",) if log else ())
            self.check(self.server.ask_json("distribution", *flags), {"all": np.full(len(agn), True)}, log)
            self.check(self.server.ask_json("distribution", "--by", "fibres", *flags),
                       {str(n): fibres == n for n in np.unique(fibres)}, log)
            self.check(self.server.ask_json("distribution", "--by", "redshift", *flags),
                       {"%.2f-%.2f" % (0.03 * b, 0.03 * b + 0.03): bins == b for b in np.unique(bins)}, log)
        rows = self.server.ask_json("distribution", "--by", "agn_class")["populations"]
        counts = {row["population"]: row["galaxies"] for row in rows}
        self.assertEqual((counts.get("any", 0), counts.get("none", 0)), (agn.sum(), (~agn).sum()))

    def test_a_galaxys_percentiles_within_its_populations(self):
        fibres = np.array([row[2] for row in self.galaxies])
        for row, name in enumerate(self.names):
            document = self.server.ask_json("show", name)
            model = next(iter(document["scores"]))
            for entry in document["population_percentiles"][model]:
                if entry["group"] in ("all", "fibres"):
                    members = self.mae[fibres == fibres[row]] if entry["group"] == "fibres" else self.mae
                    self.assertAlmostEqual(entry["mae_percentile"], 100 * np.mean(members <= self.mae[row]), places=10)


if __name__ == "__main__":
    unittest.main()
