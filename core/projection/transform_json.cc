#include "core/projection/transform_json.h"

#include <string>
#include <utility>
#include <vector>

namespace peculiar {
namespace {

absl::Status CheckKind(const Json& json, std::string_view expected) {
  PECULIAR_ASSIGN_OR_RETURN(const auto kind, JsonField<std::string>(json, "kind"));
  if (kind == expected) return absl::OkStatus();
  return DataLoss("field 'kind' is '{}', expected '{}'", kind, expected);
}

}  // namespace

Json TransformToJson(const PcaModel& model) {
  Json components = Json::array();
  for (auto row = model.components.begin(); row != model.components.end();) {
    const auto end = row + static_cast<std::ptrdiff_t>(model.width);
    components.push_back(std::vector<double>(row, end));
    row = end;
  }
  return {{"kind", "pca"},
          {"width", model.width},
          {"mean", model.mean},
          {"components", std::move(components)},
          {"explained_variance", model.explained_variance},
          {"explained_variance_ratio", model.explained_variance_ratio}};
}

Json OptionsToJson(const UmapOptions& options) {
  return {{"n_neighbors", options.n_neighbors},
          {"n_components", options.n_components},
          {"min_dist", options.min_dist},
          {"spread", options.spread},
          {"n_epochs", options.n_epochs},
          {"negative_sample_rate", options.negative_sample_rate},
          {"seed", options.seed}};
}

Json TransformToJson(const UmapModel& model) {
  Json json = OptionsToJson(model.options);
  json.update({{"kind", "umap"}, {"of", "pca"}, {"a", model.curve.a}, {"b", model.curve.b}});
  return json;
}

absl::StatusOr<PcaModel> PcaFromJson(const Json& json) {
  using Numbers = std::vector<double>;
  PECULIAR_RETURN_IF_ERROR(CheckKind(json, "pca"));
  PcaModel model;
  PECULIAR_ASSIGN_OR_RETURN(model.width, JsonField<std::size_t>(json, "width"));
  PECULIAR_ASSIGN_OR_RETURN(model.mean, JsonField<Numbers>(json, "mean"));
  PECULIAR_ASSIGN_OR_RETURN(const auto components,
                            JsonField<std::vector<Numbers>>(json, "components"));
  PECULIAR_ASSIGN_OR_RETURN(model.explained_variance,
                            JsonField<Numbers>(json, "explained_variance"));
  PECULIAR_ASSIGN_OR_RETURN(model.explained_variance_ratio,
                            JsonField<Numbers>(json, "explained_variance_ratio"));
  for (const Numbers& component : components) {
    if (component.size() != model.width) {
      return DataLoss("a component has {} values, expected {}", component.size(), model.width);
    }
    model.components.insert(model.components.end(), component.begin(), component.end());
  }
  if (model.width < 1 || model.mean.size() != model.width || components.empty() ||
      model.explained_variance.size() != components.size() ||
      model.explained_variance_ratio.size() != components.size()) {
    return DataLoss("a mean of {}, {} components and {} variances of width {}", model.mean.size(),
                    components.size(), model.explained_variance.size(), model.width);
  }
  return model;
}

absl::StatusOr<UmapModel> UmapFromJson(const Json& json, Coordinates coordinates) {
  PECULIAR_RETURN_IF_ERROR(CheckKind(json, "umap"));
  UmapModel model;
  UmapOptions& options = model.options;
  PECULIAR_ASSIGN_OR_RETURN(options.n_neighbors, JsonField<int>(json, "n_neighbors"));
  PECULIAR_ASSIGN_OR_RETURN(options.n_components, JsonField<int>(json, "n_components"));
  PECULIAR_ASSIGN_OR_RETURN(options.min_dist, JsonField<double>(json, "min_dist"));
  PECULIAR_ASSIGN_OR_RETURN(options.spread, JsonField<double>(json, "spread"));
  PECULIAR_ASSIGN_OR_RETURN(options.n_epochs, JsonField<int>(json, "n_epochs"));
  PECULIAR_ASSIGN_OR_RETURN(options.negative_sample_rate,
                            JsonField<int>(json, "negative_sample_rate"));
  PECULIAR_ASSIGN_OR_RETURN(options.seed, JsonField<std::uint64_t>(json, "seed"));
  PECULIAR_ASSIGN_OR_RETURN(model.curve.a, JsonField<double>(json, "a"));
  PECULIAR_ASSIGN_OR_RETURN(model.curve.b, JsonField<double>(json, "b"));
  if (static_cast<int>(coordinates.width) != options.n_components) {
    return DataLoss("field 'n_components' is {}, the coordinates are {} wide", options.n_components,
                    coordinates.width);
  }
  model.coordinates = std::move(coordinates);
  return model;
}

}  // namespace peculiar
