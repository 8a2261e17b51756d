#include "worker/simulate.h"

#include <charconv>
#include <cstdio>
#include <memory>

#include "core/base/json.h"
#include "worker/progress.h"
#include "worker/survey_tables.h"

namespace peculiar::worker {
namespace {

// 0 for "mix".
absl::StatusOr<int> FibresOption(const std::string& text) {
  if (text == "mix") return 0;
  int fibres = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, fibres);
  if (error != std::errc() || stopped != end || fibres < 1) {
    return InvalidArgument("--fibres is '{}', 19, 37, 61, 91, 127 or mix expected", text);
  }
  return fibres;
}

absl::StatusOr<SimulationRequest> RequestOf(const SimulateOptions& options) {
  SimulationRequest request{.seed = options.seed, .threads = options.threads};
  if (options.galaxies < 0) {
    return InvalidArgument("--galaxies is {}, 0 or more expected", options.galaxies);
  }
  if (options.galaxies == 0 && options.from_maps.empty()) {
    return InvalidArgument("nothing to do: --galaxies or --from-maps is needed");
  }
  if (!options.from_maps.empty() && options.spectra.empty()) {
    return InvalidArgument("--from-maps needs --spectra");
  }
  PECULIAR_ASSIGN_OR_RETURN(const int fibres, FibresOption(options.fibres));
  if (options.galaxies > 0) {
    request.survey =
        SurveyOptions{.galaxies = options.galaxies, .seed = options.seed, .fibres = fibres};
    if (!options.plant.empty()) request.survey->anomalies.clear();
    for (const std::string& name : options.plant) {
      PECULIAR_ASSIGN_OR_RETURN(const Anomaly anomaly, ParseAnomaly(name));
      request.survey->anomalies.push_back(anomaly);
    }
  }
  for (const std::filesystem::path& maps : options.from_maps) {
    request.rebuilt.push_back({maps, options.spectra});
  }
  return request;
}

void PrintReport(const SimulationReport& report, const SimulateOptions& options,
                 const std::string& format) {
  if (format == "json") {
    const Json json = {{"folder", options.out.string()}, {"galaxies", report.galaxies},
                       {"rendered", report.rendered},    {"kept", report.kept},
                       {"anomalies", report.anomalies},  {"repeats", report.repeats},
                       {"rebuilt", report.rebuilt},      {"agn_listed", report.agn_listed},
                       {"bytes", report.bytes}};
    fmt::print("{}\n", json.dump(2));
    return;
  }
  fmt::print("folder      {}\n", options.out.string());
  fmt::print("galaxies    {}  ({} written now, {} kept)\n", report.galaxies, report.rendered,
             report.kept);
  fmt::print("anomalies   {}\n", report.anomalies);
  fmt::print("repeats     {}\n", report.repeats);
  fmt::print("rebuilt     {}\n", report.rebuilt);
  fmt::print("agn listed  {}\n", report.agn_listed);
  fmt::print("size        {:.1f} MB\n", static_cast<double>(report.bytes) / 1e6);
}

}  // namespace

absl::StatusOr<SimulationReport> RunSimulate(const SimulateOptions& options) {
  PECULIAR_ASSIGN_OR_RETURN(const SimulationRequest request, RequestOf(options));
  Progress progress("simulate", CubeCount(request), "cubes");
  return WriteSimulation(options.out, request, [&](bool kept) {
    if (kept) {
      progress.Skip(1);
    } else {
      progress.Advance();
    }
  });
}

void AddSimulateCommand(CLI::App& app, CommandResult& result) {
  struct Arguments {
    SimulateOptions options;
    std::string format = "table";
  };
  auto arguments = std::make_shared<Arguments>();
  SimulateOptions& options = arguments->options;
  CLI::App* command = app.add_subcommand(
      "simulate", "Write a synthetic survey of LOGCUBE files with drpall, truth.csv and agn.csv");
  command->add_option("--out", options.out, "Folder to write; new, empty or of the same simulation")
      ->required();
  command->add_option("--galaxies", options.galaxies, "Plate-IFUs to simulate, repeats included");
  command->add_option("--seed", options.seed, "Everything is a function of it")
      ->capture_default_str();
  command
      ->add_option("--fibres", options.fibres,
                   "Bundle size of all: 19, 37, 61, 91, 127; or mix, as in DR17")
      ->capture_default_str();
  command
      ->add_option("--plant", options.plant,
                   "Anomalies to plant, in turn: blueberry, seyfert_core, broad_line_core, "
                   "disturbed_lines, merger, blowtorch, foreground_star, bad_flux, "
                   "counter_rotation, dead_fibre; not among the usual ones: lone_line ([OIII] 5008 "
                   "alone)")
      ->delimiter(',')
      ->type_name("KIND,..");
  command->add_option("--threads", options.threads, "0: all cores")->capture_default_str();
  command->add_option("--from-maps", options.from_maps,
                      "DAP MAPS file of a real galaxy to rebuild; may be repeated");
  command->add_option(
      "--spectra", options.spectra,
      "File of real spectra that give --from-maps the shape of continuum and noise");
  AddOutputFlag(*command, arguments->format);
  command->callback([arguments, &result] {
    const absl::StatusOr<SimulationReport> report = RunSimulate(arguments->options);
    result.status = report.status();
    if (report.ok()) PrintReport(*report, arguments->options, arguments->format);
  });
}

}  // namespace peculiar::worker
