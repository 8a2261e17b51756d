#include "core/model/autoencoder.h"

#include <torch/utils.h>

#include <algorithm>

#include "core/model/layer_norm.h"
#include "core/model/layers.h"
#include "core/network/parameters.h"

namespace peculiar {
namespace {

// The parameters of one layer, by its name.
class Layer {
 public:
  Layer(const Autoencoder& network, std::string name) : network_(network), name_(std::move(name)) {}

  torch::Tensor operator[](std::string_view parameter) const {
    return network_.parameter(fmt::format("{}.{}", name_, parameter));
  }
  torch::Tensor Dense(const torch::Tensor& rows) const {
    return peculiar::Dense(rows, (*this)["kernel"], (*this)["bias"]);
  }
  torch::Tensor Conv(const torch::Tensor& images) const {
    return ConvSame(images, (*this)["kernel"], (*this)["bias"], /*stride=*/1);
  }
  torch::Tensor Norm(const torch::Tensor& images, ForwardPath path) const {
    const torch::Tensor &gamma = (*this)["norm.gamma"], &beta = (*this)["norm.beta"];
    return path == ForwardPath::kFused && FusedLayerNormTakes(images)
               ? FusedLayerNorm(images.contiguous(at::MemoryFormat::ChannelsLast), gamma, beta,
                                kLayerNormEpsilon)
               : LayerNorm(images, gamma, beta);
  }

 private:
  const Autoencoder& network_;
  std::string name_;
};

}  // namespace

Autoencoder::Autoencoder(const NetworkConfig& config, std::uint64_t seed) : config_(config) {
  for (const ParameterSpec& spec : ParameterSpecs(config)) {
    const std::vector<float> values = InitialValues(spec, seed);
    auto tensor = torch::empty(spec.shape, torch::kFloat32);
    std::copy(values.begin(), values.end(), tensor.data_ptr<float>());
    parameters_.emplace_back(spec.name, tensor.set_requires_grad(true));
  }
}

std::vector<torch::Tensor> Autoencoder::tensors() const {
  std::vector<torch::Tensor> result;
  for (const auto& [name, tensor] : parameters_) result.push_back(tensor);
  return result;
}

const torch::Tensor& Autoencoder::parameter(std::string_view name) const {
  const auto found = std::find_if(parameters_.begin(), parameters_.end(),
                                  [&](const NamedParameter& p) { return p.first == name; });
  TORCH_CHECK(found != parameters_.end(), "no parameter ", std::string(name));
  return found->second;
}

void Autoencoder::To(torch::Device device, torch::ScalarType type) {
  for (auto& [name, tensor] : parameters_) {
    tensor.mutable_grad().reset();
    tensor.set_data(tensor.detach().to(device, type));
  }
}

NetworkOutput Autoencoder::Forward(const torch::Tensor& cubes, const torch::Tensor& noise,
                                   const ForwardOptions& options) const {
  const auto flat = Encode(cubes, options);
  NetworkOutput output;
  torch::Tensor code;  // what the decoder's first dense layer gets
  if (config_.kind == ModelKind::kVae) {
    output.mean = Layer(*this, "latent.mean").Dense(flat);
    output.log_variance = Layer(*this, "latent.log_variance").Dense(flat);
    output.latent = output.mean;
    if (noise.defined()) output.latent = output.mean + at::exp(output.log_variance * 0.5) * noise;
    code = output.latent;
  } else {
    output.latent = Layer(*this, "latent.code").Dense(Layer(*this, "latent.before").Dense(flat));
    output.mean = output.latent;
    code = Layer(*this, "latent.after").Dense(output.latent);
  }
  output.reconstruction = Decode(code, options);
  return output;
}

// Slices are stacked step by step, [T * B, C, H, W]: a ConvLSTM's steps are then contiguous.
torch::Tensor Autoencoder::Encode(const torch::Tensor& cubes, const ForwardOptions& options) const {
  TORCH_CHECK(cubes.dim() == 4 && cubes.size(1) == config_.channels &&
                  cubes.size(2) == config_.size && cubes.size(3) == config_.size,
              "cubes of shape ", cubes.sizes(), " for a network of ", config_.channels,
              " channels of size ", config_.size);
  const std::int64_t batch = cubes.size(0);
  auto x = cubes.to(options.maps.value_or(cubes.scalar_type()))
               .transpose(0, 1)
               .reshape({-1, 1, config_.size, config_.size});
  for (int b = 1; b <= static_cast<int>(config_.conv_channels.size()); ++b) {
    const std::string block = fmt::format("encoder.conv_block_{}", b);
    for (int k = 1; k <= config_.convs_per_block; ++k) {
      x = Layer(*this, fmt::format("{}.conv_{}", block, k)).Conv(x);
    }
    x = Layer(*this, block).Norm(x, options.path);
  }
  const int lstm_blocks = static_cast<int>(config_.lstm_channels.size());
  for (int b = 1; b <= lstm_blocks; ++b) {
    const Layer block(*this, fmt::format("encoder.lstm_block_{}", b));
    const ConvLstm lstm = {block["kernel"], block["recurrent_kernel"], block["bias"],
                           config_.recurrent_activation, config_.cell_activation};
    const auto sequence = x.unflatten(0, {config_.channels, batch});
    const bool wants_last = b == lstm_blocks;
    if (options.path == ForwardPath::kFused) {
      const auto hidden = lstm.Scan(sequence);
      x = block.Norm(wants_last ? hidden.select(0, -1) : hidden.flatten(0, 1), options.path);
    } else {
      const auto hidden = lstm.Run(sequence);
      x = block.Norm(wants_last ? hidden.back() : at::cat(hidden, 0), options.path);
    }
  }
  return x.permute({0, 2, 3, 1})
      .reshape({batch, config_.flat()})  // as Keras's Flatten
      .to(cubes.scalar_type());
}

torch::Tensor Autoencoder::Decode(const torch::Tensor& code, const ForwardOptions& options) const {
  const std::int64_t batch = code.size(0);
  const std::int64_t grid = config_.grid();
  auto slices = Layer(*this, "decoder.dense").Dense(code).unsqueeze(0);
  if (config_.wavelength_code == WavelengthCode::kLearned) {
    slices = slices + parameter("decoder.wavelength_code").unsqueeze(1);
  }
  // Without a code every slice is the same: one is computed and repeated at the end.
  auto x = slices.to(options.maps.value_or(slices.scalar_type()))
               .reshape({-1, grid, grid, config_.lstm_channels.back()})
               .permute({0, 3, 1, 2});
  for (int b = 1; b <= static_cast<int>(config_.decoder_channels.size()); ++b) {
    const Layer block(*this, fmt::format("decoder.block_{}", b));
    x = block.Norm(TransposedConvSame(x, block["kernel"], block["bias"]), options.path);
  }
  x = at::elu(Layer(*this, "decoder.output").Conv(x).to(code.scalar_type()));
  return x.reshape({-1, batch, config_.size, config_.size})
      .transpose(0, 1)
      .expand({batch, config_.channels, config_.size, config_.size});
}

}  // namespace peculiar
