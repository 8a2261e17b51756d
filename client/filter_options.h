// Flags that several subcommands share: which galaxies are meant, and which score.
// What the values mean is the server's affair, but for ids in a file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/command.h"
#include "peculiar/v1/filter.pb.h"
#include "peculiar/v1/score.pb.h"

namespace peculiar::client {

// As the fields of peculiar.v1.GalaxyFilter, which says what they mean.
struct FilterOptions {
  std::optional<double> min_redshift;
  std::optional<double> max_redshift;
  std::vector<int> fibres;
  std::vector<std::string> agn;  // infrared, x_ray, radio, broad_line, any, none
  std::vector<std::string> any_quality;
  std::vector<std::string> no_quality;
  std::optional<double> min_coverage;
  std::optional<double> max_masked_share;
  std::optional<int> max_lines_off_grid;
  std::vector<double> cone;  // ra, dec, radius in degrees; empty = none
  std::string among;         // file of galaxy ids (ReadIds); empty = none
  std::vector<std::string> tags;
  bool best_observation = false;
};

void AddFilterOptions(CLI::App& command, FilterOptions& options);

// Reads the file of ids, with the errors of ReadIds. INVALID_ARGUMENT for conditions that exclude
// each other.
absl::StatusOr<v1::GalaxyFilter> ToProto(const FilterOptions& options);

// One of mae, chi, relative; or a line's error, or its share.
struct ScoreOptions {
  std::string score = "mae";
  std::string line;    // empty = none
  bool share = false;  // with a line: its part of the mean absolute error instead of its error
};

void AddScoreOptions(CLI::App& command, ScoreOptions& options);

// INVALID_ARGUMENT for an unknown score.
absl::StatusOr<v1::ScoreKind> KindOf(const ScoreOptions& options);
// "mae", "error of [OIII] 5008", "share of [OIII] 5008".
std::string Describe(const ScoreOptions& options);

}  // namespace peculiar::client
