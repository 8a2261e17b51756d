#include "core/query/top_lines.h"

namespace peculiar {

TopLines::TopLines(const CatalogContent& content, std::size_t model) {
  entries_.reserve(content.scores[model].size());
  for (const GalaxyScores& galaxy : content.scores[model]) {
    entries_.push_back(Find(galaxy.line_shares));
  }
}

TopLines::Entry TopLines::Find(const std::vector<std::optional<double>>& shares) {
  Entry top;
  for (std::size_t line = 0; line < shares.size(); ++line) {
    if (!shares[line].has_value()) return {};
    if (top.line < 0 || *shares[line] > top.value) {
      top = {*shares[line], static_cast<std::int32_t>(line)};
    }
  }
  return top;
}

}  // namespace peculiar
