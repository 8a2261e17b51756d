#include "core/dataset/selection.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "core/cube/quality.h"

namespace peculiar {
namespace {

constexpr std::array<std::pair<ExclusionReason, std::string_view>, 5> kReasonNames = {{
    {ExclusionReason::kNoRedshift, "no_redshift"},
    {ExclusionReason::kRedshiftOutOfRange, "redshift_out_of_range"},
    {ExclusionReason::kCritical, "critical"},
    {ExclusionReason::kCubeMissing, "cube_missing"},
    {ExclusionReason::kCubeRefused, "cube_refused"},
}};

}  // namespace

std::optional<Exclusion> FindExclusion(const GalaxyRecord& row, const SelectionOptions& options) {
  if (!row.z || !std::isfinite(*row.z)) {
    return Exclusion{row, ExclusionReason::kNoRedshift, "no redshift in drpall"};
  }
  if (!(*row.z > options.z_min && *row.z < options.z_max)) {
    return Exclusion{
        row, ExclusionReason::kRedshiftOutOfRange,
        fmt::format("redshift {}, accepted {} < z < {}", *row.z, options.z_min, options.z_max)};
  }
  const std::int64_t quality = row.drp3qual.value_or(0);
  if (options.critical == CriticalCubes::kDrop && (quality & kQualityCritical) != 0) {
    return Exclusion{row, ExclusionReason::kCritical,
                     fmt::format("DRP3QUAL is {}", fmt::join(Drp3QualNames(quality), ", "))};
  }
  return std::nullopt;
}

std::string_view ExclusionReasonName(ExclusionReason reason) {
  for (const auto& [value, name] : kReasonNames) {
    if (value == reason) return name;
  }
  return "unknown";
}

absl::StatusOr<ExclusionReason> ParseExclusionReason(std::string_view name) {
  for (const auto& [value, known] : kReasonNames) {
    if (name == known) return value;
  }
  return DataLoss("'{}' is not a reason for leaving a galaxy out", name);
}

Selection SelectGalaxies(std::vector<GalaxyRecord> rows, const SelectionOptions& options) {
  std::sort(rows.begin(), rows.end(),
            [](const auto& a, const auto& b) { return a.plateifu < b.plateifu; });
  Selection selection;
  for (GalaxyRecord& row : rows) {
    if (auto exclusion = FindExclusion(row, options)) {
      selection.excluded.push_back(*std::move(exclusion));
    } else {
      selection.galaxies.push_back(std::move(row));
    }
  }
  return selection;
}

std::size_t ApplyAgnTable(const AgnTable& table, std::span<GalaxyRecord> rows) {
  std::size_t found = 0;
  for (GalaxyRecord& row : rows) {
    const auto flags = table.find(row.plateifu);
    row.agn = flags == table.end() ? AgnFlags{} : flags->second;
    found += flags != table.end();
  }
  return table.size() - found;
}

AgnCounts CountAgn(std::span<const GalaxyRecord> galaxies) {
  AgnCounts counts;
  for (const GalaxyRecord& galaxy : galaxies) {
    counts.any += galaxy.agn.any();
    counts.infrared += galaxy.agn.infrared;
    counts.x_ray += galaxy.agn.x_ray;
    counts.radio += galaxy.agn.radio;
    counts.broad_line += galaxy.agn.broad_line;
  }
  return counts;
}

std::map<ExclusionReason, std::size_t> CountReasons(std::span<const Exclusion> excluded) {
  std::map<ExclusionReason, std::size_t> counts;
  for (const Exclusion& exclusion : excluded) ++counts[exclusion.reason];
  return counts;
}

std::map<std::size_t, std::size_t> CountRepeats(std::span<const GalaxyRecord> galaxies) {
  std::map<std::string_view, std::size_t> observations;
  for (const GalaxyRecord& galaxy : galaxies) {
    if (!galaxy.mangaid.empty()) ++observations[galaxy.mangaid];
  }
  std::map<std::size_t, std::size_t> counts;
  for (const auto& [mangaid, n] : observations) {
    if (n > 1) ++counts[n];
  }
  return counts;
}

}  // namespace peculiar
