// peculiar-worker reduce: from a model's embeddings to the spaces that publish adds to "latent":
// principal components and a UMAP of those, into W/models/NAME/coordinates.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/projection/pca.h"
#include "core/projection/umap.h"
#include "worker/command.h"
#include "worker/coordinates.h"

namespace peculiar::worker {

struct ReduceOptions {
  std::filesystem::path workspace;
  std::vector<std::string> models;  // names; empty = all that have embeddings
  PcaOptions pca;
  UmapOptions umap;
  int threads = 0;  // 0 = all cores; no effect on the coordinates
};

struct ReducedSpace {
  std::string name;
  std::size_t width = 0;
  double explained = 0;  // share of the variance, pca only
  std::optional<double> trustworthiness;
  std::optional<double> continuity;
};

struct ReducedModel {
  std::string model;
  std::size_t galaxies = 0;
  std::size_t not_finite = 0;  // of them: without coordinates
  bool kept = false;           // an earlier run has made these very coordinates
  std::vector<ReducedSpace> spaces;
};

struct ReduceReport {
  std::vector<ReducedModel> models;
};

// Spaces "pca" and "umap" (a projection of "pca") of n embeddings, in that order, rows that are not
// finite NaN in both. Nothing when fewer than two are finite: a single galaxy is near nobody.
// Trustworthiness and continuity are over min(15, (n - 1) / 2) neighbours of MeasuredRows, absent
// for n < 5. O(n^2) for the exact neighbours that UMAP begins with. Errors of FitPca and FitUmap.
absl::StatusOr<std::vector<SpaceCoordinates>> ReduceEmbeddings(Matrix embeddings,
                                                               const ReduceOptions& options);

// Coordinates made from the same embeddings with the same options are kept. Holds the workspace's
// lock meanwhile. NOT_FOUND when a model or all embeddings are missing.
absl::StatusOr<ReduceReport> RunReduce(const ReduceOptions& options);

// The flags of the projections, which run has too.
void AddReduceFlags(CLI::App& verb, ReduceOptions& options);

Json ToJson(const ReduceReport& report);

void AddReduceCommand(CLI::App& app, CommandResult& result);

}  // namespace peculiar::worker
