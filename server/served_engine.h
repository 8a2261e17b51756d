// A query engine as it is served: with what answers say of each galaxy, and of its mean absolute
// error by each model, encoded once, when its snapshot is opened. Looking it up, building and
// encoding it again for every row is most of what a page or a list of neighbours would cost beyond
// an empty call. Immutable; safe for concurrent use.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/query/engine.h"
#include "server/response_bytes.h"

namespace peculiar::server {

// Bytes of every row, one behind the other in an order of their own.
class BytesByRow {
 public:
  // order: every row once. append(row, bytes): its bytes.
  template <typename Append>
  BytesByRow(const std::vector<std::uint32_t>& order, const Append& append) : rows_(order.size()) {
    ResponseBytes bytes;
    for (std::uint32_t place = 0; place < order.size(); ++place) {
      const std::size_t begin = bytes.size();
      append(order[place], bytes);
      rows_[order[place]] = {begin, static_cast<std::uint32_t>(bytes.size() - begin), place};
    }
    bytes_ = bytes.Take();
  }

  void Prefetch(std::size_t row) const {
    constexpr std::size_t kCacheLine = 64;
    const std::string_view bytes = (*this)[row];
    for (std::size_t i = 0; i < bytes.size(); i += kCacheLine) __builtin_prefetch(&bytes[i]);
  }
  std::string_view operator[](std::size_t row) const {
    return {reinterpret_cast<const char*>(bytes_.begin()) + rows_[row].begin, rows_[row].size};
  }

  // These rows as they lie here, not a copy, which may outlive this; absent when others lie between
  // them. Requires that they rise in the order.
  std::optional<grpc::Slice> Together(std::span<const std::uint32_t> rows) const {
    if (rows.empty()) return {};
    const Row &first = rows_[rows.front()], &last = rows_[rows.back()];
    if (last.place - first.place + 1 != rows.size()) return {};
    return bytes_.sub(first.begin, last.begin + last.size);
  }

 private:
  struct Row {
    std::uint64_t begin;
    std::uint32_t size;
    std::uint32_t place;  // in the order
  };

  grpc::Slice bytes_;
  std::vector<Row> rows_;
};

class ServedEngine final : public QueryEngine {
 public:
  // O(galaxies x models); some 190 bytes of memory a galaxy and model.
  explicit ServedEngine(std::shared_ptr<const Snapshot> snapshot);

  // The next two will be asked for this row: a page's rows lie all over the memory, and are waited
  // for together.
  void Prefetch(std::size_t model, std::size_t row) const { anomalies_[model].Prefetch(row); }
  // Append one row of a response, as the field `anomalies` or `neighbors`.
  void AppendAnomaly(const AnomalyRows& page, std::size_t row, ResponseBytes& rows) const;
  void AppendNeighbor(const NeighborRows& found, const Neighbor& neighbor,
                      ResponseBytes& rows) const;
  // All rows of the page as AppendAnomaly writes them, without a copy; absent when they do not lie
  // one behind the other: those of a page of all galaxies by mae, the highest first, do.
  std::optional<grpc::Slice> AnomaliesTogether(const AnomalyRows& page) const;

 private:
  std::vector<BytesByRow> anomalies_;  // by model: a ranking by mae, as the field `anomalies`
};

}  // namespace peculiar::server
