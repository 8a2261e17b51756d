// A folder for the running test, empty when the test first asks for it and removed when the process
// ends, and files in it that need not survive a crash. Its name holds the process id: tests of two
// checkouts do not meet.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace peculiar {

// The folder of all tests of this process. A death test runs again in a process of its own: it
// finds the folder of the first process in the environment, and leaves its removal to that one.
class TestRoot {
 public:
  TestRoot() {
    if (const char* inherited = std::getenv(kVariable)) {
      path_ = inherited;
      return;
    }
    path_ = std::filesystem::path(::testing::TempDir()) / fmt::format("peculiar-{}", getpid());
    owner_ = getpid();
    setenv(kVariable, path_.c_str(), 1);
  }
  ~TestRoot() {
    std::error_code ignored;
    if (owner_ == getpid()) std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  static constexpr char kVariable[] = "PECULIAR_TEST_ROOT";
  std::filesystem::path path_;
  pid_t owner_ = 0;
};

inline std::filesystem::path TestFolder() {
  const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
  static const TestRoot root;
  static const ::testing::TestInfo* emptied_for = nullptr;
  std::string name = fmt::format("{}.{}", info->test_suite_name(), info->name());
  std::replace(name.begin(), name.end(), '/', '_');  // of parameterised tests
  const std::filesystem::path folder = root.path() / name;
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
