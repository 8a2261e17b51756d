#include "core/cube/line_list.h"

#include <algorithm>
#include <charconv>
#include <sstream>

#include "core/base/file.h"

namespace peculiar {

const LineList& DefaultLineList() {
  static const LineList lines = {
      {"[OII] 3727", 3727.092},  {"[OII] 3730", 3729.875},  {"HeI 3889", 3889.0},
      {"[SII] 4072", 4072.3},    {"Hdelta 4103", 4102.89},  {"Hgamma 4342", 4341.68},
      {"[OIII] 4364", 4364.436}, {"Hbeta 4863", 4862.68},   {"[OIII] 4933", 4932.603},
      {"[OIII] 4960", 4960.295}, {"[OIII] 5008", 5008.240}, {"[OI] 6302", 6302.046},
      {"[OI] 6366", 6365.536},   {"[NI] 6529", 6529.03},    {"[NII] 6550", 6549.86},
      {"Halpha 6565", 6564.61},  {"[NII] 6585", 6585.27},   {"[SII] 6718", 6718.29},
      {"[SII] 6733", 6732.67},
  };
  return lines;
}

absl::StatusOr<LineList> ReadLineList(const std::filesystem::path& path) {
  PECULIAR_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, 1 << 20));
  LineList lines;
  std::istringstream stream(text);
  std::string row;
  for (int number = 1; std::getline(stream, row); ++number) {
    if (row.empty() || row[0] == '#' || row == "\r") continue;
    const std::size_t comma = row.rfind(',');
    double wavelength = 0;
    if (comma != std::string::npos) {
      std::from_chars(row.data() + comma + 1, row.data() + row.size(), wavelength);
    }
    if (comma == 0 || !(wavelength > 0)) {
      return DataLoss("{} line {}: found '{}', expected name,wavelength_angstrom", path.string(),
                      number, row);
    }
    const std::string name = row.substr(0, comma);
    if (std::any_of(lines.begin(), lines.end(),
                    [&](const auto& line) { return line.name == name; })) {
      return DataLoss("{} line {}: '{}' is there twice", path.string(), number, name);
    }
    lines.push_back({name, wavelength});
  }
  if (lines.empty()) return DataLoss("{} names no line", path.string());
  return lines;
}

}  // namespace peculiar
