// Where a galaxy's LOGCUBE file lies below the folder a user names.
// Only looks; opening and checking the file is the work of core/fits.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

namespace peculiar::worker {

// Looks for manga-PLATE-IFU-LOGCUBE.fits.gz, then .fits, in this order in
//   DIR/               all cubes in one folder
//   DIR/PLATE/stack/   the survey's tree: DIR is .../spectro/redux/VERSION
//   DIR/PLATE/         the same without its last folder
//   DIR/PLATE-IFU/     a folder a galaxy
// Requires IsPlateIfu(plateifu). Nothing when there is none.
std::optional<std::filesystem::path> FindCubeFile(const std::filesystem::path& folder,
                                                  std::string_view plateifu);

}  // namespace peculiar::worker
