// peculiar distribution: how a score is distributed over populations of galaxies.
// Histograms come in json, jsonl and csv; the table has the quantiles.
#pragma once

#include "client/filter_options.h"

namespace peculiar::client {

struct DistributionOptions {
  std::string model;  // empty = the snapshot's default
  ScoreOptions score;
  std::string by = "all";  // all, agn_class, fibres, redshift, tag
  int bin_count = 20;      // 1 to 1000
  bool logarithmic = false;
  FilterOptions filter;
  RangeOptions range;  // of the score
  std::string snapshot_id;
};

absl::StatusOr<Answer> AskDistribution(Connection& connection, const DistributionOptions& options);

void AddDistributionCommand(CLI::App& app, ChosenCommand& chosen);

}  // namespace peculiar::client
