"""Fills PECULIAR_PIPELINE: a small simulated survey with one galaxy rebuilt from real maps, and every worker stage."""
import shutil

import programs

shutil.rmtree(programs.PIPELINE, ignore_errors=True)
programs.PIPELINE.mkdir(parents=True)
programs.worker("simulate", "--out", programs.SURVEY, "--galaxies", 12, "--seed", 3, "--fibres", 19,
                "--from-maps", programs.MAPS, "--spectra", programs.SPECTRA)
programs.worker("run", "--workspace", programs.WORK, "--drpall", programs.SURVEY / "drpall.fits",
                "--agn", programs.SURVEY / "agn.csv", "--cubes", programs.SURVEY,
                "--preset", "tiny", "--epochs", 1, "--seed", 3)
