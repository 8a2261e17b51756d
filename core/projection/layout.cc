#include "core/projection/layout.h"

#include <algorithm>
#include <array>
#include <span>

#include "core/base/parallel.h"
#include "core/base/random.h"
#include "core/projection/force_table.h"

namespace peculiar {
namespace {

constexpr float kClip = 4;                    // of a move along an axis, before the step
constexpr std::size_t kPiece = 256;           // points a piece of work
constexpr float kAlphaOfNew = 0.25;           // first step of new points; fitted ones begin with 1
constexpr std::size_t kPointsAThread = 2000;  // fewer cost less than starting a thread a round
constexpr std::uint64_t kLayoutStream = 302;
constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;  // makes keys of successive numbers

// Four floats in one register: GCC and Clang compute on such types as on one float.
using Lanes = float __attribute__((vector_size(16)));
constexpr std::size_t kLanes = 4;

// A point's coordinates, padded with 0 to whole registers.
template <std::size_t kBlocks>
using Point = std::array<Lanes, kBlocks>;

template <std::size_t kBlocks>
std::vector<Point<kBlocks>> Pad(const float* values, std::size_t rows, std::size_t width) {
  std::vector<Point<kBlocks>> points(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t k = 0; k < width; ++k) {
      points[i][k / kLanes][k % kLanes] = values[i * width + k];
    }
  }
  return points;
}

template <std::size_t kBlocks>
void Unpad(const Point<kBlocks>& point, std::size_t width, float* values) {
  for (std::size_t k = 0; k < width; ++k) values[k] = point[k / kLanes][k % kLanes];
}

// SplitMix64 inline: Random's streams are too slow to begin for every edge.
std::uint64_t Mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

// Rounds of an epoch: in round r the points r, r + kRounds, .. have their turns. More rounds come
// closer to umap-learn, where each turn sees the effect of the last; with 1 the first epochs
// scatter close points too far, with 4 the difference can no longer be measured.
constexpr std::size_t kRounds = 4;

struct Step {
  float alpha = 1;
  float epoch = 0;
  std::uint64_t key = 0;  // of the random numbers
};

Step MakeStep(const LayoutOptions& options, int epoch, float first_alpha) {
  const float share = static_cast<float>(epoch) / static_cast<float>(options.n_epochs);
  return {first_alpha * (1 - share), static_cast<float>(epoch),
          Random(options.seed, {kLayoutStream, static_cast<std::uint64_t>(epoch)}).Next()};
}

// When edges have their turns: as often as their weight says, evenly over the epochs. Rows may be
// used from different threads.
class Schedule {
 public:
  enum class Largest { kOfAll, kOfRow };

  Schedule(const SparseGraph& graph, int n_epochs, Largest largest_of);

  // An edge that has a turn in the current epoch; its number is the key of its random numbers.
  struct Turn {
    std::uint32_t other;
    std::uint32_t edge;
  };

  // Finds the turns of a row; each epoch once, epochs ascending from 0.
  void BeginEpoch(std::size_t row, float epoch);
  std::span<const Turn> turns(std::size_t row) const {
    return {turns_.data() + begin_[row], end_[row * kRounds + kRounds - 1] - begin_[row]};
  }
  // Those whose other end has its own turns in `round`.
  std::span<const Turn> turns_with(std::size_t row, std::size_t round) const {
    const std::size_t first = round == 0 ? begin_[row] : end_[row * kRounds + round - 1];
    return {turns_.data() + first, end_[row * kRounds + round] - first};
  }

 private:
  struct Edge {
    std::uint32_t other;
    float interval;  // epochs between turns, >= 1
    float next;
  };

