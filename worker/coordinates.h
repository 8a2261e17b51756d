// Coordinates of a model's galaxies in the spaces that are computed from its embeddings, between
// the verbs reduce and publish: the folder W/models/NAME/coordinates/ with SPACE.safetensors for
// each space and coordinates.json, written last, which names what they were made from.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/embedding/matrix.h"

namespace peculiar::worker {

// What coordinates were made from, by SHA-256.
struct CoordinatesSource {
  std::string dataset_digest;
  std::string checkpoint_digest;
  std::string embeddings_digest;  // of embeddings.json, which lists the digest of every part
  bool operator==(const CoordinatesSource&) const = default;
};

struct SpaceCoordinates {
  std::string name;  // "pca", "umap": IsSpaceName, not "latent"
  std::size_t width = 0;
  // rows x width, in dataset order. NaN in the rows of galaxies whose embedding is not finite,
  // which publish leaves out; finite in all others.
  std::vector<float> values;
  std::vector<double> explained_variance;  // share of each coordinate; empty when not components
  std::optional<double> trustworthiness;
  std::optional<double> continuity;
  std::string transform_json = "{}";  // how a new point gets its place, a JSON object
};

struct ModelCoordinates {
  CoordinatesSource source;
  std::size_t rows = 0;             // galaxies of the dataset
  std::string options_json = "{}";  // how they were made, a JSON object
  // In the order they are published; none when fewer than two galaxies can be placed.
  std::vector<SpaceCoordinates> spaces;
  // Of one space; borrowed.
  Matrix matrix(std::size_t space) const {
    return {spaces[space].values.data(), rows, spaces[space].width};
  }
};

// Replaces what is in the folder. A kill in between leaves no coordinates.json: then there are
// none. INVALID_ARGUMENT naming the space whose name or sizes are wrong; errors of WriteTensorFile.
absl::Status WriteCoordinates(const std::filesystem::path& folder,
                              const ModelCoordinates& coordinates);

// Everything, digests checked. NOT_FOUND when there is no coordinates.json; DATA_LOSS naming the
// file that is wrong or missing.
absl::StatusOr<ModelCoordinates> ReadCoordinates(const std::filesystem::path& folder);

}  // namespace peculiar::worker
