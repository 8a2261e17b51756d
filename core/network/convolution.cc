#include "core/network/convolution.h"

#include <algorithm>
#include <array>
#include <cstring>

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
      big_shape_{rows, columns, big.lanes()},
      small_shape_{Halved(rows, stride), Halved(columns, stride), small.lanes()} {
  to_small_.push_back(MakePass(Direction::kToSmall, BlockOf(Direction::kToSmall), 0, 0));
  const int block = BlockOf(Direction::kToBig);
  if (stride == 1 || block > 1) {
    to_big_.push_back(MakePass(Direction::kToBig, block, 0, 0));
    return;
  }
  // Pixels of the big map fall into four classes by the parity of row and column: each meets only
  // the part of the window of its parity.
  for (const int row : {0, 1}) {
    for (const int column : {0, 1}) {
      to_big_.push_back(MakePass(Direction::kToBig, 1, row, column));
    }
  }
}

// Output pixels a position: as many as fill 16 lanes, when they divide the map.
template <typename T>
int Convolution<T>::BlockOf(Direction direction) const {
  const bool to_small = direction == Direction::kToSmall;
  if (to_small && stride_ == 2) return 1;
  const MapShape& out = to_small ? small_shape_ : big_shape_;
  const auto divides = [&](int block) { return out.rows % block == 0 && out.columns % block == 0; };
  if (out.lanes == 1 && stride_ == 1 && divides(4)) return 4;
  if (out.lanes <= 4 && divides(2)) return 2;
  return 1;
}

// ToSmall: small pixel n sees big pixel stride n + k - pad. ToBig is the same relation read the
// other way.
template <typename T>
int Convolution<T>::WindowIndex(Direction direction, int sub, int d, int pad) const {
  return direction == Direction::kToSmall ? d - sub * stride_ + pad : sub + pad - d * stride_;
}

// Input pixels that a position's output pixels first .. first + block - 1 meet on an axis.
template <typename T>
std::vector<int> Convolution<T>::Reach(Direction direction, int first, int block, int pad) const {
  std::vector<int> reach;
  for (int d = -kWindow; d <= block * stride_ + kWindow; ++d) {
    for (int sub = first; sub < first + block; ++sub) {
      const int k = WindowIndex(direction, sub, d, pad);
      if (k < 0 || k >= kWindow) continue;
      reach.push_back(d);
      break;
    }
  }
  return reach;
}

template <typename T>
ConvPass<T> Convolution<T>::MakePass(Direction direction, int block, int first_row,
                                     int first_column) const {
  const bool to_small = direction == Direction::kToSmall;
  const MapShape& in = to_small ? big_shape_ : small_shape_;
  const MapShape& out = to_small ? small_shape_ : big_shape_;
  ConvPass<T> pass;
  pass.block = block;
  pass.first_row = first_row;
  pass.first_column = first_column;
  pass.out_step = to_small || stride_ == 1 ? block : 2;
  pass.in_step = to_small ? block * stride_ : pass.out_step / stride_;
  pass.rows = (out.rows - first_row + pass.out_step - 1) / pass.out_step;
  pass.columns = (out.columns - first_column + pass.out_step - 1) / pass.out_step;
  pass.pixel_lanes = out.lanes;
  pass.lanes = PaddedLanes(block * block * out.lanes);
  const std::vector<int> columns = Reach(direction, first_column, block, pad_columns_);
  const std::vector<int> rows = Reach(direction, first_row, block, pad_rows_);
  for (const int d : rows) {
    pass.runs.push_back({d * in.row_step() + static_cast<Step>(columns.front()) * in.lanes,
                         static_cast<int>(columns.size()) * in.lanes});
  }
  const std::size_t taps = rows.size() * columns.size();
  pass.weights = AlignedBuffer<T>(taps * static_cast<std::size_t>(in.lanes * pass.lanes));
  pass.bias = AlignedBuffer<T>(static_cast<std::size_t>(pass.lanes));
  return pass;
}

template <typename T>
void Convolution<T>::Pack(const T* kernel, const T* big_bias, const T* small_bias) {
  for (ConvPass<T>& pass : to_small_) PackPass(Direction::kToSmall, kernel, small_bias, pass);
  for (ConvPass<T>& pass : to_big_) PackPass(Direction::kToBig, kernel, big_bias, pass);
}

