// What questions cost in memory, without a server, against the number of galaxies.
//   query_bench publish FOLDER GALAXIES   makes a random snapshot by the normal publish, embeddings
//                                         of 128, clusters so that the neighbours are known
//   query_bench ask FOLDER [full]         opens it (sizes verified, or every digest) and asks
//   query_bench scan [GALAXIESxWIDTH ..]  neighbours of a vector, ours and Debian's FAISS in turn
// JSON lines: seconds and resident memory of opening; per question microseconds (the first, which
// may sort a column, then median and 99 %) and what the heap was asked for; of a scan the ratio of
// medians, and how many of FAISS's neighbours ours has at the same place. One thread; questions and
// scans are timed on the thread's own clock.
#include <faiss/IndexFlat.h>
#include <malloc.h>
#include <omp.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/random.h"
#include "core/query/engine.h"
#include "core/snapshot/current.h"
#include "tests/bench/counted_heap.h"
#include "tests/bench/random_survey.h"

namespace peculiar {
namespace {

constexpr std::size_t kWidth = 128;
constexpr int kNeighbors = 11;

double Now() {
  const auto time = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(time).count();
}

// Of this thread: where others use the cores too, a ratio of these still means something.
double CpuNow() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

void Print(const Json& line) {
  std::printf("%s\n", line.dump().c_str());
  std::fflush(stdout);
}

// "RssAnon": of its own; "RssFile": of files that are mapped, which the system may drop.
double Mebibytes(std::string_view field) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word != fmt::format("{}:", field)) continue;
    double kibibytes = 0;
    status >> kibibytes;
    return kibibytes / 1024;
  }
  return 0;
}

// Of sorted values.
double At(const std::vector<double>& values, double share) {
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "query_bench: %s\n", std::string(MessageOf(status)).c_str());
  return 1;
}

int Publish(const std::filesystem::path& folder, std::size_t galaxies) {
  const RandomSurvey survey({.galaxies = galaxies,
                             .width = kWidth,
                             .repeat_every = std::max<std::size_t>(2, galaxies / 20),
                             .clusters = true});
  const double start = Now();
  const auto known = [&](Matrix coordinates, std::size_t begin, std::size_t end) {
    return survey.KnownNeighbors(coordinates, begin, end);
  };
  std::string step;
  double step_start = start;
  Json steps;
  const auto before_step = [&](PublishStep next) {
    if (!step.empty()) steps[step] = Now() - step_start;
    step_start = Now();
    step = PublishStepName(next);
    return absl::OkStatus();
  };
  const auto result = PublishSnapshot(survey.content, folder,
                                      {.before_step = before_step, .known_neighbors = known});
  if (!result.ok()) return Fail(result.status());
  std::uintmax_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder / result->id)) {
    bytes += entry.file_size();
  }
  Print({{"published", galaxies},
         {"seconds", Now() - start},
         {"steps", steps},
         {"snapshot_mebibytes", static_cast<double>(bytes) / (1 << 20)}});
  return 0;
}

// One kind of question, asked with other arguments every time.
struct Question {
  std::string name;
  int times;
  std::function<absl::Status(Random&)> ask;
};

void Time(const Question& question, std::size_t galaxies) {
  Random random(7);
  std::vector<double> microseconds;
  double start = CpuNow();
  const absl::Status first_status = question.ask(random);
  const double first = CpuNow() - start;
  absl::Status status = first_status;
  microseconds.reserve(static_cast<std::size_t>(question.times));
  const HeapCount heap = CountedHeap();
  for (int i = 0; i < question.times; ++i) {
    start = CpuNow();
    status.Update(question.ask(random));
    microseconds.push_back(1e6 * (CpuNow() - start));
  }
  const std::uint64_t allocations = CountedHeap().allocations - heap.allocations;
  const std::uint64_t bytes = CountedHeap().bytes - heap.bytes;
  if (!status.ok()) std::exit(Fail(status));
  std::sort(microseconds.begin(), microseconds.end());
  Print({{"galaxies", galaxies},
         {"question", question.name},
         {"first_microseconds", 1e6 * first},
         {"p50_microseconds", At(microseconds, 0.5)},
         {"p99_microseconds", At(microseconds, 0.99)},
         {"allocations", static_cast<double>(allocations) / question.times},
         {"allocated_bytes", static_cast<double>(bytes) / question.times}});
}

// Passes some 60 of 100.
GalaxyFilter WideFilter(Random& random) {
  return {.min_redshift = random.Uniform(0.03, 0.06), .no_quality = {"CRITICAL"}};
}

// Passes some 100 of 10,000.
GalaxyFilter MiddleFilter(Random& random) {
  const double low = random.Uniform(0, 0.13);
  return {.min_redshift = low, .max_redshift = low + 0.01, .fibres = {127}};
}

// Passes some 2 of 10,000.
GalaxyFilter NarrowFilter(Random& random) {
  const double low = random.Uniform(0, 0.1);
  return {.min_redshift = low,
          .max_redshift = low + 0.008,
          .fibres = {127},
          .agn = {AgnSelection::kAny},
          .no_quality = {"CRITICAL"}};
}

