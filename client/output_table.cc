// Tables for the eye: heading, units, rule, rows; numbers to the right. Lines fit the terminal.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "client/output.h"
#include "client/text.h"

namespace peculiar::client {
namespace {

constexpr std::size_t kGap = 2;         // blanks between columns
constexpr std::size_t kNarrowest = 16;  // a text column is not wrapped to less

// Characters, not bytes: bytes that continue a UTF-8 sequence do not count.
std::size_t CharacterCount(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// Lines of at most `width` bytes, broken at blanks where there are any; width 0 = no bound.
std::vector<std::string> Wrap(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  while (width > 0 && text.size() > width) {
    std::size_t end = text.rfind(' ', width);
    if (end == std::string_view::npos || end == 0) end = width;
    while (end > 1 && (text[end] & 0xC0) == 0x80) --end;
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  }
  lines.emplace_back(text);
  return lines;
}

// A column ready to print.
struct PrintedColumn {
  std::string name;
  std::string unit;
  bool is_numeric = false;
  bool wraps = false;
  std::vector<std::string> cells;
  std::size_t width = 0;
};

// Decimals that show five digits of the largest finite value of a column.
int DecimalsOf(const Table& table, std::size_t c) {
  double largest = 0;
  for (const auto& row : table.rows) {
    if (row[c].is_number()) largest = std::max(largest, std::abs(row[c].get<double>()));
  }
  if (largest == 0) return 1;
  return std::clamp(4 - static_cast<int>(std::floor(std::log10(largest))), 0, 9);
}

std::string NumberText(const OrderedJson& cell, int decimals) {
  if (cell.is_number_integer()) return fmt::format("{}", cell.get<std::int64_t>());
  const double value = cell.get<double>();
  const double last_digit = std::pow(10.0, -decimals);
  if (value != 0 && (std::abs(value) < last_digit || std::abs(value) >= 1e9)) {
    return fmt::format("{:.2e}", value);  // fixed decimals would show no digit, or too many
  }
  return fmt::format("{:.{}f}", value, decimals);
}

std::string TextOf(const OrderedJson& cell) {
  if (!cell.is_array()) return WithoutControls(CellText(cell), '?');
  std::string text;
  for (const OrderedJson& element : cell) {
    text += (text.empty() ? "" : ", ") + WithoutControls(CellText(element), '?');
  }
  return text;
}

PrintedColumn PrintColumn(const Table& table, std::size_t c) {
  const Column& column = table.columns[c];
  PrintedColumn printed{.name = column.name, .unit = column.unit, .wraps = column.wraps};
  printed.width = std::max(CharacterCount(column.name), CharacterCount(column.unit));
  printed.is_numeric = std::all_of(table.rows.begin(), table.rows.end(), [c](const auto& row) {
    return row[c].is_number() || row[c].is_null();
  });
  const int decimals = column.decimals == Column::kDigits5 ? DecimalsOf(table, c) : column.decimals;
  for (const auto& row : table.rows) {
    std::string text = row[c].is_number() ? NumberText(row[c], decimals) : TextOf(row[c]);
    if (text.empty()) text = "-";
    printed.width = std::max(printed.width, CharacterCount(text));
    printed.cells.push_back(std::move(text));
  }
  return printed;
}

std::size_t TotalWidth(const std::vector<PrintedColumn>& columns) {
  std::size_t total = 0;
  for (const PrintedColumn& column : columns) total += column.width + kGap;
  return total - kGap;
}

// Leaves columns out from the right until the table fits, but never the first two nor one that
// wraps, then narrows a text column at the end; returns the names of those left out.
std::string Fit(std::vector<PrintedColumn>& columns, std::size_t width) {
  std::string left_out;
  while (width > 0 && columns.size() > 2 && TotalWidth(columns) > width && !columns.back().wraps) {
    left_out = columns.back().name + (left_out.empty() ? "" : ", ") + left_out;
    columns.pop_back();
  }
  if (width > 0 && TotalWidth(columns) > width && !columns.back().is_numeric) {
    const std::size_t before = TotalWidth(columns) - columns.back().width;
    columns.back().width = std::max(width > before ? width - before : 0, kNarrowest);
  }
  return left_out;
}

std::string Padded(const PrintedColumn& column, const std::string& text) {
  const std::size_t length = CharacterCount(text);
  const std::string blanks(column.width > length ? column.width - length : 0, ' ');
  return column.is_numeric ? blanks + text : text + blanks;
}

// One row; the last column's text wraps under itself.
void AppendRow(const std::vector<PrintedColumn>& columns, const std::vector<std::string>& cells,
               std::string& out) {
  std::string line;
  for (std::size_t c = 0; c + 1 < columns.size(); ++c) {
    line += Padded(columns[c], cells[c]) + std::string(kGap, ' ');
  }
  const std::string indent(CharacterCount(line), ' ');
  const PrintedColumn& last = columns.back();
  const bool fits = CharacterCount(cells.back()) <= last.width;
  for (const std::string& part : Wrap(cells.back(), fits ? 0 : last.width)) {
    line += Padded(last, part);
    out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    line = indent;
  }
}

// A table with a vector in each row, turned: a column a row, named by its first cell.
Table Turned(const Table& table, std::size_t vector_column) {
  Table turned{.title = table.title, .columns = {{.name = "component"}}};
  for (const auto& row : table.rows) turned.columns.push_back({.name = row[0], .decimals = 5});
  const std::size_t n = table.rows.empty() ? 0 : table.rows[0][vector_column].size();
  for (std::size_t i = 0; i < n; ++i) {
    std::vector<OrderedJson> cells{i};
    for (const auto& row : table.rows) {
      cells.push_back(i < row[vector_column].size() ? row[vector_column][i] : OrderedJson());
    }
    turned.rows.push_back(std::move(cells));
  }
  return turned;
}

// The columns that belong into the table format.
Table ForTheEye(const Table& given) {
  Table table{.title = given.title};
  table.rows.resize(given.rows.size());
  for (std::size_t c = 0; c < given.columns.size(); ++c) {
    if (!given.columns[c].in_table) continue;
    table.columns.push_back(given.columns[c]);
    for (std::size_t r = 0; r < given.rows.size(); ++r) table.rows[r].push_back(given.rows[r][c]);
  }
  return table;
}

Table WithoutVectors(const Table& table) {
  if (table.rows.empty()) return table;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const OrderedJson& cell = table.rows[0][c];
    if (cell.is_array() && !cell.empty() && cell[0].is_number()) return Turned(table, c);
  }
  return table;
}

void AppendNote(const std::string& note, int width, std::string& out) {
  for (const std::string& line : Wrap(note, static_cast<std::size_t>(width))) out += line + "\n";
}

void AppendTable(const Table& given, int width, std::string& out) {
  const Table table = WithoutVectors(ForTheEye(given));
  std::vector<PrintedColumn> columns;
  for (std::size_t c = 0; c < table.columns.size(); ++c) columns.push_back(PrintColumn(table, c));
  const std::string left_out = Fit(columns, static_cast<std::size_t>(width));
  const auto append = [&](auto text_of) {
    std::vector<std::string> cells;
    for (const PrintedColumn& column : columns) cells.push_back(text_of(column));
    AppendRow(columns, cells, out);
  };
  const auto has = [&columns](auto member) {
    return std::any_of(columns.begin(), columns.end(),
                       [member](const PrintedColumn& c) { return !(c.*member).empty(); });
  };
  if (!table.title.empty()) out += table.title + "\n";
  if (has(&PrintedColumn::name)) {
    append([](const PrintedColumn& c) { return c.name; });
    if (has(&PrintedColumn::unit)) append([](const PrintedColumn& c) { return c.unit; });
    append([](const PrintedColumn& c) { return std::string(c.width, '-'); });
  }
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    append([r](const PrintedColumn& c) { return c.cells[r]; });
  }
  if (!left_out.empty()) {
    AppendNote("Not shown in this width: " + left_out + ". -o json and -o csv have all.", width,
               out);
  }
}

}  // namespace

std::string RenderTable(const Listing& listing, int width) {
  std::string out;
  AppendTable(listing.table, width, out);
  for (const std::string& note : listing.notes) AppendNote(note, width, out);
  return out;
}

std::string RenderTable(const Record& record, int width) {
  std::string out;
  for (const Table& section : record.sections) {
    if (!out.empty()) out += "\n";
    AppendTable(section, width, out);
  }
  if (!record.notes.empty()) out += "\n";
  for (const std::string& note : record.notes) AppendNote(note, width, out);
  return out;
}

}  // namespace peculiar::client
