#include "core/projection/layout.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/parallel.h"
#include "core/base/random.h"
#include "core/projection/force_table.h"

namespace peculiar {
namespace {

constexpr float kClip = 4;           // of a move along an axis, before the step
constexpr std::size_t kPiece = 256;  // points a piece of work
constexpr std::uint64_t kLayoutStream = 302;

// Points padded to a whole number of vector registers; the padding stays 0.
template <std::size_t kWidth>
struct alignas(16) Point {
  std::array<float, kWidth> at{};
};

template <std::size_t kWidth>
std::vector<Point<kWidth>> Pad(const float* values, std::size_t rows, std::size_t width) {
  std::vector<Point<kWidth>> points(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    std::copy_n(values + i * width, width, points[i].at.begin());
  }
  return points;
}

// SplitMix64 inline: Random's streams are too slow to begin for every edge.
std::uint64_t Mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

struct Step {
  float alpha = 1;
  float epoch = 0;
  std::uint64_t key = 0;  // of the random numbers
};

// The edges that have turns, and when the next one is.
struct Turns {
  std::vector<std::size_t> begin = {0};
  std::vector<std::uint32_t> other;
  std::vector<float> interval;  // epochs between turns, >= 1
  std::vector<float> next;
};

enum class Largest { kOfAll, kOfRow };

Turns ScheduleTurns(const SparseGraph& graph, int n_epochs, Largest largest_of) {
  Turns turns;
  const auto first = graph.weight.begin();
  const auto largest = [](auto low, auto high) {
    return low == high ? 0 : *std::max_element(low, high);
  };
  const float of_all = largest(first, graph.weight.end());
  for (std::size_t i = 0; i < graph.n_rows(); ++i) {
    const auto begin = static_cast<std::ptrdiff_t>(graph.begin[i]);
    const auto end = static_cast<std::ptrdiff_t>(graph.begin[i + 1]);
    const float most = largest_of == Largest::kOfAll ? of_all : largest(first + begin, first + end);
    for (std::size_t e = graph.begin[i]; e < graph.begin[i + 1]; ++e) {
      if (graph.weight[e] < most / static_cast<float>(n_epochs)) continue;
      turns.other.push_back(graph.column[e]);
      turns.interval.push_back(most / graph.weight[e]);
    }
    turns.begin.push_back(turns.other.size());
  }
  turns.next = turns.interval;
  return turns;
}

template <std::size_t kWidth>
class Mover {
 public:
  Mover(const ForceTable& forces, int negatives) : forces_(forces), negatives_(negatives) {}

  // One epoch of a point: pulled by the others of its edges that have a turn, `pulls` times each,
  // pushed by random ones. `edge` numbers the point's first edge in the random numbers.
  Point<kWidth> Move(Point<kWidth> point, const std::vector<Point<kWidth>>& others, Turns& turns,
                     std::size_t row, std::size_t edge, int pulls, const Step& step) const {
    for (std::size_t e = turns.begin[row]; e < turns.begin[row + 1]; ++e, ++edge) {
      if (turns.next[e] > step.epoch) continue;
      turns.next[e] += turns.interval[e];
      const Point<kWidth>& other = others[turns.other[e]];
      Pull(point, other, step.alpha);
      Push(point, others, Mix(step.key + edge * kOdd), step.alpha);
      if (pulls == 2) Pull(point, other, step.alpha);
    }
    return point;
  }

 private:
  static constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;

  static float SquaredDistance(const Point<kWidth>& difference) {
    std::array<float, kWidth> squares;
    for (std::size_t k = 0; k < kWidth; ++k) squares[k] = difference.at[k] * difference.at[k];
    float sum = 0;
    for (std::size_t k = 0; k < kWidth; k += 4) {
      sum += (squares[k] + squares[k + 1]) + (squares[k + 2] + squares[k + 3]);
    }
    return sum;
  }

  static Point<kWidth> Minus(const Point<kWidth>& a, const Point<kWidth>& b) {
    Point<kWidth> difference;
    for (std::size_t k = 0; k < kWidth; ++k) difference.at[k] = a.at[k] - b.at[k];
    return difference;
  }

  static void AddClipped(Point<kWidth>& sum, const Point<kWidth>& difference, float factor) {
    for (std::size_t k = 0; k < kWidth; ++k) {
      sum.at[k] += std::min(std::max(factor * difference.at[k], -kClip), kClip);
    }
  }

  static void Advance(Point<kWidth>& point, const Point<kWidth>& force, float alpha) {
    for (std::size_t k = 0; k < kWidth; ++k) point.at[k] += alpha * force.at[k];
  }

