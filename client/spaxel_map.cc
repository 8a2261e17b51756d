#include "client/spaxel_map.h"

#include <algorithm>
#include <cmath>

namespace peculiar::client {
namespace {

constexpr std::string_view kShades = " .:-=+*#%@";

bool IsWhole(const v1::ModelScores& scores, int side) {
  return side > 0 && scores.spaxel_values_size() == side * side;
}

}  // namespace

OrderedJson SpaxelRows(const v1::ModelScores& scores, int side) {
  OrderedJson rows = OrderedJson::array();
  for (int y = 0; IsWhole(scores, side) && y < side; ++y) {
    OrderedJson row = OrderedJson::array();
    for (int x = 0; x < side; ++x) {
      const float value = scores.spaxel_values(y * side + x);
      row.push_back(std::isfinite(value) ? FloatCell(value) : OrderedJson(nullptr));
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

Table SpaxelPicture(const v1::ModelScores& scores, int side) {
  Table table{.title = "Where mae of " + scores.model() + " lies, north up, east left",
              .columns = {{}}};
  if (!IsWhole(scores, side)) return table;
  float largest = 0;
  for (const float value : scores.spaxel_values()) {
    if (std::isfinite(value)) largest = std::max(largest, value);
  }
  for (int y = side - 1; y >= 0; --y) {
    std::string line = "|";
    for (int x = 0; x < side; ++x) {
      const float share = largest > 0 ? scores.spaxel_values(y * side + x) / largest : 0;
      const float shade = std::isfinite(share) ? std::clamp(share, 0.0F, 1.0F) : 0;
      line.append(2, kShades[static_cast<std::size_t>(std::lround(shade * (kShades.size() - 1)))]);
    }
    table.rows.push_back({line + "|"});
  }
  return table;
}

}  // namespace peculiar::client
