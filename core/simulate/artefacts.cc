#include "core/simulate/artefacts.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>

#include "core/cube/quality.h"
#include "core/simulate/survey_grid.h"

namespace peculiar {
namespace {

void SetQuality(std::int64_t bits, Cube& cube) {
  cube.header.drp3qual = cube.header.drp3qual.value_or(0) | bits;
}

std::size_t Spaxels(const Cube& cube) {
  return static_cast<std::size_t>(cube.width) * static_cast<std::size_t>(cube.height);
}

// Sets a bit in all channels of the spaxels with data within `radius` pixels of (x, y).
void FlagDisc(double x, double y, double radius, std::int32_t bit, Cube& cube) {
  const std::size_t spaxels = Spaxels(cube);
  for (std::size_t i = 0; i < spaxels; ++i) {
    const double dx = static_cast<double>(i % cube.width) - x;
    const double dy = static_cast<double>(i / cube.width) - y;
    if (dx * dx + dy * dy > radius * radius || cube.mask[i] != 0) continue;
    for (std::size_t at = i; at < cube.mask.size(); at += spaxels) cube.mask[at] |= bit;
  }
}

}  // namespace

void FlagForegroundStar(const Orientation& star, Cube& cube) {
  FlagDisc(cube.object_x + star.x_arcsec / kSpaxelArcsec,
           cube.object_y + star.y_arcsec / kSpaxelArcsec, 1.2 * kPsfFwhmArcsec / kSpaxelArcsec,
           kPixelForeStar, cube);
}

void AddDeadFibre(Random& random, Cube& cube) {
  constexpr double kSigmaPixels = 2.5;
  constexpr double kLoss = 0.8;
  const double distance = random.Uniform(1.5, 5);
  const double angle = random.Uniform(0, 2 * std::numbers::pi);
  const double x = cube.object_x + distance * std::cos(angle);
  const double y = cube.object_y + distance * std::sin(angle);
  const std::size_t spaxels = Spaxels(cube);
  for (std::size_t i = 0; i < spaxels; ++i) {
    const double u = (static_cast<double>(i % cube.width) - x) / kSigmaPixels;
    const double v = (static_cast<double>(i / cube.width) - y) / kSigmaPixels;
    // Flat in the middle, soft at the rim.
    const auto kept = static_cast<float>(1 - kLoss * std::exp(-0.5 * std::pow(u * u + v * v, 2)));
    if (kept > 0.999F) continue;
    for (std::size_t at = i; at < cube.flux.size(); at += spaxels) cube.flux[at] *= kept;
  }
  FlagDisc(x, y, 1.2 * kSigmaPixels, kPixelDeadFibre, cube);
}

void AddBlowtorch(double z, Random& random, Cube& cube) {
  const double angle = random.Uniform(0, std::numbers::pi);
  const double offset = random.Uniform(-4, 4);  // of the stripe from the centre, pixels
  const double half_width = random.Uniform(1.2, 2.2);
  const double brightness = std::exp(random.Uniform(std::log(5.0), std::log(40.0)));
  const double centre = SurveyChannelOf(kHalphaAngstrom * (1 + z)) + random.Uniform(-80, 80);
  const double spread = random.Uniform(150, 400);
  const std::size_t spaxels = Spaxels(cube);
  std::vector<float> stripe(spaxels);
  for (std::size_t i = 0; i < spaxels; ++i) {
    const double dx = static_cast<double>(i % cube.width) - cube.object_x;
    const double dy = static_cast<double>(i / cube.width) - cube.object_y;
    const double u = (dx * std::sin(angle) - dy * std::cos(angle) - offset) / half_width;
    stripe[i] = cube.mask[i] == 0 ? static_cast<float>(brightness * std::exp(-0.5 * u * u)) : 0;
  }
  const int first = std::max(0, static_cast<int>(centre - 4 * spread));
  const int last = std::min(kSurveyChannels - 1, static_cast<int>(centre + 4 * spread));
  for (int channel = first; channel <= last; ++channel) {
    const double u = (channel - centre) / spread;
    const auto factor = static_cast<float>(std::exp(-0.5 * u * u));
    float* plane = cube.flux.data() + static_cast<std::size_t>(channel) * spaxels;
    for (std::size_t i = 0; i < spaxels; ++i) plane[i] += factor * stripe[i];
  }
  SetQuality(kQualityBlowtorch | kQualityCritical, cube);
}

void AddBadFlux(Random& random, Cube& cube) {
  const auto scale = static_cast<float>(random.Uniform(2.5, 4));
  for (float& value : cube.flux) value *= scale;
  for (float& value : cube.ivar) value /= scale * scale;
  SetQuality(kQualityBadFlux | kQualityCritical, cube);
}

}  // namespace peculiar