  void Pull(Point<kWidth>& point, const Point<kWidth>& other, float alpha) const {
    const Point<kWidth> difference = Minus(point, other);
    Point<kWidth> force;
    AddClipped(force, difference, forces_.Attraction(SquaredDistance(difference)));
    Advance(point, force, alpha);
  }

  // All from where the point stands: independent of each other, so that the processor overlaps
  // them. The point itself may be drawn; it does not push.
  void Push(Point<kWidth>& point, const std::vector<Point<kWidth>>& others, std::uint64_t key,
            float alpha) const {
    Point<kWidth> force;
    for (int k = 0; k < negatives_; ++k) {
      const std::uint64_t high = Mix(key + static_cast<std::uint64_t>(k) * kOdd) >> 32;
      const Point<kWidth> difference = Minus(point, others[high * others.size() >> 32]);
      AddClipped(force, difference, forces_.Repulsion(SquaredDistance(difference)));
    }
    Advance(point, force, alpha);
  }

  const ForceTable& forces_;
  int negatives_;
};

Step MakeStep(const LayoutOptions& options, int epoch, float first_alpha) {
  const float share = static_cast<float>(epoch) / static_cast<float>(options.n_epochs);
  return {first_alpha * (1 - share), static_cast<float>(epoch),
          Random(options.seed, {kLayoutStream, static_cast<std::uint64_t>(epoch)}).Next()};
}

constexpr std::size_t kRounds = 1;

template <std::size_t kWidth>
absl::Status Optimize(const SparseGraph& graph, const LayoutOptions& options, std::size_t width,
                      std::vector<float>& coordinates) {
  const std::size_t n = graph.n_rows();
  const ForceTable forces(options.curve);
  const Mover<kWidth> mover(forces, options.negative_sample_rate);
  Turns turns = ScheduleTurns(graph, options.n_epochs, Largest::kOfAll);
  std::vector<Point<kWidth>> points = Pad<kWidth>(coordinates.data(), n, width);
  std::vector<Point<kWidth>> moved = points;
  const std::size_t pieces = (n + kPiece - 1) / kPiece;
  for (int epoch = 1; epoch <= options.n_epochs; ++epoch) {
    const Step step = MakeStep(options, epoch - 1, 1);
    for (std::size_t round = 0; round < kRounds; ++round) {
      PECULIAR_RETURN_IF_ERROR(ParallelFor(pieces, options.threads, [&](std::size_t piece) {
        const std::size_t end = std::min(n, (piece + 1) * kPiece);
        for (std::size_t i = piece * kPiece + round; i < end; i += kRounds) {
          moved[i] = mover.Move(points[i], points, turns, i, turns.begin[i], 2, step);
        }
        return absl::OkStatus();
      }));
      if (kRounds > 1)
        points = moved;
      else
        points.swap(moved);
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    std::copy_n(points[i].at.begin(), width, coordinates.begin() + i * width);
  }
  return absl::OkStatus();
}

template <std::size_t kWidth>
absl::Status Place(const SparseGraph& graph, Matrix placed, const LayoutOptions& options,
                   std::vector<float>& coordinates) {
  const ForceTable forces(options.curve);
  const Mover<kWidth> mover(forces, options.negative_sample_rate);
  Turns turns = ScheduleTurns(graph, options.n_epochs, Largest::kOfRow);
  const auto others = Pad<kWidth>(placed.values, placed.rows, placed.width);
  const auto start = Pad<kWidth>(coordinates.data(), graph.n_rows(), placed.width);
  return ParallelFor(graph.n_rows(), options.threads, [&](std::size_t i) {
    Point<kWidth> point = start[i];
    for (int epoch = 0; epoch < options.n_epochs; ++epoch) {
      point = mover.Move(point, others, turns, i, 0, 1, MakeStep(options, epoch, 0.25));
    }
    std::copy_n(point.at.begin(), placed.width, coordinates.begin() + i * placed.width);
    return absl::OkStatus();
  });
}

}  // namespace

absl::Status OptimizeLayout(const SparseGraph& graph, const LayoutOptions& options,
                            std::size_t width, std::vector<float>& coordinates) {
  return width <= 4 ? Optimize<4>(graph, options, width, coordinates)
                    : Optimize<8>(graph, options, width, coordinates);
}

absl::Status PlaceLayout(const SparseGraph& graph, Matrix placed, const LayoutOptions& options,
                         std::vector<float>& coordinates) {
  return placed.width <= 4 ? Place<4>(graph, placed, options, coordinates)
                           : Place<8>(graph, placed, options, coordinates);
}

}  // namespace peculiar
