#include "core/simulate/survey_folder.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <set>

#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/parallel.h"
#include "core/fits/drpall.h"
#include "core/simulate/logcube_content.h"
#include "core/simulate/rebuild_cube.h"
#include "core/simulate/truth_table.h"

namespace peculiar {
namespace {

namespace fs = std::filesystem;

constexpr char kManifestName[] = "simulation.json";
constexpr int kFormat = 1;
constexpr int kRenderer = 1;  // goes up when the same request gives other bytes
constexpr std::uint64_t kRebuildStream = 0x72656275;  // "rebu"

fs::path CubePath(const fs::path& folder, const std::string& plateifu) {
  return folder / fmt::format("manga-{}-LOGCUBE.fits.gz", plateifu);
}

absl::StatusOr<Json> ManifestOf(const SimulationRequest& request) {
  Json manifest = {{"format", kFormat}, {"renderer", kRenderer}};
  if (request.survey) {
    const SurveyOptions& survey = *request.survey;
    manifest["galaxies"] = survey.galaxies;
    manifest["seed"] = survey.seed;
    manifest["fibres"] = survey.fibres;
    manifest["anomalies"] = Json::array();
    for (const Anomaly anomaly : survey.anomalies) {
      manifest["anomalies"].push_back(AnomalyName(anomaly));
    }
    manifest["anomaly_share"] = survey.anomaly_share;
    manifest["repeat_share"] = survey.repeat_share;
  }
  if (request.rebuilt.empty()) return manifest;
  manifest["rebuilt"] = Json::array();
  manifest["rebuilt_seed"] = request.seed;
  for (const RebuildSource& source : request.rebuilt) {
    PECULIAR_ASSIGN_OR_RETURN(std::string maps, Sha256OfFile(source.maps));
    PECULIAR_ASSIGN_OR_RETURN(std::string spectra, Sha256OfFile(source.spectra));
    manifest["rebuilt"].push_back({{"maps", source.maps.filename().string()},
                                   {"maps_sha256", std::move(maps)},
                                   {"spectra", source.spectra.filename().string()},
                                   {"spectra_sha256", std::move(spectra)}});
  }
  return manifest;
}

// "galaxies is 24, 96 expected; seed ..." of two manifests that differ.
std::string Differences(const Json& found, const Json& wanted) {
  std::set<std::string> keys;
  for (const auto& [key, value] : found.items()) keys.insert(key);
  for (const auto& [key, value] : wanted.items()) keys.insert(key);
  std::string text;
  for (const std::string& key : keys) {
    const Json there = found.value(key, Json());
    const Json asked = wanted.value(key, Json());
    if (there == asked) continue;
    text += fmt::format("{}{} is {}, {} asked for", text.empty() ? "" : "; ", key, there.dump(),
                        asked.dump());
  }
  return text;
}

// Makes the folder this request's own, or refuses. Leftovers of a killed run are removed.
absl::Status ClaimFolder(const fs::path& folder, const Json& manifest) {
  PECULIAR_RETURN_IF_ERROR(CreateFolder(folder));
  const fs::path path = folder / kManifestName;
  std::error_code error;
  fs::directory_iterator entries(folder, error);
  if (error) return StatusFromErrno("list", folder, error.value());
  std::vector<fs::path> leftovers;
  fs::path stranger;
  for (const fs::directory_entry& entry : entries) {
    (IsTemporaryName(entry.path()) ? leftovers.emplace_back() : stranger) = entry.path();
  }
  if (fs::exists(path, error)) {
    PECULIAR_ASSIGN_OR_RETURN(const Json found, ReadJson(path));
    if (!found.is_object() || found != manifest) {
      return FailedPrecondition(
          "{} holds another simulation ({}); choose another folder, or remove this one",
          folder.string(), found.is_object() ? Differences(found, manifest) : "not readable");
    }
  } else if (!stranger.empty()) {
    return FailedPrecondition(
        "{} is not empty ({} is in it) and no simulation; an empty or new "
        "folder expected",
        folder.string(), stranger.filename().string());
  } else {
    PECULIAR_RETURN_IF_ERROR(WriteJson(path, manifest));
  }
  for (const fs::path& leftover : leftovers) fs::remove(leftover, error);
  return absl::OkStatus();
}

absl::Status RenderTo(const fs::path& path, const SimulatedGalaxy& galaxy) {
  const ExposureSummary exposure{galaxy.model.ebv_mag, galaxy.exposures, 900.0 * galaxy.exposures,
                                 std::int64_t{1} << 10};
  return WriteLogcube(
      path, MakeLogcubeContent(RenderCube(galaxy.model, *galaxy.bundle, galaxy.observation),
                               exposure, "simulated galaxy; not an observation"));
}

// A real galaxy that has been read and waits to be written.
struct RebuildJob {
  DapMaps maps;
  RealSpectrum spectrum;
};

absl::StatusOr<std::vector<RebuildJob>> ReadRebuilt(const SimulationRequest& request) {
  std::vector<RebuildJob> jobs;
  for (const RebuildSource& source : request.rebuilt) {
    PECULIAR_ASSIGN_OR_RETURN(DapMaps maps, ReadDapMaps(source.maps));
    PECULIAR_ASSIGN_OR_RETURN(RealSpectrum spectrum, ReadRealSpectrum(source.spectra, 0));
    jobs.push_back({std::move(maps), std::move(spectrum)});
  }
  return jobs;
}

// Of a rebuilt galaxy only what the maps say is known.
TruthRow TruthOf(const DapMaps& maps) {
  constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  TruthRow row{.galaxy_class = "rebuilt_from_real_maps",
               .log_mass = kUnknown,
               .inclination_deg = kUnknown,
               .position_angle_deg = kUnknown,
               .v_max_km_s = kUnknown,
               .av_mag = kUnknown,
               .ebv_mag = maps.ebv_mag,
               .halpha_ew_angstrom = kUnknown,
               .halpha_peak = kUnknown,
               .ratios = {.nii_halpha = kUnknown, .oiii_hbeta = kUnknown}};
  row.record.plateifu = maps.header.plateifu;
  row.record.mangaid = maps.header.mangaid;
  row.record.z = maps.z;
  row.record.ra_deg = maps.header.object_ra_deg;
  row.record.dec_deg = maps.header.object_dec_deg;
  row.record.drp3qual = maps.header.drp3qual;
  for (const LineMaps& line : maps.lines) {
    if (line.name != "Ha-6564") continue;
    row.halpha_peak = 0;
    for (std::size_t i = 0; i < line.flux.size(); ++i) {
      if (line.good[i] != 0) row.halpha_peak = std::max<double>(row.halpha_peak, line.flux[i]);
    }
  }
  return row;
}

absl::Status WriteTables(const fs::path& folder, const std::vector<TruthRow>& rows) {
  std::vector<GalaxyRecord> records;
  for (const TruthRow& row : rows) records.push_back(row.record);
  PECULIAR_RETURN_IF_ERROR(WriteDrpall(folder / kDrpallName, records));
  PECULIAR_RETURN_IF_ERROR(WriteFileAtomically(folder / "agn.csv", AgnCsv(rows)));
  return WriteFileAtomically(folder / "truth.csv", TruthCsv(rows));
}

absl::StatusOr<SimulationReport> ReportOf(const fs::path& folder,
                                          const std::vector<TruthRow>& rows) {
  SimulationReport report;
  report.galaxies = static_cast<int>(rows.size());
  for (const TruthRow& row : rows) {
    report.anomalies += row.anomaly.empty() ? 0 : 1;
    report.repeats += row.is_repeat_of.empty() ? 0 : 1;
    report.rebuilt += row.galaxy_class == "rebuilt_from_real_maps" ? 1 : 0;
    report.agn_listed += row.record.agn.any() ? 1 : 0;
    const fs::path path = CubePath(folder, row.record.plateifu);
    std::error_code error;
    const std::uint64_t size = fs::file_size(path, error);
    if (error) return StatusFromErrno("stat", path, error.value());
    report.bytes += size;
  }
  return report;
}

// Everything that is to be written, known before the first byte is.
struct Simulation {
  std::uint64_t survey_seed = 0;
  std::uint64_t rebuild_seed = 0;
  std::vector<PlannedGalaxy> plan;
  std::vector<RebuildJob> rebuilt;  // after the planned ones

