// Comma-separated text as RFC 4180 has it: a first line of column names, cells that may be quoted
// (with "" for a quote, and then with commas and line ends inside), LF or CRLF. Plain values, no
// state: safe from any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"

namespace peculiar {

struct CsvTable {
  std::vector<std::string> names;
  std::vector<std::vector<std::string>> rows;  // each as long as `names`
  std::vector<std::size_t> lines;              // of the text on which each row begins, from 1
};

// DATA_LOSS when the text is empty, holds a NUL byte, a quote does not close, or a row has another
// number of cells than the first line; it names the line of the text, counted from 1, on which the
// row begins. Empty lines are passed over, cells keep their blanks.
absl::StatusOr<CsvTable> ParseCsv(std::string_view text);

}  // namespace peculiar
