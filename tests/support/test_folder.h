// A folder for the running test, emptied when the test first asks for it, and files in it that need
// not survive a crash.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace peculiar {

inline std::filesystem::path TestFolder() {
  const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
  static const ::testing::TestInfo* emptied_for = nullptr;
  const std::filesystem::path folder = std::filesystem::path(::testing::TempDir()) /
                                       (std::string(info->test_suite_name()) + "." + info->name());
  if (emptied_for == info) return folder;
  emptied_for = info;
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return folder;
}

inline bool WriteTestFile(const std::filesystem::path& path, std::string_view content) {
  std::filesystem::remove(path);  // rewriting a file in place makes ext4 flush it
  std::ofstream file(path, std::ios::binary);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
  return file.flush().good();
}

}  // namespace peculiar
