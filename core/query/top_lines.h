// The line that adds most to the mean absolute error of each galaxy, by one model. Found once when
// a snapshot is opened: a page would look through 50 lists of lines from all over the memory for
// it, a fifth of the page's own time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/catalog/catalog.h"

namespace peculiar {

// Immutable; safe for concurrent use. 16 bytes a galaxy.
class TopLines {
 public:
  struct TopLine {
    std::size_t line;  // place in the line list
    double value;      // what it adds, flux units
  };

  // O(galaxies x lines).
  TopLines(const CatalogContent& content, std::size_t model);

  // The first of equals; absent when not every line's part is known.
  std::optional<TopLine> of(std::size_t row) const {
    const Entry& entry = entries_[row];
    if (entry.line < 0) return std::nullopt;
    return TopLine{static_cast<std::size_t>(entry.line), entry.value};
  }

 private:
  struct Entry {
    double value = 0;
    std::int32_t line = -1;
  };
  static Entry Find(const std::vector<std::optional<double>>& shares);

  std::vector<Entry> entries_;
};

}  // namespace peculiar
