#include "core/snapshot/content.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/base/json.h"
#include "core/catalog/ranking.h"
#include "core/snapshot/layout.h"

namespace peculiar {
namespace {

std::optional<double> FiniteOrAbsent(double value) {
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

std::vector<GalaxyScores> RankGalaxies(std::span<const Scores> scores) {
  std::vector<GalaxyScores> galaxies(scores.size());
  const std::pair<ScoreKind, CatalogScore GalaxyScores::*> kinds[] = {
      {ScoreKind::kMae, &GalaxyScores::mae},
      {ScoreKind::kChi, &GalaxyScores::chi},
      {ScoreKind::kRelative, &GalaxyScores::relative}};
  for (const auto& [kind, member] : kinds) {
    std::vector<double> values;
    for (const Scores& galaxy : scores) values.push_back(galaxy.value(kind));
    std::vector<CatalogScore> ranked = RankScores(values, ScoreName(kind));
    for (std::size_t i = 0; i < galaxies.size(); ++i) galaxies[i].*member = std::move(ranked[i]);
  }
  for (std::size_t i = 0; i < galaxies.size(); ++i) {
    for (const double share : scores[i].line_shares) {
      galaxies[i].line_shares.push_back(FiniteOrAbsent(share));
    }
  }
  return galaxies;
}

absl::Status RankRelevance(const CatalogModel& model, std::span<const double> relevance,
                           std::vector<GalaxyScores>& galaxies) {
  if (relevance.empty() && model.relevance_json.empty()) return absl::OkStatus();
  if (relevance.size() != galaxies.size() || model.relevance_json.empty()) {
    return InvalidArgument("model {} has {} relevances and {} labels, expected {}", model.name,
                           relevance.size(), model.relevance_json.empty() ? "no" : "some",
                           galaxies.size());
  }
  std::vector<CatalogScore> ranked = RankScores(relevance, "relevance");
  for (std::size_t i = 0; i < galaxies.size(); ++i) {
    galaxies[i].relevance = std::move(ranked[i]);
  }
  return absl::OkStatus();
}

absl::Status CheckSpace(const SnapshotContent& content, const std::string& model,
                        const SpaceContent& space) {
  const std::size_t galaxies = content.catalog.galaxies.size();
  if (space.coordinates.rows != galaxies || space.coordinates.width < 1 ||
      space.coordinates.width > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    return InvalidArgument("space {} of model {} has {} coordinates of {}, expected {}", space.name,
                           model, space.coordinates.rows, space.coordinates.width, galaxies);
  }
  for (std::size_t row = 0; row < galaxies; ++row) {
    if (!IsFinite(space.coordinates.row(row))) {
      return InvalidArgument("the coordinates of galaxy {} in space {} of model {} are not finite",
                             content.catalog.galaxies[row].plateifu, space.name, model);
    }
  }
  return absl::OkStatus();
}

// The spaces as the catalogue lists them, with agreements to be measured yet.
std::vector<CatalogSpace> ListSpaces(const SnapshotModelContent& model, int dimension) {
  std::vector<CatalogSpace> spaces = {{.name = std::string(kEmbeddingSpace), .width = dimension}};
  for (const SpaceContent& space : model.spaces) {
    spaces.push_back({.name = space.name,
                      .width = static_cast<int>(space.coordinates.width),
                      .explained_variance = space.explained_variance,
                      .trustworthiness = space.trustworthiness,
                      .continuity = space.continuity});
  }
  for (CatalogSpace& space : spaces) space.agreement.assign(spaces.size(), 1);
  return spaces;
}

absl::Status CheckModel(const SnapshotContent& content, std::size_t i) {
  const CatalogModel& model = content.catalog.models[i];
  const SnapshotModelContent& arrays = content.models[i];
  const std::size_t galaxies = content.catalog.galaxies.size();
  if (!IsModelName(model.name)) {
    return InvalidArgument("'{}' is not a model name: 1 to 64 letters, digits, _ and -",
                           model.name);
  }
  if (arrays.embeddings.rows != galaxies || arrays.scores.size() != galaxies ||
      static_cast<int>(arrays.embeddings.width) != model.dimension) {
    return InvalidArgument("model {} has {} embeddings of {} and {} scores, expected {} of {}",
                           model.name, arrays.embeddings.rows, arrays.embeddings.width,
                           arrays.scores.size(), galaxies, model.dimension);
  }
  const auto side = static_cast<std::size_t>(content.spaxel_side);
  for (std::size_t row = 0; row < galaxies; ++row) {
    const std::string& plateifu = content.catalog.galaxies[row].plateifu;
    if (!IsFinite(arrays.embeddings.row(row))) {
      return InvalidArgument("the embedding of galaxy {} by model {} is not finite", plateifu,
                             model.name);
    }
    if (arrays.scores[row].spaxel_map.size() != side * side) {
      return InvalidArgument("the spaxel map of galaxy {} by model {} has {} values, expected {}",
                             plateifu, model.name, arrays.scores[row].spaxel_map.size(),
                             side * side);
    }
  }
  for (const SpaceContent& space : arrays.spaces) {
    PECULIAR_RETURN_IF_ERROR(CheckSpace(content, model.name, space));
  }
  return absl::OkStatus();
}

absl::Status PutDefaultFirst(SnapshotContent& content) {
  std::vector<CatalogModel>& models = content.catalog.models;
  if (content.models.size() != models.size()) {
    return InvalidArgument("content of {} models, expected {}", content.models.size(),
                           models.size());
  }
  const auto found = std::find_if(models.begin(), models.end(),
                                  [](const CatalogModel& model) { return model.is_default; });
  if (found == models.end()) return InvalidArgument("no model is the default");
  const auto place = found - models.begin();
  std::rotate(models.begin(), found, found + 1);
  std::rotate(content.models.begin(), content.models.begin() + place,
              content.models.begin() + place + 1);
  return absl::OkStatus();
}

absl::Status NormaliseTraining(CatalogModel& model) {
  if (!model.relevance_json.empty()) {
    absl::StatusOr<Json> labels = ParseJson(model.relevance_json, "labels");
    if (!labels.ok() || !labels->is_object()) {
      return InvalidArgument("the labels of model {} are not a JSON object", model.name);
    }
    model.relevance_json = labels->dump();
  }
  absl::StatusOr<Json> training = ParseJson(model.training_json, "training figures");
  if (!training.ok() || !training->is_object()) {
    return InvalidArgument("the training figures of model {} are not a JSON object", model.name);
  }
  model.training_json = training->dump();
  return absl::OkStatus();
}

}  // namespace

absl::Status CompleteContent(SnapshotContent& content) {
  if (content.spaxel_side < 1) {
    return InvalidArgument("spaxel maps of side {}, expected at least 1", content.spaxel_side);
  }
  PECULIAR_RETURN_IF_ERROR(PutDefaultFirst(content));
  content.catalog.scores.clear();
  content.catalog.spaces.clear();
  content.catalog.repeats.clear();
  for (std::size_t i = 0; i < content.models.size(); ++i) {
    PECULIAR_RETURN_IF_ERROR(CheckModel(content, i));
    PECULIAR_RETURN_IF_ERROR(NormaliseTraining(content.catalog.models[i]));
    content.catalog.scores.push_back(RankGalaxies(content.models[i].scores));
    PECULIAR_RETURN_IF_ERROR(RankRelevance(content.catalog.models[i], content.models[i].relevance,
                                           content.catalog.scores.back()));
    content.catalog.spaces.push_back(
        ListSpaces(content.models[i], content.catalog.models[i].dimension));
  }
  return ValidateCatalog(content.catalog);
}

}  // namespace peculiar
