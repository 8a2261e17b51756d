"""extraction_test.py on two cubes of the prepared survey: a simulated one and the one rebuilt from real maps."""
import csv
import pathlib
import subprocess
import sys

import programs

with open(programs.SURVEY / "truth.csv", newline="") as file:
    rows = {row["plateifu"]: row["z"] for row in csv.DictReader(file)}
real = "7815-3702"
simulated = next(plateifu for plateifu in sorted(rows) if plateifu != real)
arguments = []
for plateifu in (simulated, real):
    arguments += [str(programs.SURVEY / ("manga-%s-LOGCUBE.fits.gz" % plateifu)), rows[plateifu]]
test = pathlib.Path(__file__).with_name("extraction_test.py")
sys.exit(subprocess.run([sys.executable, "-B", test, programs.BIN / "peculiar-worker", *arguments]).returncode)
