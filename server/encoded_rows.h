// What answers say of each galaxy, encoded once when a snapshot is opened: bytes of every row of
// the catalogue, one behind the other. Immutable; safe for concurrent use.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "server/response_bytes.h"

namespace peculiar::server {

// The answer to one question about every row.
class AnswersByRow {
 public:
  // append(row, bytes): adds the answer for a row; rows 0 to count - 1 in turn, until more than
  // max_bytes have come. usual_size: of an answer.
  template <typename Append>
  AnswersByRow(std::size_t count, std::size_t usual_size, std::size_t max_bytes,
               const Append& append)
      : ends_{0} {
    ResponseBytes bytes(std::min(count * usual_size, max_bytes));
    ends_.reserve(count + 1);
    for (std::size_t row = 0; row < count && bytes.size() <= max_bytes; ++row) {
      append(row, bytes);
      ends_.push_back(bytes.size());
    }
    bytes_ = bytes.Take();
  }

  std::size_t byte_count() const { return bytes_.size(); }
  // As it lies here, not a copy; may outlive this.
  grpc::Slice operator[](std::size_t row) const { return bytes_.sub(ends_[row], ends_[row + 1]); }

 private:
  grpc::Slice bytes_;
  std::vector<std::size_t> ends_;  // by row, after the 0 before the first
};

// The fields of an anomaly, each with its tag.
struct AnomalyFields {
  std::string_view galaxy, score, top_line;
};

// The field `anomalies` of every row, in the order of a ranking.
class RankedAnomalies {
 public:
  // ranking: every row once. fields_of(row): its AnomalyFields, valid until the next.
  template <typename FieldsOf>
  RankedAnomalies(std::span<const std::uint32_t> ranking, const FieldsOf& fields_of)
      : rows_(ranking.size()) {
    ResponseBytes bytes(ranking.size() * kUsualRowBytes);
    const auto size_of = [](std::string_view field) {
      return static_cast<std::uint32_t>(field.size());
    };
    for (std::uint32_t place = 0; place < ranking.size(); ++place) {
      const AnomalyFields fields = fields_of(ranking[place]);
      AppendField(1, {fields.galaxy, fields.score, fields.top_line}, bytes);
      rows_[ranking[place]] = {bytes.size(), place, size_of(fields.galaxy), size_of(fields.score),
                               size_of(fields.top_line)};
    }
    bytes_ = bytes.Take();
  }

  std::size_t byte_count() const { return bytes_.size(); }

  // Rows lie all over the memory: asked for before the first is read, they are waited for together.
  void Prefetch(std::size_t row) const {
    constexpr std::size_t kCacheLine = 64;
    const std::string_view bytes = (*this)[row];
    for (std::size_t i = 0; i < bytes.size(); i += kCacheLine) __builtin_prefetch(&bytes[i]);
    __builtin_prefetch(&bytes.back());
  }
  std::string_view operator[](std::size_t row) const {
    return BytesUntil(rows_[row].end, rows_[row].size());
  }
  AnomalyFields Fields(std::size_t row) const {
    const Row& at = rows_[row];
    return {BytesUntil(at.end - at.top_line - at.score, at.galaxy),
            BytesUntil(at.end - at.top_line, at.score), BytesUntil(at.end, at.top_line)};
  }
  // These rows as they lie here, not a copy, which may outlive this; absent when others lie between
  // them. Requires that they rise in the ranking.
  std::optional<grpc::Slice> Together(std::span<const std::uint32_t> rows) const {
    if (rows.empty()) return {};
    const Row &first = rows_[rows.front()], &last = rows_[rows.back()];
    if (last.place - first.place + 1 != rows.size()) return {};
    return bytes_.sub(first.end - first.size(), last.end);
  }

 private:
  struct Row {
    std::size_t size() const { return FieldSize(std::size_t{galaxy} + score + top_line); }

    std::uint64_t end = 0;                              // of its bytes
    std::uint32_t place = 0;                            // in the ranking
    std::uint32_t galaxy = 0, score = 0, top_line = 0;  // bytes of these fields, the last ones
  };

  std::string_view BytesUntil(std::size_t end, std::size_t size) const {
    return {reinterpret_cast<const char*>(bytes_.begin()) + end - size, size};
  }

  grpc::Slice bytes_;
  std::vector<Row> rows_;
};

}  // namespace peculiar::server
