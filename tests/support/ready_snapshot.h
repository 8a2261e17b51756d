// A small published snapshot with known content, for tests of what reads snapshots. Everything is a
// function of the options.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/snapshot/builder.h"
#include "core/snapshot/snapshot.h"

namespace peculiar::testing {

struct ReadyOptions {
  std::size_t galaxies = 40;                                           // >= 8
  std::uint64_t seed = 1;                                              // of embeddings and scores
  std::vector<std::string> models = {"ae-small", "vae-small"};         // the first is the default
  std::chrono::sys_seconds created{std::chrono::seconds{1767323045}};  // 2026-01-02T03:04:05Z
};

// SnapshotContent and what it borrows. Known content, for galaxy rows i = 0, 1, ...:
//   plateifu "<8000 + i>-<IFU>", IFUs 1901, 3702, 6103, 9101, 12704 in turn; mangaid "1-<1000 +
//   i>". rows 0, 1 and 2: three observations of mangaid "1-1000"; row 3 has no mangaid. row 4:
//   drp3qual BADFLUX + CRITICAL; row 5: all optional fields absent; others complete. row 6: AGN
//   infrared and broad-line; row 7: AGN radio. rows 2 and 3 have the same embedding in every model.
//   scores of model m: mae of row i = 0.01 (m + 1) (1 + (7 i + 3 m) mod galaxies), so all differ
//   when 7 does not divide `galaxies`; chi = 100 mae; relative = 1 for every row (all tied). The
//   last row's mae, line shares, chi and relative are NaN in the first model only. line shares:
//   line 0 carries half, the others share the rest equally; spaxel maps are flat.
// Relevance of the second model alone, from two labels that are named: of row i (3 i mod galaxies)
// over galaxies, NaN of row 5.
// Spaces of every model beside "latent", from the embedding x_0 .. x_(d-1) of a row:
//   pca: every two coordinates (x_2j, x_2j+1) turned by 0.5 radian, the first of both kept, d / 2
//   wide; explained_variance is each column's variance over the embeddings' (not sorted). umap:
//   (tanh x_0, tanh x_1, x_2 - x_3), trustworthiness 0.9, continuity 0.8.
// Tags: "checked" ("Looked at by eye."): rows 1 and 6; "odd" (no description): rows 4, 6, 7 and the
// excluded "9002-3701". Repeats: the three pairs of the rows 0, 1 and 2.
// Excluded, one each: "9000-1901" no_redshift, "9001-1902" redshift_out_of_range, "9002-3701"
// critical, "9003-6101" cube_missing, "9004-9102" cube_refused (with a detail and mangaid "1-1005",
// that of row 5), and "9005-12701" cube_refused with the mangaid "1-9005" that nothing else has.
struct ReadyContent {
  explicit ReadyContent(const ReadyOptions& options = {});
  ReadyContent(const ReadyContent&) = delete;  // `content` borrows the members

  std::vector<std::vector<float>> embeddings;  // [model][galaxy x dimension]; 8 wide, then 4
  std::vector<std::vector<Scores>> scores;     // [model][galaxy]
  // [model][pca, umap][galaxy x width]
  std::vector<std::vector<std::vector<float>>> coordinates;
  std::vector<double> relevance;  // of the second model, a galaxy each
  SnapshotContent content;        // 3 lines, spaxel side 4
};

// Publishes a ReadyContent in `snapshots_folder`; aborts the program with a message when that
// fails. Returns the id.
std::string PublishReadySnapshot(const std::filesystem::path& snapshots_folder,
                                 const ReadyOptions& options = {});

}  // namespace peculiar::testing
