#include "worker/relevance_file.h"

#include <cmath>
#include <limits>
#include <utility>

#include "core/base/digest.h"
#include "core/cube/galaxy.h"

namespace peculiar::worker {
namespace {

constexpr int kFormat = 1;
constexpr std::string_view kDigestKey = "content_sha256";

bool IsRelevance(double value) { return value >= 0 && value <= 1; }

Json LabelsToJson(const ModelRelevance& relevance) {
  Json galaxies = Json::array();
  for (const GalaxyLabel& label : relevance.labels.labels) {
    galaxies.push_back({{"plateifu", label.plateifu},
                        {"interesting", label.interesting},
                        {"reason", label.reason},
                        {"line", label.line}});
  }
  return {{"sha256", relevance.labels_sha256},
          {"repeated", relevance.labels.repeated},
          {"galaxies", std::move(galaxies)}};
}

absl::StatusOr<FeatureChoice> ParseFeatureChoice(std::string_view name) {
  for (const FeatureChoice choice :
       {FeatureChoice::kEmbedding, FeatureChoice::kErrors, FeatureChoice::kEmbeddingAndErrors}) {
    if (FeatureChoiceName(choice) == name) return choice;
  }
  return DataLoss("learned_on is '{:.80}', embedding, errors or both expected", name);
}

absl::StatusOr<LabelSet> LabelsFromJson(const Json& json) {
  LabelSet set;
  PECULIAR_ASSIGN_OR_RETURN(set.repeated, JsonField<std::size_t>(json, "repeated"));
  PECULIAR_ASSIGN_OR_RETURN(const Json galaxies, JsonField<Json>(json, "galaxies"));
  for (const Json& galaxy : galaxies) {
    GalaxyLabel label;
    PECULIAR_ASSIGN_OR_RETURN(label.plateifu, JsonField<std::string>(galaxy, "plateifu"));
    PECULIAR_ASSIGN_OR_RETURN(label.interesting, JsonField<bool>(galaxy, "interesting"));
    PECULIAR_ASSIGN_OR_RETURN(label.reason, JsonField<std::string>(galaxy, "reason"));
    PECULIAR_ASSIGN_OR_RETURN(label.line, JsonField<std::size_t>(galaxy, "line"));
    if (!IsPlateIfu(label.plateifu)) {
      return DataLoss("label of '{}', a plate-IFU expected", label.plateifu);
    }
    if (!set.labels.empty() && set.labels.back().plateifu >= label.plateifu) {
      return DataLoss("label of {} after that of {}", label.plateifu, set.labels.back().plateifu);
    }
    set.labels.push_back(std::move(label));
  }
  return set;
}

absl::StatusOr<RelevanceFacts> FactsFromJson(const Json& json) {
  RelevanceFacts facts;
  PECULIAR_ASSIGN_OR_RETURN(facts.interesting, JsonField<std::size_t>(json, "interesting"));
  PECULIAR_ASSIGN_OR_RETURN(facts.not_interesting, JsonField<std::size_t>(json, "not_interesting"));
  PECULIAR_ASSIGN_OR_RETURN(facts.features, JsonField<std::size_t>(json, "features"));
  PECULIAR_ASSIGN_OR_RETURN(facts.l2, JsonField<double>(json, "l2"));
  PECULIAR_ASSIGN_OR_RETURN(facts.log_evidence, JsonField<double>(json, "log_evidence"));
  if (!json.contains("cross_validation") || json["cross_validation"].is_null()) return facts;
  const Json& found = json["cross_validation"];
  CrossValidation validation;
  PECULIAR_ASSIGN_OR_RETURN(validation.folds, JsonField<std::size_t>(found, "folds"));
  PECULIAR_ASSIGN_OR_RETURN(validation.auc, JsonField<double>(found, "auc"));
  PECULIAR_ASSIGN_OR_RETURN(validation.auc_error, JsonField<double>(found, "auc_error"));
  PECULIAR_ASSIGN_OR_RETURN(validation.log_loss, JsonField<double>(found, "log_loss"));
  facts.cross_validation = validation;
  return facts;
}

absl::StatusOr<std::vector<double>> ValuesFromJson(const Json& json) {
  PECULIAR_ASSIGN_OR_RETURN(const Json found, JsonField<Json>(json, "relevance"));
  std::vector<double> values;
  for (const Json& value : found) {
    if (value.is_null()) {
      values.push_back(std::numeric_limits<double>::quiet_NaN());
    } else if (value.is_number() && IsRelevance(value.get<double>())) {
      values.push_back(value.get<double>());
    } else {
      return DataLoss("relevance {} is {}, null or a number from 0 to 1 expected", values.size(),
                      value.dump(-1, ' ', true, Json::error_handler_t::replace));
    }
  }
  return values;
}

// SHA-256 of the content without its digest: tells a file that was altered by hand.
std::string ContentDigest(Json json) {
  json.erase(std::string(kDigestKey));
  return Sha256Hex(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

absl::StatusOr<ModelRelevance> FromJson(const Json& json) {
  PECULIAR_ASSIGN_OR_RETURN(const int format, JsonField<int>(json, "format"));
  if (format != kFormat) return DataLoss("format {}, expected {}", format, kFormat);
  PECULIAR_ASSIGN_OR_RETURN(const std::string digest, JsonField<std::string>(json, kDigestKey));
  if (const std::string found = ContentDigest(json); found != digest) {
    return DataLoss("content of SHA-256 {}, expected {}", found, digest);
  }
  ModelRelevance relevance;
  PECULIAR_ASSIGN_OR_RETURN(relevance.model, JsonField<std::string>(json, "model"));
  PECULIAR_ASSIGN_OR_RETURN(relevance.source.dataset_digest,
                            JsonField<std::string>(json, "dataset_digest"));
  PECULIAR_ASSIGN_OR_RETURN(relevance.source.checkpoint_digest,
                            JsonField<std::string>(json, "checkpoint_digest"));
  if (json.contains("precision")) {
    PECULIAR_ASSIGN_OR_RETURN(relevance.source.precision,
                              JsonField<std::string>(json, "precision"));
  }
  PECULIAR_ASSIGN_OR_RETURN(const std::string learned_on,
                            JsonField<std::string>(json, "learned_on"));
  PECULIAR_ASSIGN_OR_RETURN(relevance.learned_on, ParseFeatureChoice(learned_on));
  PECULIAR_ASSIGN_OR_RETURN(const Json labels, JsonField<Json>(json, "labels"));
  PECULIAR_ASSIGN_OR_RETURN(relevance.labels_sha256, JsonField<std::string>(labels, "sha256"));
  PECULIAR_ASSIGN_OR_RETURN(relevance.labels, LabelsFromJson(labels));
  PECULIAR_ASSIGN_OR_RETURN(const Json facts, JsonField<Json>(json, "fit"));
  PECULIAR_ASSIGN_OR_RETURN(relevance.facts, FactsFromJson(facts));
  PECULIAR_ASSIGN_OR_RETURN(relevance.values, ValuesFromJson(json));
  if (relevance.labels.interesting() != relevance.facts.interesting ||
      relevance.labels.not_interesting() != relevance.facts.not_interesting) {
    return DataLoss("{} and {} labels, {} and {} expected", relevance.labels.interesting(),
                    relevance.labels.not_interesting(), relevance.facts.interesting,
                    relevance.facts.not_interesting);
  }
  return relevance;
}

}  // namespace

std::string_view FeatureChoiceName(FeatureChoice choice) {
  switch (choice) {
    case FeatureChoice::kEmbedding:
      return "embedding";
    case FeatureChoice::kErrors:
      return "errors";
    case FeatureChoice::kEmbeddingAndErrors:
      break;
  }
  return "embedding+errors";
}

Json ToJson(const RelevanceFacts& facts) {
  Json validation;
  if (facts.cross_validation) {
    validation = {{"folds", facts.cross_validation->folds},
                  {"auc", facts.cross_validation->auc},
                  {"auc_error", facts.cross_validation->auc_error},
                  {"log_loss", facts.cross_validation->log_loss}};
  }
  return {{"interesting", facts.interesting},   {"not_interesting", facts.not_interesting},
          {"features", facts.features},         {"l2", facts.l2},
          {"log_evidence", facts.log_evidence}, {"cross_validation", validation}};
}

absl::Status WriteRelevance(const std::filesystem::path& folder, const ModelRelevance& relevance) {
  Json values = Json::array();
  for (const double value : relevance.values) {
    if (!std::isnan(value) && !IsRelevance(value)) {
      return InvalidArgument("relevance {} is {}, 0 to 1 expected", values.size(), value);
    }
    values.push_back(std::isnan(value) ? Json() : Json(value));
  }
  Json json = {{"format", kFormat},
               {"model", relevance.model},
               {"learned_on", FeatureChoiceName(relevance.learned_on)},
               {"dataset_digest", relevance.source.dataset_digest},
               {"checkpoint_digest", relevance.source.checkpoint_digest},
               {"precision", relevance.source.precision},
               {"labels", LabelsToJson(relevance)},
               {"fit", ToJson(relevance.facts)},
               {"relevance", std::move(values)}};
  json[std::string(kDigestKey)] = ContentDigest(json);
  return WriteJson(folder / kRelevanceName, json);
}

absl::StatusOr<ModelRelevance> ReadRelevance(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / kRelevanceName;
  PECULIAR_ASSIGN_OR_RETURN(const Json json, ReadJson(path));
  absl::StatusOr<ModelRelevance> relevance = FromJson(json);
  if (!relevance.ok()) return Annotate(relevance.status(), path.string());
  return relevance;
}

}  // namespace peculiar::worker
