// neighbors-<model>-<space>.bin: the nearest neighbours of every galaxy in one space, found at
// publish, so that a query for them is a look into memory. A header of 64 bytes, then a list a
// galaxy (docs/formats.md). Mapped; immutable once opened and safe for concurrent reading.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <stop_token>
#include <vector>

#include "core/base/file.h"
#include "core/base/status.h"
#include "core/embedding/matrix.h"
#include "core/embedding/neighbors.h"

namespace peculiar {

// Neighbours of a galaxy that are written down; all others when there are fewer.
inline constexpr std::size_t kStoredNeighbors = 100;

// kStructure: header, size, rows and order. kDistances: also that every distance is the one between
// the coordinates.
enum class NeighborCheck { kStructure, kDistances };

// The lists of rows begin to end - 1 of `coordinates`, one after the other, each min(
// kStoredNeighbors, rows - 1) long, as NeighborScan finds them.
using NeighborSource = std::function<absl::StatusOr<std::vector<Neighbor>>(
    Matrix coordinates, std::size_t begin, std::size_t end)>;

// Searches the neighbours of every row and writes them to a new file, some thousand rows at a time.
// threads: 0 = all cores; the bytes do not depend on it. known: asked instead of a search, where it
// is not empty. O(rows^2 * width); memory for the coordinates once more. INVALID_ARGUMENT as
// NeighborScan, or when `known` gives another number; errors of AtomicFile.
absl::Status WriteNeighborFile(const std::filesystem::path& path, Matrix coordinates, int threads,
                               const NeighborSource& known = {});

class NeighborFile {
 public:
  // coordinates: what the lists were made of; used here only. NOT_FOUND; DATA_LOSS naming the file
  // and the first row that is wrong; CANCELLED once `stop` asks for it. Reads the whole file.
  static absl::StatusOr<NeighborFile> Open(const std::filesystem::path& path, Matrix coordinates,
                                           NeighborCheck check, const std::stop_token& stop = {});

  std::size_t size() const { return rows_; }            // lists
  std::size_t list_size() const { return list_size_; }  // min(kStoredNeighbors, size() - 1)
  // Nearest first, ties by row, the row itself left out. Requires row < size(); valid as long as
  // this object (moving keeps it).
  std::span<const Neighbor> list(std::size_t row) const;

 private:
  explicit NeighborFile(MappedFile file) : file_(std::move(file)) {}

  MappedFile file_;
  std::size_t rows_ = 0;
  std::size_t list_size_ = 0;
};

// How far two spaces agree: the mean over the galaxies of the share of common neighbours among the
// first 15 of both lists (all when there are fewer, and 1 when there are none). Requires two files
// of as many galaxies.
double CommonNeighborShare(const NeighborFile& a, const NeighborFile& b);

}  // namespace peculiar
