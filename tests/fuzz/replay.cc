// Runs the fuzzed function over the files of a folder, in the order of their names: a test of what
// was once found, with any compiler.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <vector>

#include "core/base/file.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size);

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: request_replay FOLDER\n");
    return 2;
  }
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const std::filesystem::path& file : files) {
    const absl::StatusOr<std::string> bytes = peculiar::ReadFile(file);
    if (!bytes.ok()) return 1;
    std::fprintf(stderr, "%s\n", file.filename().c_str());  // the last line names what ended it
    LLVMFuzzerTestOneInput(reinterpret_cast<const unsigned char*>(bytes->data()), bytes->size());
  }
  std::fprintf(stderr, "%zu inputs\n", files.size());
  return files.empty() ? 1 : 0;
}
