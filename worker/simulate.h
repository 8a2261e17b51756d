// peculiar-worker simulate: a synthetic survey, and real galaxies rebuilt from their maps, as
// genuine LOGCUBE files with the tables that go with them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/simulate/survey_folder.h"
#include "worker/command.h"

namespace peculiar::worker {

struct SimulateOptions {
  std::filesystem::path out;  // a new or empty folder, or one of the same simulation
  int galaxies = 0;           // 0: none but those of `from_maps`
  std::uint64_t seed = 1;
  std::string fibres = "mix";                    // or 19, 37, 61, 91, 127
  std::vector<std::string> plant;                // kinds of anomaly; empty: the usual ten
  int threads = 0;                               // 0: all cores
  std::vector<std::filesystem::path> from_maps;  // DAP MAPS files of real galaxies
  std::filesystem::path spectra;                 // needed with from_maps
};

// Progress on standard error. Errors: INVALID_ARGUMENT for options that do not go together, and
// those of WriteSimulation.
absl::StatusOr<SimulationReport> RunSimulate(const SimulateOptions& options);

void AddSimulateCommand(CLI::App& app, CommandResult& result);

}  // namespace peculiar::worker
