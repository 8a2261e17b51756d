#include "core/simulate/survey_plan.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "core/base/random.h"
#include "core/simulate/footprint.h"
#include "core/simulate/plant_anomaly.h"

namespace peculiar {
namespace {

constexpr std::uint64_t kPlanStream = 0x706c616e;  // "plan"
constexpr std::array<double, kGalaxyClasses.size()> kClassShares = {0.40, 0.20, 0.15, 0.25};
constexpr int kAllKindsFrom = 48;
constexpr int kRepeatsFrom = 12;
constexpr int kMaxGalaxies = 10000;

absl::Status CheckOptions(const SurveyOptions& options) {
  if (options.galaxies < 1 || options.galaxies > kMaxGalaxies) {
    return InvalidArgument("a survey of {} galaxies, 1 to {} expected", options.galaxies,
                           kMaxGalaxies);
  }
  if (options.fibres != 0 && FindBundleKind(options.fibres) == nullptr) {
    return InvalidArgument("bundles of {} fibres, 19, 37, 61, 91 or 127 expected (0: a mix)",
                           options.fibres);
  }
  if (options.anomalies.empty()) return InvalidArgument("no kind of anomaly to plant");
  if (!(options.anomaly_share >= 0) || !(options.repeat_share >= 0) ||
      !(options.anomaly_share + options.repeat_share <= 0.9)) {
    return InvalidArgument("shares of {} anomalies and {} repeats, 0 to 0.9 together expected",
                           options.anomaly_share, options.repeat_share);
  }
  return absl::OkStatus();
}

int DrawFibres(int fixed, Random& random) {
  if (fixed != 0) return fixed;
  int total = 0;
  for (const BundleKind& kind : kBundleKinds) total += kind.count_dr17;
  auto left = static_cast<int>(random.Below(static_cast<std::uint64_t>(total)));
  for (const BundleKind& kind : kBundleKinds) {
    left -= kind.count_dr17;
    if (left < 0) return kind.fibres;
  }
  return kBundleKinds.back().fibres;
}

// Gives out plate-IFUs as plates are drilled: so many bundles of each size on a plate.
class PlateAllocator {
 public:
  std::string Next(int fibres) {
    const int n = used_[fibres]++;
    const int per_plate = FindBundleKind(fibres)->per_plate;
    const int plate = first_ + n / per_plate;
    last_ = std::max(last_, plate);
    return fmt::format("{}-{}", PlateName(plate), fibres * 100 + n % per_plate + 1);
  }
  // All that follow come on plates of their own.
  void StartNewPlates() {
    first_ = last_ + 1;
    used_.clear();
  }

 private:
  static int PlateName(int plate) {
    constexpr int kUnusedBelowMaNGA = 442;
    return plate < kUnusedBelowMaNGA ? 7001 + plate : 13001 + plate - kUnusedBelowMaNGA;
  }
  std::map<int, int> used_;
  int first_ = 0;
  int last_ = 0;
};

// The classes of n normal galaxies, as close to their shares as n allows, in random order.
std::vector<GalaxyClass> NormalClasses(std::size_t n, Random& random) {
  std::vector<GalaxyClass> classes;
  double until = 0;
  for (std::size_t c = 0; c < kGalaxyClasses.size(); ++c) {
    until += kClassShares[c];
    const auto end = static_cast<std::size_t>(std::llround(until * static_cast<double>(n)));
    while (classes.size() < std::min(end, n)) classes.push_back(kGalaxyClasses[c]);
  }
  std::vector<GalaxyClass> shuffled;
  for (const std::size_t i : RandomPermutation(n, random)) shuffled.push_back(classes[i]);
  return shuffled;
}

struct Counts {
  std::size_t anomalies;
  std::size_t repeats;
  std::size_t singles;  // galaxies that are seen, anomalies among them
};

Counts CountsOf(const SurveyOptions& options) {
  const double n = options.galaxies;
  auto anomalies = std::llround(options.anomaly_share * n);
  auto repeats = std::llround(options.repeat_share * n);
  if (options.galaxies >= kAllKindsFrom && options.anomaly_share > 0) {
    anomalies = std::max(anomalies, static_cast<long long>(options.anomalies.size()));
  }
  if (options.galaxies >= kRepeatsFrom && options.repeat_share > 0) {
    repeats = std::max<long long>(repeats, 1);
  }
  repeats = std::min<long long>(repeats, options.galaxies - anomalies);
  repeats = std::max<long long>(0, std::min<long long>(repeats, options.galaxies - 1 - anomalies));
  return {static_cast<std::size_t>(anomalies), static_cast<std::size_t>(repeats),
          static_cast<std::size_t>(options.galaxies - repeats)};
}

void AddRepeats(std::size_t repeats, Random& random, PlateAllocator& plates,
                std::vector<PlannedGalaxy>& plan) {
  std::vector<std::size_t> normal;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    if (plan[i].anomaly == Anomaly::kNone) normal.push_back(i);
  }
  const std::vector<std::size_t> order = RandomPermutation(normal.size(), random);
  for (std::size_t i = 0; i < repeats; ++i) {
    // With more repeats than normal galaxies some are seen a third time, as in the real survey.
    if (i % order.size() == 0) plates.StartNewPlates();
    PlannedGalaxy repeat = plan[normal[order[i % order.size()]]];
    repeat.is_repeat_of = repeat.plateifu;
    repeat.plateifu = plates.Next(repeat.fibres);
    plan.push_back(std::move(repeat));
  }
}

}  // namespace

absl::StatusOr<std::vector<PlannedGalaxy>> PlanSurvey(const SurveyOptions& options) {
  PECULIAR_RETURN_IF_ERROR(CheckOptions(options));
  Random random(options.seed, {kPlanStream});
  const Counts counts = CountsOf(options);
  const std::vector<GalaxyClass> normal = NormalClasses(counts.singles - counts.anomalies, random);
  const std::vector<std::size_t> place = RandomPermutation(counts.singles, random);

  std::vector<PlannedGalaxy> plan(counts.singles);
  for (std::size_t i = 0; i < counts.singles; ++i) {
    PlannedGalaxy& galaxy = plan[place[i]];
    if (i < counts.anomalies) {
      galaxy.anomaly = options.anomalies[i % options.anomalies.size()];
      galaxy.galaxy_class = HostOf(galaxy.anomaly, random);
    } else {
      galaxy.galaxy_class = normal[i - counts.anomalies];
    }
  }
  PlateAllocator plates;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    plan[i].source = i;
    plan[i].mangaid = fmt::format("99-{:06}", i + 1);
    plan[i].fibres = DrawFibres(options.fibres, random);
    plan[i].plateifu = plates.Next(plan[i].fibres);
  }
  AddRepeats(counts.repeats, random, plates, plan);
  return plan;
}

}  // namespace peculiar
