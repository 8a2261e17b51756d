// peculiar list: galaxies by plate-IFU, with every score of one model. Its columns are those of
// `peculiar export galaxies` too.
#pragma once

#include "client/filter_options.h"

namespace peculiar::client {

struct ListOptions {
  std::string model;  // empty = the snapshot's default
  FilterOptions filter;
  ScoreOptions score;  // of the range
  RangeOptions range;
  int limit = 20;  // 0 = all
  std::string snapshot_id;
};

absl::StatusOr<Answer> AskList(Connection& connection, const ListOptions& options);

void AddListCommand(CLI::App& app, ChosenCommand& chosen);

// The kinds of score that every galaxy of one model comes with: those of `galaxy`.
std::vector<v1::ScoreKind> ScoreKindsOf(const v1::ScoredGalaxy& galaxy);

// Ids, then each score with its rank and percentile, then the line with the largest part and all
// that is known of the galaxy. The cells are in the order of the columns; null for a score that the
// galaxy lacks.
std::vector<Column> ScoredColumns(const std::vector<v1::ScoreKind>& kinds);
std::vector<OrderedJson> ScoredCells(const v1::ScoredGalaxy& galaxy,
                                     const std::vector<v1::ScoreKind>& kinds);

}  // namespace peculiar::client
