// Comma-separated values, RFC 4180 except for the line end, which is a bare newline; and records as
// rows.

#include "client/output.h"

namespace peculiar::client {
namespace {

std::string Quoted(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

std::string Line(const std::vector<std::string>& fields) {
  std::string line;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) line += ',';
    line += Quoted(fields[i]);
  }
  return line + "\n";
}

bool IsVector(const OrderedJson& cell) {
  return cell.is_array() && !cell.empty() && cell.front().is_number();
}

// A vector becomes a column a component: values_0, values_1, ...
void AppendCell(const OrderedJson& cell, std::vector<std::string>& fields) {
  if (!IsVector(cell)) return fields.push_back(CellText(cell));
  for (const OrderedJson& component : cell) fields.push_back(CellText(component));
}

void AppendHeading(const std::string& name, const OrderedJson& first_cell,
                   std::vector<std::string>& fields) {
  if (!IsVector(first_cell)) return fields.push_back(name);
  for (std::size_t i = 0; i < first_cell.size(); ++i) {
    fields.push_back(name + "_" + std::to_string(i));
  }
}

// Appends a row for every leaf of the document, behind `begin`.
void AppendLeaves(const OrderedJson& value, const std::string& path,
                  const std::vector<OrderedJson>& begin, Table& table) {
  if (value.is_object()) {
    for (const auto& [key, member] : value.items()) {
      AppendLeaves(member, path.empty() ? key : path + "." + key, begin, table);
    }
  } else if (value.is_array() && !value.empty() && value.front().is_object()) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      AppendLeaves(value[i], fmt::format("{}.{}", path, i), begin, table);
    }
  } else {
    std::vector<OrderedJson> row = begin;
    row.insert(row.end(), {path, CellText(value)});
    table.rows.push_back(std::move(row));
  }
}

}  // namespace

std::string CsvHead(const Listing& listing) {
  const Table& table = listing.table;
  std::vector<std::string> heading;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    AppendHeading(table.columns[c].name,
                  table.rows.empty() ? OrderedJson(nullptr) : table.rows[0][c], heading);
  }
  for (const auto& [key, value] : listing.provenance.items()) heading.push_back(key);
  return Line(heading);
}

std::string CsvRows(const Listing& listing) {
  const Table& table = listing.table;
  std::vector<std::string> provenance;
  for (const auto& [key, value] : listing.provenance.items()) {
    provenance.push_back(CellText(value));
  }
  std::string text;
  for (const auto& row : table.rows) {
    std::vector<std::string> fields;
    for (const OrderedJson& cell : row) AppendCell(cell, fields);
    fields.insert(fields.end(), provenance.begin(), provenance.end());
    text += Line(fields);
  }
  return text;
}

std::string CellText(const OrderedJson& cell) {
  if (cell.is_null()) return "";
  if (cell.is_string()) return cell.get<std::string>();
  if (!cell.is_array()) {
    return cell.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
  }
  std::string text;
  for (std::size_t i = 0; i < cell.size(); ++i) {
    if (i > 0) text += ';';
    text += CellText(cell[i]);
  }
  return text;
}

Listing ListLeaves(const Record& record) {
  Listing listing{.name = "quantities"};
  listing.table.columns = {{.name = "quantity"}, {.name = "value"}};
  AppendLeaves(record.document, "", {}, listing.table);
  listing.origin = record.origin;
  return listing;
}

Listing ListLeaves(const Records& records) {
  Listing listing{.name = records.name};
  listing.table.columns = {{.name = records.key}, {.name = "quantity"}, {.name = "value"}};
  for (const auto& [key, record] : records.records) {
    AppendLeaves(record.document, "", {key}, listing.table);
  }
  listing.origin = records.origin;
  return listing;
}

}  // namespace peculiar::client