  std::vector<std::size_t> begin_ = {0};
  std::vector<Edge> edges_;             // of a row by the other end's round
  std::vector<std::size_t> round_end_;  // n x kRounds, into edges_
  std::vector<Turn> turns_;             // those of row i from begin_[i] on
  std::vector<std::size_t> end_;        // n x kRounds, into turns_
};

Schedule::Schedule(const SparseGraph& graph, int n_epochs, Largest largest_of) {
  const auto largest = [&](std::size_t first, std::size_t last) {
    float most = 0;
    for (std::size_t e = first; e < last; ++e) most = std::max(most, graph.weight[e]);
    return most;
  };
  const float of_all = largest(0, graph.weight.size());
  for (std::size_t i = 0; i < graph.n_rows(); ++i) {
    const float most =
        largest_of == Largest::kOfAll ? of_all : largest(graph.begin[i], graph.begin[i + 1]);
    for (std::size_t round = 0; round < kRounds; ++round) {
      for (std::size_t e = graph.begin[i]; e < graph.begin[i + 1]; ++e) {
        if (graph.column[e] % kRounds != round) continue;
        if (graph.weight[e] < most / static_cast<float>(n_epochs)) continue;
        const float interval = most / graph.weight[e];
        edges_.push_back({graph.column[e], interval, interval});
      }
      round_end_.push_back(edges_.size());
    }
    begin_.push_back(edges_.size());
  }
  turns_.resize(edges_.size());
  end_ = round_end_;
}

void Schedule::BeginEpoch(std::size_t row, float epoch) {
  std::size_t e = begin_[row];
  std::size_t found = e;
  for (std::size_t round = 0; round < kRounds; ++round) {
    for (; e < round_end_[row * kRounds + round]; ++e) {
      // Without a branch, which would often be guessed wrong. What is written for an edge without a
      // turn is written over or not counted; `found` is never beyond e.
      const bool has_turn = edges_[e].next <= epoch;
      turns_[found] = {edges_[e].other, static_cast<std::uint32_t>(e - begin_[row])};
      edges_[e].next += has_turn ? edges_[e].interval : 0;
      found += has_turn;
    }
    end_[row * kRounds + round] = found;
  }
}

// The force on one point, summed from where it stands: the terms do not depend on each other, so
// that the processor overlaps them.
template <std::size_t kBlocks>
class Force {
 public:
  Force(const ForceTable& table, const Point<kBlocks>& point) : table_(table), point_(point) {}

  void Pull(const Point<kBlocks>& other) { Add(other, true); }
  // By `count` random points of `others`. The point itself may be drawn; it does not push.
  void Push(const std::vector<Point<kBlocks>>& others, int count, std::uint64_t key) {
    for (int k = 0; k < count; ++k) {
      const std::uint64_t high = Mix(key + static_cast<std::uint64_t>(k) * kOdd) >> 32;
      Add(others[(high * others.size()) >> 32], false);
    }
  }
  Point<kBlocks> Moved(float alpha) const {
    Point<kBlocks> moved;
    for (std::size_t b = 0; b < kBlocks; ++b) moved[b] = point_[b] + alpha * sum_[b];
    return moved;
  }

 private:
  void Add(const Point<kBlocks>& other, bool pulls) {
    Point<kBlocks> difference;
    Lanes squares{};
    for (std::size_t b = 0; b < kBlocks; ++b) {
      difference[b] = point_[b] - other[b];
      squares += difference[b] * difference[b];
    }
    const float d2 = (squares[0] + squares[1]) + (squares[2] + squares[3]);
    const float factor = pulls ? table_.Attraction(d2) : table_.Repulsion(d2);
    for (std::size_t b = 0; b < kBlocks; ++b) {
      const Lanes force = factor * difference[b];
      const Lanes above = force < kLeast ? kLeast : force;
      sum_[b] += above > kMost ? kMost : above;
    }
  }

  static constexpr Lanes kMost = {kClip, kClip, kClip, kClip};
  static constexpr Lanes kLeast = {-kClip, -kClip, -kClip, -kClip};

  const ForceTable& table_;
  const Point<kBlocks> point_;
  Point<kBlocks> sum_{};
};

template <std::size_t kBlocks>
class Descent {
 public:
  using Points = std::vector<Point<kBlocks>>;

  Descent(const SparseGraph& graph, const LayoutOptions& options, const Points& start)
      : options_(options),
        table_(options.curve),
        schedule_(graph, options.n_epochs, Schedule::Largest::kOfAll),
        points_(start),
        moved_(start) {}

