// The wavelength grid and the optics that every simulated cube shares, and a Gaussian line on that
// grid (science.md sections 2 and 9).
#pragma once

#include <vector>

#include "core/cube/spectral_axis.h"

namespace peculiar {

inline constexpr int kSurveyChannels = 4563;
inline constexpr double kLog10FirstWavelength = 3.5589;
inline constexpr double kLog10Step = 1e-4;
inline constexpr double kSpeedOfLightKmPerS = 299792.458;
inline constexpr double kChannelKmPerS = 69.02976447828435;  // c ln(10) 1e-4
inline constexpr double kSpaxelArcsec = 0.5;
inline constexpr double kPsfFwhmArcsec = 2.54;
inline constexpr double kPsfSigmaPixels = kPsfFwhmArcsec / 2.3548200450309493 / kSpaxelArcsec;
inline constexpr double kInstrumentSigmaKmPerS = 70;

// 4,563 vacuum wavelengths, log10 = 3.5589 + 1e-4 i.
const SpectralAxis& SurveyAxis();

// Fractional 0-based channel of an observed wavelength; not bounded by the grid.
double SurveyChannelOf(double wavelength_angstrom);

// Width in Angstrom of a channel, from half a step below to half a step above.
double ChannelWidthAngstrom(int channel);

// A Gaussian line integrated over the channels: value[i] is the share of the line's flux in channel
// first + i; the shares add up to 1 within 1e-6 (cut at five sigma). Channels may lie off the grid.
struct LineProfile {
  int first = 0;
  std::vector<double> share;
};

// Both arguments in channels (1 channel = 69.03 km/s); sigma > 0. Reuses the storage of `profile`.
void FillLineProfile(double centre_channel, double sigma_channels, LineProfile& profile);

}  // namespace peculiar
