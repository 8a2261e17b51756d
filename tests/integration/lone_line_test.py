"""Galaxies in which [OIII] 5008 alone is boosted come first in that line's ranking; no other line's begins with just them."""
import csv
import tempfile
import unittest

import programs

LINE = "[OIII] 5008"


class LoneLine(unittest.TestCase):
    def test_the_boosted_line_names_its_galaxies(self):
        with tempfile.TemporaryDirectory() as folder:
            survey, work = programs.pathlib.Path(folder) / "survey", programs.pathlib.Path(folder) / "work"
            programs.worker("simulate", "--out", survey, "--galaxies", 24, "--seed", 5, "--fibres", 19,
                            "--plant", "lone_line")
            with open(survey / "truth.csv", newline="") as file:
                planted = {row["plateifu"] for row in csv.DictReader(file) if row["anomaly"] == "lone_line"}
            self.assertEqual(len(planted), 4)
            programs.worker("ingest", "--workspace", work, "--drpall", survey / "drpall.fits", "--cubes", survey)
            programs.worker("train", "--workspace", work, "--model", "ae", "--kind", "ae", "--preset", "tiny",
                            "--epochs", 2)
            programs.worker("embed", "--workspace", work)
            programs.worker("publish", "--workspace", work)
            with programs.Server(work / "snapshots") as server:
                lines = list(server.ask_json("status")["line_wavelengths_angstrom"])
                for flags in ((), ("--share",)):
                    firsts = {line: self.first(server, len(planted), line, flags) for line in lines}
                    self.assertEqual(set(firsts[LINE]), planted)
                    for line in set(lines) - {LINE}:
                        self.assertNotEqual(set(firsts[line]), planted, line)

    @staticmethod
    def first(server, count, line, flags):
        rows = server.ask_json("anomalies", "--line", line, "--limit", count, *flags)["anomalies"]
        return [row["plateifu"] for row in rows]


if __name__ == "__main__":
    unittest.main()
