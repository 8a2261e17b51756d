// Which galaxies of drpall form the sample (paper section 3.1), and why each other row does not.
// Every row left out keeps its reason, so that a query for it can be answered.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"
#include "core/cube/galaxy.h"

namespace peculiar {

enum class CriticalCubes { kKeep, kDrop };  // cubes with DRP3QUAL bit CRITICAL

// Defaults reproduce the paper's sample: 9,046 rows of drpall v3_1_1.
struct SelectionOptions {
  double z_min = 0;     // exclusive
  double z_max = 0.08;  // exclusive
  CriticalCubes critical = CriticalCubes::kKeep;
};

// In the order they are tried; the first that holds is the reason.
enum class ExclusionReason {
  kNoRedshift,
  kRedshiftOutOfRange,
  kCritical,
  kCubeMissing,
  kCubeRefused
};

// "no_redshift", "redshift_out_of_range", "critical", "cube_missing", "cube_refused".
std::string_view ExclusionReasonName(ExclusionReason reason);
// The other way round; DATA_LOSS for any other name.
absl::StatusOr<ExclusionReason> ParseExclusionReason(std::string_view name);

struct Exclusion {
  GalaxyRecord galaxy;
  ExclusionReason reason = ExclusionReason::kNoRedshift;
  std::string detail;  // one sentence for people: "redshift 0.1123, accepted 0 < z < 0.08"
};

struct Selection {
  std::vector<GalaxyRecord> galaxies;  // sorted by plate-IFU, as strings
  std::vector<Exclusion> excluded;     // the same order
};

// Splits the rows of drpall. A redshift that is absent or not finite is no redshift. The plate-IFUs
// must be unique (ReadDrpall sees to it).
Selection SelectGalaxies(std::vector<GalaxyRecord> rows, const SelectionOptions& options);

// Why a row is not in the sample (the first three reasons); nothing when it is.
std::optional<Exclusion> FindExclusion(const GalaxyRecord& row, const SelectionOptions& options);

// Sets the AGN flags of the rows that the table names; returns how many of its galaxies are not
// among them.
std::size_t ApplyAgnTable(const AgnTable& table, std::span<GalaxyRecord> rows);

// Galaxies by AGN class; one galaxy may count in several classes, `any` counts it once.
struct AgnCounts {
  std::size_t any = 0;
  std::size_t infrared = 0;
  std::size_t x_ray = 0;
  std::size_t radio = 0;
  std::size_t broad_line = 0;
};
AgnCounts CountAgn(std::span<const GalaxyRecord> galaxies);

std::map<ExclusionReason, std::size_t> CountReasons(std::span<const Exclusion> excluded);

// How many mangaids were observed n times, by n >= 2: {2: 110, 3: 13}. Rows without one count not.
std::map<std::size_t, std::size_t> CountRepeats(std::span<const GalaxyRecord> galaxies);

}  // namespace peculiar
