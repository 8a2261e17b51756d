#include "core/feedback/labels.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include "core/cube/galaxy.h"
#include "core/fits/csv.h"
#include "core/fits/text.h"

namespace peculiar {
namespace {

constexpr std::size_t kLongestReason = 1000;
constexpr std::array<std::string_view, 3> kColumns = {"plateifu", "interesting", "reason"};

// Where each of kColumns stands in a row; none for a reason that is not there.
using ColumnIndices = std::array<std::optional<std::size_t>, kColumns.size()>;

absl::StatusOr<ColumnIndices> FindColumns(const std::vector<std::string>& names) {
  ColumnIndices indices;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string_view name = TrimBlanks(names[i]);
    const auto found = std::find_if(kColumns.begin(), kColumns.end(), [&](std::string_view column) {
      return EqualsIgnoringCase(column, name);
    });
    if (found == kColumns.end()) {
      return DataLoss("column '{:.80}', only plateifu, interesting and reason expected",
                      Printable(name));
    }
    auto& index = indices[static_cast<std::size_t>(found - kColumns.begin())];
    if (index) return DataLoss("column {} stands twice in the first line", *found);
    index = i;
  }
  for (const std::size_t required : {0, 1}) {
    if (!indices[required]) return DataLoss("column {} is missing", kColumns[required]);
  }
  return indices;
}

std::optional<bool> ParseVerdict(std::string_view text) {
  for (const std::string_view word : {"yes", "true", "1"}) {
    if (EqualsIgnoringCase(text, word)) return true;
  }
  for (const std::string_view word : {"no", "false", "0"}) {
    if (EqualsIgnoringCase(text, word)) return false;
  }
  return std::nullopt;
}

absl::StatusOr<GalaxyLabel> ParseRow(const std::vector<std::string>& cells,
                                     const ColumnIndices& indices, std::size_t line) {
  const std::string& plateifu = cells[*indices[0]];
  const std::string& verdict = cells[*indices[1]];
  GalaxyLabel label{.plateifu = std::string(StripGalaxyPrefix(plateifu)), .line = line};
  if (!IsPlateIfu(label.plateifu)) {
    return DataLoss("line {}: '{:.80}' is not a plate-IFU such as 8626-12704", line,
                    Printable(plateifu));
  }
  const std::optional<bool> interesting = ParseVerdict(TrimBlanks(verdict));
  if (!interesting) {
    return DataLoss("line {}: interesting is '{:.80}', yes, no, true, false, 1 or 0 expected", line,
                    Printable(verdict));
  }
  label.interesting = *interesting;
  if (indices[2]) label.reason = TrimBlanks(cells[*indices[2]]);
  if (label.reason.size() > kLongestReason) {
    return DataLoss("line {}: a reason of {} bytes, at most {} expected", line, label.reason.size(),
                    kLongestReason);
  }
  return label;
}

std::string_view VerdictName(bool interesting) { return interesting ? "yes" : "no"; }

}  // namespace

std::size_t LabelSet::interesting() const {
  return static_cast<std::size_t>(std::count_if(
      labels.begin(), labels.end(), [](const GalaxyLabel& label) { return label.interesting; }));
}

absl::StatusOr<LabelSet> ParseLabels(std::string_view text) {
  PECULIAR_ASSIGN_OR_RETURN(const CsvTable csv, ParseCsv(text));
  PECULIAR_ASSIGN_OR_RETURN(const ColumnIndices indices, FindColumns(csv.names));
  LabelSet set;
  std::map<std::string, GalaxyLabel> by_galaxy;
  for (std::size_t i = 0; i < csv.rows.size(); ++i) {
    PECULIAR_ASSIGN_OR_RETURN(GalaxyLabel label, ParseRow(csv.rows[i], indices, csv.lines[i]));
    const auto [found, is_new] = by_galaxy.try_emplace(label.plateifu, label);
    if (is_new) continue;
    GalaxyLabel& earlier = found->second;
    if (earlier.interesting != label.interesting) {
      return DataLoss("line {}: {} is interesting: {}, but line {} says {}", label.line,
                      label.plateifu, VerdictName(label.interesting), earlier.line,
                      VerdictName(earlier.interesting));
    }
    if (earlier.reason.empty()) earlier.reason = std::move(label.reason);
    ++set.repeated;
  }
  for (auto& [plateifu, label] : by_galaxy) set.labels.push_back(std::move(label));
  return set;
}

}  // namespace peculiar
