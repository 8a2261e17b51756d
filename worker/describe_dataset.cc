#include "worker/describe_dataset.h"

#include <cmath>

#include "core/cube/quality.h"

namespace peculiar::worker {
namespace {

std::optional<double> FiniteOrAbsent(const std::optional<double>& value) {
  return value.has_value() && std::isfinite(*value) ? value : std::nullopt;
}

absl::StatusOr<CatalogGalaxy> DescribeGalaxy(const SampleEntry& entry) {
  const GalaxyRecord& record = entry.galaxy;
  if (!IsPlateIfu(record.plateifu) || !FiniteOrAbsent(record.z)) {
    return DataLoss("the dataset has galaxy '{}' with redshift {}, expected a plate-IFU with one",
                    record.plateifu, record.z.value_or(0));
  }
  CatalogGalaxy galaxy;
  galaxy.plateifu = record.plateifu;
  galaxy.mangaid = record.mangaid;
  galaxy.z = *record.z;
  galaxy.ra_deg = FiniteOrAbsent(record.ra_deg);
  galaxy.dec_deg = FiniteOrAbsent(record.dec_deg);
  galaxy.fibres = FibresOf(record.plateifu);
  galaxy.drp3qual = record.drp3qual;
  if (record.drp3qual.has_value()) galaxy.quality_names = Drp3QualNames(*record.drp3qual);
  galaxy.agn_infrared = record.agn.infrared;
  galaxy.agn_x_ray = record.agn.x_ray;
  galaxy.agn_radio = record.agn.radio;
  galaxy.agn_broad_line = record.agn.broad_line;
  galaxy.coverage = entry.quality.coverage;
  galaxy.masked_share = entry.quality.masked_share;
  galaxy.lines_off_grid = entry.quality.lines_off_grid;
  galaxy.stellar_mass_msun = FiniteOrAbsent(record.stellar_mass_msun);
  galaxy.half_light_radius_arcsec = FiniteOrAbsent(record.half_light_radius_arcsec);
  galaxy.sersic_index = FiniteOrAbsent(record.sersic_index);
  return galaxy;
}

}  // namespace

absl::StatusOr<CatalogContent> DescribeDataset(const Dataset& dataset) {
  CatalogContent content;
  for (const EmissionLine& line : dataset.lines()) {
    content.lines.push_back({line.name, line.wavelength_angstrom});
  }
  for (const SampleEntry& entry : dataset.entries()) {
    PECULIAR_ASSIGN_OR_RETURN(CatalogGalaxy galaxy, DescribeGalaxy(entry));
    content.galaxies.push_back(std::move(galaxy));
  }
  for (const Exclusion& exclusion : dataset.excluded()) {
    content.excluded.push_back(
        {exclusion.galaxy.plateifu, exclusion.galaxy.mangaid, FiniteOrAbsent(exclusion.galaxy.z),
         std::string(ExclusionReasonName(exclusion.reason)), exclusion.detail});
  }
  return content;
}

}  // namespace peculiar::worker
