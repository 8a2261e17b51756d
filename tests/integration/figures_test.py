"""The figures of a live server: drawn for every model, of a size that holds something, and refused clearly."""
import os
import subprocess
import sys
import tempfile
import unittest

import numpy as np

import programs

PACKAGE = programs.ROOT / "client" / "python"
FIGURES = PACKAGE / "peculiar-figures"
sys.path.insert(0, str(PACKAGE / "peculiar"))  # line_maps needs no stubs

import line_maps

LINES = [line_maps.H_BETA, line_maps.OIII, line_maps.H_ALPHA, line_maps.NII]


def galaxy_with(fluxes, velocity_channels):
    """Windows of LINES with Gaussian lines of these fluxes, moved by some channels, on a continuum that differs by line."""
    x = np.arange(line_maps.CHANNELS) - 4.5 - velocity_channels
    profile = np.exp(-x**2 / 2) / np.sqrt(2 * np.pi)
    windows = [1 + place + flux * profile / (line * line_maps.PIXEL) for place, (line, flux) in enumerate(zip(LINES, fluxes))]
    flux = np.repeat(np.concatenate(windows), 4).reshape(-1, 2, 2).astype(np.float32)
    return flux, np.full_like(flux, 1e4), np.zeros(flux.shape, bool)


class LineMaps(unittest.TestCase):
    def test_fluxes_are_found_whichever_way_the_galaxy_turns(self):
        for velocity in (-1.5, 0, 1.5):
            flux, ivar, mask = galaxy_with((10, 20, 30, 15), velocity)
            for line, expected in zip(LINES, (10, 20, 30, 15)):
                found, error = line_maps.line_map(flux, ivar, mask, LINES, line)
                np.testing.assert_allclose(found, expected, rtol=0.12)  # the wing under the continuum
                self.assertTrue((error > 0).all())
            nii, oiii = line_maps.bpt(flux, ivar, mask, LINES)
            np.testing.assert_allclose(nii, np.log10(0.5), atol=0.01)
            np.testing.assert_allclose(oiii, np.log10(2), atol=0.01)

    def test_faint_and_masked_spaxels_have_no_ratio(self):
        flux, ivar, mask = galaxy_with((10, 20, 30, 15), 0)
        mask[33, 0, 0] = True  # [NII]
        ivar[:, 1, 1] = 1e-4
        self.assertEqual(line_maps.bpt(flux, ivar, mask, LINES)[0].size, 2)
        self.assertTrue(np.isnan(line_maps.line_map(flux, ivar, mask, LINES, line_maps.NII)[0][0, 0]))

    def test_a_list_without_the_lines_has_no_diagram(self):
        self.assertIsNone(line_maps.bpt(*galaxy_with((1, 1, 1, 1), 0), LINES[:3] + [6700.0]))


class Figures(unittest.TestCase):
    def draw(self, *arguments):
        environment = dict(os.environ, PECULIAR_STUBS=str(programs.BIN.parent / "python"))
        return subprocess.run([FIGURES, *map(str, arguments)], text=True, capture_output=True, timeout=120, env=environment)

    def test_a_map_of_each_model_and_the_training_curves(self):
        with tempfile.TemporaryDirectory() as out, programs.Server(programs.WORK / "snapshots") as server:
            done = self.draw("--out", out, "--server", server.address, "--workspace", programs.WORK)
            self.assertEqual(done.returncode, 0, done.stderr)
            names = [programs.pathlib.Path(line).name for line in done.stdout.split()]
            self.assertEqual(names, ["map-ae.png", "map-vae.png", "training.png"])
            for name in names:
                picture = (programs.pathlib.Path(out) / name).read_bytes()
                self.assertTrue(picture.startswith(b"\x89PNG"))
                self.assertGreater(len(picture), 20_000)

    def test_galaxies_with_their_images_and_neighbours(self):
        with tempfile.TemporaryDirectory() as out, programs.Server(programs.WORK / "snapshots") as server:
            done = self.draw("--out", out, "--server", server.address, "--model", "ae", "--workspace", programs.WORK,
                             "--cubes", programs.SURVEY, "--worker", programs.BIN / "peculiar-worker")
            self.assertEqual(done.returncode, 0, done.stderr)
            pictures = [programs.pathlib.Path(line) for line in done.stdout.split()]
            self.assertEqual([picture.name.split("-")[0] for picture in pictures],
                             ["map", "anomalies", "neighbors", "training.png"])  # one AGN
            for picture in pictures[1:3]:
                self.assertGreater(picture.stat().st_size, 50_000)

    def test_an_unknown_model_is_exit_code_3(self):
        with tempfile.TemporaryDirectory() as out, programs.Server(programs.WORK / "snapshots") as server:
            done = self.draw("--out", out, "--server", server.address, "--model", "ea")
            self.assertEqual((done.returncode, "'ea'" in done.stderr), (3, True), done.stderr)

    def test_no_server_is_exit_code_5(self):
        with tempfile.TemporaryDirectory() as out:
            done = self.draw("--out", out, "--server", "127.0.0.1:1")
            self.assertEqual((done.returncode, "127.0.0.1:1" in done.stderr), (5, True), done.stderr)


if __name__ == "__main__":
    unittest.main()