  std::size_t size() const { return plan.size() + rebuilt.size(); }
};

absl::StatusOr<Simulation> Prepare(const SimulationRequest& request) {
  if (!request.survey && request.rebuilt.empty()) {
    return InvalidArgument("nothing to simulate: neither a survey nor maps were given");
  }
  Simulation simulation{.rebuild_seed = request.seed};
  std::set<std::string> names;
  if (request.survey) {
    simulation.survey_seed = request.survey->seed;
    PECULIAR_ASSIGN_OR_RETURN(simulation.plan, PlanSurvey(*request.survey));
    for (const PlannedGalaxy& galaxy : simulation.plan) names.insert(galaxy.plateifu);
  }
  PECULIAR_ASSIGN_OR_RETURN(simulation.rebuilt, ReadRebuilt(request));
  for (const RebuildJob& job : simulation.rebuilt) {
    if (!names.insert(job.maps.header.plateifu).second) {
      return InvalidArgument("{} is asked for twice", job.maps.header.plateifu);
    }
  }
  return simulation;
}

absl::Status RebuildTo(const fs::path& path, const RebuildJob& job, std::uint64_t seed) {
  PECULIAR_ASSIGN_OR_RETURN(const LogcubeContent content,
                            RebuildCube(job.maps, job.spectrum, seed));
  return WriteLogcube(path, content);
}

// Writes cube `i` unless it is there, and fills its row.
absl::Status WriteCube(const fs::path& folder, const Simulation& simulation, std::size_t i,
                       TruthRow& row, bool& kept) {
  std::error_code error;
  if (i < simulation.plan.size()) {
    const SimulatedGalaxy galaxy = DrawSimulatedGalaxy(simulation.survey_seed, simulation.plan, i);
    row = TruthOf(galaxy);
    const fs::path path = CubePath(folder, row.record.plateifu);
    kept = fs::exists(path, error);
    return kept ? absl::OkStatus() : RenderTo(path, galaxy);
  }
  const std::size_t job = i - simulation.plan.size();
  row = TruthOf(simulation.rebuilt[job].maps);
  const fs::path path = CubePath(folder, row.record.plateifu);
  kept = fs::exists(path, error);
  if (kept) return absl::OkStatus();
  const std::uint64_t seed = Random(simulation.rebuild_seed, {kRebuildStream, job}).Next();
  return RebuildTo(path, simulation.rebuilt[job], seed);
}

}  // namespace

int CubeCount(const SimulationRequest& request) {
  return (request.survey ? request.survey->galaxies : 0) + static_cast<int>(request.rebuilt.size());
}

absl::StatusOr<SimulationReport> WriteSimulation(const fs::path& folder,
                                                 const SimulationRequest& request,
                                                 const CubeCallback& finished) {
  PECULIAR_ASSIGN_OR_RETURN(const Simulation simulation, Prepare(request));
  PECULIAR_ASSIGN_OR_RETURN(const Json manifest, ManifestOf(request));
  PECULIAR_RETURN_IF_ERROR(ClaimFolder(folder, manifest));

  std::vector<TruthRow> rows(simulation.size());
  std::atomic<int> kept = 0;
  PECULIAR_RETURN_IF_ERROR(ParallelFor(rows.size(), request.threads, [&](std::size_t i) {
    bool there = false;
    PECULIAR_RETURN_IF_ERROR(WriteCube(folder, simulation, i, rows[i], there));
    kept += there ? 1 : 0;
    finished(there);
    return absl::OkStatus();
  }));
  std::sort(rows.begin(), rows.end());
  PECULIAR_RETURN_IF_ERROR(WriteTables(folder, rows));
  PECULIAR_ASSIGN_OR_RETURN(SimulationReport report, ReportOf(folder, rows));
  report.kept = kept;
  report.rendered = report.galaxies - kept;
  return report;
}

}  // namespace peculiar
