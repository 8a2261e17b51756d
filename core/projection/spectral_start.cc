#include "core/projection/spectral_start.h"

#include <Spectra/SymEigsSolver.h>

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <exception>

namespace peculiar {
namespace {

constexpr int kKrylovVectors = 24;  // kept at a time, besides two for each wanted
constexpr int kRestarts = 300;
constexpr double kTolerance = 1e-6;  // relative to eigenvalues near 1; a start need not be exact

// x -> D^-1/2 W D^-1/2 x: the Laplacian's eigenvectors, its smallest eigenvalues the largest here.
class NormalisedGraph {
 public:
  using Scalar = double;

  explicit NormalisedGraph(const SparseGraph& graph)
      : graph_(graph), weight_(graph.weight.begin(), graph.weight.end()) {
    std::vector<double> scale;
    for (std::size_t i = 0; i < graph.n_rows(); ++i) {
      double sum = 0;
      for (std::size_t e = graph.begin[i]; e < graph.begin[i + 1]; ++e) sum += weight_[e];
      scale.push_back(1 / std::sqrt(sum));
    }
    for (std::size_t i = 0; i < graph.n_rows(); ++i) {
      for (std::size_t e = graph.begin[i]; e < graph.begin[i + 1]; ++e) {
        weight_[e] *= scale[i] * scale[graph.column[e]];
      }
    }
  }

  Eigen::Index rows() const { return static_cast<Eigen::Index>(graph_.n_rows()); }
  Eigen::Index cols() const { return rows(); }

  void perform_op(const double* in, double* out) const {  // the name Spectra calls
    for (std::size_t i = 0; i < graph_.n_rows(); ++i) {
      double sum = 0;
      for (std::size_t e = graph_.begin[i]; e < graph_.begin[i + 1]; ++e) {
        sum += weight_[e] * in[graph_.column[e]];
      }
      out[i] = sum;
    }
  }

 private:
  const SparseGraph& graph_;
  std::vector<double> weight_;
};

std::optional<std::vector<double>> Solve(const SparseGraph& graph, int n_components) {
  const int wanted = n_components + 1;
  const auto n = static_cast<int>(graph.n_rows());
  NormalisedGraph matrix(graph);
  Spectra::SymEigsSolver<NormalisedGraph> solver(matrix, wanted,
                                                 std::min(n, 2 * wanted + kKrylovVectors));
  solver.init();  // always the same vector
  solver.compute(Spectra::SortRule::LargestAlge, kRestarts, kTolerance);
  if (solver.info() != Spectra::CompInfo::Successful) return std::nullopt;
  const Eigen::MatrixXd vectors = solver.eigenvectors();
  if (vectors.cols() < wanted) return std::nullopt;
  std::vector<double> start;
  for (Eigen::Index i = 0; i < n; ++i) {
    for (Eigen::Index c = 1; c < wanted; ++c) {
      if (!std::isfinite(vectors(i, c))) return std::nullopt;
      start.push_back(vectors(i, c));
    }
  }
  return start;
}

}  // namespace

std::optional<std::vector<double>> SpectralStart(const SparseGraph& graph, int n_components) {
  if (graph.n_rows() < static_cast<std::size_t>(n_components) + 2) return std::nullopt;
  try {
    return Solve(graph, n_components);
  } catch (const std::exception&) {
    return std::nullopt;  // the small dense problem inside did not converge
  }
}

}  // namespace peculiar
