// What a subcommand answers, before it has a format, and the four formats it can be given. Numbers
// never depend on the locale and read back to the same value in json, jsonl and csv; the table is
// for the eye.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/status.h"

namespace peculiar::client {

// Keys stay in the order they were added, so that output is stable.
using OrderedJson = nlohmann::ordered_json;

enum class Format { kTable, kJson, kJsonl, kCsv };
// INVALID_ARGUMENT naming the formats.
absl::StatusOr<Format> ParseFormat(std::string_view name);

struct Column {
  std::string name;  // heading, json key and csv heading in one
  std::string unit;  // table only, empty = none
  // Decimals of the table; kDigits5 = five digits of the column's largest value.
  int decimals = kDigits5;
  bool in_table = true;  // false: in the other formats alone
  static constexpr int kDigits5 = -1;
};

// Cells are null, text, a number, a list of texts or a list of numbers (a vector).
struct Table {
  std::string title;  // table format only, empty = none
  std::vector<Column> columns;
  std::vector<std::vector<OrderedJson>> rows;  // as many cells as columns
};

// An answer of many rows: one table in every format.
struct Listing {
  std::string name;        // json key of the rows
  OrderedJson provenance;  // object of scalars or lists of them: heads json, follows every jsonl
                           // and csv row
  OrderedJson totals = OrderedJson::object();  // json only, after the provenance
  Table table;
  std::vector<std::string> notes;  // table format only, lines below
};

// An answer about one thing.
struct Record {
  OrderedJson document;            // json; one line of jsonl; csv "quantity,value" by path
  std::vector<Table> sections;     // table format only
  std::vector<std::string> notes;  // table format only, lines below
};

using Answer = std::variant<Listing, Record>;

// The text for standard output, newline at the end. `width` > 0 bounds the table format's lines:
// columns that do not fit are left out from the right and named below.
std::string Render(const Answer& answer, Format format, int width);

// The parts of Render.
std::string RenderTable(const Answer& answer, int width);
std::string RenderCsv(const Answer& answer);

// A scalar cell as csv has it, before quoting: "" for null, lists joined by ';'.
std::string CellText(const OrderedJson& cell);

// A float as the json number with the fewest digits that reads back to the same float.
OrderedJson FloatCell(float value);

// Width of the terminal on standard output; 0 (no bound) when it is not one.
int TerminalWidth();

// Writes to standard output and flushes. A reader that has gone is not an error.
absl::Status WriteStandardOutput(std::string_view text);

}  // namespace peculiar::client
