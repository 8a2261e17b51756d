"""The figures of a live server: drawn for every model, of a size that holds something, and refused clearly."""
import os
import subprocess
import tempfile
import unittest

import programs

FIGURES = programs.ROOT / "client" / "python" / "peculiar-figures"


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

    def test_no_server_is_exit_code_5(self):
        with tempfile.TemporaryDirectory() as out:
            done = self.draw("--out", out, "--server", "127.0.0.1:1")
            self.assertEqual((done.returncode, "127.0.0.1:1" in done.stderr), (5, True), done.stderr)


if __name__ == "__main__":
    unittest.main()
