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
void LatentLayers<T>::Backward(const Tape& tape, const T* parameters, const T* flat, const T* noise,
                               T kl_weight, const T* code_gradient, T* flat_gradient,
                               T* gradient) const {
  std::fill_n(flat_gradient, encoder_[0].inputs(), T(0));
  std::vector<T> latent_gradient(tape.latent.size(), T(0));
  if (variational_) {
    decoder_[0].Backward(parameters, tape.latent.data(), code_gradient, latent_gradient.data(),
                         gradient);
    BackwardMean(tape, parameters, flat, noise, kl_weight, latent_gradient, flat_gradient,
                 gradient);
    return;
  }
  std::vector<T> after(tape.after.size(), T(0));
  std::vector<T> before(tape.before.size(), T(0));
  decoder_[1].Backward(parameters, tape.after.data(), code_gradient, after.data(), gradient);
  decoder_[0].Backward(parameters, tape.latent.data(), after.data(), latent_gradient.data(),
                       gradient);
  encoder_[1].Backward(parameters, tape.before.data(), latent_gradient.data(), before.data(),
                       gradient);
  encoder_[0].Backward(parameters, flat, before.data(), flat_gradient, gradient);
}

// KL = -0.5 sum of (1 + log_variance - mean^2 - exp(log_variance)).
template <typename T>
void LatentLayers<T>::BackwardMean(const Tape& tape, const T* parameters, const T* flat,
                                   const T* noise, T kl_weight,
                                   const std::vector<T>& latent_gradient, T* flat_gradient,
                                   T* gradient) const {
  std::vector<T> mean(latent_gradient), log_variance(latent_gradient.size(), T(0));
  for (std::size_t i = 0; i < mean.size(); ++i) {
    const T variance = std::exp(tape.log_variance[i]);
    mean[i] += kl_weight * tape.mean[i];
    log_variance[i] = kl_weight * (variance - 1) / 2;
    if (noise != nullptr) {
      log_variance[i] += latent_gradient[i] * noise[i] * std::exp(tape.log_variance[i] / 2) / 2;
    }
  }
  encoder_[0].Backward(parameters, flat, mean.data(), flat_gradient, gradient);
  encoder_[1].Backward(parameters, flat, log_variance.data(), flat_gradient, gradient);
}

template class LatentLayers<float>;
template class LatentLayers<double>;

}  // namespace peculiar
