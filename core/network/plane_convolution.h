// A 3 x 3 convolution of stride 1 between maps of a few channels that lie in planes, in both
// directions, with the gradient of its kernel: what Convolution is between such maps, where lanes
// would leave most of a vector empty.
#pragma once

#include "core/network/feature_map.h"
#include "core/network/plane_kernels.h"

namespace peculiar {

template <typename T>
class PlaneConvolution {
 public:
  // Up to kMaxPlanes channels each.
  PlaneConvolution(int big_channels, int small_channels);

  // As Convolution's.
  void Pack(const T* kernel, const T* big_bias, const T* small_bias);
  void ToSmall(Map<T> big, Map<T> small) const { Run(to_small_, big, small); }
  void ToBig(Map<T> small, Map<T> big) const { Run(to_big_, small, big); }
  void AddGradient(Map<T> big, Map<T> small, T* gradient) const;
  std::size_t GradientSize() const;
  void UnpackGradient(const T* gradient, T* kernel_gradient) const;

 private:
  struct Weights {
    int inputs, outputs;
    AlignedBuffer<T> weights;  // [input][tap][output]
    AlignedBuffer<T> bias;     // [output]
  };
  static Weights MakeWeights(int inputs, int outputs);
  static void Run(const Weights& weights, Map<T> in, Map<T> out);

  Weights to_small_;
  Weights to_big_;
};

}  // namespace peculiar
