// Between a flat array [y][x][channel] (as Keras's Flatten gives it) and the pixels of a map, whose
// pads stay zero.
#pragma once

#include <algorithm>

#include "core/network/feature_map.h"

namespace peculiar {

template <typename T>
void ToFlat(Map<T> map, int channels, T* flat) {
  const int columns = map.shape.columns;
  for (int y = 0; y < map.shape.rows; ++y, flat += columns * channels) {
    if (map.shape.lanes == channels) {  // a row lies in one piece
      std::copy_n(map.At(y, 0), columns * channels, flat);
      continue;
    }
    for (int x = 0; x < columns; ++x) std::copy_n(map.At(y, x), channels, flat + x * channels);
  }
}

template <typename T>
void FromFlat(const T* flat, int channels, Map<T> map) {
  const int columns = map.shape.columns;
  for (int y = 0; y < map.shape.rows; ++y, flat += columns * channels) {
    if (map.shape.lanes == channels) {
      std::copy_n(flat, columns * channels, map.At(y, 0));
      continue;
    }
    for (int x = 0; x < columns; ++x) std::copy_n(flat + x * channels, channels, map.At(y, x));
  }
}

}  // namespace peculiar