// long: one question after the other
std::vector<Question> Listings(const QueryEngine& engine) {
  const auto list = [&engine](const AnomalyQuery& query) {
    return engine.ListAnomalies(query).status();
  };
  const auto n = static_cast<std::int64_t>(engine.snapshot().size());
  const auto deep = [n](Random& random) {
    return n / 2 - static_cast<std::int64_t>(random.Below(static_cast<std::uint64_t>(n / 10)));
  };
  return {
      {"list 50", 2000,
       [=](Random& random) { return list({.offset = static_cast<int>(random.Below(500))}); }},
      {"list 50, wide filter", 2000,
       [=](Random& random) { return list({.filter = WideFilter(random)}); }},
      {"list 50, middle filter", 2000,
       [=](Random& random) { return list({.filter = MiddleFilter(random)}); }},
      {"list 50, narrow filter", 2000,
       [=](Random& random) { return list({.filter = NarrowFilter(random)}); }},
      {"list 50, cone of 2 degrees", 1000,
       [=](Random& random) {
         return list(
             {.filter = {.cone = Cone{random.Uniform(0, 360), random.Uniform(-80, 80), 2}}});
       }},
      {"list 50, best observations", 1000,
       [=](Random& random) {
         return list(
             {.offset = static_cast<int>(random.Below(500)), .filter = {.best_observation = true}});
       }},
      {"list 50 by a line, range", 1000,
       [=](Random& random) {
         return list({.measure = Measure::kLineShare,
                      .line = "line 7",
                      .order = SortOrder::kAscending,
                      .range = {.min_percentile = random.Uniform(0, 90)}});
       }},
      {"deep page", 1000, [=](Random& random) { return list({.offset = deep(random)}); }},
      {"deep page, wide filter", 300,
       [=](Random& random) {
         return list({.offset = deep(random), .filter = WideFilter(random)});
       }},
  };
}

// long: one question after the other
std::vector<Question> OfGalaxies(const QueryEngine& engine) {
  const CatalogContent& catalog = engine.snapshot().catalog();
  const auto some_id = [&catalog](Random& random) -> std::string_view {
    return catalog.galaxies[random.Below(catalog.galaxies.size())].plateifu;
  };
  const auto neighbors = [&engine](const NeighborQuery& query) {
    return engine.FindNeighbors(query).status();
  };
  const auto some_vector = [&engine](Random& random) {
    const auto row = engine.snapshot().embeddings(0).row(random.Below(engine.snapshot().size()));
    std::vector<float> vector(row.begin(), row.end());
    for (float& value : vector) value += static_cast<float>(random.Uniform());
    return vector;
  };
  const int scans = engine.snapshot().size() > 300'000 ? 50 : 300;
  return {
      {"embedding", 5000,
       [=, &engine](Random& random) { return engine.GetEmbedding(some_id(random), "").status(); }},
      {"galaxy", 2000,
       [=, &engine](Random& random) { return engine.GetGalaxy(some_id(random)).status(); }},
      {"10 neighbours", 5000,
       [=](Random& random) { return neighbors({.galaxy_id = some_id(random)}); }},
      {"10 neighbours, wide filter", 2000,
       [=](Random& random) {
         return neighbors({.galaxy_id = some_id(random), .filter = WideFilter(random)});
       }},
      {"10 neighbours, narrow filter", 1000,
       [=](Random& random) {
         return neighbors({.galaxy_id = some_id(random), .filter = NarrowFilter(random)});
       }},
      {"10 neighbours of a vector", scans,
       [=](Random& random) {
         const auto vector = some_vector(random);
         return neighbors({.vector = vector});
       }},
      {"10 neighbours of a vector, wide filter", scans,
       [=](Random& random) {
         const auto vector = some_vector(random);
         return neighbors({.vector = vector, .filter = WideFilter(random)});
       }},
      {"distribution", 50,
       [&engine](Random&) { return engine.GetDistribution({.bin_count = 50}).status(); }},
      {"distribution by fibres, wide filter", 30,
       [&engine](Random& random) {
         return engine
             .GetDistribution({.group = PopulationGroup::kFibres, .filter = WideFilter(random)})
             .status();
       }},
  };
}

// The lists that were known by construction, against a search.
absl::Status CheckNeighbors(const Snapshot& snapshot) {
  Random random(3);
  for (std::size_t space = 0; space < snapshot.spaces(0).size(); ++space) {
    for (int i = 0; i < 5; ++i) {
      const std::size_t row = random.Below(snapshot.size());
      const auto known = snapshot.neighbors(0, space, row);
      PECULIAR_ASSIGN_OR_RETURN(const NeighborList found, snapshot.index(0, space).SearchRow(
                                                              row, static_cast<int>(known.size())));
      if (!std::equal(known.begin(), known.end(), found.begin(), found.end())) {
        return Internal("row {} has other neighbours than were published", row);
      }
    }
  }
  return absl::OkStatus();
}

