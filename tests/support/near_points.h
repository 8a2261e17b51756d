// Points with a known neighbourhood for tests of projections, and their neighbours by a full scan
// in double: the definition that an index is held to. Owned values, seeds written down.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/random.h"
#include "core/embedding/matrix.h"
#include "core/embedding/neighbors.h"

namespace peculiar {

struct TestPoints {
  std::vector<float> values;
  std::size_t width = 0;

  Matrix matrix() const { return {values.data(), values.size() / width, width}; }
};

// Normal with deviation 1 around centres `apart` from each other along the axes; point i belongs to
// cluster i % clusters. width >= clusters.
inline TestPoints MakeClusters(std::size_t rows, std::size_t width, std::size_t clusters,
                               double apart, std::uint64_t seed) {
  TestPoints points{{}, width};
  Random random(seed);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < width; ++j) {
      const double centre = j == i % clusters ? apart : 0;
      points.values.push_back(static_cast<float>(centre + random.Normal()));
    }
  }
  return points;
}

// Evenly spaced on a circle of radius 1 in the first two of three axes.
inline TestPoints MakeCircle(std::size_t rows) {
  TestPoints points{{}, 3};
  for (std::size_t i = 0; i < rows; ++i) {
    const double angle = 2 * M_PI * static_cast<double>(i) / static_cast<double>(rows);
    for (const double value : {std::cos(angle), std::sin(angle), 0.0}) {
      points.values.push_back(static_cast<float>(value));
    }
  }
  return points;
}

enum class SameSet { kNo, kYes };  // kYes: query i is point i, which is left out

// Of each query the k nearest points, nearest first, ties by row; fewer where there are fewer.
inline std::vector<NeighborList> NearestByScan(Matrix points, Matrix queries, std::size_t k,
                                               SameSet same_set) {
  std::vector<NeighborList> lists;
  for (std::size_t i = 0; i < queries.rows; ++i) {
    NeighborList list;
    for (std::size_t row = 0; row < points.rows; ++row) {
      double sum = 0;
      for (std::size_t j = 0; j < points.width; ++j) {
        sum += std::pow(double{points.row(row)[j]} - double{queries.row(i)[j]}, 2);
      }
      if (same_set == SameSet::kNo || row != i) list.push_back({row, std::sqrt(sum)});
    }
    std::stable_sort(list.begin(), list.end(),
                     [](const auto& a, const auto& b) { return a.distance < b.distance; });
    list.resize(std::min(k, list.size()));
    lists.push_back(std::move(list));
  }
  return lists;
}

inline std::vector<NeighborList> NearestOthers(Matrix points, std::size_t k) {
  return NearestByScan(points, points, k, SameSet::kYes);
}

}  // namespace peculiar
