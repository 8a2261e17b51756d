// peculiar export: all galaxies that pass a filter, or their coordinates, as a stream from one
// snapshot to a file or standard output.
#pragma once

#include "client/filter_options.h"

namespace peculiar::client {

struct ExportOptions {
  std::string what;   // galaxies or embeddings
  std::string out;    // file, empty = standard output; one ending in .npy gets float32 alone, with
                      // the galaxies of its rows in a file ending in .ids beside
  std::string model;  // empty = the snapshot's default
  std::string space;  // of embeddings; empty = "latent"
  FilterOptions filter;
  ScoreOptions score;  // of the range
  RangeOptions range;
  std::string snapshot_id;
};

// The settings' format is csv, jsonl or votable; anything else means csv, or is INVALID_ARGUMENT
// where it was asked for by flag. So is a file of ids that an export would replace and did not
// write. A stream that is not whole is an error and leaves no file. A reader of standard output or
// a pipe that has gone is none.
absl::Status Export(Connection& connection, const Settings& settings, const ExportOptions& options);

void AddExportCommand(CLI::App& app, ChosenCommand& chosen);

}  // namespace peculiar::client
