#include "core/projection/start.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "core/base/random.h"
#include "core/projection/pca.h"
#include "core/projection/spectral_start.h"

namespace peculiar {
namespace {

constexpr double kExtent = 10;
constexpr double kJitter = 1e-4;
constexpr std::uint64_t kJitterStream = 301;

// Row-major n x width in double.
using Layout = std::vector<double>;

// A connected component: its rows, and its edges between positions in `rows`.
struct Part {
  std::vector<std::size_t> rows;
  SparseGraph graph;
};

std::vector<Part> SplitIntoParts(const SparseGraph& graph) {
  const std::vector<std::uint32_t> number = ConnectedComponents(graph);
  std::vector<Part> parts(*std::max_element(number.begin(), number.end()) + 1);
  std::vector<std::uint32_t> position(graph.n_rows());
  for (std::size_t i = 0; i < graph.n_rows(); ++i) {
    std::vector<std::size_t>& rows = parts[number[i]].rows;
    position[i] = static_cast<std::uint32_t>(rows.size());
    rows.push_back(i);
  }
  for (std::size_t i = 0; i < graph.n_rows(); ++i) {
    SparseGraph& part = parts[number[i]].graph;
    for (std::size_t e = graph.begin[i]; e < graph.begin[i + 1]; ++e) {
      part.column.push_back(position[graph.column[e]]);
      part.weight.push_back(graph.weight[e]);
    }
    part.begin.push_back(part.column.size());
  }
  return parts;
}

// By principal components; 0 on the axes for which there are none.
absl::StatusOr<Layout> PrincipalLayout(Matrix points, std::size_t width) {
  Layout layout(points.rows * width, 0);
  if (points.rows == 1) return layout;
  PECULIAR_ASSIGN_OR_RETURN(const PcaModel model, FitPca(points, {static_cast<int>(width)}));
  PECULIAR_ASSIGN_OR_RETURN(const Coordinates projected, TransformPca(model, points));
  for (std::size_t i = 0; i < points.rows; ++i) {
    for (std::size_t c = 0; c < projected.width; ++c) {
      layout[i * width + c] = projected.values[i * projected.width + c];
    }
  }
  return layout;
}

Coordinates Select(Matrix points, const std::vector<std::size_t>& rows) {
  Coordinates selected{{}, rows.size(), points.width};
  for (const std::size_t row : rows) {
    const auto values = points.row(row);
    selected.values.insert(selected.values.end(), values.begin(), values.end());
  }
  return selected;
}

absl::StatusOr<Layout> CentresOf(Matrix points, const std::vector<Part>& parts, std::size_t width) {
  Coordinates centres{{}, parts.size(), points.width};
  for (const Part& part : parts) {
    std::vector<double> sums(points.width);
    for (const std::size_t row : part.rows) {
      for (std::size_t j = 0; j < points.width; ++j) sums[j] += points.row(row)[j];
    }
    for (const double sum : sums) {
      centres.values.push_back(static_cast<float>(sum / static_cast<double>(part.rows.size())));
    }
  }
  return PrincipalLayout(centres.matrix(), width);
}

// Room for a part around its centre: a third of the way to the nearest other, so that gaps are as
// wide as parts are far. 1 where no other is elsewhere.
double RoomAt(const Layout& centres, std::size_t part, std::size_t width) {
  double nearest = std::numeric_limits<double>::infinity();
  for (std::size_t other = 0; other * width < centres.size(); ++other) {
    double sum = 0;
    for (std::size_t c = 0; c < width; ++c) {
      sum += std::pow(centres[part * width + c] - centres[other * width + c], 2);
    }
    if (sum > 0) nearest = std::min(nearest, std::sqrt(sum));
  }
  return std::isinf(nearest) ? 1 : nearest / 3;
}

// Moves the part's mean to its centre and its farthest point to `room` from it; into `layout`.
void PutPart(const Part& part, const Layout& own, const double* centre, double room,
             std::size_t width, Layout& layout) {
  std::vector<double> mean(width);
  for (std::size_t i = 0; i < own.size(); ++i) mean[i % width] += own[i];
  for (double& value : mean) value /= static_cast<double>(part.rows.size());
  double farthest = 0;
  for (std::size_t i = 0; i < own.size(); i += width) {
    double sum = 0;
    for (std::size_t c = 0; c < width; ++c) sum += std::pow(own[i + c] - mean[c], 2);
    farthest = std::max(farthest, std::sqrt(sum));
  }
  const double scale = farthest > 0 ? room / farthest : 0;
  for (std::size_t i = 0; i < own.size(); ++i) {
    layout[part.rows[i / width] * width + i % width] =
        centre[i % width] + scale * (own[i] - mean[i % width]);
  }
}

void FillExtent(Layout& layout, std::size_t width) {
  for (std::size_t c = 0; c < width; ++c) {
    double low = std::numeric_limits<double>::infinity();
    double high = -low;
    for (std::size_t i = c; i < layout.size(); i += width) {
      low = std::min(low, layout[i]);
      high = std::max(high, layout[i]);
    }
    const double scale = high > low ? kExtent / (high - low) : 0;
    for (std::size_t i = c; i < layout.size(); i += width) layout[i] = (layout[i] - low) * scale;
  }
}

}  // namespace

absl::StatusOr<Start> StartLayout(Matrix points, const SparseGraph& graph, int n_components,
                                  std::uint64_t seed) {
  const auto width = static_cast<std::size_t>(n_components);
  const std::vector<Part> parts = SplitIntoParts(graph);
  PECULIAR_ASSIGN_OR_RETURN(const Layout centres, CentresOf(points, parts, width));
  Start start;
  start.parts = parts.size();
  Layout layout(points.rows * width);
  for (std::size_t p = 0; p < parts.size(); ++p) {
    std::optional<Layout> own = SpectralStart(parts[p].graph, n_components);
    start.spectral_parts += own.has_value();
    if (!own) {
      PECULIAR_ASSIGN_OR_RETURN(own,
                                PrincipalLayout(Select(points, parts[p].rows).matrix(), width));
    }
    PutPart(parts[p], *own, &centres[p * width], RoomAt(centres, p, width), width, layout);
  }
  FillExtent(layout, width);
  for (std::size_t i = 0; i < points.rows; ++i) {
    Random random(seed, {kJitterStream, i});
    for (std::size_t c = 0; c < width; ++c) {
      start.coordinates.push_back(
          static_cast<float>(layout[i * width + c] + kJitter * random.Normal()));
    }
  }
  return start;
}

}  // namespace peculiar
