// A small dataset on disk with structure to learn: galaxies of one family, an emission line a
// window, whose flux, size, velocity and line ratio vary from one to the next.
#pragma once

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/base/parallel.h"
#include "core/base/random.h"
#include "core/base/status.h"
#include "core/dataset/dataset.h"
#include "core/dataset/manifest.h"
#include "core/dataset/shard.h"

namespace peculiar {

struct PlantedDatasetOptions {
  int galaxies = 12;
  int lines = 2;
  int size = 16;
  int repeats = 0;  // the last so many galaxies observe the mangaid of the first ones again
  int galaxies_a_shard = 8;
  int masked_every = 0;  // of so many voxels one is masked and one has ivar 0; 0 = none
  std::uint64_t seed = 1;
};

// Flux of a galaxy: a round Gaussian blob in space, a Gaussian in each window, noise of 0.02.
inline LineCube PlantedLineCube(const PlantedDatasetOptions& options, int galaxy) {
  Random random(options.seed, {static_cast<std::uint64_t>(galaxy)});
  const double flux = random.Uniform(0.5, 3), radius = random.Uniform(1.5, 3.5);
  const double ratio = random.Uniform(0.2, 1), shift = random.Uniform(-2, 2);
  LineCube cube;
  cube.channels = options.lines * kWindowChannels;
  cube.size = options.size;
  cube.ivar.assign(cube.voxels(), 2500.0f);
  cube.mask.assign(cube.voxels(), 0);
  for (std::size_t v = 0; options.masked_every > 0 && v + 1 < cube.voxels();
       v += static_cast<std::size_t>(options.masked_every)) {
    cube.mask[v] = 1;
    cube.ivar[v + 1] = 0;
  }
  for (int channel = 0; channel < cube.channels; ++channel) {
    const double line_flux = channel / kWindowChannels % 2 == 0 ? flux : flux * ratio;
    const double offset = channel % kWindowChannels - 4.5 - shift;
    const double profile = line_flux * std::exp(-0.5 * offset * offset / 2.0);
    for (int y = 0; y < cube.size; ++y) {
      for (int x = 0; x < cube.size; ++x) {
        const double dx = x - cube.size / 2, dy = y - cube.size / 2;
        const double light = std::exp(-0.5 * (dx * dx + dy * dy) / (radius * radius));
        cube.flux.push_back(static_cast<float>(profile * light + 0.02 * random.Normal()));
      }
    }
  }
  return cube;
}

// Writes the dataset into `folder`; plate-IFUs are "1000-1901", "1001-1901", ..., from 10000 on
// when there are more than plates of four digits: they are sorted as strings.
inline absl::StatusOr<Dataset> MakePlantedDataset(const std::filesystem::path& folder,
                                                  const PlantedDatasetOptions& options = {}) {
  PECULIAR_RETURN_IF_ERROR(CreateFolder(folder));
  DatasetManifest manifest;
  manifest.lines.assign(DefaultLineList().begin(), DefaultLineList().begin() + options.lines);
  manifest.crop_size = options.size;
  const int first_plate = options.galaxies > 9000 ? 10000 : 1000;
  const ShardShape shape{options.lines * kWindowChannels, options.size, options.size};
  for (int first = 0; first < options.galaxies; first += options.galaxies_a_shard) {
    const auto shard = static_cast<std::uint32_t>(manifest.shards.size());
    const std::string name = fmt::format("shard-{:05}.bin", shard);
    PECULIAR_ASSIGN_OR_RETURN(ShardWriter writer, ShardWriter::Create(folder / name, shape));
    const int end = std::min(first + options.galaxies_a_shard, options.galaxies);
    std::vector<LineCube> cubes(static_cast<std::size_t>(end - first));
    PECULIAR_RETURN_IF_ERROR(ParallelFor(cubes.size(), 0, [&](std::size_t k) -> absl::Status {
      cubes[k] = PlantedLineCube(options, first + static_cast<int>(k));
      return absl::OkStatus();
    }));
    for (int i = first; i < end; ++i) {
      PECULIAR_RETURN_IF_ERROR(writer.Append(cubes[static_cast<std::size_t>(i - first)]));
      SampleEntry entry;
      entry.galaxy.plateifu = fmt::format("{}-1901", first_plate + i);
      entry.galaxy.mangaid = fmt::format("1-{}", i < options.galaxies - options.repeats
                                                     ? i
                                                     : i - (options.galaxies - options.repeats));
      entry.galaxy.z = 0.03;
      entry.quality.coverage = 1;
      entry.cube_sha256 = Sha256Hex(entry.galaxy.plateifu);
      entry.shard = shard;
      entry.row = static_cast<std::uint32_t>(i - first);
      manifest.entries.push_back(entry);
    }
    PECULIAR_RETURN_IF_ERROR(writer.Commit());
    PECULIAR_ASSIGN_OR_RETURN(const std::string sha256, Sha256OfFile(folder / name));
    manifest.shards.push_back({name, static_cast<std::uint32_t>(end - first), sha256});
  }
  PECULIAR_RETURN_IF_ERROR(WriteManifest(folder / kManifestName, manifest));
  return Dataset::Open(folder);
}

}  // namespace peculiar
