// Makes a workspace with a dataset of planted galaxies, without LOGCUBE files: what training is
// timed on. Usage: random_dataset WORKSPACE [--galaxies N]; 1.75 MB a galaxy.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "tests/support/planted_dataset.h"
#include "worker/workspace.h"

int main(int argc, char** argv) {
  std::string workspace;
  peculiar::PlantedDatasetOptions options = {
      .galaxies = 9044, .lines = 19, .size = 32, .galaxies_a_shard = 128};
  CLI::App app("Writes a dataset of planted galaxies");
  app.add_option("workspace", workspace)->required();
  app.add_option("--galaxies", options.galaxies)->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  const auto folder = peculiar::worker::Workspace::Create(workspace);
  const auto dataset = folder.ok() ? peculiar::MakePlantedDataset(folder->dataset_folder(), options)
                                   : absl::StatusOr<peculiar::Dataset>(folder.status());
  if (!dataset.ok()) {
    fmt::print(stderr, "{}\n", dataset.status().ToString());
    return 1;
  }
  fmt::print("{} galaxies\n", dataset->size());
  return 0;
}
