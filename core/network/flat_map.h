// Between a flat array [y][x][channel] (as Keras's Flatten gives it) and the pixels of a map, whose
// pads stay zero.
#pragma once

#include <algorithm>

#include "core/network/feature_map.h"

namespace peculiar {

template <typename T>
void ToFlat(Map<T> map, int channels, T* flat) {
  for (int y = 0; y < map.shape.rows; ++y) {
    for (int x = 0; x < map.shape.columns; ++x, flat += channels) {
      std::copy_n(map.At(y, x), channels, flat);
    }
  }
}

template <typename T>
void FromFlat(const T* flat, int channels, Map<T> map) {
  for (int y = 0; y < map.shape.rows; ++y) {
    for (int x = 0; x < map.shape.columns; ++x, flat += channels) {
      std::copy_n(flat, channels, map.At(y, x));
    }
  }
}

}  // namespace peculiar
