#include "core/network/parameters.h"

#include <cmath>
#include <functional>
#include <numeric>
#include <string_view>

#include "core/base/random.h"

namespace peculiar {
namespace {

using Shape = std::vector<std::int64_t>;

// Builds the table layer by layer.
class SpecList {
 public:
  void Add(std::string name, Shape shape, Initializer initializer) {
    specs_.push_back({std::move(name), std::move(shape), initializer});
  }
  void AddKernelAndBias(const std::string& layer, Shape kernel, std::int64_t outputs) {
    Add(layer + ".kernel", std::move(kernel), Initializer::kGlorotUniform);
    Add(layer + ".bias", {outputs}, Initializer::kZeros);
  }
  void AddDense(const std::string& layer, std::int64_t inputs, std::int64_t outputs) {
    AddKernelAndBias(layer, {inputs, outputs}, outputs);
  }
  void AddNorm(const std::string& block, std::int64_t channels) {
    Add(block + ".norm.gamma", {channels}, Initializer::kOnes);
    Add(block + ".norm.beta", {channels}, Initializer::kZeros);
  }
  std::vector<ParameterSpec> Take() { return std::move(specs_); }

 private:
  std::vector<ParameterSpec> specs_;
};

void AddEncoder(const NetworkConfig& config, SpecList& list) {
  std::int64_t inputs = 1;
  for (std::size_t b = 0; b < config.conv_channels.size(); ++b) {
    const std::string block = fmt::format("encoder.conv_block_{}", b + 1);
    const std::int64_t outputs = config.conv_channels[b];
    for (int k = 1; k <= config.convs_per_block; ++k) {
      list.AddKernelAndBias(fmt::format("{}.conv_{}", block, k), {3, 3, inputs, outputs}, outputs);
      inputs = outputs;
    }
    list.AddNorm(block, outputs);
  }
  for (std::size_t b = 0; b < config.lstm_channels.size(); ++b) {
    const std::string block = fmt::format("encoder.lstm_block_{}", b + 1);
    const std::int64_t width = config.lstm_channels[b];
    list.Add(block + ".kernel", {3, 3, inputs, 4 * width}, Initializer::kGlorotUniform);
    list.Add(block + ".recurrent_kernel", {3, 3, width, 4 * width}, Initializer::kOrthogonal);
    list.Add(block + ".bias", {4 * width}, Initializer::kForgetGateOnes);
    list.AddNorm(block, width);
    inputs = width;
  }
}

// Returns the width of what the decoder is given.
std::int64_t AddLatent(const NetworkConfig& config, SpecList& list) {
  if (config.kind == ModelKind::kVae) {
    list.AddDense("latent.mean", config.flat(), config.latent);
    list.AddDense("latent.log_variance", config.flat(), config.latent);
    return config.latent;
  }
  list.AddDense("latent.before", config.flat(), config.fc_width);
  list.AddDense("latent.code", config.fc_width, config.latent);
  list.AddDense("latent.after", config.latent, config.fc_width);
  return config.fc_width;
}

void AddDecoder(const NetworkConfig& config, std::int64_t inputs, SpecList& list) {
  list.AddDense("decoder.dense", inputs, config.flat());
  if (config.wavelength_code == WavelengthCode::kLearned) {
    list.Add("decoder.wavelength_code", {config.channels, config.flat()},
             Initializer::kUniformSmall);
  }
  inputs = config.lstm_channels.back();
  for (std::size_t b = 0; b < config.decoder_channels.size(); ++b) {
    const std::string block = fmt::format("decoder.block_{}", b + 1);
    const std::int64_t outputs = config.decoder_channels[b];
    list.AddKernelAndBias(block, {3, 3, outputs, inputs}, outputs);
    list.AddNorm(block, outputs);
    inputs = outputs;
  }
  list.AddKernelAndBias("decoder.output", {3, 3, inputs, 1}, 1);
}

// FNV-1a: a number of the name that is the same everywhere.
std::uint64_t HashOf(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

// The last two axes are in and out (in any order), those before them the window.
double GlorotLimit(const Shape& shape) {
  const auto window =
      std::accumulate(shape.begin(), shape.end() - 2, std::int64_t{1}, std::multiplies<>());
  return std::sqrt(6.0 / static_cast<double>(window * (shape.end()[-2] + shape.back())));
}

std::vector<float> Uniform(std::int64_t count, double limit, Random& random) {
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = static_cast<float>(random.Uniform(-limit, limit));
  return values;
}

double Dot(const std::vector<double>& a, const std::vector<double>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

// A normal matrix with its columns made orthonormal one after another (Gram-Schmidt, twice for
// accuracy): the Q of its QR decomposition with a positive diagonal of R, as Keras draws it.
std::vector<float> Orthogonal(std::size_t rows, std::size_t columns, Random& random) {
  std::vector<std::vector<double>> basis;
  std::vector<float> values(rows * columns);
  for (std::size_t c = 0; c < columns; ++c) {
    std::vector<double> column(rows);
    for (double& value : column) value = random.Normal();
    for (int pass = 0; pass < 2; ++pass) {
      for (const std::vector<double>& earlier : basis) {
        const double overlap = Dot(column, earlier);
        for (std::size_t r = 0; r < rows; ++r) column[r] -= overlap * earlier[r];
      }
    }
    const double norm = std::sqrt(Dot(column, column));
    for (std::size_t r = 0; r < rows; ++r) {
      column[r] /= norm;
      values[r * columns + c] = static_cast<float>(column[r]);
    }
    basis.push_back(std::move(column));
  }
  return values;
}

}  // namespace

std::int64_t ParameterSpec::count() const {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

std::vector<ParameterSpec> ParameterSpecs(const NetworkConfig& config) {
  SpecList list;
  AddEncoder(config, list);
  const std::int64_t width = AddLatent(config, list);
  AddDecoder(config, width, list);
  return list.Take();
}

std::vector<float> InitialValues(const ParameterSpec& spec, std::uint64_t seed) {
  constexpr std::uint64_t kInitialWeights = 0x57454947485453;  // keeps this use's stream its own
  Random random(seed, {kInitialWeights, HashOf(spec.name)});
  const std::int64_t count = spec.count();
  const auto n = static_cast<std::size_t>(count);
  switch (spec.initializer) {
    case Initializer::kGlorotUniform:
      return Uniform(count, GlorotLimit(spec.shape), random);
    case Initializer::kUniformSmall:
      return Uniform(count, 0.05, random);
    case Initializer::kOrthogonal: {
      const auto columns = static_cast<std::size_t>(spec.shape.back());
      return Orthogonal(n / columns, columns, random);
    }
    case Initializer::kOnes:
      return std::vector<float>(n, 1.0f);
    case Initializer::kForgetGateOnes: {
      std::vector<float> values(n, 0.0f);
      std::fill_n(values.begin() + n / 4, n / 4, 1.0f);
      return values;
    }
    case Initializer::kZeros:
      break;
  }
  return std::vector<float>(n, 0.0f);
}

}  // namespace peculiar
