"""Emission-line maps and their ratios from the windows of a galaxy's cube.

The windows hold the continuum too. Here it is a level for each spaxel and window: the mean of three channels at one end
of the window, that away from which the galaxy's rotation moves the lines (where H-alpha's window is lower). Stellar
absorption under H-beta is not corrected, so [OIII]/H-beta of old stellar populations comes out high. Good for a picture;
use the MaNGA DAP's maps for science.
"""
import numpy as np

CHANNELS = 10  # of a window
EDGE = 3  # channels at an end that the continuum is taken from
PIXEL = np.log(10) * 1e-4  # width of a channel over its wavelength
H_BETA, OIII, H_ALPHA, NII = 4862.68, 5008.24, 6564.61, 6585.27  # vacuum Angstrom


def find_line(wavelengths, wanted):
    """Place of the line within 1 Angstrom of `wanted`; None when the list has none."""
    nearest = int(np.argmin(np.abs(np.asarray(wavelengths) - wanted)))
    return nearest if abs(wavelengths[nearest] - wanted) < 1 else None


def line_map(flux, ivar, mask, wavelengths, line):
    """Flux of a line and its error, 1e-17 erg/s/cm^2/spaxel, each [y, x]; NaN where a channel is masked.

    flux, ivar, mask: [channel, y, x], ten channels a line; wavelengths: of the lines; line: the one wanted.
    None when the list lacks it.
    """
    def window(wanted):
        place = find_line(wavelengths, wanted)
        return None if place is None else slice(place * CHANNELS, (place + 1) * CHANNELS)

    def ends(channels):
        return flux[channels][:EDGE].mean(axis=0), flux[channels][-EDGE:].mean(axis=0)

    channels = window(line)
    if channels is None:
        return None
    first, last = ends(window(H_ALPHA) or channels)
    continuum = np.where(first < last, *ends(channels))
    width = line * PIXEL
    total = (flux[channels] - continuum).sum(axis=0, dtype=float) * width
    good = ~mask[channels].any(axis=0)
    variance = (1 / np.where(good, ivar[channels], np.nan)).sum(axis=0, dtype=float)
    error = np.sqrt(variance * (1 + CHANNELS / EDGE)) * width  # of the sum and of ten times the continuum
    return np.where(good, total, np.nan), error


def bpt(flux, ivar, mask, wavelengths, significance=3):
    """log10 [NII]/H-alpha and log10 [OIII]/H-beta of the spaxels where all four lines stand `significance` errors out.

    Two arrays of equal length; None when the line list lacks one of the four.
    """
    maps = [line_map(flux, ivar, mask, wavelengths, line) for line in (NII, H_ALPHA, OIII, H_BETA)]
    if any(found is None for found in maps):
        return None
    clear = np.all([total > significance * error for total, error in maps], axis=0)  # false for NaN
    nii, h_alpha, oiii, h_beta = (total[clear] for total, _ in maps)
    return np.log10(nii / h_alpha), np.log10(oiii / h_beta)


def kauffmann(x):
    """Upper edge of star formation in the plane of bpt, for x < 0.05 (Kauffmann et al. 2003)."""
    return 0.61 / (x - 0.05) + 1.3


def kewley(x):
    """Upper edge of starbursts in the plane of bpt, for x < 0.47 (Kewley et al. 2001)."""
    return 0.61 / (x - 0.47) + 1.19
