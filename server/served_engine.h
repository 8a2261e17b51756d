// A query engine as it is served: with what answers say of each galaxy, and of its mean absolute
// error by each model, encoded once, when its snapshot is opened. Looking it up, building and
// encoding it again for every row is most of what a page or a list of neighbours would cost beyond
// an empty call. Immutable; safe for concurrent use.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/query/engine.h"

namespace peculiar::server {

// Bytes of every row, one behind the other.
class BytesByRow {
 public:
  void Add(std::string_view bytes) {
    bytes_.append(bytes);
    ends_.push_back(bytes_.size());
  }
  void Prefetch(std::size_t row) const {
    constexpr std::size_t kCacheLine = 64;
    const std::string_view bytes = (*this)[row];
    for (std::size_t i = 0; i < bytes.size(); i += kCacheLine) __builtin_prefetch(&bytes[i]);
  }
  std::string_view operator[](std::size_t row) const {
    const std::size_t begin = row == 0 ? 0 : ends_[row - 1];
    return std::string_view(bytes_).substr(begin, ends_[row] - begin);
  }

 private:
  std::string bytes_;
  std::vector<std::size_t> ends_;
};

class ServedEngine final : public QueryEngine {
 public:
  // O(galaxies x models); some 190 bytes of memory a galaxy and model.
  explicit ServedEngine(std::shared_ptr<const Snapshot> snapshot);

  // The next two will be asked for this row: a page's rows lie all over the memory, and are waited
  // for together.
  void Prefetch(std::size_t model, std::size_t row) const { anomalies_[model].Prefetch(row); }
  // Append one row of a response, as the field `anomalies` or `neighbors`.
  void AppendAnomaly(const AnomalyRows& page, std::size_t row, std::string& rows) const;
  void AppendNeighbor(const NeighborRows& found, const Neighbor& neighbor, std::string& rows) const;

 private:
  std::vector<BytesByRow> anomalies_;  // by model: the field `anomalies` of a ranking by mae
};

}  // namespace peculiar::server
