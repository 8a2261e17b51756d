#include "core/fits/csv.h"

#include <algorithm>
#include <utility>

namespace peculiar {
namespace {

// Reads cells one by one.
class CsvScanner {
 public:
  explicit CsvScanner(std::string_view text) : text_(text) {}

  bool at_end() const { return at_ == text_.size(); }
  // Line of the text on which the next cells begin, from 1.
  std::size_t line() {
    const auto from = text_.begin() + static_cast<std::ptrdiff_t>(counted_);
    const auto to = text_.begin() + static_cast<std::ptrdiff_t>(at_);
    line_ += static_cast<std::size_t>(std::count(from, to, '\n'));
    counted_ = at_;
    return line_;
  }

  // The cells of the next line, none for an empty line.
  absl::StatusOr<std::vector<std::string>> Line() {
    std::vector<std::string> cells;
    if (TakeLineEnd()) return cells;
    while (true) {
      PECULIAR_ASSIGN_OR_RETURN(std::string cell, Cell());
      cells.push_back(std::move(cell));
      if (at_end() || TakeLineEnd()) return cells;
      ++at_;  // Cell stops at a comma, a line end or the end
    }
  }

 private:
  bool AtLineEnd() const {
    return text_[at_] == '\n' || (text_[at_] == '\r' && text_.substr(at_ + 1).starts_with('\n'));
  }
  bool TakeLineEnd() {
    if (at_end() || !AtLineEnd()) return false;
    at_ += text_[at_] == '\r' ? 2 : 1;
    return true;
  }
  bool AtCellEnd() const { return at_end() || text_[at_] == ',' || AtLineEnd(); }

  absl::StatusOr<std::string> Cell() {
    std::string cell;
    if (at_end() || text_[at_] != '"') {
      while (!AtCellEnd()) cell += text_[at_++];
      return cell;
    }
    for (++at_; !at_end(); ++at_) {
      if (text_[at_] != '"') {
        cell += text_[at_];
      } else if (text_.substr(at_ + 1).starts_with('"')) {
        cell += text_[at_++];
      } else {
        ++at_;
        if (!AtCellEnd()) return DataLoss("a closing quote is followed by text");
        return cell;
      }
    }
    return DataLoss("a quote does not close");
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t counted_ = 0;  // line ends before this are in line_
  std::size_t line_ = 1;
};

}  // namespace

absl::StatusOr<CsvTable> ParseCsv(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  if (text.find('\0') != std::string_view::npos) {
    return DataLoss("it is neither FITS nor CSV: it holds NUL bytes");
  }
  CsvScanner scanner(text);
  CsvTable table;
  while (!scanner.at_end()) {
    const std::size_t line = scanner.line();
    auto cells = scanner.Line();
    if (!cells.ok()) return Annotate(cells.status(), fmt::format("line {}", line));
    if (cells->empty()) continue;
    if (table.names.empty()) {
      table.names = *std::move(cells);
    } else if (cells->size() != table.names.size()) {
      return DataLoss("line {} has {} cells, {} expected", line, cells->size(), table.names.size());
    } else {
      table.rows.push_back(*std::move(cells));
      table.lines.push_back(line);
    }
  }
  if (table.names.empty()) return DataLoss("it has no line of column names");
  return table;
}

}  // namespace peculiar
