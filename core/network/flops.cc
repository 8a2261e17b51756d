#include "core/network/flops.h"

namespace peculiar {
namespace {

constexpr double kWindow = 3 * 3;

// Of one image of side x side outputs (inputs, for a transposed one).
double Conv(int inputs, int outputs, int side) {
  return 2 * kWindow * inputs * outputs * side * side;
}

double Dense(int inputs, int outputs) { return 2.0 * inputs * outputs; }

double FirstConv(const NetworkConfig& config) {
  return config.channels * Conv(1, config.conv_channels[0], config.size);
}

double EncoderSlice(const NetworkConfig& config) {
  double flops = 0;
  int inputs = 1;
  for (const int outputs : config.conv_channels) {
    for (int k = 0; k < config.convs_per_block; ++k) {
      flops += Conv(inputs, outputs, config.size);
      inputs = outputs;
    }
  }
  int side = config.size;
  for (const int outputs : config.lstm_channels) {
    side /= 2;
    flops += Conv(inputs + outputs, 4 * outputs, side);
    inputs = outputs;
  }
  return flops;
}

double DecoderSlice(const NetworkConfig& config) {
  double flops = 0;
  int inputs = config.lstm_channels.back();
  int side = config.grid();
  for (const int outputs : config.decoder_channels) {
    flops += Conv(inputs, outputs, side);
    inputs = outputs;
    side *= 2;
  }
  return flops + Conv(inputs, 1, side);
}

double DenseLayers(const NetworkConfig& config) {
  const int flat = config.flat();
  if (config.kind == ModelKind::kVae) {
    return 2 * Dense(flat, config.latent) + Dense(config.latent, flat);
  }
  return Dense(flat, config.fc_width) + 2 * Dense(config.fc_width, config.latent) +
         Dense(config.fc_width, flat);
}

}  // namespace

double ForwardFlops(const NetworkConfig& config) {
  // Without a wavelength code all slices of the reconstruction are one.
  const int decoded = config.wavelength_code == WavelengthCode::kLearned ? config.channels : 1;
  return config.channels * EncoderSlice(config) + decoded * DecoderSlice(config) +
         DenseLayers(config);
}

double StepFlops(const NetworkConfig& config) {
  return 3 * ForwardFlops(config) - FirstConv(config);
}

}  // namespace peculiar
