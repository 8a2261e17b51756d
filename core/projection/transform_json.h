// Fitted projections as JSON, so that they can be stored and a new point placed later. Numbers read
// back to the same value. Pure functions.
#pragma once

#include "core/base/json.h"
#include "core/base/status.h"
#include "core/projection/pca.h"
#include "core/projection/umap.h"

namespace peculiar {

// The options by their names.
Json OptionsToJson(const UmapOptions& options);

// {"kind": "pca", "width", "mean", "components" (a list a component), "explained_variance",
// "explained_variance_ratio"}.
Json TransformToJson(const PcaModel& model);
// {"kind": "umap", "of": "pca", options by their names, "a", "b"}: with the coordinates of the
// points it was fitted to, which are stored anyhow, all that PlaceUmap needs.
Json TransformToJson(const UmapModel& model);

// DATA_LOSS naming the field that is missing or wrong.
absl::StatusOr<PcaModel> PcaFromJson(const Json& json);
// coordinates: n x n_components, of the points it was fitted to. DATA_LOSS also when they have
// another width.
absl::StatusOr<UmapModel> UmapFromJson(const Json& json, Coordinates coordinates);

}  // namespace peculiar
