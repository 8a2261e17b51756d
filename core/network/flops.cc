#include "core/network/flops.h"

namespace peculiar {
namespace {

constexpr double kWindow = 3 * 3;

// Of one image of side x side outputs (inputs, for a transposed one).
double Conv(int inputs, int outputs, int side) {
  return 2 * kWindow * inputs * outputs * side * side;
}

double Dense(int inputs, int outputs) { return 2.0 * inputs * outputs; }

double EncoderSlice(const NetworkConfig& config) {
  double flops = 0;
  for (std::size_t b = 0; b < config.conv_channels.size(); ++b) flops += ConvBlockFlops(config, b);
  for (std::size_t b = 0; b < config.lstm_channels.size(); ++b) flops += LstmBlockFlops(config, b);
  return flops;
}

double DecoderSlice(const NetworkConfig& config) {
  double flops = Conv(config.decoder_channels.back(), 1, config.size);
  for (std::size_t b = 0; b < config.decoder_channels.size(); ++b) {
    flops += UpsampleBlockFlops(config, b);
  }
  return flops;
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

double ConvBlockFlops(const NetworkConfig& config, std::size_t block) {
  const int outputs = config.conv_channels[block];
  const int inputs = block == 0 ? 1 : config.conv_channels[block - 1];
  return Conv(inputs, outputs, config.size) +
         (config.convs_per_block - 1) * Conv(outputs, outputs, config.size);
}

double LstmBlockFlops(const NetworkConfig& config, std::size_t block) {
  const int outputs = config.lstm_channels[block];
  const int inputs = block == 0 ? config.conv_channels.back() : config.lstm_channels[block - 1];
  return Conv(inputs + outputs, 4 * outputs, config.size >> (block + 1));
}

double UpsampleBlockFlops(const NetworkConfig& config, std::size_t block) {
  const int inputs = block == 0 ? config.lstm_channels.back() : config.decoder_channels[block - 1];
  return Conv(inputs, config.decoder_channels[block], config.grid() << block);
}

double FirstConvFlops(const NetworkConfig& config) {
  return Conv(1, config.conv_channels[0], config.size);
}

double ForwardFlops(const NetworkConfig& config) {
  // Without a wavelength code all slices of the reconstruction are one.
  const int decoded = config.wavelength_code == WavelengthCode::kLearned ? config.channels : 1;
  return config.channels * EncoderSlice(config) + decoded * DecoderSlice(config) +
         DenseLayers(config);
}

double StepFlops(const NetworkConfig& config) {
  return 3 * ForwardFlops(config) - config.channels * FirstConvFlops(config);
}

}  // namespace peculiar
