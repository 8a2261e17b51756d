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

// Bounds of a score; both ends belong to the range.
struct RangeOptions {
  std::optional<double> min_score;
  std::optional<double> max_score;
  std::optional<double> min_percentile;  // among all galaxies, 0 to 100
  std::optional<double> max_percentile;
};

void AddRangeOptions(CLI::App& command, RangeOptions& options);

// Into the fields of that name, of a request or a ScoreRange.
template <typename Message>
void SetRange(const RangeOptions& options, Message& message) {
  if (options.min_score) message.set_min_score(*options.min_score);
  if (options.max_score) message.set_max_score(*options.max_score);
  if (options.min_percentile) message.set_min_percentile(*options.min_percentile);
  if (options.max_percentile) message.set_max_percentile(*options.max_percentile);
}

// Absent without any bound. INVALID_ARGUMENT for an unknown score.
absl::StatusOr<std::optional<v1::ScoreRange>> ToProto(const ScoreOptions& score,
                                                      const RangeOptions& range);

// INVALID_ARGUMENT for an unknown score.
absl::StatusOr<v1::ScoreKind> KindOf(const ScoreOptions& options);
// "mae", "error of [OIII] 5008", "share of [OIII] 5008".
std::string Describe(const ScoreOptions& options);

}  // namespace peculiar::client
