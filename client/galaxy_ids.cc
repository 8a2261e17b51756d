#include "client/galaxy_ids.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>

#include "client/text.h"

namespace peculiar::client {
namespace {

constexpr std::string_view kIdColumn = "plateifu";

// A line of CSV, or the lines that a quoted field joins.
struct CsvRow {
  int line = 0;  // of its beginning, from 1
  std::vector<std::string> fields;
};

// RFC 4180; rows without a field that is not empty are left out.
std::vector<CsvRow> ParseCsv(const std::string& text) {
  std::vector<CsvRow> rows;
  CsvRow row{.line = 1, .fields = {""}};
  int line = 1;
  bool is_quoted = false;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const char c = i < text.size() ? text[i] : '\n';
    if (c == '"') {
      const bool is_doubled = is_quoted && i + 1 < text.size() && text[i + 1] == '"';
      if (is_doubled) row.fields.back() += text[++i];
      if (!is_doubled) is_quoted = !is_quoted;
    } else if (c == ',' && !is_quoted) {
      row.fields.emplace_back();
    } else if (c == '\n' && (!is_quoted || i == text.size())) {
      const bool is_blank = row.fields.size() == 1 && row.fields[0].empty();
      if (!is_blank) rows.push_back(std::move(row));
      row = {.line = ++line, .fields = {""}};
    } else if (c != '\r') {
      line += c == '\n' ? 1 : 0;
      row.fields.back() += c;
    }
  }
  return rows;
}

// The first line that is neither blank nor a comment.
std::string FirstLine(const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t begin = line.find_first_not_of(" \t\r");
    if (begin != std::string::npos && line[begin] != '#') return line;
  }
  return "";
}

// The ids below the heading, which is the first row that is no comment.
std::vector<GivenId> IdsOfColumn(const std::string& path, const std::string& text) {
  std::vector<GivenId> ids;
  std::ptrdiff_t column = -1;
  for (const CsvRow& row : ParseCsv(text)) {
    if (row.fields[0].starts_with('#')) continue;
    const auto& fields = row.fields;
    if (column < 0) {
      column = std::find(fields.begin(), fields.end(), kIdColumn) - fields.begin();
    } else if (column < std::ssize(fields)) {
      ids.push_back(
          {fields[static_cast<std::size_t>(column)], fmt::format("{}:{}", path, row.line)});
    }
  }
  return ids;
}

std::vector<GivenId> IdsOfWords(const std::string& path, const std::string& text) {
  std::vector<GivenId> ids;
  std::istringstream lines(text);
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    line.resize(std::min(line.size(), line.find('#')));
    std::replace(line.begin(), line.end(), ',', ' ');
    std::istringstream words(line);
    for (std::string word; words >> word;) {
      ids.push_back({word, fmt::format("{}:{}", path, number)});
    }
  }
  return ids;
}

}  // namespace

absl::StatusOr<std::string> ReadText(const std::string& path) {
  if (path == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  std::ifstream file(path, std::ios::binary);
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return NotFound("cannot read {}: a folder", path);
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (!file) return NotFound("cannot read {}", path);
  return text;
}

absl::StatusOr<std::vector<GivenId>> ReadIds(const std::string& path) {
  PECULIAR_ASSIGN_OR_RETURN(std::string text, ReadText(path));
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);  // the mark of spreadsheets' UTF-8
  const std::string name = path == "-" ? "standard input" : path;
  const std::vector<CsvRow> heading = ParseCsv(FirstLine(text));
  const bool has_column =
      !heading.empty() && std::find(heading[0].fields.begin(), heading[0].fields.end(),
                                    kIdColumn) != heading[0].fields.end();
  std::vector<GivenId> ids = has_column ? IdsOfColumn(name, text) : IdsOfWords(name, text);
  if (ids.empty()) return InvalidArgument("{} names no galaxy", name);
  return ids;
}

void AddIdOptions(CLI::App& command, IdOptions& options) {
  command.add_option("galaxies", options.ids, "Plate-IFUs or MaNGA-IDs, for example 8626-12704")
      ->type_name("ID");
  command
      .add_option("--ids", options.file,
                  "File of them, a line each or a CSV with a column plateifu; # begins a comment, "
                  "- = standard input")
      ->type_name("FILE")
      ->check(RefuseEmpty);
}

absl::StatusOr<std::vector<GivenId>> GivenIds(const IdOptions& options) {
  std::vector<GivenId> ids;
  for (const std::string& id : options.ids) ids.push_back({.id = id});
  if (!options.file.empty()) {
    PECULIAR_ASSIGN_OR_RETURN(const std::vector<GivenId> more, ReadIds(options.file));
    ids.insert(ids.end(), more.begin(), more.end());
  }
  if (ids.empty()) return InvalidArgument("no galaxy is named; give ids, or --ids FILE");
  return ids;
}

bool IsOfOneId(const absl::Status& status) {
  for (const char* reason :
       {"MALFORMED_ID:", "UNKNOWN_GALAXY:", "NOT_IN_SAMPLE:", "AMBIGUOUS_ID:"}) {
    if (MessageOf(status).starts_with(reason)) return true;
  }
  return false;
}

absl::Status OfId(const absl::Status& status, const GivenId& id) {
  return id.origin.empty() ? status : Annotate(status, id.origin);
}

absl::Status CheckId(const GivenId& id) {
  if (IsUtf8(id.id)) return absl::OkStatus();
  return InvalidArgument("MALFORMED_ID: '{}' is not UTF-8 text", ToUtf8(id.id));
}

}  // namespace peculiar::client
