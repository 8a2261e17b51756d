// What a subcommand answers, before it has a format, and the formats it can be given. Numbers never
// depend on the locale and read back to the same value in json, jsonl, csv and votable; the table
// is for the eye.
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

enum class Format { kTable, kJson, kJsonl, kCsv, kVotable };
// INVALID_ARGUMENT naming the formats.
absl::StatusOr<Format> ParseFormat(std::string_view name);

// What the cells of a column hold when they are not null.
enum class CellType { kText, kInteger, kReal, kTexts, kVector };

struct Column {
  std::string name;  // heading, json key, csv heading and votable field in one
  CellType type = CellType::kText;
  std::string unit;  // table: as it is; votable: as VOUnits have it; empty = none
  // Decimals of the table; kDigits5 = five digits of the column's largest value.
  int decimals = kDigits5;
  bool in_table = true;     // false: in the other formats alone
  bool wraps = false;       // table: as the last column narrowed before it is left out
  std::string ucd;          // votable: what it is (IVOA UCD1+), empty = no word for it
  std::string description;  // votable: one sentence, empty = the name says it
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
                           // and csv row, votable's PARAMs
  OrderedJson totals = OrderedJson::object();  // json and votable, after the provenance
  Table table;
  std::vector<std::string> notes;              // table format only, lines below
  OrderedJson origin = OrderedJson::object();  // votable only, its INFOs: who answered
};

// An answer about one thing.
struct Record {
  OrderedJson document;            // json; one line of jsonl; csv "quantity,value" by path
  std::vector<Table> sections;     // table format only
  std::vector<std::string> notes;  // table format only, lines below
  OrderedJson origin = OrderedJson::object();  // as a listing's
};

// The same about several things.
struct Records {
  std::string name;                                     // json key of the documents
  std::string key;                                      // what tells them apart: csv's first column
  std::vector<std::pair<std::string, Record>> records;  // by key
  OrderedJson origin = OrderedJson::object();
};

using Answer = std::variant<Listing, Record, Records>;

// The text for standard output, newline at the end. `width` > 0 bounds the table format's lines:
// columns that do not fit are left out from the right and named below.
std::string Render(const Answer& answer, Format format, int width);

// The table format of a listing or record.
std::string RenderTable(const Listing& listing, int width);
std::string RenderTable(const Record& record, int width);

// A record or several as a listing, a row for every leaf of a document: its path with dots and its
// value as text.
Listing ListLeaves(const Record& record);
Listing ListLeaves(const Records& records);

// A listing of jsonl, csv or votable in three parts, so that rows can be written as they come. The
// head of csv needs the first row when there are vectors.
std::string RenderHead(const Listing& listing, Format format);
std::string RenderRows(const Listing& listing, Format format);
std::string RenderTail(Format format);

// Their csv and votable.
std::string CsvHead(const Listing& listing);
std::string CsvRows(const Listing& listing);
std::string VotableHead(const Listing& listing);
std::string VotableRows(const Listing& listing);
std::string VotableTail();

// A scalar cell as csv has it, before quoting: "" for null, lists joined by ';'.
std::string CellText(const OrderedJson& cell);

// A float as the json number with the fewest digits that reads back to the same float.
OrderedJson FloatCell(float value);

// Width of the terminal on standard output; 0 (no bound) when it is not one.
int TerminalWidth();

// What errors call standard output.
inline constexpr std::string_view kStandardOutput = "standard output";

// Writes to standard output, at once. A reader that has gone is not an error. DATA_LOSS when it
// cannot be written, a full disk for one.
absl::Status WriteStandardOutput(std::string_view text);

// The same to any descriptor, which errors call `name`, but CANCELLED when the reader has gone, for
// those that have more to write.
absl::Status WriteToReader(int descriptor, std::string_view name, std::string_view text);

// That an answer came and could not be kept: DATA_LOSS with the message of `status`; OK stays OK.
absl::Status CannotWrite(const absl::Status& status);

}  // namespace peculiar::client
