// A convolution with its parameters: kernel and, in one direction, a bias. The layer is shared by
// all threads between two calls of Pack; what a thread gathers for it is in its ConvGradient.
#pragma once

#include <string>

#include "core/network/convolution.h"
#include "core/network/parameter_layout.h"

namespace peculiar {

// Sums of one thread, in packed layouts.
template <typename T>
struct ConvGradient {
  AlignedBuffer<T> kernel;
  AlignedBuffer<T> bias;  // [lanes or planes of the biased side]

  void Clear() {
    kernel.Clear();
    bias.Clear();
  }
};

enum class BiasSide { kSmall, kBig, kNone };

template <typename T>
class ConvLayer {
 public:
  // kernel: name of the parameter; bias: likewise, unused for kNone.
  ConvLayer(const ParameterLayout& layout, const std::string& kernel, const std::string& bias,
            BiasSide side, int rows, int columns, int stride, ChannelLanes big, ChannelLanes small);

  const Convolution<T>& convolution() const { return convolution_; }
  void Pack(const T* parameters);

  ConvGradient<T> MakeGradient() const;
  // The gradients of kernel and bias from the inputs and the gradients of the outputs; which of
  // `big` and `small` is which depends on the direction.
  void AddGradient(Map<T> big, Map<T> small, ConvGradient<T>& sums) const;
  // Adds them to a flat array of all parameters.
  void Unpack(const ConvGradient<T>& sums, T* gradient) const;

 private:
  std::size_t kernel_;
  std::size_t bias_ = 0;
  BiasSide side_;
  ChannelLanes bias_lanes_;
  Convolution<T> convolution_;
};

}  // namespace peculiar
