// From a galaxy's id to its row: hash maps over a catalogue's galaxies and exclusions. Borrows the
// catalogue, which must outlive it. Immutable; safe for concurrent use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "core/base/status.h"
#include "core/catalog/catalog.h"
#include "core/query/galaxy_id.h"

namespace peculiar {

// Rows that share a MaNGA-ID. Rows without one are in no group.
class MangaIdGroups {
 public:
  // mangaid_of(row) for row in [0, n); what it returns must outlive this.
  MangaIdGroups(std::size_t n, const std::function<std::string_view(std::size_t)>& mangaid_of);
  MangaIdGroups(MangaIdGroups&&) = default;

  // Rising; empty when there are none.
  std::span<const std::uint32_t> Rows(std::string_view mangaid) const;

  // visit(rows) for every group of two or more, in no order.
  template <typename Visit>
  void ForEachRepeated(const Visit& visit) const {
    for (const auto& [mangaid, rows] : groups_) {
      if (rows.size() > 1) visit(rows);
    }
  }

 private:
  std::vector<std::uint32_t> rows_;  // by MaNGA-ID, then rising
  absl::flat_hash_map<std::string_view, std::span<const std::uint32_t>> groups_;  // into rows_
};

class GalaxyDirectory {
 public:
  // O(n log n).
  explicit GalaxyDirectory(const CatalogContent& catalog);

  // Row of the one galaxy of the sample that `galaxy_id` names. INVALID_ARGUMENT `MALFORMED_ID:`;
  // FAILED_PRECONDITION `AMBIGUOUS_ID:` with the plate-IFUs when a MaNGA-ID has several
  // observations in the sample; NOT_FOUND `NOT_IN_SAMPLE:` with the reason when it was left out;
  // NOT_FOUND `UNKNOWN_GALAXY:`.
  absl::StatusOr<std::size_t> Resolve(std::string_view galaxy_id) const;

  // Plate-IFUs of the other rows with the MaNGA-ID of `row`, rising; the first `limit` of them.
  std::vector<std::string_view> Repeats(std::size_t row, std::size_t limit) const;
  // Rows with the MaNGA-ID of `row`, itself too, rising; none when it has no MaNGA-ID.
  std::span<const std::uint32_t> RowsOfSameMangaId(std::size_t row) const {
    return rows_of_same_mangaid_[row];
  }
  // visit(rows) for every MaNGA-ID with two rows or more, in no order.
  template <typename Visit>
  void ForEachRepeated(const Visit& visit) const {
    rows_by_mangaid_.ForEachRepeated(visit);
  }

 private:
  absl::StatusOr<std::size_t> ResolveMangaId(const GalaxyId& id) const;
  absl::Status NotInSample(const GalaxyId& id, std::span<const std::uint32_t> excluded) const;
  absl::Status UnknownGalaxy(const GalaxyId& id) const;

  const CatalogContent& catalog_;
  absl::flat_hash_map<std::string_view, std::uint32_t> row_by_plateifu_;
  absl::flat_hash_map<std::string_view, std::uint32_t> excluded_by_plateifu_;
  MangaIdGroups rows_by_mangaid_;
  // By row: every galaxy of an answer is asked for its repeats, and a look-up by text costs as much
  // as the rest of the galaxy.
  std::vector<std::span<const std::uint32_t>> rows_of_same_mangaid_;
  MangaIdGroups excluded_by_mangaid_;
};

// `text` with every absolute path in it cut to its last part: reasons may name files of the
// machine that made the snapshot, and clients must not learn its folders.
std::string WithoutFolders(std::string_view text);

}  // namespace peculiar
