// The emission lines that are cut out of a cube. Data, not code: another survey or set of lines is
// another file.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/status.h"

namespace peculiar {

struct EmissionLine {
  std::string name;                // "[OIII] 5008.240": unique within a list
  double wavelength_angstrom = 0;  // rest frame, vacuum
};

using LineList = std::vector<EmissionLine>;

// The 19 lines of the paper, from [OII] 3727 to [SII] 6733 (SDSS DR6 line table).
const LineList& DefaultLineList();

// Reads "name,wavelength_angstrom" lines; '#' begins a comment. DATA_LOSS names the line that is
// wrong: no comma, not a positive number, a name twice; or the file without any line.
absl::StatusOr<LineList> ReadLineList(const std::filesystem::path& path);

}  // namespace peculiar
