// What `peculiar-worker reduce` costs against the number of galaxies: random embeddings of 32,
// principal components, UMAP and the measures of both. One JSON line a size, with seconds of the
// clock and peak memory of the process so far.
// Usage: reduce_bench [galaxies ...]; without: 1000 10000.
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/random.h"
#include "worker/reduce.h"

namespace peculiar {
namespace {

constexpr std::size_t kWidth = 32;

absl::Status Run(std::size_t n) {
  Random random(1);
  std::vector<float> values(n * kWidth);
  for (float& value : values) value = static_cast<float>(random.Normal());
  const auto start = std::chrono::steady_clock::now();
  PECULIAR_ASSIGN_OR_RETURN(const auto spaces,
                            worker::ReduceEmbeddings({values.data(), n, kWidth}, {}));
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  const Json line = {{"galaxies", n},
                     {"seconds", seconds.count()},
                     {"peak_mebibytes", static_cast<double>(usage.ru_maxrss) / 1024},
                     {"umap_trustworthiness", spaces[1].trustworthiness.value_or(0)}};
  std::puts(line.dump().c_str());
  return absl::OkStatus();
}

}  // namespace
}  // namespace peculiar

int main(int argc, char** argv) {
  std::vector<std::string> sizes(argv + 1, argv + argc);
  if (sizes.empty()) sizes = {"1000", "10000"};
  for (const std::string& size : sizes) {
    const absl::Status status = peculiar::Run(std::strtoull(size.c_str(), nullptr, 10));
    if (status.ok()) continue;
    std::fprintf(stderr, "reduce_bench %s: %s\n", size.c_str(), status.ToString().c_str());
    return 1;
  }
  return 0;
}
