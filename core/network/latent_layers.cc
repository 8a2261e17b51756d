#include "core/network/latent_layers.h"

#include <algorithm>
#include <cmath>

namespace peculiar {

template <typename T>
LatentLayers<T>::LatentLayers(const NetworkConfig& config, const ParameterLayout& layout)
    : variational_(config.kind == ModelKind::kVae) {
  const int flat = config.flat();
  if (variational_) {
    encoder_.emplace_back(layout, "latent.mean", flat, config.latent);
    encoder_.emplace_back(layout, "latent.log_variance", flat, config.latent);
    decoder_.emplace_back(layout, "decoder.dense", config.latent, flat);
  } else {
    encoder_.emplace_back(layout, "latent.before", flat, config.fc_width);
    encoder_.emplace_back(layout, "latent.code", config.fc_width, config.latent);
    decoder_.emplace_back(layout, "latent.after", config.latent, config.fc_width);
    decoder_.emplace_back(layout, "decoder.dense", config.fc_width, flat);
  }
}

template <typename T>
typename LatentLayers<T>::Tape LatentLayers<T>::MakeTape() const {
  Tape tape;
  const std::size_t latent = encoder_[1].outputs();
  tape.mean.resize(latent);
  tape.latent.resize(latent);
  tape.code.resize(decoder_.back().outputs());
  if (variational_) {
    tape.log_variance.resize(latent);
  } else {
    tape.before.resize(encoder_[0].outputs());
    tape.after.resize(decoder_[0].outputs());
  }
  tape.before_gradient.resize(tape.before.size());
  tape.mean_gradient.resize(tape.mean.size());
  tape.log_variance_gradient.resize(tape.log_variance.size());
  tape.latent_gradient.resize(tape.latent.size());
  tape.after_gradient.resize(tape.after.size());
  return tape;
}

template <typename T>
void LatentLayers<T>::Forward(Tape& tape, const T* parameters, const T* flat,
                              const T* noise) const {
  if (!variational_) {
    encoder_[0].Forward(parameters, flat, tape.before.data());
    encoder_[1].Forward(parameters, tape.before.data(), tape.mean.data());
    tape.latent = tape.mean;
    decoder_[0].Forward(parameters, tape.latent.data(), tape.after.data());
    decoder_[1].Forward(parameters, tape.after.data(), tape.code.data());
    return;
  }
  encoder_[0].Forward(parameters, flat, tape.mean.data());
  encoder_[1].Forward(parameters, flat, tape.log_variance.data());
  tape.latent = tape.mean;
  for (std::size_t i = 0; noise != nullptr && i < tape.latent.size(); ++i) {
    tape.latent[i] += std::exp(tape.log_variance[i] / 2) * noise[i];
  }
  decoder_[0].Forward(parameters, tape.latent.data(), tape.code.data());
}

template <typename T>
double LatentLayers<T>::Kl(const Tape& tape) const {
  double sum = 0;
  for (std::size_t i = 0; i < tape.log_variance.size(); ++i) {
    const double mean = tape.mean[i], log_variance = tape.log_variance[i];
    sum += 1 + log_variance - mean * mean - std::exp(log_variance);
  }
  return -0.5 * sum;
}

template <typename T>
void LatentLayers<T>::Backward(Tape& tape, const T* parameters, const T* flat, const T* noise,
                               T kl_weight, const T* code_gradient, T* flat_gradient,
                               T* gradient) const {
  std::fill_n(flat_gradient, encoder_[0].inputs(), T(0));
  std::vector<T>& latent = tape.latent_gradient;
  std::fill(latent.begin(), latent.end(), T(0));
  if (variational_) {
    decoder_[0].Backward(parameters, tape.latent.data(), code_gradient, latent.data(), gradient);
    BackwardMean(tape, parameters, flat, noise, kl_weight, flat_gradient, gradient);
    return;
  }
  std::vector<T>& after = tape.after_gradient;
  std::vector<T>& before = tape.before_gradient;
  std::fill(after.begin(), after.end(), T(0));
  std::fill(before.begin(), before.end(), T(0));
  decoder_[1].Backward(parameters, tape.after.data(), code_gradient, after.data(), gradient);
  decoder_[0].Backward(parameters, tape.latent.data(), after.data(), latent.data(), gradient);
  encoder_[1].Backward(parameters, tape.before.data(), latent.data(), before.data(), gradient);
  encoder_[0].Backward(parameters, flat, before.data(), flat_gradient, gradient);
}

// KL = -0.5 sum of (1 + log_variance - mean^2 - exp(log_variance)).
template <typename T>
void LatentLayers<T>::BackwardMean(Tape& tape, const T* parameters, const T* flat, const T* noise,
                                   T kl_weight, T* flat_gradient, T* gradient) const {
  for (std::size_t i = 0; i < tape.mean.size(); ++i) {
    const T latent = tape.latent_gradient[i];
    const T variance = std::exp(tape.log_variance[i]);
    tape.mean_gradient[i] = latent + kl_weight * tape.mean[i];
    tape.log_variance_gradient[i] = kl_weight * (variance - 1) / 2;
    if (noise != nullptr) {
      tape.log_variance_gradient[i] += latent * noise[i] * std::exp(tape.log_variance[i] / 2) / 2;
    }
  }
  encoder_[0].Backward(parameters, flat, tape.mean_gradient.data(), flat_gradient, gradient);
  encoder_[1].Backward(parameters, flat, tape.log_variance_gradient.data(), flat_gradient,
                       gradient);
}

template class LatentLayers<float>;
template class LatentLayers<double>;

}  // namespace peculiar
