// Bayesian logistic regression: a linear classifier with a normal prior on its weights (an L2
// penalty), in Laplace's approximation (Bishop 2006, section 4.5). Internal to the room. Immutable
// once fitted; safe for concurrent use.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace peculiar {

// n x d points, row-major, all finite.
struct Points {
  std::vector<double> values;
  std::size_t width = 0;  // >= 1

  std::size_t size() const { return values.size() / width; }
  std::span<const double> operator[](std::size_t i) const {
    return {values.data() + i * width, width};
  }
};

class LogisticRegression {
 public:
  // The most probable weights, by Newton's method. prior_variance: of the linear function at a
  // point of unit mean square, > 0, so each weight has prior_variance / d: the L2 penalty is its
  // inverse. The constant term has variance 1. Requires as many verdicts as points, at least one.
  // O(n d^2 + d^3) a step.
  static LogisticRegression Fit(const Points& points, const std::vector<bool>& verdicts,
                                double prior_variance);

  double prior_variance() const { return prior_variance_; }
  // Laplace's approximation to ln p(verdicts | points, prior_variance), Bishop's equation 4.137.
  double log_evidence() const { return log_evidence_; }
  // Probability, in [0, 1], that the verdict on a point is true. The weights' uncertainty draws it
  // towards 1/2, most for points unlike those fitted (MacKay 1992; Bishop's equation 4.155).
  // O(d^2).
  double Probability(std::span<const double> point) const;

 private:
  double prior_variance_ = 0;
  double log_evidence_ = 0;
  std::vector<double> weights_;   // d + 1, the constant term last
  std::vector<double> cholesky_;  // (d + 1)^2, row-major, lower: of the weights' inverse covariance
};

}  // namespace peculiar
