#include "core/index/candidates.h"

#include <algorithm>

#include "core/embedding/distance.h"
#include "core/index/rounding.h"

namespace peculiar {
namespace {

constexpr float kNothing = -1;  // a limit that no squared distance is within
constexpr std::size_t kRoom = 32;

}  // namespace

Candidates::Candidates(Matrix vectors, std::span<const float> query, std::size_t k,
                       std::size_t skipped)
    : vectors_(vectors), query_(query), k_(k), skipped_(skipped), capacity_(2 * k + kRoom) {
  found_.reserve(std::min(capacity_, vectors.rows));
}

void Candidates::Keep(std::size_t row, float squared) {
  found_.push_back({squared, static_cast<std::uint32_t>(row)});
  // Nothing that comes later is before k duplicates: embeddings that are all one end here.
  if (squared == 0 && IsDuplicate(row) && ++duplicates_ == k_) limit_ = kNothing;
  if (found_.size() >= capacity_) Tighten();
}

bool Candidates::IsDuplicate(std::size_t row) const {
  const auto values = vectors_.row(row);
  return std::equal(values.begin(), values.end(), query_.begin());
}

void Candidates::Tighten() {
  if (found_.size() <= k_ || limit_ == kNothing) return;
  const auto last = found_.begin() + static_cast<std::ptrdiff_t>(k_ - 1);
  std::nth_element(found_.begin(), last, found_.end(),
                   [](const Found& a, const Found& b) { return a.squared < b.squared; });
  limit_ = DistanceRounding(vectors_.width).SurelyFurther(last->squared);
  std::erase_if(found_, [&](const Found& found) { return !(found.squared <= limit_); });
  capacity_ = std::max(capacity_, 2 * found_.size());  // many ties: looked at less often
}

NeighborList Candidates::Finish() {
  Tighten();
  NeighborList list;
  list.reserve(found_.size());
  for (const Found& found : found_) {
    list.push_back({found.row, Distance(vectors_.row(found.row), query_)});
  }
  const std::size_t k = std::min(k_, list.size());
  std::partial_sort(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(k), list.end(),
                    [](const Neighbor& a, const Neighbor& b) {
                      return a.distance != b.distance ? a.distance < b.distance : a.row < b.row;
                    });
  list.resize(k);
  return list;
}

}  // namespace peculiar