  absl::Status Run() {
    const std::size_t pieces = (points_.size() + kPiece - 1) / kPiece;
    const int wanted = options_.threads < 1 ? HardwareThreads() : options_.threads;
    const auto useful = static_cast<int>(1 + points_.size() / kPointsAThread);
    const int threads = std::min(wanted, useful);
    for (int epoch = 0; epoch < options_.n_epochs; ++epoch) {
      const Step step = MakeStep(options_, epoch, 1);
      for (std::size_t round = 0; round < kRounds; ++round) {
        PECULIAR_RETURN_IF_ERROR(ParallelFor(pieces, threads, [&](std::size_t piece) {
          const std::size_t end = std::min(points_.size(), (piece + 1) * kPiece);
          for (std::size_t i = piece * kPiece; i < end; ++i) Move(i, round, step);
          return absl::OkStatus();
        }));
        points_.swap(moved_);
      }
    }
    return absl::OkStatus();
  }

  const Points& points() const { return points_; }

 private:
  // A pull acts on both ends in the same round, so that points held together move as one when some
  // of them are pushed; a push acts on the pushed alone.
  void Move(std::size_t i, std::size_t round, const Step& step) {
    if (round == 0) schedule_.BeginEpoch(i, step.epoch);
    Force<kBlocks> force(table_, points_[i]);
    if (i % kRounds == round) {
      const std::uint64_t key = Mix(step.key + i * kOdd);
      for (const Schedule::Turn& turn : schedule_.turns(i)) {
        force.Pull(points_[turn.other]);
        force.Push(points_, options_.negative_sample_rate, Mix(key + turn.edge * kOdd));
      }
    }
    for (const Schedule::Turn& turn : schedule_.turns_with(i, round)) {
      force.Pull(points_[turn.other]);
    }
    moved_[i] = force.Moved(step.alpha);
  }

  const LayoutOptions& options_;
  ForceTable table_;
  Schedule schedule_;
  Points points_;
  Points moved_;
};

template <std::size_t kBlocks>
absl::Status Optimize(const SparseGraph& graph, const LayoutOptions& options, std::size_t width,
                      std::vector<float>& coordinates) {
  Descent<kBlocks> descent(graph, options, Pad<kBlocks>(coordinates.data(), graph.n_rows(), width));
  PECULIAR_RETURN_IF_ERROR(descent.Run());
  for (std::size_t i = 0; i < graph.n_rows(); ++i) {
    Unpad<kBlocks>(descent.points()[i], width, &coordinates[i * width]);
  }
  return absl::OkStatus();
}

template <std::size_t kBlocks>
absl::Status Place(const SparseGraph& graph, Matrix placed, const LayoutOptions& options,
                   std::vector<float>& coordinates) {
  const ForceTable table(options.curve);
  Schedule schedule(graph, options.n_epochs, Schedule::Largest::kOfRow);
  const auto others = Pad<kBlocks>(placed.values, placed.rows, placed.width);
  const auto start = Pad<kBlocks>(coordinates.data(), graph.n_rows(), placed.width);
  return ParallelFor(graph.n_rows(), options.threads, [&](std::size_t i) {
    Point<kBlocks> point = start[i];
    for (int epoch = 0; epoch < options.n_epochs; ++epoch) {
      const Step step = MakeStep(options, epoch, kAlphaOfNew);
      schedule.BeginEpoch(i, step.epoch);
      for (const Schedule::Turn& turn : schedule.turns(i)) {
        Force<kBlocks> force(table, point);
        force.Pull(others[turn.other]);
        force.Push(others, options.negative_sample_rate, Mix(step.key + turn.edge * kOdd));
        point = force.Moved(step.alpha);
      }
    }
    Unpad<kBlocks>(point, placed.width, &coordinates[i * placed.width]);
    return absl::OkStatus();
  });
}

}  // namespace

absl::Status OptimizeLayout(const SparseGraph& graph, const LayoutOptions& options,
                            std::size_t width, std::vector<float>& coordinates) {
  return width <= kLanes ? Optimize<1>(graph, options, width, coordinates)
                         : Optimize<2>(graph, options, width, coordinates);
}

absl::Status PlaceLayout(const SparseGraph& graph, Matrix placed, const LayoutOptions& options,
                         std::vector<float>& coordinates) {
  return placed.width <= kLanes ? Place<1>(graph, placed, options, coordinates)
                                : Place<2>(graph, placed, options, coordinates);
}

}  // namespace peculiar
