#include "client/output.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cmath>

#include "core/base/file.h"

namespace peculiar::client {
namespace {

std::string Dump(const OrderedJson& value, int indent) {
  return value.dump(indent, ' ', false, OrderedJson::error_handler_t::replace);
}

OrderedJson RowObject(const Table& table, const std::vector<OrderedJson>& row) {
  OrderedJson object = OrderedJson::object();
  for (std::size_t c = 0; c < table.columns.size(); ++c) object[table.columns[c].name] = row[c];
  return object;
}

// One row a line, so that the file is readable and still diffs well.
std::string ListingJson(const Listing& listing) {
  std::string text = "{\n";
  for (const OrderedJson* head : {&listing.provenance, &listing.totals}) {
    for (const auto& [key, value] : head->items()) {
      text += fmt::format(" {}: {},\n", Dump(key, -1), Dump(value, -1));
    }
  }
  text += fmt::format(" {}: [", Dump(listing.name, -1));
  const char* separator = "\n";
  for (const auto& row : listing.table.rows) {
    text += fmt::format("{}  {}", separator, Dump(RowObject(listing.table, row), -1));
    separator = ",\n";
  }
  return text + (listing.table.rows.empty() ? "]\n}\n" : "\n ]\n}\n");
}

std::string JsonLines(const Listing& listing) {
  std::string text;
  for (const auto& row : listing.table.rows) {
    OrderedJson object = RowObject(listing.table, row);
    object.update(listing.provenance);
    text += Dump(object, -1) + "\n";
  }
  return text;
}

std::string RenderListing(const Listing& listing, Format format, int width) {
  if (format == Format::kTable) return RenderTable(listing, width);
  if (format == Format::kJson) return ListingJson(listing);
  return RenderHead(listing, format) + RenderRows(listing, format) + RenderTail(format);
}

std::string RenderRecord(const Record& record, Format format, int width) {
  if (format == Format::kTable) return RenderTable(record, width);
  if (format == Format::kJson) return Dump(record.document, 1) + "\n";
  if (format == Format::kJsonl) return Dump(record.document, -1) + "\n";
  return RenderListing(ListLeaves(record), format, width);
}

std::string RenderRecords(const Records& records, Format format, int width) {
  if (format == Format::kCsv || format == Format::kVotable) {
    return RenderListing(ListLeaves(records), format, width);
  }
  std::string text;
  OrderedJson documents = OrderedJson::array();
  for (const auto& [key, record] : records.records) {
    if (format == Format::kJson) {
      documents.push_back(record.document);
    } else {
      if (format == Format::kTable && !text.empty()) text += "\n";
      text += RenderRecord(record, format, width);
    }
  }
  if (format != Format::kJson) return text;
  return Dump(OrderedJson{{records.name, std::move(documents)}}, 1) + "\n";
}

}  // namespace

absl::StatusOr<Format> ParseFormat(std::string_view name) {
  if (name == "table") return Format::kTable;
  if (name == "json") return Format::kJson;
  if (name == "jsonl") return Format::kJsonl;
  if (name == "csv") return Format::kCsv;
  if (name == "votable") return Format::kVotable;
  return InvalidArgument("unknown output format '{}': table, json, jsonl, csv or votable", name);
}

std::string Render(const Answer& answer, Format format, int width) {
  if (const auto* listing = std::get_if<Listing>(&answer)) {
    return RenderListing(*listing, format, width);
  }
  if (const auto* record = std::get_if<Record>(&answer)) {
    return RenderRecord(*record, format, width);
  }
  return RenderRecords(std::get<Records>(answer), format, width);
}

std::string RenderHead(const Listing& listing, Format format) {
  if (format == Format::kCsv) return CsvHead(listing);
  return format == Format::kVotable ? VotableHead(listing) : "";
}

std::string RenderRows(const Listing& listing, Format format) {
  if (format == Format::kCsv) return CsvRows(listing);
  return format == Format::kVotable ? VotableRows(listing) : JsonLines(listing);
}

std::string RenderTail(Format format) { return format == Format::kVotable ? VotableTail() : ""; }

OrderedJson FloatCell(float value) {
  if (!std::isfinite(value)) return nullptr;
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  double shortest = 0;
  std::from_chars(digits, end, shortest);
  return shortest;
}

int TerminalWidth() {
  if (isatty(STDOUT_FILENO) == 0) return 0;
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return 80;
  return size.ws_col > 0 ? size.ws_col : 80;
}

absl::Status WriteStandardOutput(std::string_view text) {
  const absl::Status status = WriteToReader(STDOUT_FILENO, kStandardOutput, text);
  return status.code() == absl::StatusCode::kCancelled ? absl::OkStatus() : status;
}

absl::Status WriteToReader(int descriptor, std::string_view name, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EPIPE) {
      return MakeStatus(absl::StatusCode::kCancelled, "the reader has gone");
    }
    if (written < 0) return CannotWrite(StatusFromErrno("write", name, errno));
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status CannotWrite(const absl::Status& status) {
  return status.ok() ? status : MakeStatus(absl::StatusCode::kDataLoss, MessageOf(status));
}

}  // namespace peculiar::client
