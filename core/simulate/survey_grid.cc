#include "core/simulate/survey_grid.h"

#include <cmath>
#include <numbers>

namespace peculiar {
namespace {

constexpr double kCutSigma = 5;

double GridWavelength(double channel) {
  return std::pow(10.0, kLog10FirstWavelength + kLog10Step * channel);
}

}  // namespace

const SpectralAxis& SurveyAxis() {
  static const SpectralAxis axis = [] {
    std::vector<double> wavelength(kSurveyChannels);
    for (int i = 0; i < kSurveyChannels; ++i) wavelength[i] = GridWavelength(i);
    return SpectralAxis::Create(std::move(wavelength)).value();  // a log grid by construction
  }();
  return axis;
}

double SurveyChannelOf(double wavelength_angstrom) {
  return (std::log10(wavelength_angstrom) - kLog10FirstWavelength) / kLog10Step;
}

double ChannelWidthAngstrom(int channel) {
  return GridWavelength(channel + 0.5) - GridWavelength(channel - 0.5);
}

void FillLineProfile(double centre_channel, double sigma_channels, LineProfile& profile) {
  const double reach = kCutSigma * sigma_channels;
  profile.first = static_cast<int>(std::floor(centre_channel - reach + 0.5));
  const int last = static_cast<int>(std::floor(centre_channel + reach + 0.5));
  profile.share.resize(static_cast<std::size_t>(last - profile.first + 1));
  const double scale = 1 / (sigma_channels * std::numbers::sqrt2);
  double below = std::erf((profile.first - 0.5 - centre_channel) * scale);
  for (std::size_t i = 0; i < profile.share.size(); ++i) {
    const double edge = profile.first + static_cast<double>(i) + 0.5;
    const double above = std::erf((edge - centre_channel) * scale);
    profile.share[i] = 0.5 * (above - below);
    below = above;
  }
}

}  // namespace peculiar
