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
                "SELECT plateifu, z, fibres, agn_infrared, agn_x_ray, agn_radio, agn_broad_line FROM galaxy "
                "ORDER BY galaxy_id").fetchall()
            cls.scores = dict(zip(("mae", "chi", "relative"), np.array(database.execute(
                "SELECT mae, chi, relative FROM score WHERE model_id = 0 ORDER BY galaxy_id").fetchall()).T))
            cls.mae = cls.scores["mae"]
            cls.lines = [name for (name,) in database.execute("SELECT name FROM line ORDER BY line_id")]
            cls.errors = np.array(database.execute(
                "SELECT value FROM line_share WHERE model_id = 0 ORDER BY galaxy_id, line_id").fetchall()).reshape(
                    len(cls.galaxies), len(cls.lines))
        cls.names = np.array([row[0] for row in cls.galaxies])
        cls.members = cls.populations()

    @classmethod
    def populations(cls):
        """{group: {name: mask}}, without those that are empty."""
        _, z, fibres, *agn = map(np.array, zip(*cls.galaxies))
        selections = dict(zip(("infrared", "x_ray", "radio", "broad_line"), (flags == 1 for flags in agn)))
        selections["any"] = np.any(list(selections.values()), axis=0)
        selections["none"] = ~selections["any"]
        bins = np.floor(z / 0.03)
        groups = {"all": {"all": np.full(len(z), True)}, "agn_class": selections,
                  "fibres": {str(n): fibres == n for n in np.unique(fibres)},
                  "redshift": {"%.2f-%.2f" % (0.03 * b, 0.03 * b + 0.03): bins == b for b in np.unique(bins)}}
        return {group: {name: mask for name, mask in masks.items() if mask.any()} for group, masks in groups.items()}

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

    def check(self, answer, values, members, log):
        edges = np.array(answer["bin_edges"])
        found = {row["population"]: row for row in answer["populations"]}
        self.assertEqual(set(found), set(members))
        every = np.geomspace if log else np.linspace
        np.testing.assert_allclose(edges, every(values.min(), values.max(), 9), rtol=1e-12)
        percentiles = np.array([100 * np.mean(values <= value) for value in values])
        for name, row in found.items():
            inside = values[members[name]]
            self.assertEqual((row["galaxies"], row["ranked"]), (len(inside), len(inside)))
            np.testing.assert_allclose([row[quantile] for quantile in NAMES], np.quantile(inside, SHARES), rtol=1e-12)
            self.assertEqual(row["bin_counts"], list(np.histogram(inside, edges)[0]))
            self.assertAlmostEqual(row["median_percentile"], np.median(percentiles[members[name]]), places=10)

    def test_distributions_are_numpys(self):
        for score, values in self.scores.items():
            for group, members in self.members.items():
                for log in (False, True):
                    flags = ("--bins", 8, "--by", group, "--score", score) + (("--log",) if log else ())
                    self.check(self.server.ask_json("distribution", *flags), values, members, log)

    def test_a_galaxys_percentiles_within_its_populations(self):
        for row, name in enumerate(self.names):
            document = self.server.ask_json("show", name)
            model = next(iter(document["scores"]))
            entries = {(entry["group"], entry["population"]): entry for entry in document["population_percentiles"][model]}
            expected = {(group, population) for group, masks in self.members.items()
                        for population, mask in masks.items() if mask[row]}
            self.assertEqual(set(entries), expected)
            for (group, population), entry in entries.items():
                for score, values in self.scores.items():
                    inside = values[self.members[group][population]]
                    self.assertAlmostEqual(entry[score + "_percentile"], 100 * np.mean(inside <= values[row]), places=10)


if __name__ == "__main__":
    unittest.main()
