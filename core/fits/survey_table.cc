#include "core/fits/survey_table.h"

#include <charconv>
#include <cmath>
#include <functional>
#include <unordered_map>
#include <utility>

#include "core/cube/galaxy.h"
#include "core/fits/csv.h"
#include "core/fits/fits_file.h"
#include "core/fits/gzip.h"
#include "core/fits/text.h"

namespace peculiar {
namespace {

constexpr std::uint64_t kMaxTableBytes = std::uint64_t{1} << 30;  // drpall is some 50 MB
constexpr std::uint64_t kMaxRows = 10'000'000;
constexpr double kLargestSentinel = -99;  // the survey uses -999 and -9999

struct Columns {
  std::map<std::string, SurveyTable::Cells, std::less<>> cells;
  std::size_t rows = 0;
};

using ReadColumn = std::function<absl::StatusOr<SurveyTable::Cells>(std::size_t index)>;

std::optional<std::size_t> FindName(const std::vector<std::string>& there,
                                    const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    for (std::size_t i = 0; i < there.size(); ++i) {
      if (EqualsIgnoringCase(TrimBlanks(there[i]), name)) return i;
    }
  }
  return std::nullopt;
}

std::string NamesText(const std::vector<std::string>& there) {
  constexpr std::size_t kEnough = 600;
  std::string text;
  for (const std::string& name : there) {
    if (text.size() > kEnough) return text + ", ...";
    text += (text.empty() ? "" : ", ") + Printable(TrimBlanks(name));
  }
  return text;
}

absl::Status Pick(const std::vector<WantedColumn>& wanted, const std::vector<std::string>& there,
                  const ReadColumn& read, Columns& columns) {
  for (const WantedColumn& column : wanted) {
    const std::optional<std::size_t> index = FindName(there, column.names);
    if (!index && column.required) {
      return DataLoss("column {} is missing; there are: {}", fmt::join(column.names, " or "),
                      NamesText(there));
    }
    if (!index) continue;
    auto cells = read(*index);
    if (!cells.ok()) {
      return Annotate(cells.status(), fmt::format("column {}", column.names.front()));
    }
    columns.cells.emplace(column.names.front(), *std::move(cells));
  }
  return absl::OkStatus();
}

absl::StatusOr<Columns> PickFromCsv(std::string_view text,
                                    const std::vector<WantedColumn>& wanted) {
  PECULIAR_ASSIGN_OR_RETURN(const CsvTable csv, ParseCsv(text));
  Columns columns;
  columns.rows = csv.rows.size();
  const ReadColumn read = [&](std::size_t index) -> absl::StatusOr<SurveyTable::Cells> {
    std::vector<std::string> cells;
    for (const auto& row : csv.rows) cells.push_back(row[index]);
    return cells;
  };
  PECULIAR_RETURN_IF_ERROR(Pick(wanted, csv.names, read, columns));
  return columns;
}

absl::StatusOr<FitsHdu> FindTable(const FitsFile& file, std::string_view extension) {
  if (!extension.empty()) return file.Find(extension, FitsHduKind::kBinaryTable);
  for (const FitsHdu& hdu : file.hdus()) {
    if (hdu.kind == FitsHduKind::kBinaryTable) return hdu;
  }
  return DataLoss("there is no binary table");
}

absl::StatusOr<Columns> PickFromFits(Bytes bytes, std::string_view extension,
                                     const std::vector<WantedColumn>& wanted) {
  PECULIAR_ASSIGN_OR_RETURN(FitsFile file, FitsFile::Open(std::move(bytes)));
  PECULIAR_ASSIGN_OR_RETURN(const FitsHdu table, FindTable(file, extension));
  const auto rows = static_cast<std::uint64_t>(table.axes[1]);
  if (rows > kMaxRows) return DataLoss("it has {} rows, at most {} are accepted", rows, kMaxRows);
  PECULIAR_ASSIGN_OR_RETURN(const std::vector<std::string> names, file.ColumnNames(table));
  Columns columns;
  columns.rows = static_cast<std::size_t>(rows);
  const ReadColumn read = [&](std::size_t index) -> absl::StatusOr<SurveyTable::Cells> {
    const int column = static_cast<int>(index);
    PECULIAR_ASSIGN_OR_RETURN(const bool is_text, file.IsTextColumn(table, column));
    if (!is_text) return file.NumberColumn(table, column);
    return file.TextColumn(table, column);
  };
  PECULIAR_RETURN_IF_ERROR(Pick(wanted, names, read, columns));
  return columns;
}

}  // namespace

absl::StatusOr<SurveyTable> SurveyTable::Read(const std::filesystem::path& path,
                                              std::string_view extension,
                                              const std::vector<WantedColumn>& wanted) {
  PECULIAR_ASSIGN_OR_RETURN(Bytes bytes, InflateGzip(path, kMaxTableBytes));
  const bool is_fits = bytes.text().starts_with("SIMPLE  =");
  auto columns = is_fits ? PickFromFits(std::move(bytes), extension, wanted)
                         : PickFromCsv(bytes.text(), wanted);
  if (!columns.ok()) return Annotate(columns.status(), path.string());
  SurveyTable table;
  table.columns_ = std::move(columns->cells);
  table.rows_ = columns->rows;
  return table;
}

std::string SurveyTable::Text(std::string_view name, std::size_t row) const {
  const auto found = columns_.find(name);
  if (found == columns_.end()) return {};
  if (const auto* text = std::get_if<std::vector<std::string>>(&found->second)) {
    return Printable(TrimBlanks((*text)[row]));
  }
  return fmt::format("{}", std::get<std::vector<double>>(found->second)[row]);
}

absl::StatusOr<std::optional<double>> SurveyTable::Number(std::string_view name,
                                                          std::size_t row) const {
  const auto found = columns_.find(name);
  if (found == columns_.end()) return std::nullopt;
  double value = 0;
  if (const auto* numbers = std::get_if<std::vector<double>>(&found->second)) {
    value = (*numbers)[row];
  } else {
    std::string_view cell = TrimBlanks(std::get<std::vector<std::string>>(found->second)[row]);
    if (cell.empty()) return std::nullopt;
    if (cell.starts_with('+')) cell.remove_prefix(1);
    const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    if (error != std::errc() || end != cell.data() + cell.size()) {
      return DataLoss("row {}: {} is '{}', a number expected", row + 1, name,
                      Printable(cell.substr(0, 40)));
    }
  }
  if (std::isnan(value) || value <= kLargestSentinel) return std::nullopt;
  if (std::isinf(value)) return DataLoss("row {}: {} is infinite", row + 1, name);
  return value;
}

absl::StatusOr<std::vector<std::string>> PlateIfusOf(const SurveyTable& table,
                                                     std::string_view name) {
  std::vector<std::string> plateifus;
  std::unordered_map<std::string, std::size_t> first_rows;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const std::string text = table.Text(name, row);
    std::string plateifu(StripGalaxyPrefix(text));
    if (!IsPlateIfu(plateifu)) {
      return DataLoss("row {}: '{}' is not a plate-IFU like 8485-1901", row + 1,
                      text.substr(0, 40));
    }
    const auto [first, is_new] = first_rows.emplace(plateifu, row);
    if (!is_new) {
      return DataLoss("plate-IFU {} stands on rows {} and {}", plateifu, first->second + 1,
                      row + 1);
    }
    plateifus.push_back(std::move(plateifu));
  }
  return plateifus;
}

}  // namespace peculiar
