// Publishing: writes a snapshot and points CURRENT at it. A kill at any point leaves the old or the
// new one served, never a mix. One publisher at a time for a snapshots folder: the caller holds the
// workspace's lock.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"
#include "core/catalog/catalog.h"
#include "core/embedding/matrix.h"
#include "core/embedding/score.h"
#include "core/snapshot/neighbor_file.h"

namespace peculiar {

// A space of a model beside "latent", and what is known of how it was made; the rules of
// CatalogSpace.
struct SpaceContent {
  std::string name;                        // "pca", "umap"
  Matrix coordinates;                      // galaxies x width, finite; borrowed
  std::vector<double> explained_variance;  // share of each coordinate; empty when not components
  std::optional<double> trustworthiness;
  std::optional<double> continuity;
  std::string transform_json = "{}";  // how a new point gets its place, a JSON object; {}: unknown
};

// What one model adds; arrays are borrowed, one row or element per galaxy.
struct SnapshotModelContent {
  Matrix embeddings;                 // galaxies x dimension, finite: the space "latent"
  std::span<const Scores> scores;    // galaxies; may be non-finite
  std::vector<SpaceContent> spaces;  // the others, in their order
  // Learned from labels, galaxies values in [0, 1] or NaN; empty where the model has none. With it
  // goes CatalogModel::relevance_json.
  std::span<const double> relevance;
};

struct SnapshotContent {
  std::string dataset_digest;
  std::string survey_release;                // free text, may be empty
  CatalogContent catalog;                    // `scores`, `spaces` and `repeats` are made here
  int spaxel_side = 0;                       // scores' spaxel maps are side x side
  std::vector<SnapshotModelContent> models;  // in the order of catalog.models
};

// The steps of a publish, in order.
enum class PublishStep {
  kSweep,         // remove what killed publishes left
  kWriteVectors,  // once a model, into the temporary folder: the slow step, all neighbours
  kCheckRepeats,  // repeat_check.h
  kWriteCatalog,
  kWriteManifest,
  kVerify,  // open what was written, every digest
  kRename,  // temporary folder -> <id>
  kWriteCurrent,
  kDone,  // CURRENT names the new snapshot
};

// "write the catalogue", for progress lines.
std::string_view PublishStepName(PublishStep step);

struct PublishOptions {
  // Called before each step; an error ends the publish there with that error, CURRENT untouched
  // (before kDone: CURRENT already new).
  std::function<absl::Status(PublishStep)> before_step;
  // Create time; absent = now. Raised to one second past the newest snapshot in the folder when it
  // is not later, so that ids sort in the order of publishing.
  std::optional<std::chrono::sys_seconds> created;
  int threads = 0;  // 0 = all cores; what is written does not depend on it
  // Neighbours where they are known by construction, as in a benchmark's sample that is too large
  // to search: verified as any are, in order and distance. Empty: they are searched.
  NeighborSource known_neighbors;
};

struct PublishResult {
  std::string id;
  bool unchanged = false;  // the current snapshot has this very content and is whole: kept
};

// Writes `content` as a new snapshot under `snapshots_folder` (created when absent). The default
// model is put first. INVALID_ARGUMENT when the content breaks a rule of catalog.h, sizes disagree
// or an embedding is not finite (naming model and plate-IFU); RESOURCE_EXHAUSTED when the disk is
// full; DATA_LOSS when what was written does not read back. O(galaxies^2) for the neighbours in
// each space. After an error the old snapshot is served and the temporary folder is removed.
absl::StatusOr<PublishResult> PublishSnapshot(SnapshotContent content,
                                              const std::filesystem::path& snapshots_folder,
                                              const PublishOptions& options = {});

}  // namespace peculiar
