// Nearest neighbours by Euclidean distance, exact. Owns a copy of its vectors. Immutable once built
// or loaded; safe for concurrent Search. A search uses the calling thread only, and whatever vector
// instructions the CPU has; what it finds does not depend on them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "core/base/status.h"
#include "core/embedding/matrix.h"
#include "core/embedding/neighbors.h"
#include "core/embedding/row_set.h"

namespace peculiar {

class VectorIndex {
 public:
  // vectors: at least 1 x 1, copied. INVALID_ARGUMENT when empty or when a value is not finite,
  // naming its row.
  static absl::StatusOr<VectorIndex> Build(Matrix vectors);

  // Reads what Save wrote. The file's size is checked against its header before anything is
  // allocated. NOT_FOUND; DATA_LOSS naming the file when it is not such a file, or not whole.
  static absl::StatusOr<VectorIndex> Load(const std::filesystem::path& path);

  VectorIndex(VectorIndex&&) noexcept;
  VectorIndex& operator=(VectorIndex&&) noexcept;
  ~VectorIndex();

  // Writes FAISS's own format, atomically. Errors of AtomicFile.
  absl::Status Save(const std::filesystem::path& path) const;

  std::size_t size() const;
  std::size_t dim() const;
  // The indexed vectors, size() x dim(), row-major; valid as long as the index (moving keeps it).
  Matrix vectors() const;

  // queries: n x dim(), row-major float32. Returns n lists of at most k, nearest first, ties by
  // row; shorter only when size() < k. Distances and order are those of a full scan in double, also
  // with duplicate vectors. O(n * size() * dim()). INVALID_ARGUMENT if k < 1, the width differs
  // from dim() or a value is not finite.
  absl::StatusOr<std::vector<NeighborList>> Search(Matrix queries, int k) const;

  // Neighbours of an indexed vector, itself left out (but not its duplicates, at distance 0); at
  // most size() - 1. INVALID_ARGUMENT if k < 1 or row >= size().
  absl::StatusOr<NeighborList> SearchRow(std::size_t row, int k) const;

  // The same among some of the rows, for a query dim() wide; O(allowed rows * dim()).
  // INVALID_ARGUMENT as Search, or when `allowed` is not of size() rows.
  absl::StatusOr<NeighborList> SearchAmong(std::span<const float> query, int k,
                                           const RowSet& allowed) const;

 private:
  struct Flat;  // the FAISS index
  absl::Status CheckQueries(Matrix queries, int k) const;
  explicit VectorIndex(std::unique_ptr<Flat> flat);
  std::unique_ptr<Flat> flat_;
};

}  // namespace peculiar
