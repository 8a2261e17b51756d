#include "client/galaxy_columns.h"

#include <utility>

namespace peculiar::client {
namespace {

constexpr std::pair<std::string_view, v1::PopulationGroup> kGroups[] = {
    {"all", v1::POPULATION_GROUP_ALL},
    {"agn_class", v1::POPULATION_GROUP_AGN_CLASS},
    {"fibres", v1::POPULATION_GROUP_FIBRES},
    {"redshift", v1::POPULATION_GROUP_REDSHIFT},
    {"tag", v1::POPULATION_GROUP_TAG}};

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

std::string ScoreDescription(v1::ScoreKind kind) {
  switch (kind) {
    case v1::SCORE_KIND_CHI:
      return "mean absolute error over unmasked voxels";
    case v1::SCORE_KIND_RELATIVE:
      return "summed absolute error over summed absolute flux";
    case v1::SCORE_KIND_RELEVANCE:
      return "learned from labels, 0 to 1";
    case v1::SCORE_KIND_LINE_ERROR:
      return "what one line adds to the mean absolute error";
    case v1::SCORE_KIND_LINE_SHARE:
      return "share of the mean absolute error that one line adds, 0 to 1";
    default:
      return "mean absolute error of the reconstruction";
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
    case v1::SCORE_KIND_RELEVANCE:
      return "relevance";
    case v1::SCORE_KIND_LINE_ERROR:
      return "line_error";
    case v1::SCORE_KIND_LINE_SHARE:
      return "line_share";
    default:
      return fmt::format("kind {}", static_cast<int>(kind));
  }
}

absl::StatusOr<v1::ScoreKind> ParseScoreKind(std::string_view name) {
  for (const auto kind : {v1::SCORE_KIND_MAE, v1::SCORE_KIND_CHI, v1::SCORE_KIND_RELATIVE,
                          v1::SCORE_KIND_RELEVANCE}) {
    if (name == ScoreKindName(kind)) return kind;
  }
  return InvalidArgument("unknown score '{}': mae, chi, relative or relevance", name);
}

std::string PopulationGroupName(v1::PopulationGroup group) {
  for (const auto& [name, known] : kGroups) {
    if (known == group) return std::string(name);
  }
  return fmt::format("group {}", static_cast<int>(group));
}

v1::PopulationGroup ParsePopulationGroup(std::string_view name) {
  for (const auto& [known, group] : kGroups) {
    if (known == name) return group;
  }
  return v1::POPULATION_GROUP_UNSPECIFIED;
}

std::string ScoreUnit(v1::ScoreKind kind) {
  switch (kind) {
    case v1::SCORE_KIND_CHI:
      return "sigma";
    case v1::SCORE_KIND_RELATIVE:
    case v1::SCORE_KIND_LINE_SHARE:
    case v1::SCORE_KIND_RELEVANCE:
      return "";
    default:
      return "flux";
  }
}

Column ScoreColumn(const std::string& name, v1::ScoreKind kind) {
  return {.name = name,
          .type = CellType::kReal,
          .unit = ScoreUnit(kind),
          .ucd = kind == v1::SCORE_KIND_RELEVANCE ? "" : "stat.fit.residual",
          .description = ScoreDescription(kind)};
}

Column PercentileColumn(const std::string& name) {
  return {.name = name, .type = CellType::kReal, .unit = "%", .decimals = 2};
}

void AppendIdColumns(std::vector<Column>& columns) {
  columns.push_back({.name = "plateifu",
                     .ucd = "meta.id;meta.main",
                     .description = "plate and IFU of the observation"});
  columns.push_back({.name = "mangaid", .ucd = "meta.id", .description = "MaNGA-ID of the object"});
  columns.push_back(
      {.name = "redshift", .type = CellType::kReal, .decimals = 5, .ucd = "src.redshift"});
}

void AppendIdCells(const v1::Galaxy& galaxy, std::vector<OrderedJson>& cells) {
  cells.insert(cells.end(), {galaxy.plateifu(), galaxy.mangaid(), galaxy.redshift()});
}

void AppendTopLineColumns(std::vector<Column>& columns) {
  columns.push_back({.name = "top_line", .description = "line with the largest part of mae"});
  columns.push_back({.name = "top_line_mae",
                     .type = CellType::kReal,
                     .unit = "flux",
                     .description = "its part of mae"});
}

void AppendTopLineCells(bool is_known, const v1::LineShare& line, std::vector<OrderedJson>& cells) {
  cells.push_back(OptionalCell(is_known, line.line()));
  cells.push_back(OptionalCell(line.has_value(), line.value()));
}

// long: a table of columns
void AppendDetailColumns(std::vector<Column>& columns) {
  columns.push_back({.name = "agn_classes",
                     .type = CellType::kTexts,
                     .ucd = "src.class",
                     .description = "AGN selections of Comerford et al. 2020"});
  columns.push_back({.name = "drp3qual_names",
                     .type = CellType::kTexts,
                     .ucd = "meta.code.qual",
                     .description = "MANGA_DRP3QUAL bits that are set"});
  for (const auto& [name, ucd] :
       {std::pair{"ra_deg", "pos.eq.ra;meta.main"}, std::pair{"dec_deg", "pos.eq.dec;meta.main"}}) {
    columns.push_back(
        {.name = name, .type = CellType::kReal, .unit = "deg", .decimals = 5, .ucd = ucd});
  }
  columns.push_back(
      {.name = "fibre_count", .type = CellType::kInteger, .description = "fibres of the bundle"});
  columns.push_back({.name = "coverage",
                     .type = CellType::kReal,
                     .decimals = 3,
                     .description = "share of the crop inside the cube, 0 to 1"});
  columns.push_back({.name = "masked_share",
                     .type = CellType::kReal,
                     .decimals = 3,
                     .description = "share of masked voxels, 0 to 1"});
  columns.push_back({.name = "lines_off_grid_count",
                     .type = CellType::kInteger,
                     .description = "emission lines outside the cube's wavelengths"});
  columns.push_back({.name = "repeat_plateifus",
                     .type = CellType::kTexts,
                     .ucd = "meta.id.assoc",
                     .description = "other observations of the object in the sample"});
  columns.push_back(
      {.name = "tags", .type = CellType::kTexts, .description = "named sets it belongs to"});
}

void AppendDetailCells(const v1::Galaxy& galaxy, std::vector<OrderedJson>& cells) {
  cells.push_back(AgnClassCell(galaxy));
  cells.push_back(QualityCell(galaxy));
  cells.push_back(OptionalCell(galaxy.has_ra_deg(), galaxy.ra_deg()));
  cells.push_back(OptionalCell(galaxy.has_dec_deg(), galaxy.dec_deg()));
  cells.push_back(galaxy.fibre_count());
  cells.push_back(galaxy.quality().coverage());
  cells.push_back(galaxy.quality().masked_share());
  cells.push_back(galaxy.quality().lines_off_grid_count());
  cells.push_back(
      std::vector<std::string>(galaxy.repeat_plateifus().begin(), galaxy.repeat_plateifus().end()));
  cells.push_back(std::vector<std::string>(galaxy.tags().begin(), galaxy.tags().end()));
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
