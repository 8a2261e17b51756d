"""Answers of a live server through the installed Python package: tables, arrays, files, and errors by kind."""
import csv
import importlib.metadata
import json
import pathlib
import re
import subprocess
import sys
import unittest

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord
from astropy.table import Table

import programs
from python_package import FOLDER, SITE

import peculiar
from peculiar import filters
from peculiar.v1 import filter_pb2


class Installed(unittest.TestCase):
    def test_is_whole_and_of_the_version_of_the_programs(self):
        self.assertEqual(pathlib.Path(peculiar.__file__).parent, SITE / "peculiar")
        self.assertTrue((SITE / "peculiar" / "py.typed").exists())
        self.assertEqual({path.stem for path in (SITE / "peculiar" / "v1").glob("*_pb2.py")},
                         {path.stem + "_pb2" for path in (programs.ROOT / "proto" / "peculiar" / "v1").glob("*.proto")})
        [package] = importlib.metadata.distributions(name="peculiar", path=[str(SITE)])
        self.assertIn(package.version, programs.run("peculiar", "--version").stdout)
        self.assertIn("protobuf>=4.21", [re.sub("[ ()]", "", line) for line in package.requires])


class Answers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = programs.Server(programs.WORK / "snapshots").__enter__()
        cls.client = peculiar.Client(cls.server.address)
        cls.all = cls.client.anomalies()
        cls.ids = list(cls.all["plateifu"])

    @classmethod
    def tearDownClass(cls):
        cls.client.close()
        cls.server.__exit__()

    def ids_of(self, **filters):
        return set(self.client.anomalies(**filters)["plateifu"])

    def test_anomalies_are_those_of_the_command_line_with_units_and_provenance(self):
        expected = self.server.ask_json("anomalies", "--limit", 1000)
        self.assertGreater(len(self.all), 10)
        for column in ("plateifu", "mangaid", "redshift", "rank", "fibre_count", "coverage", "top_line"):
            self.assertEqual(list(self.all[column]), [row[column] for row in expected["anomalies"]], column)
        self.assertAlmostEqual(self.all["score"].unit.to("1e-17 erg / (Angstrom s cm2)"), 1)
        self.assertEqual((self.all["ra_deg"].unit, self.all["percentile"].unit), (u.deg, u.percent))
        self.assertEqual(self.all.meta, {"server": self.server.address, "snapshot": expected["snapshot_id"],
                                         "model": "ae", "score": "mae", "total": len(self.all)})

    def test_what_is_unknown_is_masked(self):
        real = self.all[self.all["plateifu"] == "7815-3702"]
        self.assertEqual(list(real["sersic_index"].mask), [True])
        self.assertEqual(self.all["sersic_index"].mask.sum(), 1)

    def test_a_table_survives_a_file(self):
        table = self.client.anomalies(5, min_redshift=0.01)
        for name in ("table.ecsv", "table.fits"):
            path = FOLDER / name
            table.write(path)
            back = Table.read(path)
            self.assertEqual({key.lower(): value for key, value in back.meta.items()}, table.meta)
            self.assertEqual(list(back["score"]), list(table["score"]))
            self.assertEqual(back["score"].unit, table["score"].unit)

    def test_a_limit_and_an_order(self):
        self.assertEqual(list(self.client.anomalies(3)["rank"]), [1, 2, 3])
        self.assertEqual(len(self.client.anomalies(0)), 0)
        self.assertEqual(list(self.client.anomalies(order="ascending")["plateifu"]), self.ids[::-1])
        least = self.all["score"][4]
        self.assertEqual(list(self.client.anomalies(min_score=least)["plateifu"]), self.ids[:5])
        shares = self.client.anomalies(score="line_share", line="Halpha 6565")
        self.assertEqual((shares["score"].unit, shares.meta["line"]), (None, "Halpha 6565"))
        self.assertTrue(((shares["score"] > 0) & (shares["score"] < 1)).all())

    def test_every_condition_has_a_keyword(self):
        self.assertEqual(set(filters.Filters.__annotations__), set(filter_pb2.GalaxyFilter.DESCRIPTOR.fields_by_name))

    def test_conditions_choose_what_the_table_says(self):
        table, ids = self.all, np.array(self.ids)
        limit = np.median(table["redshift"])
        centre = SkyCoord(table["ra_deg"], table["dec_deg"])[0]
        separations = SkyCoord(table["ra_deg"], table["dec_deg"]).separation(centre)
        radius = np.sort(separations)[4] * 1.0001
        is_agn = table["agn_classes"] != ""
        self.assertTrue(is_agn.any() and not is_agn.all())
        for conditions, chosen in (
                ({"min_redshift": limit}, table["redshift"] >= limit), ({"max_redshift": np.float32(9)}, ids != ""),
                ({"fibre_counts": np.unique(table["fibre_count"])[:1]}, table["fibre_count"] == 19),
                ({"agn_presence": "any"}, is_agn), ({"agn_presence": "none"}, ~is_agn),
                ({"agn_classes": "radio"}, np.char.find(table["agn_classes"], "radio") >= 0),
                ({"any_quality_names": ["CRITICAL"]}, np.char.find(table["drp3qual_names"], "CRITICAL") >= 0),
                ({"no_quality_names": "CRITICAL"}, np.char.find(table["drp3qual_names"], "CRITICAL") < 0),
                ({"min_coverage": 1, "max_masked_share": 0.38}, (table["coverage"] >= 1) & (table["masked_share"] <= 0.38)),
                ({"max_lines_off_grid_count": 0}, table["lines_off_grid_count"] == 0),
                ({"cone": (centre.ra, centre.dec, radius)}, separations <= radius),
                ({"cone": (centre.ra.deg, centre.dec.deg, radius.deg)}, separations <= radius),
                ({"galaxy_ids": table["plateifu"][2:4]}, np.isin(ids, ids[2:4])), ({"min_redshift": None}, ids != "")):
            self.assertEqual(self.ids_of(**conditions), set(ids[np.asarray(chosen)]), conditions)
        best = self.client.anomalies(best_observation=True)
        self.assertEqual(sorted(best["mangaid"]), sorted(set(table["mangaid"])))
        self.assertEqual(best.meta["filter"], '{"best_observation": true}')

    def test_neighbors_of_a_galaxy_and_of_a_point_equal_brute_force(self):
        for space in ("latent", "umap"):
            vectors = self.client.embeddings(self.ids, space=space).astype(float)
            distances = np.linalg.norm(vectors - vectors[3], axis=1)
            order = np.argsort(distances)
            table = self.client.neighbors(self.ids[3], 5, space=space)
            self.assertEqual(list(table["plateifu"]), [self.ids[i] for i in order[1:6]])
            np.testing.assert_allclose(table["distance"], distances[order[1:6]], rtol=1e-5)
            self.assertEqual((table.meta["galaxy"], table.meta["space"]), (self.ids[3], space))
            point = self.client.neighbors(vectors[3], 5, space=space)
            self.assertEqual(list(point["plateifu"]), [self.ids[i] for i in order[:5]])

    def test_embeddings_keep_the_order_beyond_one_batch(self):
        prefix = FOLDER / "one"
        programs.worker("export", "--workspace", programs.WORK, self.ids[1], "--out", prefix, "--model", "ae")
        many = self.client.embeddings(self.ids * 100)
        self.assertEqual((many.dtype, len(many) > 1000), (np.float32, True))
        np.testing.assert_array_equal(many[1 + 90 * len(self.ids)], np.load(f"{prefix}-embedding.npy"))
        self.assertEqual(self.client.embeddings(self.ids[0]).shape, (1, many.shape[1]))
        self.assertEqual(self.client.embeddings([]).shape, (0, 0))

    def test_galaxies_by_name_with_every_score(self):
        table = self.client.galaxies()
        self.assertEqual(list(table["plateifu"]), sorted(self.ids))
        table.sort("mae_rank")
        for column, ranked in (("plateifu", "plateifu"), ("mae", "score"), ("mae_percentile", "percentile"),
                               ("top_line", "top_line"), ("top_line_mae", "top_line_mae"), ("coverage", "coverage")):
            self.assertEqual(list(table[column]), list(self.all[ranked]), column)
        chi = self.client.anomalies(score="chi")
        self.assertEqual(dict(zip(table["plateifu"], table["chi"])), dict(zip(chi["plateifu"], chi["score"])))
        self.assertEqual(len(self.client.galaxies(2)), 2)
        bounded = self.client.galaxies(score="chi", min_percentile=50, agn_presence="none")
        expected = chi["plateifu"][(chi["percentile"] >= 50) & (chi["agn_classes"] == "")]
        self.assertEqual(list(bounded["plateifu"]), sorted(expected))
        self.assertEqual(json.loads(bounded.meta["bounds"]), {"score_kind": "SCORE_KIND_CHI", "min_percentile": 50})
        self.assertEqual(len(self.client.galaxies(min_redshift=9)), 0)

    def test_exports_of_galaxies_hold_what_is_listed(self):
        table = self.client.galaxies(agn_presence="none")
        for name in ("galaxies.csv", "galaxies.jsonl"):
            self.assertEqual(self.client.export_galaxies(FOLDER / name, agn_presence="none"), len(table))
        with open(FOLDER / "galaxies.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        objects = [json.loads(line) for line in (FOLDER / "galaxies.jsonl").read_text().splitlines()]
        provenance = {"snapshot_id": table.meta["snapshot"], "model": "ae"}
        for row, values, listed in zip(rows, objects, table, strict=True):
            self.assertEqual(list(row), table.colnames + list(provenance))
            self.assertEqual({key: row[key] for key in provenance}, provenance)
            for column in table.colnames:
                missing = listed[column] is np.ma.masked
                self.assertEqual(row[column], "" if missing else str(listed[column]), column)
                value = values[column]
                self.assertEqual(";".join(value) if isinstance(value, list) else value,
                                 None if missing else listed[column], column)
        self.assertEqual(self.client.export_galaxies(FOLDER / "none.txt", "csv", min_redshift=9), 0)
        self.assertEqual((FOLDER / "none.txt").read_text().count("\n"), 1)

    def test_an_export_of_embeddings_holds_them(self):
        path = FOLDER / "embeddings.npz"
        for options in ({}, {"space": "umap", "model": "vae", "max_redshift": float(np.median(self.all["redshift"]))}):
            count = self.client.export_embeddings(path, **options)
            with np.load(path, allow_pickle=False) as file:
                vectors, ids = file["embeddings"], list(file["plateifu"])
                answered = [str(file[name]) for name in ("snapshot_id", "model", "space")]
            self.assertEqual(answered, [self.all.meta["snapshot"], options.get("model", "ae"), options.get("space", "latent")])
            self.assertEqual((len(ids), vectors.dtype), (count, np.float32))
            conditions = {key: value for key, value in options.items() if key == "max_redshift"}
            self.assertEqual(ids, list(self.client.galaxies(**conditions)["plateifu"]))
            where = {key: value for key, value in options.items() if key in ("space", "model")}
            np.testing.assert_array_equal(vectors, self.client.embeddings(ids, **where))
        self.assertEqual(self.client.export_embeddings(path, min_redshift=9), 0)
        with np.load(path) as file:
            self.assertEqual(file["embeddings"].shape, (0, 0))

    def test_an_export_that_is_refused_leaves_what_was_there(self):
        folder = FOLDER / "exports"
        folder.mkdir()
        (folder / "kept.csv").write_text("kept")
        with self.assertRaises(peculiar.NotFound):
            self.client.export_galaxies(folder / "kept.csv", model="no")
        with self.assertRaisesRegex(peculiar.InvalidRequest, "BAD_FORMAT.*'parquet'.*csv, jsonl"):
            self.client.export_galaxies(folder / "new.parquet")
        with self.assertRaises(FileNotFoundError):
            self.client.export_embeddings(folder / "nowhere" / "new.npz")
        self.assertEqual([(path.name, path.read_text()) for path in folder.iterdir()], [("kept.csv", "kept")])

    def test_repeats(self):
        table = self.client.repeats()
        scores = dict(zip(self.ids, self.all["score"]))
        self.assertEqual(len(table), 1)
        for row in table:
            vectors = self.client.embeddings([row["first_plateifu"], row["second_plateifu"]], space="pca").astype(float)
            self.assertAlmostEqual(row["pca_distance"], np.linalg.norm(vectors[1] - vectors[0]), places=5)
            self.assertAlmostEqual(row["mae_difference"], scores[row["second_plateifu"]] - scores[row["first_plateifu"]])

    def test_a_distribution_is_the_histogram_of_the_scores(self):
        table = self.client.distribution(bin_count=7)
        counts, edges = np.histogram(self.all["score"], 7)
        self.assertEqual(list(table["bin_counts"][0]), list(counts))
        np.testing.assert_allclose(table.meta["bin_edges"], edges)
        np.testing.assert_allclose(table["quantiles"][0], np.quantile(np.array(self.all["score"]), table.meta["quantile_shares"]))
        groups = self.client.distribution(group="agn_class", agn_presence="any")
        self.assertTrue((groups["galaxy_count"] == groups["ranked_count"]).all())
        self.assertIn("radio", groups["population"])

    def test_scores_bound_neighbours_and_distributions(self):
        limit = float(np.median(np.array(self.all["score"])))
        expected = {name for name, score in zip(self.ids, self.all["score"]) if score >= limit} - {self.ids[-1]}
        near = self.client.neighbors(self.ids[-1], 1000, min_score=limit)
        self.assertEqual(set(near["plateifu"]), expected)
        self.assertIn("min_score", near.meta["bounds"])
        half = self.client.distribution(min_score=limit)
        self.assertEqual(half["galaxy_count"][0], sum(self.all["score"] >= limit))
        self.assertIn("min_score", half.meta["bounds"])
        share = self.client.distribution(score="line_share", line="Halpha 6565", max_percentile=50)
        self.assertLess(share["galaxy_count"][0], len(self.ids))

    def test_one_galaxy_and_the_snapshot(self):
        snapshot = self.client.snapshot()
        self.assertEqual([model.model for model in snapshot.models], ["ae", "vae"])
        answer = self.client.galaxy(" manga-%s" % self.ids[0])
        self.assertEqual((answer.galaxy.plateifu, answer.snapshot_id), (self.ids[0], snapshot.snapshot_id))
        image = self.client.spaxel_map(self.ids[0])
        self.assertEqual(image.shape, (32, 32))
        self.assertAlmostEqual(image.sum(dtype=float), self.all["score"][0], places=5)

    def test_errors_by_kind(self):
        repeated = self.client.repeats()["mangaid"][0]
        for kind, reason, ask in (
                (peculiar.InvalidRequest, "MALFORMED_ID", lambda: self.client.galaxy("8485-1901-x")),
                (peculiar.InvalidRequest, "UNKNOWN_SPACE", lambda: self.client.embeddings(self.ids, space="no")),
                (peculiar.InvalidRequest, "BAD_FILTER", lambda: self.client.anomalies(min_redshift=2, max_redshift=1)),
                (peculiar.InvalidRequest, "BAD_FILTER", lambda: self.client.anomalies(min_redshift="far")),
                (peculiar.InvalidRequest, "BAD_FILTER", lambda: self.client.anomalies(agn_classes="infra")),
                (peculiar.InvalidRequest, "BAD_FILTER", lambda: self.client.anomalies(galaxy_ids=[])),
                (peculiar.InvalidRequest, "BAD_VECTOR", lambda: self.client.neighbors([1.0, 2.0])),
                (peculiar.InvalidRequest, "UNKNOWN_SCORE", lambda: self.client.anomalies(score="max")),
                (peculiar.InvalidRequest, "BAD_LIMIT", lambda: self.client.anomalies(-1)),
                (peculiar.NotFound, "UNKNOWN_GALAXY", lambda: self.client.neighbors("9999-12705")),
                (peculiar.NotFound, "UNKNOWN_MODEL", lambda: self.client.anomalies(model="no")),
                (peculiar.NotFound, "UNKNOWN_MODEL", lambda: self.client.spaxel_map(self.ids[0], model="no")),
                (peculiar.NotFound, "UNKNOWN_SNAPSHOT", lambda: self.client.repeats(snapshot_id="no")),
                (peculiar.Refused, "AMBIGUOUS_ID", lambda: self.client.galaxy(repeated))):
            with self.assertRaises(peculiar.Error) as caught:
                ask()
            self.assertEqual((type(caught.exception), caught.exception.reason), (kind, reason), caught.exception.message)
            self.assertTrue(caught.exception.message.startswith(reason + ": "))
        with self.assertRaisesRegex(TypeError, "'redshift': a condition is one of min_redshift"):
            self.client.anomalies(redshift=1)

    def test_the_example_finds_the_agn_and_five_neighbors_each(self):
        example = programs.ROOT / "client" / "python" / "examples" / "anomalous_agn.py"
        done = subprocess.run([sys.executable, "-B", example, self.server.address, programs.SURVEY / "agn.csv"], text=True,
                              capture_output=True, timeout=60, env={"PYTHONPATH": str(SITE)})
        self.assertEqual(done.returncode, 0, done.stderr)
        agn = self.client.anomalies(10, agn_presence="any", best_observation=True)
        lines = done.stdout.splitlines()
        self.assertEqual(len(lines), 1 + 6 * len(agn))
        for row, line in zip(agn, lines[1::6]):
            self.assertIn(row["plateifu"], line)
            self.assertRegex(line, "listed: .*_agn")


if __name__ == "__main__":
    unittest.main()
