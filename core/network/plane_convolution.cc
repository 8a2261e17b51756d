#include "core/network/plane_convolution.h"

#include <algorithm>
#include <numeric>

namespace peculiar {
namespace {

constexpr int kTaps = 3 * 3;

}  // namespace

template <typename T>
PlaneConvolution<T>::PlaneConvolution(int big_channels, int small_channels)
    : to_small_(MakeWeights(big_channels, small_channels)),
      to_big_(MakeWeights(small_channels, big_channels)) {}

template <typename T>
typename PlaneConvolution<T>::Weights PlaneConvolution<T>::MakeWeights(int inputs, int outputs) {
  return {inputs, outputs, AlignedBuffer<T>(static_cast<std::size_t>(inputs * kTaps * outputs)),
          AlignedBuffer<T>(static_cast<std::size_t>(outputs))};
}

// The way back sees the window upside down.
template <typename T>
void PlaneConvolution<T>::Pack(const T* kernel, const T* big_bias, const T* small_bias) {
  const int big = to_small_.inputs, small = to_small_.outputs;
  T* to_small = to_small_.weights.data();
  T* to_big = to_big_.weights.data();
  for (int tap = 0; tap < kTaps; ++tap) {
    for (int a = 0; a < big; ++a) {
      for (int b = 0; b < small; ++b) {
        const T weight = *kernel++;
        to_small[(a * kTaps + tap) * small + b] = weight;
        to_big[(b * kTaps + kTaps - 1 - tap) * big + a] = weight;
      }
    }
  }
  if (big_bias != nullptr) std::copy_n(big_bias, big, to_big_.bias.data());
  if (small_bias != nullptr) std::copy_n(small_bias, small, to_small_.bias.data());
}

template <typename T>
void PlaneConvolution<T>::Run(const Weights& weights, Map<T> in, Map<T> out) {
  ConvolvePlanes<T>({out.shape.rows, out.shape.columns, weights.inputs, weights.outputs,
                     in.At(0, 0), in.shape.row_step(), in.shape.plane_step(),
                     weights.weights.data(), weights.bias.data(), out.At(0, 0),
                     out.shape.row_step(), out.shape.plane_step()});
}

template <typename T>
void PlaneConvolution<T>::AddGradient(Map<T> big, Map<T> small, T* gradient) const {
  AddPlaneGradient<T>({small.shape.rows, small.shape.columns, to_small_.inputs, to_small_.outputs,
                       big.At(-1, -1), big.shape.row_step(), big.shape.plane_step(), small.At(0, 0),
                       small.shape.row_step(), small.shape.plane_step(), gradient});
}

template <typename T>
std::size_t PlaneConvolution<T>::GradientSize() const {
  return to_small_.weights.size() * kPlaneSums;
}

template <typename T>
void PlaneConvolution<T>::UnpackGradient(const T* gradient, T* kernel_gradient) const {
  const int big = to_small_.inputs, small = to_small_.outputs;
  for (int a = 0; a < big; ++a) {
    for (int tap = 0; tap < kTaps; ++tap) {
      for (int b = 0; b < small; ++b, gradient += kPlaneSums) {
        kernel_gradient[(tap * big + a) * small + b] +=
            std::accumulate(gradient, gradient + kPlaneSums, T(0));
      }
    }
  }
}

template class PlaneConvolution<float>;
template class PlaneConvolution<double>;

}  // namespace peculiar
