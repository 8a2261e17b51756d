#include "core/projection/pca.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

namespace peculiar {
namespace {

constexpr double kTie = 1e-9;  // relative; rounding must not decide between equal magnitudes

using RowMajorFloats = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using RowMajorDoubles = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Eigen::Map<const RowMajorFloats> AsEigen(Matrix points) {
  return {points.values, static_cast<Eigen::Index>(points.rows),
          static_cast<Eigen::Index>(points.width)};
}

// An eigenvector's sign is arbitrary: this makes two fits comparable.
void FixSign(Eigen::VectorXd& component) {
  const double nearly_largest = component.cwiseAbs().maxCoeff() * (1 - kTie);
  Eigen::Index first = 0;
  while (std::abs(component[first]) < nearly_largest) ++first;
  if (component[first] < 0) component = -component;
}

}  // namespace

absl::StatusOr<PcaModel> FitPca(Matrix points, const PcaOptions& options) {
  PECULIAR_RETURN_IF_ERROR(CheckFiniteRows(points, "PCA"));
  if (points.rows < 2) return InvalidArgument("PCA: 1 point, expected at least 2");
  if (options.n_components < 1) {
    return InvalidArgument("PCA: n_components is {}, expected at least 1", options.n_components);
  }
  RowMajorDoubles centred = AsEigen(points).cast<double>();
  const Eigen::RowVectorXd mean = centred.colwise().mean();
  centred.rowwise() -= mean;
  Eigen::MatrixXd covariance = Eigen::MatrixXd::Zero(mean.size(), mean.size());
  covariance.selfadjointView<Eigen::Lower>().rankUpdate(centred.transpose(),
                                                        1.0 / static_cast<double>(points.rows - 1));
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(covariance);
  if (solver.info() != Eigen::Success) return Internal("PCA: the eigenvalues did not converge");

  PcaModel model;
  model.width = points.width;
  model.mean.assign(mean.data(), mean.data() + mean.size());
  const double total = covariance.trace();
  const auto count = std::min<std::size_t>(
      {static_cast<std::size_t>(options.n_components), points.width, points.rows});
  for (std::size_t c = 0; c < count; ++c) {
    const Eigen::Index column = mean.size() - 1 - static_cast<Eigen::Index>(c);  // they ascend
    Eigen::VectorXd component = solver.eigenvectors().col(column);
    FixSign(component);
    model.components.insert(model.components.end(), component.data(),
                            component.data() + component.size());
    const double variance = std::max(0.0, solver.eigenvalues()[column]);
    model.explained_variance.push_back(variance);
    // The largest eigenvalue may exceed the trace by rounding.
    model.explained_variance_ratio.push_back(total > 0 ? std::min(1.0, variance / total) : 0);
  }
  return model;
}

absl::StatusOr<Coordinates> TransformPca(const PcaModel& model, Matrix points) {
  PECULIAR_RETURN_IF_ERROR(CheckFiniteRows(points, "PCA"));
  if (points.width != model.width) {
    return InvalidArgument("PCA: points of width {}, the model was fitted to {}", points.width,
                           model.width);
  }
  const auto d = static_cast<Eigen::Index>(model.width);
  const auto count = static_cast<Eigen::Index>(model.n_components());
  const Eigen::Map<const Eigen::RowVectorXd> mean(model.mean.data(), d);
  const Eigen::Map<const RowMajorDoubles> components(model.components.data(), count, d);
  Coordinates out{std::vector<float>(points.rows * model.n_components()), points.rows,
                  model.n_components()};
  // Row by row: the sum of a point does not depend on how many others there are.
  for (std::size_t i = 0; i < points.rows; ++i) {
    const Eigen::RowVectorXd centred =
        AsEigen(points).row(static_cast<Eigen::Index>(i)).cast<double>() - mean;
    const Eigen::VectorXd values = components * centred.transpose();
    for (Eigen::Index c = 0; c < count; ++c) {
      out.values[i * out.width + static_cast<std::size_t>(c)] = static_cast<float>(values[c]);
    }
  }
  return out;
}

}  // namespace peculiar
