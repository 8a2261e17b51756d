#include "core/network/convolution.h"

#include <algorithm>
#include <array>
#include <cassert>

namespace peculiar {
namespace {

constexpr int kWindow = 3;

// Zeros before the first pixel: an even axis at stride 2 begins at its first pixel.
int PadBefore(int n, int stride) { return stride == 2 && n % 2 == 0 ? 0 : 1; }

int Halved(int n, int stride) { return (n + stride - 1) / stride; }

}  // namespace

template <typename T>
Convolution<T>::Convolution(int rows, int columns, int stride, ChannelLanes big, ChannelLanes small)
    : stride_(stride),
      pad_rows_(PadBefore(rows, stride)),
      pad_columns_(PadBefore(columns, stride)),
      big_lanes_(big),
      small_lanes_(small),
      big_shape_(MapShape::Of(rows, columns, big)),
      small_shape_(MapShape::Of(Halved(rows, stride), Halved(columns, stride), small)) {
  const bool both = big.in_planes() && small.in_planes();
  assert(stride == 1 || !(big.in_planes() || small.in_planes()));
  assert(both || std::max(big.planes, small.planes) == 1);
  if (both) {
    planes_.emplace(big.channels, small.channels);
    return;
  }
  to_small_ = MakePasses(Direction::kToSmall);
  to_big_ = MakePasses(Direction::kToBig);
}

// The width for ConvolveAcross, or 0. That pays for few lanes from many, and for 8 only when all
// the window is summed at once.
template <typename T>
int Convolution<T>::AcrossWidth(Direction direction) const {
  const int in = InOf(direction).lanes, out = OutOf(direction).lanes;
  const bool pays = in % 16 == 0 && (out <= 4 || (out == 8 && stride_ == 1));
  return out == 1 || pays ? std::min(in, 16) : 0;
}

// Output pixels a position: as many as fill 16 lanes, when they divide a row.
template <typename T>
int Convolution<T>::BlockOf(Direction direction) const {
  const MapShape& out = OutOf(direction);
  const bool halves = direction == Direction::kToSmall && stride_ == 2;
  if (halves || AcrossWidth(direction) > 0) return 1;
  if (out.lanes == 4 && out.columns % 4 == 0) return 4;
  return out.lanes <= 8 && out.columns % 2 == 0 ? 2 : 1;
}

template <typename T>
std::vector<ConvPass<T>> Convolution<T>::MakePasses(Direction direction) const {
  const MapShape& out = OutOf(direction);
  std::vector<ConvPass<T>> passes;
  for (const PassAxis& rows : MakeAxes(direction, out.rows, 1, pad_rows_)) {
    for (const PassAxis& columns :
         MakeAxes(direction, out.columns, BlockOf(direction), pad_columns_)) {
      passes.push_back(MakePass(direction, rows, columns));
    }
  }
  return passes;
}

// ToSmall: small pixel n sees big pixel stride n + k - pad. ToBig is the same relation read the
// other way.
template <typename T>
int Convolution<T>::WindowIndex(Direction direction, int sub, int d, int pad) const {
  return direction == Direction::kToSmall ? d - sub * stride_ + pad : sub + pad - d * stride_;
}

// At stride 2 the big map's pixels fall into two classes, even and odd, on an axis: each meets only
// the part of the window of its parity. A block of them holds both.
template <typename T>
std::vector<PassAxis> Convolution<T>::MakeAxes(Direction direction, int out, int block,
                                               int pad) const {
  const bool to_small = direction == Direction::kToSmall;
  const bool split = !to_small && stride_ == 2 && block == 1;
  std::vector<PassAxis> axes;
  for (int first = 0; first < (split ? 2 : 1); ++first) {
    PassAxis axis;
    axis.first = first;
    axis.block = block;
    axis.out_step = split ? 2 : block;
    axis.in_step = to_small ? block * stride_ : axis.out_step / stride_;
    axis.positions = (out - first + axis.out_step - 1) / axis.out_step;
    for (int d = -kWindow; d <= block * stride_ + kWindow; ++d) {
      for (int sub = first; sub < first + block; ++sub) {
        const int k = WindowIndex(direction, sub, d, pad);
        if (k < 0 || k >= kWindow) continue;
        axis.reach.push_back(d);
        break;
      }
    }
    axes.push_back(std::move(axis));
  }
  return axes;
}

template <typename T>
ConvPass<T> Convolution<T>::MakePass(Direction direction, const PassAxis& rows,
                                     const PassAxis& columns) const {
  const MapShape& in = InOf(direction);
  const MapShape& out = OutOf(direction);
  ConvPass<T> pass;
  pass.rows = rows;
  pass.columns = columns;
  pass.lanes = columns.block * out.lanes;
  pass.across = AcrossWidth(direction);
  for (const int d : rows.reach) {
    pass.runs.push_back({d * in.row_step() + static_cast<Step>(columns.reach.front()) * in.lanes,
                         static_cast<int>(columns.reach.size()) * in.lanes});
  }
  const std::size_t taps = rows.reach.size() * columns.reach.size();
  pass.weights = AlignedBuffer<T>(taps * static_cast<std::size_t>(in.lanes * pass.lanes));
  pass.bias = AlignedBuffer<T>(static_cast<std::size_t>(pass.lanes));
  return pass;
}

template <typename T>
void Convolution<T>::Pack(const T* kernel, const T* big_bias, const T* small_bias) {
  if (planes_) return planes_->Pack(kernel, big_bias, small_bias);
  for (ConvPass<T>& pass : to_small_) PackPass(Direction::kToSmall, kernel, small_bias, pass);
  for (ConvPass<T>& pass : to_big_) PackPass(Direction::kToBig, kernel, big_bias, pass);
}

// Where the weight of an input value, of `values`, and an output lane lies.
template <typename T>
std::size_t Convolution<T>::PlaceOf(const ConvPass<T>& pass, int values, int value, int lane) {
  if (pass.across > 0) {
    const int first = value / pass.across * pass.across;
    return static_cast<std::size_t>(first * pass.lanes + lane * pass.across + value - first);
  }
  const int first = lane / kLaneGroup * kLaneGroup;
  const int group = std::min(kLaneGroup, pass.lanes - first);
  return static_cast<std::size_t>(first * values + value * group + lane - first);
}

template <typename T>
void Convolution<T>::PackPass(Direction direction, const T* kernel, const T* bias,
                              ConvPass<T>& pass) const {
  const bool to_small = direction == Direction::kToSmall;
  const ChannelLanes& in = to_small ? big_lanes_ : small_lanes_;
  const ChannelLanes& out = to_small ? small_lanes_ : big_lanes_;
  const std::vector<int>& rows = pass.rows.reach;
  const std::vector<int>& columns = pass.columns.reach;
  const int values = static_cast<int>(rows.size() * columns.size()) * in.lanes();
  for (int sub = 0; sub < pass.columns.block; ++sub) {
    for (std::size_t tap = 0; tap < rows.size() * columns.size(); ++tap) {
      const int ky = WindowIndex(direction, pass.rows.first, rows[tap / columns.size()], pad_rows_);
      const int kx = WindowIndex(direction, pass.columns.first + sub, columns[tap % columns.size()],
                                 pad_columns_);
      if (std::min(ky, kx) < 0 || std::max(ky, kx) >= kWindow) continue;
      const T* window = kernel + (ky * kWindow + kx) * big_lanes_.channels * small_lanes_.channels;
      for (int i = 0; i < in.channels; ++i) {
        const int value = static_cast<int>(tap) * in.lanes() + in.LaneOf(i);
        for (int o = 0; o < out.channels; ++o) {
          const int index =
              to_small ? i * small_lanes_.channels + o : o * small_lanes_.channels + i;
          pass.weights[PlaceOf(pass, values, value, sub * out.lanes() + out.LaneOf(o))] =
              window[index];
        }
      }
    }
    for (int o = 0; bias != nullptr && o < out.channels; ++o) {
      pass.bias[static_cast<std::size_t>(sub * out.lanes() + out.LaneOf(o))] = bias[o];
    }
  }
}

template <typename T>
ConvSource<T> Convolution<T>::SourceOf(const ConvPass<T>& pass, Map<T> in) const {
  return {in.At(0, 0), pass.rows.in_step * in.shape.row_step(),
          static_cast<Step>(pass.columns.in_step) * in.shape.lanes, pass.runs, pass.weights.data()};
}

template <typename T>
void Convolution<T>::Run(const ConvPass<T>& pass, Map<T> in, Map<T> out) const {
  const std::array<ConvSource<T>, 1> source = {SourceOf(pass, in)};
  const ConvCall<T> call = {pass.rows.positions,
                            pass.columns.positions,
                            pass.lanes,
                            source,
                            pass.bias.data(),
                            out.At(pass.rows.first, pass.columns.first),
                            pass.rows.out_step * out.shape.row_step(),
                            static_cast<Step>(pass.columns.out_step) * out.shape.lanes};
  pass.across > 0 ? ConvolveAcross(call, pass.across) : Convolve(call);
}

template <typename T>
void Convolution<T>::ToSmall(Map<T> big, Map<T> small) const {
  if (planes_) return planes_->ToSmall(big, small);
  for (const ConvPass<T>& pass : to_small_) Run(pass, big, small);
}

template <typename T>
void Convolution<T>::ToBig(Map<T> small, Map<T> big) const {
  if (planes_) return planes_->ToBig(small, big);
  for (const ConvPass<T>& pass : to_big_) Run(pass, small, big);
}

template <typename T>
void Convolution<T>::SumToSmall(const Convolution& first, Map<T> first_big,
                                const Convolution& second, Map<T> second_big, Map<T> small) {
  const ConvPass<T>& pass = first.to_small_[0];
  const std::array<ConvSource<T>, 2> sources = {first.SourceOf(pass, first_big),
                                                second.SourceOf(second.to_small_[0], second_big)};
  Convolve<T>({pass.rows.positions, pass.columns.positions, pass.lanes, sources, pass.bias.data(),
               small.At(0, 0), small.shape.row_step(), small.shape.lanes});
}

template <typename T>
void Convolution<T>::AddGradient(Map<T> big, Map<T> small, T* gradient) const {
  if (planes_) return planes_->AddGradient(big, small, gradient);
  KernelGradientCall<T> call;
  call.rows = small_shape_.rows;
  call.columns = small_shape_.columns;
  call.big = big.At(-pad_rows_, -pad_columns_);
  call.big_row = stride_ * big_shape_.row_step();
  call.big_pixel = static_cast<Step>(stride_) * big_shape_.lanes;
  call.window_row = big_shape_.row_step();
  call.run_length = kWindow * big_shape_.lanes;
  call.small = small.At(0, 0);
  call.small_row = small_shape_.row_step();
  call.small_lanes = small_shape_.lanes;
  call.gradient = gradient;
  AddKernelGradient(call);
}

template <typename T>
std::size_t Convolution<T>::GradientSize() const {
  if (planes_) return planes_->GradientSize();
  return KernelGradientSize(kWindow * big_shape_.lanes, small_shape_.lanes);
}

template <typename T>
void Convolution<T>::UnpackGradient(const T* gradient, T* kernel_gradient) const {
  if (planes_) return planes_->UnpackGradient(gradient, kernel_gradient);
  const int run = kWindow * big_shape_.lanes;
  const bool transposed = GradientIsTransposed(small_shape_.lanes);
  const int stride = GradientStride(run);
  for (int tap = 0; tap < kWindow * kWindow; ++tap) {
    const int row = tap / kWindow;
    for (int a = 0; a < big_lanes_.channels; ++a) {
      const int value = tap % kWindow * big_shape_.lanes + big_lanes_.LaneOf(a);
      for (int b = 0; b < small_lanes_.channels; ++b) {
        const int lane = small_lanes_.LaneOf(b);
        const int at = transposed ? (row * small_shape_.lanes + lane) * stride + value
                                  : (row * run + value) * small_shape_.lanes + lane;
        *kernel_gradient++ += gradient[at];
      }
    }
  }
}

template class Convolution<float>;
template class Convolution<double>;

}  // namespace peculiar
