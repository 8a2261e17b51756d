// Writes a dataset of planted galaxies into WORKSPACE/dataset, without LOGCUBE files: what training
// is timed on. Usage: random_dataset WORKSPACE [--galaxies N]; 1.75 MB a galaxy.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "tests/support/planted_dataset.h"

int main(int argc, char** argv) {
  std::string workspace;
  peculiar::PlantedDatasetOptions options = {
      .galaxies = 9044, .lines = 19, .size = 32, .galaxies_a_shard = 128};
  CLI::App app("Writes a dataset of planted galaxies");
  app.add_option("workspace", workspace)->required();
  app.add_option("--galaxies", options.galaxies)->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  const auto dataset =
      peculiar::MakePlantedDataset(std::filesystem::path(workspace) / "dataset", options);
  if (!dataset.ok()) {
    fmt::print(stderr, "{}\n", dataset.status().ToString());
    return 1;
  }
  fmt::print("{} galaxies\n", dataset->size());
  return 0;
}
