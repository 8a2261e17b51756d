// What publishing costs against the number of galaxies: random embeddings of 32 with two more
// spaces (32 and 3 wide), one model, 19 lines, 3 in 100 galaxies observed twice, spaxel maps of 1 x
// 1 so that they do not hide the rest. One JSON line a size: seconds of the clock in all and a
// step, of the processor, and of opening; peak memory of the process so far and bytes of the
// snapshot. Usage: publish_bench FOLDER [galaxies ...]; without sizes: 1000 10000. FOLDER is made
// and removed.
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/parallel.h"
#include "core/snapshot/builder.h"
#include "core/snapshot/snapshot.h"
#include "tests/bench/random_survey.h"

namespace peculiar {
namespace {

double Now() {
  const auto time = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(time).count();
}

rusage Usage() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage;
}

// Of all threads: tells more than the clock where others use the cores too.
double CpuSeconds() {
  const rusage usage = Usage();
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         1e-6 * static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

double PeakMebibytes() {
  const rusage usage = Usage();
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

double OpenSeconds(const std::filesystem::path& folder, VerifyMode mode) {
  const double start = Now();
  if (!Snapshot::Open(folder, mode).ok()) std::abort();
  return Now() - start;
}

int Run(const std::filesystem::path& folder, std::size_t n) {
  const RandomSurvey survey({.galaxies = n});
  const double inputs = PeakMebibytes();
  std::map<std::string, double> seconds;
  std::string step;
  double start = Now();
  const double begin = start, cpu_begin = CpuSeconds();
  const auto result =
      PublishSnapshot(survey.content, folder, {.before_step = [&](PublishStep next) {
                        if (!step.empty()) seconds[step] += Now() - start;
                        start = Now();
                        step = PublishStepName(next);
                        return absl::OkStatus();
                      }});
  const double total = Now() - begin, cpu = CpuSeconds() - cpu_begin;
  if (!result.ok()) {
    std::fprintf(stderr, "publish_bench: %s\n", std::string(MessageOf(result.status())).c_str());
    return 1;
  }
  std::uintmax_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder / result->id)) {
    bytes += entry.file_size();
  }
  const Json line = {{"galaxies", n},
                     {"threads", HardwareThreads()},
                     {"seconds", total},
                     {"cpu_seconds", cpu},
                     {"steps", seconds},
                     {"open_full_seconds", OpenSeconds(folder / result->id, VerifyMode::kFull)},
                     {"open_sizes_seconds", OpenSeconds(folder / result->id, VerifyMode::kSizes)},
                     {"inputs_mebibytes", inputs},
                     {"peak_mebibytes", PeakMebibytes()},
                     {"snapshot_bytes", bytes}};
  std::printf("%s\n", line.dump().c_str());
  std::fflush(stdout);
  return 0;
}

}  // namespace
}  // namespace peculiar

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: publish_bench FOLDER [galaxies ...]\n");
    return 2;
  }
  std::vector<std::size_t> sizes = {1000, 10000};
  if (argc > 2) sizes.clear();
  for (int i = 2; i < argc; ++i) sizes.push_back(std::strtoull(argv[i], nullptr, 10));
  const std::filesystem::path folder = argv[1];
  if (std::filesystem::exists(folder)) {
    std::fprintf(stderr, "publish_bench: %s is there already\n", argv[1]);
    return 2;
  }
  int status = 0;
  for (const std::size_t n : sizes) {
    if (status == 0) status = peculiar::Run(folder, n);
    std::filesystem::remove_all(folder);
  }
  return status;
}
