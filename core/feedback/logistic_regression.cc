#include "core/feedback/logistic_regression.h"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <cmath>
#include <numbers>

namespace peculiar {
namespace {

using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Eigen::VectorXd;

constexpr double kConstantVariance = 1;
constexpr int kMaxNewtonSteps = 100;
constexpr int kMaxHalvings = 30;
constexpr double kConverged = 1e-10;  // gain of the objective, nats

double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// ln sigmoid(x), without overflow.
double LogSigmoid(double x) {
  return x > 0 ? -std::log1p(std::exp(-x)) : x - std::log1p(std::exp(x));
}

// The points with a column of ones last.
RowMatrix WithConstant(const Points& points) {
  RowMatrix design(points.size(), points.width + 1);
  for (Eigen::Index i = 0; i < design.rows(); ++i) {
    const auto point = points[static_cast<std::size_t>(i)];
    for (Eigen::Index j = 0; j + 1 < design.cols(); ++j) {
      design(i, j) = point[static_cast<std::size_t>(j)];
    }
    design(i, design.cols() - 1) = 1;
  }
  return design;
}

// The search for the maximum of ln p(verdicts | weights) + ln p(weights), which is concave.
class WeightSearch {
 public:
  // signs: +1 and -1; precision: of the prior, one a weight.
  WeightSearch(const RowMatrix& design, const VectorXd& signs, const VectorXd& precision)
      : design_(design),
        signs_(signs),
        precision_(precision),
        weights_(VectorXd::Zero(design.cols())),
        objective_(Objective(weights_)) {}

  void Run() {
    for (int step = 0; step < kMaxNewtonSteps; ++step) {
      const double before = objective_;
      Step();
      if (objective_ - before < kConverged) break;
    }
    Factorise();  // at the maximum
  }

  const VectorXd& weights() const { return weights_; }
  RowMatrix cholesky() const { return factor_.matrixL(); }
  double LogEvidence() const {
    return objective_ + 0.5 * precision_.array().log().sum() -
           cholesky().diagonal().array().log().sum();
  }

 private:
  double Objective(const VectorXd& weights) const {
    double sum = -0.5 * weights.cwiseProduct(precision_).dot(weights);
    const VectorXd margins = signs_.cwiseProduct(design_ * weights);
    for (const double margin : margins) sum += LogSigmoid(margin);
    return sum;
  }

  void Factorise() {
    probability_ = (design_ * weights_).unaryExpr(&Sigmoid);
    const VectorXd curvature = (probability_.array() * (1 - probability_.array())).matrix();
    RowMatrix hessian = design_.transpose() * curvature.asDiagonal() * design_;
    hessian.diagonal() += precision_;
    factor_.compute(hessian);
  }

  void Step() {
    Factorise();
    const VectorXd targets = (signs_.array() + 1).matrix() / 2;
    const VectorXd gradient =
        design_.transpose() * (targets - probability_) - precision_.cwiseProduct(weights_);
    VectorXd step = factor_.solve(gradient);
    // A step that overshoots is halved until it gains.
    for (int halving = 0; halving <= kMaxHalvings; ++halving) {
      const VectorXd weights = weights_ + step;
      const double objective = Objective(weights);
      if (objective >= objective_) {
        weights_ = weights;
        objective_ = objective;
        return;
      }
      step /= 2;
    }
  }

  const RowMatrix& design_;
  const VectorXd& signs_;
  const VectorXd& precision_;
  VectorXd weights_, probability_;
  double objective_;
  Eigen::LLT<RowMatrix> factor_;
};

}  // namespace

LogisticRegression LogisticRegression::Fit(const Points& points, const std::vector<bool>& verdicts,
                                           double prior_variance) {
  const RowMatrix design = WithConstant(points);
  VectorXd signs(design.rows());
  for (Eigen::Index i = 0; i < signs.size(); ++i) {
    signs[i] = verdicts[static_cast<std::size_t>(i)] ? 1 : -1;
  }
  VectorXd precision =
      VectorXd::Constant(design.cols(), static_cast<double>(points.width) / prior_variance);
  precision[precision.size() - 1] = 1 / kConstantVariance;
  WeightSearch search(design, signs, precision);
  search.Run();
  const RowMatrix cholesky = search.cholesky();

  LogisticRegression fit;
  fit.prior_variance_ = prior_variance;
  fit.log_evidence_ = search.LogEvidence();
  fit.weights_.assign(search.weights().begin(), search.weights().end());
  fit.cholesky_.assign(cholesky.data(), cholesky.data() + cholesky.size());
  return fit;
}

double LogisticRegression::Probability(std::span<const double> point) const {
  const auto d = static_cast<Eigen::Index>(weights_.size());
  VectorXd values(d);
  for (Eigen::Index i = 0; i + 1 < d; ++i) values[i] = point[static_cast<std::size_t>(i)];
  values[d - 1] = 1;
  const double mean = values.dot(Eigen::Map<const VectorXd>(weights_.data(), d));
  Eigen::Map<const RowMatrix>(cholesky_.data(), d, d)
      .triangularView<Eigen::Lower>()
      .solveInPlace(values);
  return Sigmoid(mean / std::sqrt(1 + std::numbers::pi * values.squaredNorm() / 8));
}

}  // namespace peculiar
