#include "core/simulate/observe_cube.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "core/simulate/noise.h"

namespace peculiar {
namespace {

// Adds one channel of a layer; linear between the channels of the spectrum.
void AddContinuum(const ContinuumLayer& layer, int channel, std::span<float> plane) {
  const float* spectrum = layer.spectrum.data() + ContinuumLayer::kMargin + channel;
  if (layer.shift_channels.empty()) {
    for (std::size_t i = 0; i < plane.size(); ++i) plane[i] += layer.weight[i] * spectrum[0];
    return;
  }
  for (std::size_t i = 0; i < plane.size(); ++i) {
    if (layer.weight[i] == 0) continue;
    const float position = ContinuumLayer::kMargin - layer.shift_channels[i];  // > 0
    const int whole = static_cast<int>(position);
    const float part = position - static_cast<float>(whole);
    const float* at = spectrum + (whole - ContinuumLayer::kMargin);
    plane[i] += layer.weight[i] * (at[0] + part * (at[1] - at[0]));
  }
}

}  // namespace

void ObserveCube(const std::vector<ContinuumLayer>& continuum,
                 const std::vector<std::int32_t>& footprint, const ObservationNoise& noise,
                 Cube& cube) {
  const std::size_t spaxels = footprint.size();
  const std::size_t voxels = spaxels * noise.by_channel.size();
  cube.ivar.resize(voxels);
  cube.mask.resize(voxels);
  CorrelatedNoise correlated(cube.width, cube.height);
  std::vector<float> lines(spaxels);
  std::vector<float> level(spaxels);
  for (std::size_t channel = 0; channel < noise.by_channel.size(); ++channel) {
    const std::span<float> flux = std::span(cube.flux).subspan(channel * spaxels, spaxels);
    std::copy(flux.begin(), flux.end(), lines.begin());
    for (const ContinuumLayer& layer : continuum) {
      AddContinuum(layer, static_cast<int>(channel), flux);
    }
    for (std::size_t i = 0; i < spaxels; ++i) {
      level[i] = footprint[i] == 0 ? noise.by_channel[channel] * noise.by_spaxel[i] : 0;
    }
    AddNoise(correlated.Draw(noise.seed, channel), level, lines, flux,
             std::span(cube.ivar).subspan(channel * spaxels, spaxels));
    std::copy(footprint.begin(), footprint.end(),
              cube.mask.begin() + static_cast<std::ptrdiff_t>(channel * spaxels));
  }
}

void RoundFlux(Cube& cube) {
  constexpr int kFluxBits = 16;
  for (float& value : cube.flux) value = RoundToBits(value, kFluxBits);
}

}  // namespace peculiar
