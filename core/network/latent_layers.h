// The fully connected layers on one sample: from the encoder's flat state to Z and on to the code
// that all slices of the decoder share. AE: three layers, Z the middle one's output. vAE: mean and
// log-variance, Z = mean + exp(log_variance / 2) x noise. Works on flat arrays of all parameters;
// safe for concurrent use with a tape each.
#pragma once

#include <vector>

#include "core/network/dense_layer.h"
#include "core/network/network_config.h"

namespace peculiar {

template <typename T>
class LatentLayers {
 public:
  struct Tape {
    std::vector<T> before;        // AE: output of the layer before Z
    std::vector<T> mean;          // Z for the AE
    std::vector<T> log_variance;  // vAE
    std::vector<T> latent;        // Z
    std::vector<T> after;         // AE: output of the layer after Z
    std::vector<T> code;          // of decoder.dense: config.flat() values
    // Gradients of those that Backward passes through.
    std::vector<T> before_gradient, mean_gradient, log_variance_gradient, latent_gradient,
        after_gradient;
  };

  LatentLayers(const NetworkConfig& config, const ParameterLayout& layout);

  Tape MakeTape() const;
  // noise: latent values, or null for Z = mean; of no use to an AE.
  void Forward(Tape& tape, const T* parameters, const T* flat, const T* noise) const;
  // KL divergence in nats; 0 for the AE.
  double Kl(const Tape& tape) const;
  // code_gradient in, flat_gradient out (config.flat() values each); adds to `gradient`. kl_weight:
  // of the KL term in the loss.
  void Backward(Tape& tape, const T* parameters, const T* flat, const T* noise, T kl_weight,
                const T* code_gradient, T* flat_gradient, T* gradient) const;

 private:
  void BackwardMean(Tape& tape, const T* parameters, const T* flat, const T* noise, T kl_weight,
                    T* flat_gradient, T* gradient) const;

  bool variational_;
  std::vector<DenseLayer<T>> encoder_;  // AE: before, code. vAE: mean, log_variance
  std::vector<DenseLayer<T>> decoder_;  // AE: after, dense. vAE: dense
};

}  // namespace peculiar
