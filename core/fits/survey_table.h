// The columns of a survey's table that a reader asks for, whether the file is FITS (a binary table
// extension) or CSV, each plain or gzipped: what drpall.h and agn_table.h have in common. Internal
// to the room.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/status.h"

namespace peculiar {

// A column to look for: the first of `names` that the table has, case ignored.
struct WantedColumn {
  std::vector<std::string> names;  // the first is its name in SurveyTable
  bool required = false;
};

class SurveyTable {
 public:
  // `extension`: EXTNAME of the FITS table; empty: the first binary table. A file is FITS when it
  // begins like one, else CSV. Errors name the file: those of InflateGzip; DATA_LOSS when it is
  // neither, there is no such extension, a required column is missing (named, with the names there
  // are) or not scalar, or there are over 10 million rows.
  static absl::StatusOr<SurveyTable> Read(const std::filesystem::path& path,
                                          std::string_view extension,
                                          const std::vector<WantedColumn>& wanted);

  std::size_t rows() const { return rows_; }

  // Rows are counted from 0 here and from 1 in messages, without the line of names. `name` is the
  // first name of a wanted column.
  // A cell as text without surrounding blanks; empty when blank or the table lacks the column.
  std::string Text(std::string_view name, std::size_t row) const;
  // A cell as a number; absent when blank, NaN, -99 or below (the survey's sentinels), or the table
  // lacks the column. DATA_LOSS naming column and row when it is not a number.
  absl::StatusOr<std::optional<double>> Number(std::string_view name, std::size_t row) const;

  // A column's cells, as the file has them.
  using Cells = std::variant<std::vector<std::string>, std::vector<double>>;

 private:
  std::map<std::string, Cells, std::less<>> columns_;
  std::size_t rows_ = 0;
};

// The plate-IFU of every row, `manga-` prefixes and blanks stripped. DATA_LOSS naming the rows when
// one is malformed or stands on two rows.
absl::StatusOr<std::vector<std::string>> PlateIfusOf(const SurveyTable& table,
                                                     std::string_view name);

}  // namespace peculiar