int Ask(const std::filesystem::path& folder, VerifyMode verify) {
  const auto id = ReadCurrent(folder);
  if (!id.ok()) return Fail(id.status());
  const double before = Mebibytes("RssAnon"), start = Now(), cpu_start = CpuNow();
  auto opened = Snapshot::Open(folder / *id, verify);
  if (!opened.ok()) return Fail(opened.status());
  const double snapshot_seconds = CpuNow() - cpu_start;
  const auto snapshot = std::make_shared<const Snapshot>(*std::move(opened));
  const QueryEngine engine(snapshot);
  const double seconds = Now() - start, cpu_seconds = CpuNow() - cpu_start;
  malloc_trim(0);
  const std::size_t n = snapshot->size();
  Print({{"galaxies", n},
         {"open_seconds", seconds},
         {"open_cpu_seconds", cpu_seconds},
         {"of_it_snapshot", snapshot_seconds},
         {"own_mebibytes", Mebibytes("RssAnon") - before},
         {"mapped_mebibytes", Mebibytes("RssFile")}});
  if (const absl::Status status = CheckNeighbors(*snapshot); !status.ok()) return Fail(status);
  for (const Question& question : Listings(engine)) Time(question, n);
  for (const Question& question : OfGalaxies(engine)) Time(question, n);
  Print({{"galaxies", n}, {"own_mebibytes_after", Mebibytes("RssAnon") - before}});
  return 0;
}

// long: two searches side by side
int Scan(std::size_t rows, std::size_t width) {
  omp_set_num_threads(1);
  Random random(rows + width);
  std::vector<float> values(rows * width);
  for (float& value : values) value = static_cast<float>(random.Normal());
  const auto index = VectorIndex::Build({values.data(), rows, width});
  if (!index.ok()) return Fail(index.status());
  faiss::IndexFlatL2 flat(static_cast<faiss::Index::idx_t>(width));
  flat.add(static_cast<faiss::Index::idx_t>(rows), values.data());
  std::vector<double> ours, theirs;
  std::size_t same = 0;
  const std::size_t times = std::clamp<std::size_t>(50'000'000 / rows / width, 15, 200);
  for (std::size_t i = 0; i < times; ++i) {
    std::vector<float> query(width), squared(kNeighbors);
    for (float& value : query) value = static_cast<float>(random.Normal());
    std::vector<faiss::Index::idx_t> ids(kNeighbors);
    // Each twice, and the second counts: neither finds the other's vectors in the cache.
    NeighborList list;
    for (const bool counts : {false, true}) {
      const double start = CpuNow();
      flat.search(1, query.data(), kNeighbors, squared.data(), ids.data());
      if (counts) theirs.push_back(CpuNow() - start);
    }
    for (const bool counts : {false, true}) {
      const double start = CpuNow();
      list = (*index->Search({query.data(), 1, width}, kNeighbors))[0];
      if (counts) ours.push_back(CpuNow() - start);
    }
    for (std::size_t j = 0; j < ids.size(); ++j) {
      same += list[j].row == static_cast<std::size_t>(ids[j]) ? 1 : 0;
    }
  }
  std::sort(ours.begin(), ours.end());
  std::sort(theirs.begin(), theirs.end());
  Print({{"scan", fmt::format("{} x {}", rows, width)},
         {"faiss_microseconds", 1e6 * At(theirs, 0.5)},
         {"microseconds", 1e6 * At(ours, 0.5)},
         {"ratio", At(theirs, 0.5) / At(ours, 0.5)},
         {"ratio_of_fastest", theirs[0] / ours[0]},
         {"neighbors", times * kNeighbors},
         {"same", same}});
  return 0;
}

int Main(const std::vector<std::string>& arguments) {
  if (arguments.size() == 3 && arguments[0] == "publish") {
    return Publish(arguments[1], std::strtoull(arguments[2].c_str(), nullptr, 10));
  }
  if (arguments.size() >= 2 && arguments[0] == "ask") {
    return Ask(arguments[1], arguments.size() > 2 ? VerifyMode::kFull : VerifyMode::kSizes);
  }
  if (!arguments.empty() && arguments[0] == "scan") {
    std::vector<std::string> shapes(arguments.begin() + 1, arguments.end());
    if (shapes.empty()) shapes = {"10000x128", "10000x50", "10000x3", "1000000x128"};
    for (const std::string& shape : shapes) {
      char* end = nullptr;
      const std::size_t rows = std::strtoull(shape.c_str(), &end, 10);
      if (*end != 'x' || Scan(rows, std::strtoull(end + 1, nullptr, 10)) != 0) return 2;
    }
    return 0;
  }
  std::fprintf(stderr,
               "usage: query_bench publish FOLDER GALAXIES | ask FOLDER [full] | scan [ROWSxWIDTH "
               "..]\n");
  return 2;
}

}  // namespace
}  // namespace peculiar

int main(int argc, char** argv) { return peculiar::Main({argv + 1, argv + argc}); }
