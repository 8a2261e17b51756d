#include "core/projection/smooth_knn.h"

#include <cmath>
#include <limits>
#include <span>

namespace peculiar {
namespace {

constexpr int kBisections = 64;
constexpr double kTolerance = 1e-5;      // of the sum of memberships
constexpr double kSmallestScale = 1e-3;  // of the mean distance

double SumOfMemberships(std::span<const Neighbor> list, double rho, double sigma) {
  double sum = 0;
  for (const Neighbor& neighbor : list) {
    const double beyond = neighbor.distance - rho;
    sum += beyond > 0 ? std::exp(-beyond / sigma) : 1;
  }
  return sum;
}

double SolveSigma(std::span<const Neighbor> list, double rho, double target) {
  double low = 0;
  double high = std::numeric_limits<double>::infinity();
  double sigma = 1;
  for (int i = 0; i < kBisections; ++i) {
    const double sum = SumOfMemberships(list, rho, sigma);
    if (std::abs(sum - target) < kTolerance) break;
    if (sum > target) {
      high = sigma;
      sigma = (low + high) / 2;
    } else {
      low = sigma;
      sigma = std::isinf(high) ? sigma * 2 : (low + high) / 2;
    }
  }
  return sigma;
}

double SumOfDistances(const NeighborList& list) {
  double sum = 0;
  for (const Neighbor& neighbor : list) sum += neighbor.distance;
  return sum;
}

// `counted`: how many the point itself adds to k. A point of the set has itself as its nearest
// neighbour, which no sum over neighbours includes; of a new point the sum leaves out the nearest.
NeighborScales Smooth(const std::vector<NeighborList>& neighbors, std::size_t counted) {
  double all_distances = 0;
  std::size_t all = 0;
  for (const NeighborList& list : neighbors) {
    all_distances += SumOfDistances(list);
    all += list.size() + counted;
  }
  NeighborScales scales;
  for (const NeighborList& list : neighbors) {
    double rho = 0;
    if (counted == 1) {
      for (std::size_t j = list.size(); j-- > 0;) {
        if (list[j].distance > 0) rho = list[j].distance;
      }
    }
    const auto k = static_cast<double>(list.size() + counted);
    const std::span<const Neighbor> summed = std::span(list).subspan(1 - counted);
    const bool has_own_mean = rho > 0 || counted == 0;  // new points know nothing of each other
    const double mean =
        has_own_mean ? SumOfDistances(list) / k : all_distances / static_cast<double>(all);
    const double floor = kSmallestScale * mean;
    const double sigma = mean > 0 ? SolveSigma(summed, rho, std::log2(k)) : 0;
    scales.rho.push_back(rho);
    scales.sigma.push_back(sigma < floor ? floor : sigma);
  }
  return scales;
}

}  // namespace

NeighborScales SmoothNeighborDistances(const std::vector<NeighborList>& neighbors) {
  return Smooth(neighbors, 1);
}

NeighborScales SmoothNewDistances(const std::vector<NeighborList>& neighbors) {
  return Smooth(neighbors, 0);
}

double Membership(double distance, double rho, double sigma) {
  const double beyond = distance - rho;
  return beyond <= 0 || sigma == 0 ? 1 : std::exp(-beyond / sigma);
}

}  // namespace peculiar
