#!/usr/bin/env python3
"""Extraction against an independent implementation, bit for bit.

usage: extraction_test.py WORKER [CUBE Z]...

Runs `WORKER ingest` and `WORKER export` on every given LOGCUBE (named manga-PLATE-IFU-LOGCUBE.fits[.gz])
at its redshift, and on a cube made here to be awkward, and compares flux, ivar and mask with what numpy
and astropy make of the same file by the written rules of the extraction alone. Exit code 0 when every
bit agrees. Needs numpy and astropy.
"""
import os
import re
import subprocess
import sys
import tempfile

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS

LINES = [3727.092, 3729.875, 3889.0, 4072.3, 4102.89, 4341.68, 4364.436, 4862.68, 4932.603, 4960.295, 5008.240,
         6302.046, 6365.536, 6529.03, 6549.86, 6564.61, 6585.27, 6718.29, 6732.67]
WINDOW, CROP, DONOTUSE = 10, 32, 1 << 10


def window_starts(wave, z):
    """First channel of each line's ten: the ten nearest to its observed wavelength in log10."""
    starts = []
    for rest in LINES:
        observed = rest * (1 + z)
        i = int(np.searchsorted(wave, observed, side="right")) - 1
        i = min(max(i, 0), wave.size - 2)
        low, high = np.log10(wave[i]), np.log10(wave[i + 1])
        starts.append(int(np.ceil(i + (np.log10(observed) - low) / (high - low) - 5)))
    return starts


def extract(path, z):
    """flux, ivar (float32) and mask (bool), each [channel][y][x]."""
    with fits.open(path, memmap=False) as hdus:
        flux, ivar, bits = (hdus[name].data for name in ("FLUX", "IVAR", "MASK"))
        wave = np.asarray(hdus["WAVE"].data, float)
        header = hdus["FLUX"].header
        target = hdus[0].header if "OBJRA" in hdus[0].header else header
        sky = WCS(header).celestial
        x0, y0 = sky.wcs_world2pix([[target["OBJRA"], target["OBJDEC"]]], 0)[0]
    flux, ivar = flux.astype("<f4", copy=False), ivar.astype("<f4", copy=False)
    x_start, y_start = int(np.floor(x0 + 0.5)) - CROP // 2, int(np.floor(y0 + 0.5)) - CROP // 2
    shape = (len(LINES) * WINDOW, CROP, CROP)
    out_flux, out_ivar, out_mask = np.zeros(shape, "<f4"), np.zeros(shape, "<f4"), np.ones(shape, bool)
    for line, start in enumerate(window_starts(wave, z)):
        for w in range(WINDOW):
            channel = start + w
            if not 0 <= channel < wave.size:
                continue
            for y in range(CROP):
                for x in range(CROP):
                    at = channel, y_start + y, x_start + x
                    if not (0 <= at[1] < flux.shape[1] and 0 <= at[2] < flux.shape[2]):
                        continue
                    f, v = flux[at], ivar[at]
                    if bits[at] & DONOTUSE or not np.isfinite(f) or not np.isfinite(v) or v <= 0:
                        continue
                    to = line * WINDOW + w, y, x
                    out_flux[to], out_ivar[to], out_mask[to] = f, v, False
    return out_flux, out_ivar, out_mask


