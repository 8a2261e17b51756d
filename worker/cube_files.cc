#include "worker/cube_files.h"

#include <fmt/format.h>

#include <string>

namespace peculiar::worker {

std::optional<std::filesystem::path> FindCubeFile(const std::filesystem::path& folder,
                                                  std::string_view plateifu) {
  const std::string plate(plateifu.substr(0, plateifu.find('-')));
  const std::filesystem::path folders[] = {folder, folder / plate / "stack", folder / plate,
                                           folder / plateifu};
  for (const auto& candidate : folders) {
    for (const char* suffix : {".fits.gz", ".fits"}) {
      auto path = candidate / fmt::format("manga-{}-LOGCUBE{}", plateifu, suffix);
      std::error_code error;
      if (std::filesystem::exists(path, error)) return path;
    }
  }
  return std::nullopt;
}

}  // namespace peculiar::worker
