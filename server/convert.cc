#include "server/convert.h"

#include <optional>
#include <string>

namespace peculiar::server {
namespace {

template <typename T, typename Value>
void CopyTo(const Value& value, std::optional<T>& target, bool is_set) {
  if (is_set) target = value;
}

absl::StatusOr<AgnSelection> FromProto(v1::AgnClass agn_class) {
  switch (agn_class) {
    case v1::AGN_CLASS_INFRARED:
      return AgnSelection::kInfrared;
    case v1::AGN_CLASS_X_RAY:
      return AgnSelection::kXRay;
    case v1::AGN_CLASS_RADIO:
      return AgnSelection::kRadio;
    case v1::AGN_CLASS_BROAD_LINE:
      return AgnSelection::kBroadLine;
    default:
      return InvalidArgument("BAD_FILTER: agn_classes has {}, which has no meaning here",
                             static_cast<int>(agn_class));
  }
}

v1::PopulationGroup ToProto(PopulationGroup group) {
  switch (group) {
    case PopulationGroup::kAgnClass:
      return v1::POPULATION_GROUP_AGN_CLASS;
    case PopulationGroup::kFibres:
      return v1::POPULATION_GROUP_FIBRES;
    case PopulationGroup::kRedshift:
      return v1::POPULATION_GROUP_REDSHIFT;
    case PopulationGroup::kTag:
      return v1::POPULATION_GROUP_TAG;
    case PopulationGroup::kAll:
      break;
  }
  return v1::POPULATION_GROUP_ALL;
}

void ToProto(const PopulationEntry& entry, v1::PopulationPercentiles& proto) {
  proto.set_group(ToProto(entry.population->group));
  proto.set_population(entry.population->name);
  const auto& [mae, chi, relative] = entry.percentiles;
  if (mae) proto.set_mae_percentile(*mae);
  if (chi) proto.set_chi_percentile(*chi);
  if (relative) proto.set_relative_percentile(*relative);
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
  proto.set_relevance_json(model.relevance_json);
}

void AddSpaces(const std::vector<CatalogSpace>& spaces, v1::Model& model) {
  for (const CatalogSpace& space : spaces) {
    v1::Space& added = *model.add_spaces();
    added.set_space(space.name);
    added.set_dimension(space.width);
    added.mutable_explained_variance_ratios()->Add(space.explained_variance.begin(),
                                                   space.explained_variance.end());
    if (space.trustworthiness) added.set_trustworthiness(*space.trustworthiness);
    if (space.continuity) added.set_continuity(*space.continuity);
    for (std::size_t other = 0; other < spaces.size(); ++other) {
      v1::SpaceAgreement& agreement = *added.add_agreements();
      agreement.set_space(spaces[other].name);
      agreement.set_shared_neighbor_share(space.agreement[other]);
    }
  }
}

}  // namespace

absl::StatusOr<Measure> FromProto(v1::ScoreKind kind) {
  switch (kind) {
    case v1::SCORE_KIND_UNSPECIFIED:
    case v1::SCORE_KIND_MAE:
      return Measure::kMae;
    case v1::SCORE_KIND_CHI:
      return Measure::kChi;
    case v1::SCORE_KIND_RELATIVE:
      return Measure::kRelative;
    case v1::SCORE_KIND_RELEVANCE:
      return Measure::kRelevance;
    case v1::SCORE_KIND_LINE_ERROR:
      return Measure::kLineError;
    case v1::SCORE_KIND_LINE_SHARE:
      return Measure::kLineShare;
    default:
      return InvalidArgument(
          "UNKNOWN_SCORE: score_kind {} has no meaning here; the kinds are: 1 (mae), 2 (chi), "
          "3 (relative), 4 (line_error), 5 (line_share), 6 (relevance)",
          static_cast<int>(kind));
  }
}

v1::ScoreKind ToProto(Measure measure) {
  switch (measure) {
    case Measure::kChi:
      return v1::SCORE_KIND_CHI;
    case Measure::kRelative:
      return v1::SCORE_KIND_RELATIVE;
    case Measure::kRelevance:
      return v1::SCORE_KIND_RELEVANCE;
    case Measure::kLineError:
      return v1::SCORE_KIND_LINE_ERROR;
    case Measure::kLineShare:
      return v1::SCORE_KIND_LINE_SHARE;
    case Measure::kMae:
      break;
  }
  return v1::SCORE_KIND_MAE;
}

absl::StatusOr<GalaxyFilter> FromProto(const v1::GalaxyFilter& proto) {
  GalaxyFilter filter;
  CopyTo(proto.min_redshift(), filter.min_redshift, proto.has_min_redshift());
  CopyTo(proto.max_redshift(), filter.max_redshift, proto.has_max_redshift());
  filter.fibres.assign(proto.fibre_counts().begin(), proto.fibre_counts().end());
  for (const int agn_class : proto.agn_classes()) {
    PECULIAR_ASSIGN_OR_RETURN(const AgnSelection selection,
                              FromProto(static_cast<v1::AgnClass>(agn_class)));
    filter.agn.push_back(selection);
  }
  if (proto.agn_presence() == v1::AGN_PRESENCE_ANY) filter.agn.push_back(AgnSelection::kAny);
  if (proto.agn_presence() == v1::AGN_PRESENCE_NONE) filter.agn.push_back(AgnSelection::kNone);
  if (!v1::AgnPresence_IsValid(proto.agn_presence())) {
    return InvalidArgument(
        "BAD_FILTER: agn_presence {} has no meaning here; give 1 (any) or 2 (none)",
        static_cast<int>(proto.agn_presence()));
  }
  filter.any_quality.assign(proto.any_quality_names().begin(), proto.any_quality_names().end());
  filter.no_quality.assign(proto.no_quality_names().begin(), proto.no_quality_names().end());
  CopyTo(proto.min_coverage(), filter.min_coverage, proto.has_min_coverage());
  CopyTo(proto.max_masked_share(), filter.max_masked_share, proto.has_max_masked_share());
  CopyTo(proto.max_lines_off_grid_count(), filter.max_lines_off_grid,
         proto.has_max_lines_off_grid_count());
  if (proto.has_cone()) {
    filter.cone = Cone{proto.cone().ra_deg(), proto.cone().dec_deg(), proto.cone().radius_deg()};
  }
  filter.galaxy_ids.assign(proto.galaxy_ids().begin(), proto.galaxy_ids().end());
  filter.tags.assign(proto.tags().begin(), proto.tags().end());
  filter.best_observation = proto.best_observation();
  return filter;
}

absl::StatusOr<ScoreCondition> FromProto(const v1::ScoreRange& proto) {
  ScoreCondition condition;
  PECULIAR_ASSIGN_OR_RETURN(condition.measure, FromProto(proto.score_kind()));
  condition.line = proto.line();
  MeasureRange& range = condition.range;
  CopyTo(proto.min_score(), range.min_value, proto.has_min_score());
  CopyTo(proto.max_score(), range.max_value, proto.has_max_score());
  CopyTo(proto.min_percentile(), range.min_percentile, proto.has_min_percentile());
  CopyTo(proto.max_percentile(), range.max_percentile, proto.has_max_percentile());
  return condition;
}

absl::StatusOr<SortOrder> FromProto(v1::SortOrder order) {
  switch (order) {
    case v1::SORT_ORDER_UNSPECIFIED:
    case v1::SORT_ORDER_DESCENDING:
      return SortOrder::kDescending;
    case v1::SORT_ORDER_ASCENDING:
      return SortOrder::kAscending;
    default:
      return InvalidArgument(
          "BAD_FILTER: sort_order {} has no meaning here; give 1 (descending) or "
          "2 (ascending)",
          static_cast<int>(order));
  }
}

absl::StatusOr<PopulationGroup> FromProto(v1::PopulationGroup group) {
  switch (group) {
    case v1::POPULATION_GROUP_UNSPECIFIED:
    case v1::POPULATION_GROUP_ALL:
      return PopulationGroup::kAll;
    case v1::POPULATION_GROUP_AGN_CLASS:
      return PopulationGroup::kAgnClass;
    case v1::POPULATION_GROUP_FIBRES:
      return PopulationGroup::kFibres;
    case v1::POPULATION_GROUP_REDSHIFT:
      return PopulationGroup::kRedshift;
    case v1::POPULATION_GROUP_TAG:
      return PopulationGroup::kTag;
    default:
      return InvalidArgument(
          "BAD_FILTER: group {} has no meaning here; the groups are: 1 (all), "
          "2 (agn_class), 3 (fibres), 4 (redshift), 5 (tag)",
          static_cast<int>(group));
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
  for (const std::string_view tag : entry.tags) proto.add_tags(tag.data(), tag.size());
}

void ToProto(const ScoreEntry& entry, v1::Score& score) {
  score.set_kind(ToProto(entry.measure));
  if (entry.line != nullptr) score.set_line(entry.line->name);
  if (!entry.value) return;
  score.set_value(*entry.value);
  score.set_rank(entry.rank);
  score.set_percentile(entry.percentile);
}

void ToProto(const LineShareEntry& entry, v1::LineShare& share) {
  share.set_line(entry.line->name);
  share.set_wavelength_angstrom(entry.line->wavelength_angstrom);
  if (entry.value) share.set_value(*entry.value);
}

void ToProto(const ScoredGalaxyEntry& entry, v1::ScoredGalaxy& galaxy) {
  ToProto(entry.galaxy, *galaxy.mutable_galaxy());
  for (const ScoreEntry& score : entry.scores) ToProto(score, *galaxy.add_scores());
  if (entry.top_line) ToProto(*entry.top_line, *galaxy.mutable_top_line());
}

void ToProto(const EmbeddingAnswer& answer, v1::Embedding& embedding) {
  embedding.set_plateifu(answer.plateifu.data(), answer.plateifu.size());
  embedding.mutable_values()->Add(answer.values.begin(), answer.values.end());
}

void ToProto(const ModelScoresEntry& entry, v1::ModelScores& scores) {
  scores.set_model(entry.model->name);
  for (const ScoreEntry& score : entry.scores) ToProto(score, *scores.add_scores());
  for (const LineShareEntry& share : entry.line_shares) ToProto(share, *scores.add_line_shares());
  for (const PopulationEntry& population : entry.populations) {
    ToProto(population, *scores.add_population_percentiles());
  }
}

void ToProto(const Distribution& distribution, v1::PopulationDistribution& proto) {
  proto.set_group(ToProto(distribution.population->group));
  proto.set_population(distribution.population->name);
  proto.set_galaxy_count(static_cast<int>(distribution.members));
  proto.set_ranked_count(static_cast<int>(distribution.ranked));
  for (const std::size_t count : distribution.counts) proto.add_bin_counts(static_cast<int>(count));
  proto.mutable_quantiles()->Add(distribution.quantiles.begin(), distribution.quantiles.end());
  if (distribution.median_percentile) proto.set_median_percentile(*distribution.median_percentile);
}

void ToProto(const RepeatEntry& entry, const std::vector<CatalogSpace>& spaces,
             v1::RepeatPair& pair) {
  pair.set_mangaid(entry.first->mangaid);
  pair.set_first_plateifu(entry.first->plateifu);
  pair.set_second_plateifu(entry.second->plateifu);
  const ModelRepeat& repeat = *entry.repeat;
  if (repeat.mae_difference) pair.set_mae_difference(*repeat.mae_difference);
  if (repeat.chi_difference) pair.set_chi_difference(*repeat.chi_difference);
  if (repeat.relative_difference) pair.set_relative_difference(*repeat.relative_difference);
  for (std::size_t i = 0; i < spaces.size(); ++i) {
    v1::RepeatPlace& place = *pair.add_places();
    place.set_space(spaces[i].name);
    place.set_distance(repeat.places[i].distance);
    if (repeat.places[i].percentile) place.set_percentile(*repeat.places[i].percentile);
    place.set_rank_from_first(repeat.places[i].rank_from_first);
    place.set_rank_from_second(repeat.places[i].rank_from_second);
  }
}

void ToProto(const Snapshot& snapshot, v1::Snapshot& proto) {
  const Manifest& manifest = snapshot.manifest();
  proto.set_snapshot_id(snapshot.id());
  proto.mutable_create_time()->set_seconds(manifest.created.time_since_epoch().count());
  proto.set_dataset_digest(manifest.dataset_digest);
  proto.set_galaxy_count(static_cast<int>(manifest.galaxy_count));
  proto.set_excluded_count(static_cast<int>(manifest.excluded_count));
  for (std::size_t model = 0; model < manifest.models.size(); ++model) {
    v1::Model& added = *proto.add_models();
    ToProto(manifest.models[model], added);
    AddSpaces(snapshot.spaces(model), added);
  }
  for (const CatalogLine& line : manifest.lines) {
    v1::Line& added = *proto.add_lines();
    added.set_line(line.name);
    added.set_wavelength_angstrom(line.wavelength_angstrom);
  }
  for (const CatalogTag& tag : snapshot.catalog().tags) {
    v1::Tag& added = *proto.add_tags();
    added.set_tag(tag.name);
    added.set_description(tag.description);
    added.set_galaxy_count(static_cast<int>(tag.galaxies.size()));
    added.set_excluded_count(static_cast<int>(tag.excluded.size()));
  }
}

}  // namespace peculiar::server
