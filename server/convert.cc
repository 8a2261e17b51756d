#include "server/convert.h"

#include <string>

namespace peculiar::server {
namespace {

v1::ScoreKind ToProto(ScoreKind kind) {
  switch (kind) {
    case ScoreKind::kChi:
      return v1::SCORE_KIND_CHI;
    case ScoreKind::kRelative:
      return v1::SCORE_KIND_RELATIVE;
    case ScoreKind::kMae:
      break;
  }
  return v1::SCORE_KIND_MAE;
}

void AddAgnClasses(const CatalogGalaxy& galaxy, v1::Galaxy& proto) {
  if (galaxy.agn_infrared) proto.add_agn_classes(v1::AGN_CLASS_INFRARED);
  if (galaxy.agn_x_ray) proto.add_agn_classes(v1::AGN_CLASS_X_RAY);
  if (galaxy.agn_radio) proto.add_agn_classes(v1::AGN_CLASS_RADIO);
  if (galaxy.agn_broad_line) proto.add_agn_classes(v1::AGN_CLASS_BROAD_LINE);
}

void ToProto(const CatalogGalaxy& galaxy, v1::Quality& quality) {
  if (galaxy.drp3qual) quality.set_drp3qual(*galaxy.drp3qual);
  for (const std::string& name : galaxy.quality_names) quality.add_drp3qual_names(name);
  quality.set_coverage(galaxy.coverage);
  quality.set_masked_share(galaxy.masked_share);
  quality.set_lines_off_grid_count(galaxy.lines_off_grid);
}

void ToProto(const CatalogModel& model, v1::Model& proto) {
  proto.set_model(model.name);
  proto.set_kind(model.kind);
  proto.set_preset(model.preset);
  proto.set_seed(model.seed);
  proto.set_digest(model.digest);
  proto.set_dimension(model.dimension);
  proto.set_training_json(model.training_json);
}

}  // namespace

absl::StatusOr<ScoreKind> FromProto(v1::ScoreKind kind) {
  switch (kind) {
    case v1::SCORE_KIND_UNSPECIFIED:
    case v1::SCORE_KIND_MAE:
      return ScoreKind::kMae;
    case v1::SCORE_KIND_CHI:
      return ScoreKind::kChi;
    case v1::SCORE_KIND_RELATIVE:
      return ScoreKind::kRelative;
    default:
      return InvalidArgument(
          "UNKNOWN_SCORE: score_kind {} has no meaning here; the kinds are: 1 (mae), 2 (chi), "
          "3 (relative)",
          static_cast<int>(kind));
  }
}

void ToProto(const GalaxyEntry& entry, v1::Galaxy& proto) {
  const CatalogGalaxy& galaxy = *entry.galaxy;
  proto.set_plateifu(galaxy.plateifu);
  proto.set_mangaid(galaxy.mangaid);
  proto.set_redshift(galaxy.z);
  if (galaxy.ra_deg) proto.set_ra_deg(*galaxy.ra_deg);
  if (galaxy.dec_deg) proto.set_dec_deg(*galaxy.dec_deg);
  proto.set_fibre_count(galaxy.fibres);
  AddAgnClasses(galaxy, proto);
  ToProto(galaxy, *proto.mutable_quality());
  for (const std::string_view repeat : entry.repeat_plateifus) {
    proto.add_repeat_plateifus(repeat.data(), repeat.size());
  }
  if (galaxy.stellar_mass_msun) proto.set_stellar_mass_msun(*galaxy.stellar_mass_msun);
  if (galaxy.half_light_radius_arcsec) {
    proto.set_half_light_radius_arcsec(*galaxy.half_light_radius_arcsec);
  }
  if (galaxy.sersic_index) proto.set_sersic_index(*galaxy.sersic_index);
}

void ToProto(const ScoreEntry& entry, v1::Score& score) {
  score.set_kind(ToProto(entry.kind));
  if (!entry.score->ranked()) return;
  score.set_value(*entry.score->value);
  score.set_rank(entry.score->rank);
  score.set_percentile(entry.score->percentile);
}

void ToProto(const LineShareEntry& entry, v1::LineShare& share) {
  share.set_line(entry.line->name);
  share.set_wavelength_angstrom(entry.line->wavelength_angstrom);
  if (entry.value) share.set_value(*entry.value);
}

void ToProto(const AnomalyEntry& entry, v1::Anomaly& anomaly) {
  ToProto(entry.galaxy, *anomaly.mutable_galaxy());
  ToProto(entry.score, *anomaly.mutable_score());
  if (entry.top_line) ToProto(*entry.top_line, *anomaly.mutable_top_line());
}

void ToProto(const NeighborEntry& entry, v1::Neighbor& neighbor) {
  ToProto(entry.galaxy, *neighbor.mutable_galaxy());
  neighbor.set_distance(entry.distance);
  ToProto(entry.score, *neighbor.mutable_score());
}

void ToProto(const ModelScoresEntry& entry, v1::ModelScores& scores) {
  scores.set_model(entry.model->name);
  for (const ScoreEntry& score : entry.scores) ToProto(score, *scores.add_scores());
  for (const LineShareEntry& share : entry.line_shares) ToProto(share, *scores.add_line_shares());
}

void ToProto(const Manifest& manifest, std::string_view id, v1::Snapshot& snapshot) {
  snapshot.set_snapshot_id(std::string(id));
  snapshot.mutable_create_time()->set_seconds(manifest.created.time_since_epoch().count());
  snapshot.set_dataset_digest(manifest.dataset_digest);
  snapshot.set_galaxy_count(static_cast<int>(manifest.galaxy_count));
  snapshot.set_excluded_count(static_cast<int>(manifest.excluded_count));
  for (const CatalogModel& model : manifest.models) ToProto(model, *snapshot.add_models());
  for (const CatalogLine& line : manifest.lines) {
    v1::Line& proto = *snapshot.add_lines();
    proto.set_line(line.name);
    proto.set_wavelength_angstrom(line.wavelength_angstrom);
  }
}

}  // namespace peculiar::server
