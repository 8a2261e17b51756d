// The network on one sample: encoder, latent layers, decoder and loss in a row. Shared by all
// threads between two calls of Pack; a thread works with a SampleTape of its own. FusedNetwork
// spreads batches over it.
#pragma once

#include <vector>

#include "core/network/decoder.h"
#include "core/network/encoder.h"
#include "core/network/latent_layers.h"
#include "core/network/slice_visitor.h"

namespace peculiar {

// All that one thread needs for a sample.
template <typename T>
struct SampleTape {
  typename Encoder<T>::Tape encoder;
  typename LatentLayers<T>::Tape latent;
  typename Decoder<T>::Tape decoder;
  std::vector<T> flat;  // of the encoder
  std::vector<T> flat_gradient;
  std::vector<T> slice_code;  // the decoder's code of one slice, and its gradient
  std::vector<T> slice_code_gradient;
  std::vector<T> code_gradient;  // of the part that all slices share
  std::vector<T> gradient;       // of all parameters; empty in a tape for Forward alone
};

struct SampleLoss {
  double error = 0;  // sum over the voxels
  double kl = 0;
};

template <typename T>
class SampleNetwork {
 public:
  explicit SampleNetwork(const NetworkConfig& config);

  std::size_t parameter_count() const { return layout_.size(); }
  // Takes over all parameters, in the order of ParameterSpecs.
  void Pack(const T* parameters);
  SampleTape<T> MakeTape(bool for_backward) const;

  // cube: [channels][size][size]; noise: latent values or null. Fills tape.gradient by the gradient
  // of error_weight x error + kl_weight x kl.
  SampleLoss Backward(SampleTape<T>& tape, const T* cube, const T* noise, T error_weight,
                      T kl_weight) const;
  SampleLoss Evaluate(SampleTape<T>& tape, const T* cube, const T* noise) const;
  // latent: the mean, written. visit: gets the reconstruction as that of cube number `index`; when
  // empty, the decoder is left out.
  void Embed(SampleTape<T>& tape, const T* cube, std::size_t index, T* latent,
             const SliceVisitor<T>& visit) const;

 private:
  // Slices that the decoder computes: one, when all are the same.
  int decoded_slices() const;
  // Decodes slice t into tape.decoder.image.
  void DecodeSlice(SampleTape<T>& tape, int t) const;
  // Sum of errors of the decoded image against the cube's slice t, or against every slice when all
  // are the same. gradient: of the image, weight x the sum's is added to it; null for the sum
  // alone.
  double ImageError(const SampleTape<T>& tape, const T* cube, int t, T weight, T* gradient) const;

  NetworkConfig config_;
  ParameterLayout layout_;
  std::size_t pixels_;           // of a slice
  std::size_t code_offset_ = 0;  // of the wavelength code
  Encoder<T> encoder_;
  LatentLayers<T> latent_;
  Decoder<T> decoder_;
  std::vector<T> parameters_;
};

}  // namespace peculiar
