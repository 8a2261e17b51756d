// Builds a dataset folder from selected galaxies and their cubes, in groups of rows: a group is one
// shard and one record beside it. Killed anywhere and run again, or run with other threads, it
// gives the same dataset.json and shards; groups that are done and unchanged are skipped. A reader
// of the dataset that was there keeps a whole one until dataset.json is replaced, at the end.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"
#include "core/cube/cube.h"
#include "core/cube/extract_lines.h"
#include "core/cube/line_list.h"
#include "core/dataset/selection.h"

namespace peculiar {

// What comes out of one cube file.
struct CubeRead {
  ExtractedLines extracted;
  CubeHeader header;
};

// Where cubes come from. Given by the caller, so that this room knows nothing of FITS. Called from
// several threads at once.
struct CubeSource {
  // The galaxy's cube file; nothing when there is none.
  std::function<std::optional<std::filesystem::path>(std::string_view plateifu)> find;
  // Reads and extracts. An error refuses the galaxy and its message is the reason; only INTERNAL
  // ends the whole build. DATA_LOSS and INVALID_ARGUMENT stand until the file changes, other
  // refusals are tried again by the next build.
  std::function<absl::StatusOr<CubeRead>(const std::filesystem::path&, const GalaxyRecord&,
                                         const LineList&)>
      read;
  // Whatever else the result of `read` depends on; a change of it redoes every group.
  std::string settings;
};

// Called while cubes are read, from several threads at once; each may be empty.
struct BuildDatasetEvents {
  std::function<void(std::size_t cubes)> planned;  // once: how many cube files were found
  std::function<void(std::size_t cubes)> reused;   // once: how many of them an earlier run has done
  std::function<void()> cube_done;                 // read or refused
};

struct BuildDatasetOptions {
  LineList lines = DefaultLineList();
  SelectionOptions selection;                 // as the selection was made; for the manifest
  std::map<std::string, std::string> inputs;  // SHA-256 of the input tables, for the manifest
  int threads = 0;                            // 0 = all cores; each holds one cube and its file
  // Rows of the selection a shard, found or not. As many line cubes (1.8 MB each) are held in
  // memory until their shards are written.
  std::size_t galaxies_per_shard = 64;
};

struct BuildDatasetReport {
  std::size_t galaxies = 0;      // samples in the dataset
  std::size_t cubes_found = 0;   // cube files of selected galaxies
  std::size_t cubes_read = 0;    // cube files this run has opened, refused ones too
  std::size_t cubes_reused = 0;  // cube files whose outcome an earlier run has left
  std::size_t shards_written = 0;
  std::size_t shards_reused = 0;
  std::vector<Exclusion> excluded;  // every row that is not in the dataset, by plate-IFU
  std::string digest;               // of the dataset; empty when nothing could be read
};

// Builds `folder` (made when absent). When no galaxy at all could be read, dataset.json is left as
// it was and the report has galaxies == 0. Errors: INVALID_ARGUMENT for a plate-IFU given twice or
// an empty line list; RESOURCE_EXHAUSTED on a full disk: shards that are done stay and are reused.
absl::StatusOr<BuildDatasetReport> BuildDataset(const std::filesystem::path& folder,
                                                const Selection& selection,
                                                const CubeSource& source,
                                                const BuildDatasetOptions& options,
                                                const BuildDatasetEvents& events = {});

}  // namespace peculiar
