#include "core/network/sample_network.h"

#include <algorithm>

namespace peculiar {
namespace {

template <typename T>
void Add(const T* from, std::size_t n, T* to) {
  for (std::size_t i = 0; i < n; ++i) to[i] += from[i];
}

}  // namespace

template <typename T>
SampleNetwork<T>::SampleNetwork(const NetworkConfig& config)
    : config_(config),
      layout_(config),
      pixels_(static_cast<std::size_t>(config.size) * static_cast<std::size_t>(config.size)),
      encoder_(config, layout_),
      latent_(config, layout_),
      decoder_(config, layout_) {
  if (config.wavelength_code == WavelengthCode::kLearned) {
    code_offset_ = layout_.OffsetOf("decoder.wavelength_code");
  }
}

template <typename T>
void SampleNetwork<T>::Pack(const T* parameters) {
  parameters_.assign(parameters, parameters + layout_.size());
  encoder_.Pack(parameters);
  decoder_.Pack(parameters);
}

template <typename T>
SampleTape<T> SampleNetwork<T>::MakeTape(bool for_backward) const {
  SampleTape<T> tape;
  tape.encoder = encoder_.MakeTape(for_backward);
  tape.latent = latent_.MakeTape();
  tape.decoder = decoder_.MakeTape();
  const auto flat = static_cast<std::size_t>(config_.flat());
  for (auto* values : {&tape.flat, &tape.flat_gradient, &tape.slice_code, &tape.slice_code_gradient,
                       &tape.code_gradient}) {
    values->resize(flat);
  }
  if (for_backward) tape.gradient.resize(layout_.size());
  return tape;
}

template <typename T>
int SampleNetwork<T>::decoded_slices() const {
  return config_.wavelength_code == WavelengthCode::kLearned ? config_.channels : 1;
}

template <typename T>
void SampleNetwork<T>::DecodeSlice(SampleTape<T>& tape, int t) const {
  tape.slice_code = tape.latent.code;
  if (config_.wavelength_code == WavelengthCode::kLearned) {
    const std::size_t flat = tape.slice_code.size();
    Add(parameters_.data() + code_offset_ + static_cast<std::size_t>(t) * flat, flat,
        tape.slice_code.data());
  }
  decoder_.Forward(tape.decoder, tape.slice_code.data());
}

template <typename T>
double SampleNetwork<T>::ImageError(const SampleTape<T>& tape, const T* cube, int t, T weight,
                                    T* gradient) const {
  const bool same = config_.wavelength_code == WavelengthCode::kNone;
  double sum = 0;
  for (int s = same ? 0 : t; s <= (same ? config_.channels - 1 : t); ++s) {
    sum += SumErrors<T>({config_.loss == ReconstructionLoss::kMse,
                         cube + static_cast<std::size_t>(s) * pixels_, tape.decoder.image.data(),
                         pixels_, weight, gradient});
  }
  return sum;
}

template <typename T>
SampleLoss SampleNetwork<T>::Backward(SampleTape<T>& tape, const T* cube, const T* noise,
                                      T error_weight, T kl_weight) const {
  const T* parameters = parameters_.data();
  T* gradient = tape.gradient.data();
  std::fill(tape.gradient.begin(), tape.gradient.end(), T(0));
  std::fill(tape.code_gradient.begin(), tape.code_gradient.end(), T(0));
  Decoder<T>::ClearGradient(tape.decoder);
  encoder_.Forward(tape.encoder, cube, tape.flat.data());
  latent_.Forward(tape.latent, parameters, tape.flat.data(), noise);
  SampleLoss loss = {0, latent_.Kl(tape.latent)};
  const std::size_t flat = tape.flat.size();
  for (int t = 0; t < decoded_slices(); ++t) {
    DecodeSlice(tape, t);
    tape.decoder.image_gradient.Clear();
    loss.error += ImageError(tape, cube, t, error_weight, tape.decoder.image_gradient.data());
    decoder_.Backward(tape.decoder, tape.slice_code_gradient.data());
    Add(tape.slice_code_gradient.data(), flat, tape.code_gradient.data());
    if (config_.wavelength_code == WavelengthCode::kLearned) {
      Add(tape.slice_code_gradient.data(), flat,
          gradient + code_offset_ + static_cast<std::size_t>(t) * flat);
    }
  }
  decoder_.Unpack(tape.decoder, gradient);
  latent_.Backward(tape.latent, parameters, tape.flat.data(), noise, kl_weight,
                   tape.code_gradient.data(), tape.flat_gradient.data(), gradient);
  encoder_.Backward(tape.encoder, cube, tape.flat_gradient.data(), gradient);
  return loss;
}

template <typename T>
SampleLoss SampleNetwork<T>::Evaluate(SampleTape<T>& tape, const T* cube, const T* noise) const {
  encoder_.Forward(tape.encoder, cube, tape.flat.data());
  latent_.Forward(tape.latent, parameters_.data(), tape.flat.data(), noise);
  SampleLoss loss = {0, latent_.Kl(tape.latent)};
  for (int t = 0; t < decoded_slices(); ++t) {
    DecodeSlice(tape, t);
    loss.error += ImageError(tape, cube, t, T(0), nullptr);
  }
  return loss;
}

template <typename T>
void SampleNetwork<T>::Embed(SampleTape<T>& tape, const T* cube, std::size_t index, T* latent,
                             const SliceVisitor<T>& visit) const {
  encoder_.Forward(tape.encoder, cube, tape.flat.data());
  latent_.Forward(tape.latent, parameters_.data(), tape.flat.data(), /*noise=*/nullptr);
  std::copy(tape.latent.mean.begin(), tape.latent.mean.end(), latent);
  if (!visit) return;
  for (int t = 0; t < config_.channels; ++t) {
    if (t < decoded_slices()) DecodeSlice(tape, t);
    visit(index, t, {tape.decoder.image.data(), pixels_});
  }
}

template class SampleNetwork<float>;
template class SampleNetwork<double>;

}  // namespace peculiar
