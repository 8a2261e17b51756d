// Cube files that are a line of text, and a CubeSource that turns them into line cubes: a dataset
// for tests that need no FITS.
#pragma once

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/file.h"
#include "core/base/random.h"
#include "core/dataset/build_dataset.h"

namespace peculiar {

// Values of a line cube as a function of `seed`: an even mix of signs, a tenth of them masked.
inline LineCube RandomLineCube(int channels, int size, std::uint64_t seed) {
  Random random(seed);
  LineCube cube{.channels = channels, .size = size};
  cube.flux.resize(cube.voxels());
  cube.ivar.resize(cube.voxels());
  cube.mask.resize(cube.voxels());
  for (std::size_t i = 0; i < cube.voxels(); ++i) {
    cube.mask[i] = random.Below(10) == 0;
    if (cube.mask[i] != 0) continue;
    cube.flux[i] = static_cast<float>(random.Uniform(-1, 1));
    cube.ivar[i] = static_cast<float>(random.Uniform(0.5, 4));
  }
  return cube;
}

// Cube files PLATEIFU.txt in a folder. The text "good SEED" is read as RandomLineCube(.., SEED),
// anything else is refused with the text as the reason.
class FakeCubes {
 public:
  explicit FakeCubes(std::filesystem::path folder) : folder_(std::move(folder)) {}

  void Put(std::string_view plateifu, std::string_view text) const {
    std::ofstream(PathOf(plateifu)) << text;
  }
  void Remove(std::string_view plateifu) const { std::filesystem::remove(PathOf(plateifu)); }
  std::filesystem::path PathOf(std::string_view plateifu) const {
    return folder_ / (std::string(plateifu) + ".txt");
  }

  // `before_read` is called before each cube is read.
  CubeSource Source(std::function<void()> before_read = {}) const {
    CubeSource source;
    source.find = [*this](std::string_view plateifu) -> std::optional<std::filesystem::path> {
      if (!std::filesystem::exists(PathOf(plateifu))) return std::nullopt;
      return PathOf(plateifu);
    };
    source.read = [before_read](const std::filesystem::path& path, const GalaxyRecord& galaxy,
                                const LineList& lines) -> absl::StatusOr<CubeRead> {
      if (before_read) before_read();
      PECULIAR_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
      if (!text.starts_with("good ")) return DataLoss("{}: {}", path.string(), text);
      const int channels = static_cast<int>(lines.size()) * kWindowChannels;
      CubeRead read;
      read.extracted.line_cube = RandomLineCube(channels, kCropSize, std::stoull(text.substr(5)));
      read.extracted.quality = {.coverage = 1, .masked_share = 0.1};
      read.header = {.plateifu = galaxy.plateifu,
                     .mangaid = "1-" + text.substr(5),
                     .object_ra_deg = 10.25,
                     .object_dec_deg = -0.1,
                     .drp3qual = 0};
      return read;
    };
    return source;
  }

 private:
  std::filesystem::path folder_;
};

// n selected galaxies "8000-101" and on, z 0.03.
inline Selection MakeSelection(int n) {
  std::vector<GalaxyRecord> rows;
  for (int i = 0; i < n; ++i)
    rows.push_back({.plateifu = fmt::format("8000-{}", 101 + i), .z = 0.03});
  return SelectGalaxies(std::move(rows), {});
}

}  // namespace peculiar
