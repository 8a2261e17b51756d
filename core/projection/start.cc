#include "core/projection/start.h"

#include <algorithm>
#include <limits>

#include "core/base/random.h"
#include "core/projection/pca.h"
#include "core/projection/spectral_start.h"

namespace peculiar {
namespace {

constexpr double kExtent = 10;
constexpr double kJitter = 1e-4;
constexpr std::uint64_t kJitterStream = 301;

// n x width; 0 on the axes that `points` have no component for.
absl::StatusOr<std::vector<double>> PrincipalStart(Matrix points, std::size_t width) {
  PECULIAR_ASSIGN_OR_RETURN(const PcaModel model, FitPca(points, {static_cast<int>(width)}));
  PECULIAR_ASSIGN_OR_RETURN(const Coordinates projected, TransformPca(model, points));
  std::vector<double> start(points.rows * width, 0);
  for (std::size_t i = 0; i < points.rows; ++i) {
    for (std::size_t c = 0; c < projected.width; ++c) {
      start[i * width + c] = projected.values[i * projected.width + c];
    }
  }
  return start;
}

void FillExtent(std::vector<double>& start, std::size_t width) {
  for (std::size_t c = 0; c < width; ++c) {
    double low = std::numeric_limits<double>::infinity();
    double high = -low;
    for (std::size_t i = c; i < start.size(); i += width) {
      low = std::min(low, start[i]);
      high = std::max(high, start[i]);
    }
    const double scale = high > low ? kExtent / (high - low) : 0;
    for (std::size_t i = c; i < start.size(); i += width) start[i] = (start[i] - low) * scale;
  }
}

}  // namespace

absl::StatusOr<Start> StartLayout(Matrix points, const SparseGraph& graph, int n_components,
                                  std::uint64_t seed) {
  const auto width = static_cast<std::size_t>(n_components);
  const std::vector<std::uint32_t> component = ConnectedComponents(graph);
  std::optional<std::vector<double>> start;
  if (std::all_of(component.begin(), component.end(), [](auto c) { return c == 0; })) {
    start = SpectralStart(graph, n_components);
  }
  Start result;
  result.from_spectrum = start.has_value();
  if (!start) {
    PECULIAR_ASSIGN_OR_RETURN(start, PrincipalStart(points, width));
  }
  FillExtent(*start, width);
  for (std::size_t i = 0; i < start->size(); i += width) {
    Random random(seed, {kJitterStream, i / width});
    for (std::size_t c = 0; c < width; ++c) {
      result.coordinates.push_back(static_cast<float>((*start)[i + c] + kJitter * random.Normal()));
    }
  }
  return result;
}

}  // namespace peculiar
