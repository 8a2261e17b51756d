// A re-ranking of galaxies learned from labels on some of them: how likely each is to be found
// interesting, from numbers known of all, such as its embedding. All rows together set the scale of
// these features; the labels do the rest. Pure functions: safe from any thread; the same input
// gives the same bits.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "core/base/status.h"
#include "core/embedding/matrix.h"

namespace peculiar {

// Fewer labels than this of either verdict teach nothing that could be told from chance.
inline constexpr std::size_t kMinLabelsOfEach = 5;
// From so many of each on, quality is estimated: below, the estimate's own error is over 0.1.
inline constexpr std::size_t kMinLabelsToValidate = 10;

struct RowLabel {
  std::size_t row = 0;  // of the features
  bool interesting = false;
};

// How well labels that were held back are foretold from the others, by stratified folds; the
// penalty is chosen anew in each fold. It tells of galaxies like the labelled ones: labels are
// seldom a random draw from the survey. Where there is nothing to learn the area comes out below
// 1/2, since what is held back is missing on its side.
struct CrossValidation {
  std::size_t folds = 0;
  double auc = 0;        // area under the ROC curve of all held-back labels; ties count one half
  double auc_error = 0;  // its standard error (Hanley and McNeil 1982, equation 2)
  double log_loss = 0;   // mean -ln of the probability given to the true verdict; chance: ln 2
};

struct RelevanceFacts {
  std::size_t interesting = 0;      // labels
  std::size_t not_interesting = 0;  // labels
  std::size_t features = 0;         // columns that are not constant
  double l2 = 0;                    // the penalty is l2 / 2 times the sum of squared weights, > 0
  double log_evidence = 0;          // Laplace's approximation to ln p(labels) with that penalty
  std::optional<CrossValidation> cross_validation;  // with kMinLabelsToValidate of each
};

struct Relevance {
  std::vector<double> values;  // one a row, in [0, 1]
  RelevanceFacts facts;
};

// Relevance of every row, labelled ones included: Bayesian logistic regression on the standardised
// columns, the L2 penalty being the one of the highest evidence, so that no label is spent on
// choosing it. The less the labels tell of a direction, the closer to 1/2. It is a rank, not a
// frequency: among labels the interesting are far more frequent than in a survey.
// docs/adr/2026-11-25-relevance.md tells why this and no Gaussian process.
//
// features: n x d. O(l d^2 + d^3 + n d^2) for l labels. INVALID_ARGUMENT naming the row when a
// feature is not finite, or a label's row is not there or labelled twice; FAILED_PRECONDITION,
// saying how many there are, with fewer than kMinLabelsOfEach of either verdict, or when no column
// varies.
absl::StatusOr<Relevance> FitRelevance(Matrix features, std::span<const RowLabel> labels);

}  // namespace peculiar
