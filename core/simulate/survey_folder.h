// Writes a simulated survey into a folder: manga-PLATE-IFU-LOGCUBE.fits.gz for every galaxy,
// drpall.fits, truth.csv, agn.csv, and simulation.json, which says what the folder is.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

#include "core/base/status.h"
#include "core/simulate/survey_plan.h"

namespace peculiar {

// A real galaxy to be rebuilt (rebuild_cube.h).
struct RebuildSource {
  std::filesystem::path maps;     // DAP MAPS file
  std::filesystem::path spectra;  // real spectra; the first gives its shape
};

struct SimulationRequest {
  std::optional<SurveyOptions> survey;  // absent: rebuilt galaxies only
  std::vector<RebuildSource> rebuilt;
  std::uint64_t seed = 1;  // of the rebuilt galaxies' noise
  int threads = 0;         // 0: all cores. Each takes about 40 bytes a voxel: 0.2 to 1 GB.
};

struct SimulationReport {
  int galaxies = 0;
  int rendered = 0;  // by this run
  int kept = 0;      // found complete from an earlier one
  int anomalies = 0;
  int repeats = 0;
  int rebuilt = 0;
  int agn_listed = 0;
  std::uint64_t bytes = 0;  // of all cubes
};

inline constexpr char kDrpallName[] = "drpall.fits";

// Called from several threads, once for each cube; `kept` is true when it was there already.
using CubeCallback = std::function<void(bool kept)>;

// The same request gives the same bytes, whatever the threads, on one kind of machine. Resumable:
// complete cubes of the same request are kept. Errors: INVALID_ARGUMENT for an empty or odd
// request, or two galaxies of one plate-IFU; FAILED_PRECONDITION when the folder holds anything
// else than this simulation; those of reading the maps and of writing.
absl::StatusOr<SimulationReport> WriteSimulation(const std::filesystem::path& folder,
                                                 const SimulationRequest& request,
                                                 const CubeCallback& finished);

// How many cubes WriteSimulation will end with.
int CubeCount(const SimulationRequest& request);

}  // namespace peculiar
