"""A program without LibTorch embeds a galaxy from a checkpoint as the worker does, bit for bit."""
import json
import subprocess
import unittest

import numpy as np

import programs


class EmbedCube(unittest.TestCase):
    def test_equals_the_worker(self):
        for model in ("ae", "vae"):
            prefix = programs.PIPELINE / ("embed-cube-" + model)
            programs.worker("export", "--workspace", programs.WORK, "7815-3702", "--out", prefix, "--model", model)
            flux, reconstruction, embedding = (
                np.load("%s-%s.npy" % (prefix, name)) for name in ("flux", "reconstruction", "embedding"))
            found = json.loads(programs.run("embed_cube", programs.WORK / "models" / model, "%s-flux.npy" % prefix).stdout)
            np.testing.assert_array_equal(np.array(found["embedding"], np.float32), embedding)
            expected = np.abs(flux.astype(np.float64) - reconstruction.astype(np.float64)).mean()
            self.assertAlmostEqual(found["mae"] / expected, 1, delta=1e-12)
            self.assertGreater(found["seconds"], 0)
            print("%s: %.1f ms" % (model, 1e3 * found["seconds"]))

    def test_needs_no_libtorch(self):
        libraries = subprocess.run(["ldd", programs.BIN / "embed_cube"], check=True, capture_output=True, text=True).stdout
        self.assertIn("libc.so", libraries)
        self.assertNotIn("torch", libraries)


if __name__ == "__main__":
    unittest.main()
