// peculiar-worker embed: embeds every galaxy of the dataset with trained models and scores its
// reconstruction, into W/models/NAME/embeddings. One process does all of it, or several a share
// each, whose parts a last one lists.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/dataset/dataset.h"
#include "core/model/embedder.h"
#include "worker/command.h"
#include "worker/share.h"

namespace peculiar::worker {

struct EmbedVerbOptions {
  std::filesystem::path workspace;
  std::vector<std::string> models;  // names; empty = all there are
  EmbedderOptions embedder;
  // Makes the parts of this share alone, and leaves embeddings.json as it is.
  std::optional<Share> share;
  // Makes nothing: lists the parts that others have made, when every one is there.
  bool merge = false;
};

struct EmbeddedModel {
  std::string model;
  std::size_t rows = 0;       // galaxies, of the share
  std::size_t rows_kept = 0;  // of them in parts that an earlier run had written
  std::size_t dimension = 0;
  std::size_t not_finite = 0;  // galaxies with a score that is not finite: they are never ranked
  double mean_mae = 0;         // over the galaxies with a finite one; NaN when there is none
  std::optional<Share> share;  // then the two figures before are not known, 0 and NaN
};

struct EmbedVerbReport {
  std::vector<EmbeddedModel> models;
};

// One part a dataset shard, then embeddings.json; parts made from the same dataset and checkpoint
// in the same precision are kept, so that a part is the same whoever makes it. Shares a model with
// other shares, and the workspace with work on other models. NOT_FOUND when a model or all models
// are missing; FAILED_PRECONDITION when a model does not fit the dataset's shape or was trained on
// another, and when parts to merge are missing or of another source, which it names;
// INVALID_ARGUMENT for more shares than dataset shards.
absl::StatusOr<EmbedVerbReport> RunEmbed(const EmbedVerbOptions& options);

// FAILED_PRECONDITION when a network of `config` cannot take the dataset's samples.
absl::Status CheckModelFits(const NetworkConfig& config, const Dataset& dataset);

Json ToJson(const EmbedVerbReport& report);

void AddEmbedCommand(CLI::App& app, CommandResult& result);

}  // namespace peculiar::worker