template <typename T>
void Convolution<T>::PackPass(Direction direction, const T* kernel, const T* bias,
                              ConvPass<T>& pass) const {
  const bool to_small = direction == Direction::kToSmall;
  const ChannelLanes& in = to_small ? big_lanes_ : small_lanes_;
  const ChannelLanes& out = to_small ? small_lanes_ : big_lanes_;
  const auto rows = Reach(direction, pass.first_row, pass.block, pad_rows_);
  const auto columns = Reach(direction, pass.first_column, pass.block, pad_columns_);
  const int values = static_cast<int>(rows.size() * columns.size()) * in.lanes();
  // Where the weight of an input value and an output lane lies.
  const auto place = [&](int value, int lane) -> T& {
    const int first = lane / kLaneGroup * kLaneGroup;
    const int group = std::min(kLaneGroup, pass.lanes - first);
    return pass.weights[static_cast<std::size_t>(first * values + value * group + lane - first)];
  };
  for (int sub = 0; sub < pass.block * pass.block; ++sub) {
    const int sub_row = pass.first_row + sub / pass.block;
    const int sub_column = pass.first_column + sub % pass.block;
    for (std::size_t tap = 0; tap < rows.size() * columns.size(); ++tap) {
      const int ky = WindowIndex(direction, sub_row, rows[tap / columns.size()], pad_rows_);
      const int kx =
          WindowIndex(direction, sub_column, columns[tap % columns.size()], pad_columns_);
      if (std::min(ky, kx) < 0 || std::max(ky, kx) >= kWindow) continue;
      const T* window = kernel + (ky * kWindow + kx) * big_lanes_.channels * small_lanes_.channels;
      for (int i = 0; i < in.channels; ++i) {
        const int value = static_cast<int>(tap) * in.lanes() + in.LaneOf(i);
        for (int o = 0; o < out.channels; ++o) {
          const int index =
              to_small ? i * small_lanes_.channels + o : o * small_lanes_.channels + i;
          place(value, sub * out.lanes() + out.LaneOf(o)) = window[index];
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
  return {in.At(0, 0), pass.in_step * in.shape.row_step(),
          static_cast<Step>(pass.in_step) * in.shape.lanes, pass.runs, pass.weights.data()};
}

// Copies the pixels of every position from [position][pixel][lane] to their places; `width` values
// of an output row lie in a row there too.
template <int width, typename T>
void ScatterRows(const ConvPass<T>& pass, const T* scratch, Map<T> out) {
  for (int y = 0; y < pass.rows; ++y) {
    for (int sub = 0; sub < pass.block; ++sub) {
      const T* from = scratch + static_cast<Step>(y) * pass.columns * pass.lanes + sub * width;
      T* to = out.At(y * pass.out_step + pass.first_row + sub, pass.first_column);
      for (int x = 0; x < pass.columns; ++x) {
        std::memcpy(to, from, width * sizeof(T));  // of fixed size: moves of vectors, no call
        from += pass.lanes;
        to += pass.out_step * out.shape.lanes;
      }
    }
  }
}

template <typename T>
void Scatter(const ConvPass<T>& pass, const T* scratch, Map<T> out) {
  const int width = pass.block * out.shape.lanes;
  if (width == 8) ScatterRows<8>(pass, scratch, out);
  if (width == 4) ScatterRows<4>(pass, scratch, out);
  if (width == 1) ScatterRows<1>(pass, scratch, out);
}

template <typename T>
void Convolution<T>::Run(const ConvPass<T>& pass, Map<T> in, Map<T> out, T* scratch) const {
  const std::array<ConvSource<T>, 1> source = {SourceOf(pass, in)};
  ConvCall<T> call = {pass.rows, pass.columns, pass.lanes, source, pass.bias.data()};
  if (pass.lanes == out.shape.lanes) {
    call.out = out.At(pass.first_row, pass.first_column);
    call.out_row = pass.out_step * out.shape.row_step();
    call.out_pixel = static_cast<Step>(pass.out_step) * out.shape.lanes;
    Convolve(call);
    return;
  }
  call.out = scratch;
  call.out_row = static_cast<Step>(pass.columns) * pass.lanes;
  call.out_pixel = pass.lanes;
  Convolve(call);
  Scatter(pass, scratch, out);
}

template <typename T>
void Convolution<T>::ToSmall(Map<T> big, Map<T> small, T* scratch) const {
  for (const ConvPass<T>& pass : to_small_) Run(pass, big, small, scratch);
}

template <typename T>
void Convolution<T>::ToBig(Map<T> small, Map<T> big, T* scratch) const {
  for (const ConvPass<T>& pass : to_big_) Run(pass, small, big, scratch);
}

template <typename T>
void Convolution<T>::SumToSmall(const Convolution& first, Map<T> first_big,
                                const Convolution& second, Map<T> second_big, Map<T> small) {
  const ConvPass<T>& pass = first.to_small_[0];
  const std::array<ConvSource<T>, 2> sources = {first.SourceOf(pass, first_big),
                                                second.SourceOf(second.to_small_[0], second_big)};
  Convolve<T>({pass.rows, pass.columns, pass.lanes, sources, pass.bias.data(), small.At(0, 0),
               small.shape.row_step(), small.shape.lanes});
}

template <typename T>
std::size_t Convolution<T>::ScratchSize() const {
  std::size_t size = 0;
  for (const auto* passes : {&to_small_, &to_big_}) {
    for (const ConvPass<T>& pass : *passes) {
      size = std::max(size, static_cast<std::size_t>(pass.rows * pass.columns * pass.lanes));
    }
  }
  return size;
}

template <typename T>
void Convolution<T>::AddGradient(Map<T> big, Map<T> small, T* gradient) const {
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
  return KernelGradientSize(kWindow * big_shape_.lanes, small_shape_.lanes);
}

template <typename T>
void Convolution<T>::UnpackGradient(const T* gradient, T* kernel_gradient) const {
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
