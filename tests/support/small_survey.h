// A survey for tests of the worker: drpall.csv with only plateifu,z, a line list of two lines, and
// LOGCUBEs of 40 channels and 34 x 34 spaxels.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/small_logcube.h"
#include "tests/support/test_folder.h"

namespace peculiar {

class SmallSurvey {
 public:
  // Writes `galaxies` cubes, "8000-101" and on, and the tables into `folder`.
  SmallSurvey(std::filesystem::path folder, int galaxies) : folder_(std::move(folder)) {
    std::filesystem::create_directories(cubes());
    std::string table = "plateifu,z\n";
    for (int i = 0; i < galaxies; ++i) {
      table += Id(i) + ",0.001\n";
      WriteCube(i, 1);
    }
    EXPECT_TRUE(WriteTestFile(drpall(), table));
    EXPECT_TRUE(WriteTestFile(lines(), "first,3630\nsecond,3640\n"));
  }

  static std::string Id(int i) { return fmt::format("8000-{}", 101 + i); }
  std::filesystem::path cubes() const { return folder_ / "cubes"; }
  std::filesystem::path drpall() const { return folder_ / "drpall.csv"; }
  std::filesystem::path lines() const { return folder_ / "lines.csv"; }
  std::filesystem::path CubeOf(int i) const {
    return cubes() / fmt::format("manga-{}-LOGCUBE.fits", Id(i));
  }

  // Writes the i-th cube anew, its flux times `scale`.
  void WriteCube(int i, float scale) const {
    LogcubeContent content = MakeSmallLogcube({.width = 34, .height = 34});
    content.cube.header.plateifu = Id(i);
    content.cube.header.mangaid = fmt::format("1-{}", i);
    for (float& flux : content.cube.flux) flux *= scale * static_cast<float>(i + 1);
    EXPECT_TRUE(WriteLogcube(CubeOf(i), content).ok());
  }

 private:
  std::filesystem::path folder_;
};

}  // namespace peculiar
