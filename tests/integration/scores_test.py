"""The catalogue's scores against numpy on exported arrays."""
import json
import sqlite3
import unittest

import numpy as np

import programs


def catalogue():
    snapshots = programs.WORK / "snapshots"
    current = (snapshots / "CURRENT").read_text().strip()
    return sqlite3.connect("file:%s?mode=ro" % (snapshots / current / "catalog.sqlite"), uri=True)


class Scores(unittest.TestCase):
    def test_equal_numpy_on_exported_arrays(self):
        database = catalogue()
        rows = database.execute(
            "SELECT model.name, plateifu, mae, chi, relative, model_id, galaxy_id FROM score JOIN model USING (model_id)"
            " JOIN galaxy USING (galaxy_id)").fetchall()
        self.assertGreaterEqual(len(rows), 2 * 12)
        for model, plateifu, mae, chi, relative, model_id, galaxy_id in rows:
            prefix = programs.PIPELINE / ("export-%s-%s" % (model, plateifu))
            programs.worker("export", "--workspace", programs.WORK, plateifu, "--out", prefix, "--model", model)
            flux, ivar, mask, reconstruction = (
                np.load("%s-%s.npy" % (prefix, name)) for name in ("flux", "ivar", "mask", "reconstruction"))
            self.assertEqual(flux.shape, (190, 32, 32))
            self.assertEqual(mask.dtype, bool)
            flux, ivar, reconstruction = (a.astype(np.float64) for a in (flux, ivar, reconstruction))
            error = np.abs(flux - reconstruction)
            good = ~mask
            self.close(mae, error.mean())
            self.close(chi, (error * np.sqrt(ivar))[good].mean())
            self.close(relative, error[good].sum() / np.abs(flux)[good].sum())
            shares = [value for value, in database.execute(
                "SELECT value FROM line_share WHERE model_id = ? AND galaxy_id = ? ORDER BY line_id", (model_id, galaxy_id))]
            np.testing.assert_allclose(shares, error.reshape(19, -1).sum(1) / error.size, rtol=1e-6)
            self.assertAlmostEqual(sum(shares) / mae, 1, delta=1e-12)

    def test_ranks_and_percentiles_follow_the_scores(self):
        rows = catalogue().execute("SELECT mae, mae_rank, mae_percentile FROM score WHERE model_id = 0").fetchall()
        values = np.array([mae for mae, _, _ in rows])
        for mae, rank, percentile in rows:
            self.assertEqual(rank, 1 + int((values > mae).sum()))
            self.assertAlmostEqual(percentile, 100 * (values <= mae).mean(), places=9)

    def test_training_figures_are_published(self):
        for text, in catalogue().execute("SELECT training_json FROM model"):
            self.assertIn("test_loss", json.dumps(json.loads(text)))

    def close(self, found, expected):
        self.assertLessEqual(abs(found - expected), 1e-6 * abs(expected))


if __name__ == "__main__":
    unittest.main()
