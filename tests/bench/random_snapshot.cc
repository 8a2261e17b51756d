// Publishes snapshots of one random survey (random_survey.h, in clusters), which differ by their
// dataset digest alone, and prints their ids. The last one is current.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "core/snapshot/builder.h"
#include "tests/bench/random_survey.h"

namespace {

enum class Spaces { kAll, kLatent };

int Publish(const std::string& folder, const peculiar::RandomSurveyOptions& options, Spaces spaces,
            int count) {
  peculiar::RandomSurvey survey(options);
  if (spaces == Spaces::kLatent) survey.content.models[0].spaces.clear();
  for (int i = 1; i <= count; ++i) {
    survey.content.dataset_digest = fmt::format("random {}", i);
    const auto result = peculiar::PublishSnapshot(
        survey.content, folder,
        {.known_neighbors = [&](auto... where) { return survey.KnownNeighbors(where...); }});
    if (!result.ok()) {
      const std::string message(peculiar::MessageOf(result.status()));
      std::fprintf(stderr, "random_snapshot: %s\n", message.c_str());
      return 1;
    }
    std::printf("%s\n", result->id.c_str());
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Publishes snapshots of a random survey and prints their ids."};
  std::string folder;
  peculiar::RandomSurveyOptions options{.width = 128, .clusters = true};
  int count = 1;
  bool latent_only = false;
  app.add_option("folder", folder, "Folder of snapshots")->required();
  app.add_option("--galaxies", options.galaxies, "Galaxies")->check(CLI::Range(16, 1000000));
  app.add_option("--width", options.width, "Width of an embedding")->check(CLI::Range(32, 128));
  app.add_option("--count", count, "Snapshots")->check(CLI::Range(1, 1000));
  app.add_flag("--latent-only", latent_only, "Embeddings without pca and umap");
  CLI11_PARSE(app, argc, argv);
  return Publish(folder, options, latent_only ? Spaces::kLatent : Spaces::kAll, count);
}
