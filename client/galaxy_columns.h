// How galaxies and scores of the wire become cells: shared by the subcommands that list galaxies.
// Null stands for what the server does not know. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "client/output.h"
#include "core/base/status.h"
#include "peculiar/v1/galaxy.pb.h"
#include "peculiar/v1/population.pb.h"
#include "peculiar/v1/score.pb.h"

namespace peculiar::client {

// "mae", "chi", "relative", "line_error", "line_share"; "kind 9" for one that a newer server may
// know.
std::string ScoreKindName(v1::ScoreKind kind);
// INVALID_ARGUMENT naming the scores.
absl::StatusOr<v1::ScoreKind> ParseScoreKind(std::string_view name);
// The unit row's word for a score: "flux" (see kFluxNote), "sigma" or "".
std::string ScoreUnit(v1::ScoreKind kind);
// What "flux" means in a unit row.
inline constexpr std::string_view kFluxNote = "flux = 1e-17 erg/s/cm^2/Angstrom/spaxel";

// "all", "agn_class", "fibres", "redshift", "tag".
std::string PopulationGroupName(v1::PopulationGroup group);
// POPULATION_GROUP_UNSPECIFIED for any other name.
v1::PopulationGroup ParsePopulationGroup(std::string_view name);

// The columns of a score and of a percentile, 0 to 100.
Column ScoreColumn(const std::string& name, v1::ScoreKind kind);
Column PercentileColumn(const std::string& name);

// plateifu, mangaid, redshift: what a listing of galaxies begins with ...
void AppendIdColumns(std::vector<Column>& columns);
void AppendIdCells(const v1::Galaxy& galaxy, std::vector<OrderedJson>& cells);
// The line with the largest part of mae, and that part.
void AppendTopLineColumns(std::vector<Column>& columns);
void AppendTopLineCells(bool is_known, const v1::LineShare& line, std::vector<OrderedJson>& cells);

// ... and AGN classes, position, fibres, all of its quality, its repeats and tags: what it ends
// with.
void AppendDetailColumns(std::vector<Column>& columns);
void AppendDetailCells(const v1::Galaxy& galaxy, std::vector<OrderedJson>& cells);

// "infrared", "x_ray", "radio", "broad_line".
OrderedJson AgnClassCell(const v1::Galaxy& galaxy);
// The names of the quality bits that are set.
OrderedJson QualityCell(const v1::Galaxy& galaxy);

// The value of an optional field, null when `is_set` is false.
template <typename T>
OrderedJson OptionalCell(bool is_set, const T& value) {
  return is_set ? OrderedJson(value) : OrderedJson(nullptr);
}

}  // namespace peculiar::client
