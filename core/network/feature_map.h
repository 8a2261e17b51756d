// How images lie in memory. Usually NHWC: a pixel is `lanes` values in a row: its channels, padded
// with zeros to a width that vectors divide. Images of a few channels lie in planes instead, one a
// channel, where vectors lie along the rows. A map has a border of zero pixels, so that a
// convolution reads over the edge without a branch. Pads and borders are written once, as zeros.
#pragma once

#include <cstddef>

#include "core/network/aligned_buffer.h"

namespace peculiar {

// Lanes of a pixel of so many channels: 4, 8 or a multiple of 16. The same on every machine.
constexpr int PaddedLanes(int channels) {
  return channels <= 4 ? 4 : channels <= 8 ? 8 : (channels + 15) / 16 * 16;
}

// Most planes of a map.
inline constexpr int kMaxPlanes = 4;

// Where the channels of a pixel lie: `groups` equal parts (the four gates of a ConvLSTM), each
// padded by itself. In planes a pixel has a single lane.
struct ChannelLanes {
  int channels = 1;
  int groups = 1;
  int group_lanes = 1;
  int planes = 1;

  static ChannelLanes Planes(int channels) { return {channels, 1, 1, channels}; }
  static ChannelLanes Image() { return Planes(1); }  // a slice of a cube
  static ChannelLanes Of(int channels) { return {channels, 1, PaddedLanes(channels)}; }
  static ChannelLanes Gates(int width) { return {4 * width, 4, PaddedLanes(width)}; }

  int lanes() const { return groups * group_lanes; }
  bool in_planes() const { return lanes() == 1; }
  // So few channels that planes fill vectors better.
  static constexpr bool FitPlanes(int channels) { return channels <= kMaxPlanes; }
  // In planes: the plane.
  int LaneOf(int channel) const {
    const int width = channels / groups;
    return channel / width * group_lanes + channel % width;
  }
};

struct MapShape {
  int rows = 0;
  int columns = 0;
  int lanes = 0;
  int border = 1;  // zero pixels on every side; 0 for what no convolution reads
  int planes = 1;  // more than one: lanes is 1

  static MapShape Of(int rows, int columns, const ChannelLanes& lanes) {
    return {rows, columns, lanes.lanes(), 1, lanes.planes};
  }
  MapShape WithoutBorder() const { return {rows, columns, lanes, 0, planes}; }
  std::ptrdiff_t row_step() const {
    return static_cast<std::ptrdiff_t>(columns + 2 * border) * lanes;
  }
  std::ptrdiff_t plane_step() const { return (rows + 2 * border) * row_step(); }
  // Values, the border's among them.
  std::size_t size() const { return static_cast<std::size_t>(planes * plane_step()); }
};

// A borrowed map.
template <typename T>
struct Map {
  T* values = nullptr;  // the first, of the border if there is one
  MapShape shape;

  // Pixel (y, x), of the first plane; -1 and `rows`, `columns` are the border.
  T* At(int y, int x) const {
    return values + (y + shape.border) * shape.row_step() +
           static_cast<std::ptrdiff_t>(x + shape.border) * shape.lanes;
  }
  T* Channel(int y, int x, const ChannelLanes& lanes, int channel) const {
    return At(y, x) + (lanes.in_planes() ? channel * shape.plane_step() : lanes.LaneOf(channel));
  }
};

// Maps of one shape: one a slice in training, a few that are used in turn otherwise.
template <typename T>
class MapStack {
 public:
  MapStack() = default;
  MapStack(MapShape shape, int count)
      : shape_(shape), buffer_(shape.size() * static_cast<std::size_t>(count)) {}

  Map<T> operator[](int i) const {
    return {buffer_.data() + static_cast<std::size_t>(i) * shape_.size(), shape_};
  }
  const MapShape& shape() const { return shape_; }
  void Clear() { buffer_.Clear(); }

 private:
  MapShape shape_;
  AlignedBuffer<T> buffer_;
};

}  // namespace peculiar