def write_awkward_cube(folder):
    """A cube with a rotated frame, an object off the centre, fewer spaxels than the crop on one side, the
    extensions in another order, and every kind of value that a rule speaks of. Returns its path and z."""
    rng = np.random.default_rng(20260)
    wave = 10 ** (3.5589 + 1e-4 * np.arange(4563))
    shape = (wave.size, 46, 24)
    flux = rng.normal(size=shape).astype("f4")
    ivar = rng.gamma(2.0, size=shape).astype("f4")
    bits = np.zeros(shape, "i4")
    for value in (np.nan, np.inf, -np.inf, -0.0, 1e-42, 3e38):
        flux[rng.random(shape) < 0.02] = value
    for value in (np.nan, np.inf, 0.0, -1.0, 1e-42):
        ivar[rng.random(shape) < 0.02] = value
    for value in (1, 2, 4, 8, 1024, 1027):
        bits[rng.random(shape) < 0.02] = value
    head = fits.Header([("PLATEIFU", "9999-1901"), ("MANGAID", "1-1"), ("DRP3QUAL", 0),
                        ("OBJRA", 150.00077), ("OBJDEC", 60.00131)])
    angle = np.radians(31.0)
    wcs = head.copy()
    wcs.update(CTYPE1="RA---TAN", CTYPE2="DEC--TAN", CTYPE3="WAVE-LOG", CUNIT1="deg", CUNIT2="deg",
               CUNIT3="Angstrom", CRPIX1=13.0, CRPIX2=24.0, CRPIX3=1, CRVAL1=150.0, CRVAL2=60.0, CRVAL3=wave[0],
               CD1_1=-np.cos(angle) * 0.5 / 3600, CD1_2=np.sin(angle) * 0.5 / 3600,
               CD2_1=np.sin(angle) * 0.5 / 3600, CD2_2=np.cos(angle) * 0.5 / 3600,
               CD3_3=wave[0] * np.log(10) * 1e-4, BUNIT="1E-17 erg/s/cm^2/Angstrom/spaxel")
    path = os.path.join(folder, "manga-9999-1901-LOGCUBE.fits")
    fits.HDUList([fits.PrimaryHDU(header=head), fits.ImageHDU(wave, name="WAVE"),
                  fits.ImageHDU(bits, name="MASK"), fits.ImageHDU(ivar, name="IVAR"),
                  fits.ImageHDU(flux, wcs, "FLUX")]).writeto(path)
    return path, 0.5401  # the last lines are half off, then wholly off the grid


def plateifu_of(path):
    found = re.fullmatch(r"manga-(\d+-\d+)-LOGCUBE\.fits(\.gz)?", os.path.basename(path))
    if not found:
        sys.exit("%s is not named manga-PLATE-IFU-LOGCUBE.fits[.gz]" % path)
    return found.group(1)


def compare(name, ours, theirs):
    """Number of elements whose bits differ."""
    if ours.dtype != theirs.dtype or ours.shape != theirs.shape:
        sys.exit("%s: %s %s, expected %s %s" % (name, ours.dtype, ours.shape, theirs.dtype, theirs.shape))
    kind = "u4" if ours.dtype.itemsize == 4 else "u1"
    return int((np.ascontiguousarray(ours).view(kind) != np.ascontiguousarray(theirs).view(kind)).sum())


def main():
    worker, given = sys.argv[1], sys.argv[2:]
    if len(given) % 2:
        sys.exit(__doc__)
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        cubes = [(path, float(z)) for path, z in zip(given[::2], given[1::2])]
        cubes.append(write_awkward_cube(folder))
        os.mkdir(os.path.join(folder, "cubes"))
        with open(os.path.join(folder, "drpall.csv"), "w") as table:
            table.write("plateifu,z\n")
            for path, z in cubes:
                os.symlink(os.path.abspath(path), os.path.join(folder, "cubes", os.path.basename(path)))
                table.write("%s,%r\n" % (plateifu_of(path), z))
        workspace = os.path.join(folder, "workspace")
        subprocess.run([worker, "ingest", "--workspace", workspace, "--drpall", table.name,
                        "--cubes", os.path.join(folder, "cubes"), "--z-min", "-0.5", "--z-max", "2"], check=True)
        for path, z in cubes:
            prefix = os.path.join(folder, "array")
            subprocess.run([worker, "export", "--workspace", workspace, plateifu_of(path), "--out", prefix],
                           check=True, stdout=subprocess.DEVNULL)
            expected = dict(zip(("flux", "ivar", "mask"), extract(path, z)))
            for name, array in expected.items():
                different = compare(name, np.load("%s-%s.npy" % (prefix, name)), array)
                failed += different
                print("%s z=%g %s: %d of %d elements differ, %d masked" %
                      (plateifu_of(path), z, name, different, array.size, expected["mask"].sum()))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
