#include "client/galaxy_columns.h"

namespace peculiar::client {
namespace {

std::string AgnClassName(int agn_class) {
  switch (agn_class) {
    case v1::AGN_CLASS_INFRARED:
      return "infrared";
    case v1::AGN_CLASS_X_RAY:
      return "x_ray";
    case v1::AGN_CLASS_RADIO:
      return "radio";
    case v1::AGN_CLASS_BROAD_LINE:
      return "broad_line";
    default:
      return fmt::format("class {}", agn_class);  // a newer server may know more
  }
}

}  // namespace

std::string ScoreKindName(v1::ScoreKind kind) {
  switch (kind) {
    case v1::SCORE_KIND_UNSPECIFIED:
    case v1::SCORE_KIND_MAE:
      return "mae";
    case v1::SCORE_KIND_CHI:
      return "chi";
    case v1::SCORE_KIND_RELATIVE:
      return "relative";
    default:
      return fmt::format("kind {}", static_cast<int>(kind));
  }
}

absl::StatusOr<v1::ScoreKind> ParseScoreKind(std::string_view name) {
  for (const auto kind : {v1::SCORE_KIND_MAE, v1::SCORE_KIND_CHI, v1::SCORE_KIND_RELATIVE}) {
    if (name == ScoreKindName(kind)) return kind;
  }
  return InvalidArgument("unknown score '{}': mae, chi or relative", name);
}

std::string ScoreUnit(v1::ScoreKind kind) {
  if (kind == v1::SCORE_KIND_CHI) return "sigma";
  return kind == v1::SCORE_KIND_RELATIVE ? "" : "flux";
}

void AppendIdColumns(std::vector<Column>& columns) {
  columns.push_back({.name = "plateifu"});
  columns.push_back({.name = "mangaid"});
  columns.push_back({.name = "redshift", .decimals = 5});
}

void AppendIdCells(const v1::Galaxy& galaxy, std::vector<OrderedJson>& cells) {
  cells.insert(cells.end(), {galaxy.plateifu(), galaxy.mangaid(), galaxy.redshift()});
}

void AppendDetailColumns(std::vector<Column>& columns) {
  columns.push_back({.name = "agn_classes"});
  columns.push_back({.name = "drp3qual_names"});
  columns.push_back({.name = "ra_deg", .unit = "deg", .decimals = 5});
  columns.push_back({.name = "dec_deg", .unit = "deg", .decimals = 5});
  columns.push_back({.name = "fibre_count"});
}

void AppendDetailCells(const v1::Galaxy& galaxy, std::vector<OrderedJson>& cells) {
  cells.push_back(AgnClassCell(galaxy));
  cells.push_back(QualityCell(galaxy));
  cells.push_back(OptionalCell(galaxy.has_ra_deg(), galaxy.ra_deg()));
  cells.push_back(OptionalCell(galaxy.has_dec_deg(), galaxy.dec_deg()));
  cells.push_back(galaxy.fibre_count());
}

OrderedJson AgnClassCell(const v1::Galaxy& galaxy) {
  OrderedJson names = OrderedJson::array();
  for (const int agn_class : galaxy.agn_classes()) names.push_back(AgnClassName(agn_class));
  return names;
}

OrderedJson QualityCell(const v1::Galaxy& galaxy) {
  OrderedJson names = OrderedJson::array();
  for (const std::string& name : galaxy.quality().drp3qual_names()) names.push_back(name);
  return names;
}

}  // namespace peculiar::client
