// A list of neighbours as rows of the catalogue, before what is said of each. Borrows from the
// snapshot.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "core/embedding/neighbors.h"

namespace peculiar {

// A galaxy's first neighbours in a space: as many as were asked for, at most those of
// Snapshot::neighbors, whatever the filter.
struct FirstNeighbors {
  bool Has(std::size_t row) const {
    return std::any_of(list.begin(), list.end(),
                       [row](const Neighbor& neighbor) { return neighbor.row == row; });
  }

  std::string_view space;
  std::span<const Neighbor> list;
};

// A list of neighbours: the snapshot's, or its own.
class FoundNeighbors {
 public:
  FoundNeighbors() = default;
  explicit FoundNeighbors(std::span<const Neighbor> stored) : stored_(stored) {}
  explicit FoundNeighbors(NeighborList made) : made_(std::move(made)) {}

  auto begin() const { return list().begin(); }
  auto end() const { return list().end(); }
  std::size_t size() const { return list().size(); }

 private:
  std::span<const Neighbor> list() const { return made_.empty() ? stored_ : made_; }

  std::span<const Neighbor> stored_;
  NeighborList made_;
};

// Neighbours as rows of the catalogue; model and space by their places.
struct NeighborRows {
  std::size_t model = 0;
  std::size_t space = 0;
  std::optional<std::size_t> row;  // the galaxy asked for; absent for a vector
  FoundNeighbors nearest;          // nearest first, itself left out; ties by plate-IFU
  absl::InlinedVector<FirstNeighbors, 4> elsewhere;  // in every other space; none for a vector
};

}  // namespace peculiar
