"""Galaxies in rows of panels, as figure 3 of Mantha et al. (arXiv 2602.18426): what was seen, and what a model missed."""
import dataclasses
import functools
import pathlib
import subprocess
import tempfile

import matplotlib.pyplot as plt
import numpy as np
from astropy.io import fits
from astropy.visualization import make_lupton_rgb
from matplotlib.colors import AsinhNorm

from peculiar import line_maps

PANELS = (("image", 1), ("H-alpha", 1), ("[OIII] 5008", 1), ("part in the score", 1), ("windows", 3.2), ("BPT", 1.25))


@dataclasses.dataclass(frozen=True)
class Source:
    """Where the arrays of galaxies are: a worker's workspace, a folder of LOGCUBE files, and the worker program."""
    workspace: pathlib.Path
    cubes: pathlib.Path
    worker: str

    @functools.lru_cache(maxsize=32)  # one galaxy may stand in several pictures
    def arrays(self, plateifu, model):
        """flux, ivar, mask and the model's reconstruction, each [channel, y, x]."""
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([self.worker, "export", plateifu, "--workspace", self.workspace, "--model", model,
                                   "--out", f"{folder}/galaxy"], text=True, capture_output=True, check=False)
            if done.returncode:
                raise SystemExit(f"peculiar-figures: {plateifu}: {done.stderr.strip()}")
            return [np.load(f"{folder}/galaxy-{name}.npy") for name in ("flux", "ivar", "mask", "reconstruction")]

    def image(self, plateifu):
        """g, r and i of the cube file, nanomaggies, each [y, x]; None when there is no such file."""
        for path in sorted(self.cubes.rglob(f"manga-{plateifu}-LOGCUBE.fits*")):
            with fits.open(path) as file:
                return [file[f"{band}IMG"].data for band in "GRI"]
        return None


def map_panel(axes, values, colours):
    top = max(np.nanmax(values, initial=0), 1e-6)
    axes.imshow(values, origin="lower", cmap=colours, norm=AsinhNorm(top / 30, 0, top))
    axes.text(0.02, 0.02, f"to {top:.2g}", transform=axes.transAxes, fontsize=5)


def image_panel(axes, bands):
    if bands is None:
        axes.text(0.5, 0.5, "no cube file", transform=axes.transAxes, ha="center", va="center", fontsize=8)
        return
    g, r, i = (np.nan_to_num(band) for band in bands)
    stretch = max(np.percentile(r, 99) / 2, 1e-6)
    axes.imshow(make_lupton_rgb(i, r, g, stretch=stretch, Q=5), origin="lower")


def windows_panel(axes, flux, reconstruction, names, with_names):
    gap = 3
    for place, name in enumerate(names):
        channels = slice(place * line_maps.CHANNELS, (place + 1) * line_maps.CHANNELS)
        x = place * (line_maps.CHANNELS + gap) + np.arange(line_maps.CHANNELS)
        axes.step(x, flux[channels].sum(axis=(1, 2)), where="mid", color="k", lw=0.9, label="observed" if place == 0 else None)
        axes.plot(x, reconstruction[channels].sum(axis=(1, 2)), color="#D55E00", lw=0.9,
                  label="reconstructed" if place == 0 else None)
        if with_names:
            axes.text(x.mean(), 1.03, name, transform=axes.get_xaxis_transform(), rotation=60, fontsize=6, ha="left")
    axes.set_xticks([])
    axes.set_xlim(-gap, len(names) * (line_maps.CHANNELS + gap))
    axes.set_yscale("asinh", linear_width=max(np.median(np.abs(flux.sum(axis=(1, 2)))), 1e-6))
    axes.tick_params(labelsize=6)
    if with_names:
        axes.legend(fontsize=6, loc="upper left")


def bpt_panel(axes, ratios):
    x = np.linspace(-2.2, 0.6, 200)
    axes.plot(x[x < 0.0], line_maps.kauffmann(x[x < 0.0]), "k--", lw=0.8, label="Kauffmann 2003")
    axes.plot(x[x < 0.4], line_maps.kewley(x[x < 0.4]), "k-", lw=0.8, label="Kewley 2001")
    if ratios is None or ratios[0].size == 0:
        axes.text(0.5, 0.5, "lines not in the list" if ratios is None else "no spaxel with four lines", fontsize=6,
                  transform=axes.transAxes, ha="center")
    else:
        axes.scatter(*ratios, s=3, color="#0072B2", alpha=0.6, linewidths=0)
    axes.set_xlim(-2.2, 0.6)
    axes.set_ylim(-1.3, 1.4)
    axes.tick_params(labelsize=6)
    axes.set_ylabel("log [OIII]/H$\\beta$", fontsize=6, labelpad=0)


def draw_rows(path, title, model, galaxies, labels, lines, source):
    """A row of panels for each galaxy. galaxies: GetGalaxyResponse with spaxel values; labels: text left of each row."""
    wavelengths = [line.wavelength_angstrom for line in lines]
    figure, rows = plt.subplots(len(galaxies), len(PANELS), figsize=(13, 1.75 * len(galaxies) + 0.9), squeeze=False,
                                layout="constrained", width_ratios=[width for _, width in PANELS])
    for number, (row, galaxy, label) in enumerate(zip(rows, galaxies, labels)):
        plateifu = galaxy.galaxy.plateifu
        flux, ivar, mask, reconstruction = source.arrays(plateifu, model)
        image_panel(row[0], source.image(plateifu))
        for axes, line in ((row[1], line_maps.H_ALPHA), (row[2], line_maps.OIII)):
            found = line_maps.line_map(flux, ivar, mask, wavelengths, line)
            if found:
                map_panel(axes, found[0], "viridis")
        spaxels = next(scores.spaxel_values for scores in galaxy.model_scores if scores.model == model)
        map_panel(row[3], np.reshape(spaxels, (galaxy.spaxel_side, galaxy.spaxel_side)), "inferno")
        windows_panel(row[4], flux, reconstruction, [line.line for line in lines], number == 0)
        bpt_panel(row[5], line_maps.bpt(flux, ivar, mask, wavelengths))
        for axes in row[:4]:
            axes.set_xticks([])
            axes.set_yticks([])
        row[0].set_ylabel(label, fontsize=7)
    for axes, (name, _) in zip(rows[0], PANELS):
        if name != "windows":
            axes.set_title(name, fontsize=8)
    rows[0][5].legend(fontsize=5, loc="lower left")
    rows[-1][4].set_xlabel("summed over the crop, " + r"$10^{-17}\,\mathrm{erg\,s^{-1}\,cm^{-2}\,\AA^{-1}}$", fontsize=7)
    rows[-1][5].set_xlabel("log [NII]/H$\\alpha$", fontsize=6)
    figure.suptitle(title, fontsize=10)
    figure.savefig(path, dpi=150)
    plt.close(figure)
