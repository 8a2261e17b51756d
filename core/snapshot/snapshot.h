// A published snapshot, opened and verified: what the server answers from. Immutable; safe for
// concurrent reading. The catalogue and the indices are in memory, neighbours and spaxel maps are
// mapped.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/file.h"
#include "core/base/status.h"
#include "core/catalog/catalog.h"
#include "core/embedding/matrix.h"
#include "core/index/vector_index.h"
#include "core/snapshot/manifest.h"
#include "core/snapshot/neighbor_file.h"

namespace peculiar {

// kFull: size and SHA-256 of every file, and that the neighbours' distances are those of the
// coordinates. kSizes: sizes and structure only (the manifest's digest is always checked).
enum class VerifyMode { kFull, kSizes };

// "full", "sizes"; INVALID_ARGUMENT naming both.
absl::StatusOr<VerifyMode> ParseVerifyMode(std::string_view name);

class Snapshot {
 public:
  // folder: SNAPSHOTS/<id>. Checks that the id is the manifest's, schema version, every file, and
  // that the counts of manifest, catalogue, indices, neighbours, embeddings and maps agree.
  // NOT_FOUND when the folder is not there or a file is missing; DATA_LOSS naming the file, what
  // was found and what expected; CANCELLED once `stop` asks for it, between two of its steps.
  static absl::StatusOr<Snapshot> Open(const std::filesystem::path& folder, VerifyMode mode,
                                       const std::stop_token& stop = {});

  // The same for a folder that does not bear its id yet (the builder's temporary one).
  static absl::StatusOr<Snapshot> OpenAs(const std::filesystem::path& folder, std::string_view id,
                                         VerifyMode mode, const std::stop_token& stop = {});

  const std::string& id() const { return id_; }
  const Manifest& manifest() const { return manifest_; }
  const CatalogContent& catalog() const { return catalog_; }
  std::size_t size() const { return catalog_.galaxies.size(); }  // galaxies

  // Models by their place in manifest().models and catalog().models: 0 is the default.
  std::size_t model_count() const { return models_.size(); }
  std::optional<std::size_t> FindModel(std::string_view name) const;

  // Of one model (model < model_count()); row i is catalog().galaxies[i].
  const VectorIndex& latent_index(std::size_t model) const { return index(model, 0); }
  Matrix embeddings(std::size_t model) const { return coordinates(model, 0); }
  Matrix spaxel_maps(std::size_t model) const;  // size() x (side * side), each [y][x]
  int spaxel_side() const { return manifest_.spaxel_side; }

  // The spaces of a model with what is known of them; 0 is "latent".
  const std::vector<CatalogSpace>& spaces(std::size_t model) const {
    return catalog_.spaces[model];
  }
  // Place of a space by its name.
  std::optional<std::size_t> FindSpace(std::size_t model, std::string_view name) const;

  // Of one space (space < spaces(model).size()); row i is catalog().galaxies[i].
  const VectorIndex& index(std::size_t model, std::size_t space) const {
    return models_[model].spaces[space].index;
  }
  Matrix coordinates(std::size_t model, std::size_t space) const {
    return index(model, space).vectors();
  }
  // The min(100, size() - 1) nearest of one galaxy, as they were found at publish: nearest first,
  // ties by row, itself left out. What index().SearchRow gives, without a search. Valid as long as
  // the snapshot.
  std::span<const Neighbor> neighbors(std::size_t model, std::size_t space, std::size_t row) const {
    return models_[model].spaces[space].neighbors.list(row);
  }
  // How a new point gets its place in the space, a JSON object of core/projection/transform_json.h;
  // {} for "latent", and where nobody knows.
  const std::string& transform_json(std::size_t model, std::size_t space) const {
    return models_[model].spaces[space].transform_json;
  }

 private:
  struct Space {
    VectorIndex index;
    NeighborFile neighbors;
    std::string transform_json;
  };
  struct Model {
    std::vector<Space> spaces;
    MappedFile spaxel_maps;
  };

  Snapshot() = default;
  absl::Status OpenModel(const std::filesystem::path& folder, std::size_t model, VerifyMode mode,
                         const std::stop_token& stop);
  absl::StatusOr<Space> OpenSpace(const std::filesystem::path& folder, const std::string& model,
                                  const CatalogSpace& space, VerifyMode mode,
                                  const std::stop_token& stop) const;

  std::string id_;
  Manifest manifest_;
  CatalogContent catalog_;
  std::vector<Model> models_;
};

}  // namespace peculiar
