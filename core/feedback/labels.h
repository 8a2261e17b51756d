// What a person says of galaxies: interesting or not, and why. Read from a CSV file, kept with
// where each verdict stands, so that what is learned from them can be traced. Plain values, no
// state.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"

namespace peculiar {

struct GalaxyLabel {
  std::string plateifu;  // "8626-12704"
  bool interesting = false;
  std::string reason;    // as written, blanks around it taken off; empty when none is given
  std::size_t line = 0;  // of the file, from 1
  bool operator==(const GalaxyLabel&) const = default;
};

struct LabelSet {
  std::vector<GalaxyLabel> labels;  // one a galaxy, sorted by plate-IFU, as strings
  std::size_t repeated = 0;         // rows that said again what an earlier one had said

  std::size_t interesting() const;
  std::size_t not_interesting() const { return labels.size() - interesting(); }
};

// Parses RFC 4180 text (core/fits/csv.h) whose first line names the columns `plateifu` (a `manga-`
// prefix is taken off), `interesting` (yes, no, true, false, 1 or 0, in any case) and, if wanted,
// `reason` (at most 1000 bytes), in any order and case. A galaxy may occur again with the same
// verdict: the first row counts, with its reason or, when it gives none, the first one given.
// DATA_LOSS naming the line, what was found and what was expected: no CSV; a column missing,
// unknown or twice; no plate-IFU, no verdict, a longer reason, or a verdict that contradicts an
// earlier line's. Whether the galaxies exist is not looked at.
absl::StatusOr<LabelSet> ParseLabels(std::string_view text);

}  // namespace peculiar
