#include "core/feedback/relevance.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "core/feedback/features.h"
#include "core/feedback/logistic_regression.h"

namespace peculiar {
namespace {

// From almost no effect to as good as a sharp edge; labels that a plane parts ask for the last.
constexpr std::array kPriorVariances = {0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0};
constexpr std::size_t kFolds = 5;

// Labelled points, sorted by row, so that the order of the labels does not matter.
struct Labelled {
  Points points;
  std::vector<bool> verdicts;
};

absl::StatusOr<std::vector<RowLabel>> CheckLabels(std::span<const RowLabel> labels,
                                                  std::size_t rows) {
  std::vector<RowLabel> sorted(labels.begin(), labels.end());
  std::sort(sorted.begin(), sorted.end(),
            [](const RowLabel& a, const RowLabel& b) { return a.row < b.row; });
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (sorted[i].row >= rows) {
      return InvalidArgument("a label of row {}, there are {}", sorted[i].row, rows);
    }
    if (i > 0 && sorted[i].row == sorted[i - 1].row) {
      return InvalidArgument("row {} is labelled twice", sorted[i].row);
    }
  }
  const auto interesting = static_cast<std::size_t>(std::count_if(
      labels.begin(), labels.end(), [](const RowLabel& label) { return label.interesting; }));
  const std::size_t others = labels.size() - interesting;
  if (std::min(interesting, others) < kMinLabelsOfEach) {
    return FailedPrecondition(
        "{} galaxies are labelled interesting and {} not, at least {} of each expected: fewer "
        "teach nothing that could be told from chance",
        interesting, others, kMinLabelsOfEach);
  }
  return sorted;
}

void Append(std::span<const double> point, bool verdict, Labelled& labelled) {
  labelled.points.width = point.size();
  labelled.points.values.insert(labelled.points.values.end(), point.begin(), point.end());
  labelled.verdicts.push_back(verdict);
}

// The fit of the highest evidence; of equal ones that of the narrower prior.
LogisticRegression FitBest(const Labelled& labelled) {
  std::optional<LogisticRegression> best;
  for (const double prior_variance : kPriorVariances) {
    LogisticRegression fit =
        LogisticRegression::Fit(labelled.points, labelled.verdicts, prior_variance);
    if (!best || fit.log_evidence() > best->log_evidence()) best = std::move(fit);
  }
  return *std::move(best);
}

// Share of pairs of a true and a false verdict in which the true one has the higher value.
double AreaUnderCurve(const std::vector<double>& values, const std::vector<bool>& verdicts) {
  double wins = 0, pairs = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    for (std::size_t j = 0; j < values.size(); ++j) {
      if (!verdicts[i] || verdicts[j]) continue;
      wins += values[i] > values[j] ? 1 : values[i] == values[j] ? 0.5 : 0;
      ++pairs;
    }
  }
  return wins / pairs;
}

// Hanley and McNeil 1982, equation 2.
double ErrorOfArea(double area, double positives, double negatives) {
  const double q1 = area / (2 - area), q2 = 2 * area * area / (1 + area);
  const double variance = area * (1 - area) + (positives - 1) * (q1 - area * area) +
                          (negatives - 1) * (q2 - area * area);
  return std::sqrt(std::max(0.0, variance) / (positives * negatives));
}

CrossValidation Validate(const Labelled& labelled) {
  // The verdicts' members go round the folds one after the other.
  std::vector<std::size_t> fold;
  std::array<std::size_t, 2> seen = {0, 0};
  for (const bool verdict : labelled.verdicts) fold.push_back(seen[verdict ? 1 : 0]++ % kFolds);
  std::vector<double> foretold(fold.size());
  double log_loss = 0;
  for (std::size_t held_back = 0; held_back < kFolds; ++held_back) {
    Labelled others;
    for (std::size_t i = 0; i < fold.size(); ++i) {
      if (fold[i] != held_back) Append(labelled.points[i], labelled.verdicts[i], others);
    }
    const LogisticRegression fit = FitBest(others);
    for (std::size_t i = 0; i < fold.size(); ++i) {
      if (fold[i] != held_back) continue;
      foretold[i] = fit.Probability(labelled.points[i]);
      log_loss -= std::log(labelled.verdicts[i] ? foretold[i] : 1 - foretold[i]);
    }
  }
  CrossValidation validation{.folds = kFolds};
  validation.auc = AreaUnderCurve(foretold, labelled.verdicts);
  validation.auc_error =
      ErrorOfArea(validation.auc, static_cast<double>(seen[1]), static_cast<double>(seen[0]));
  validation.log_loss = log_loss / static_cast<double>(fold.size());
  return validation;
}

}  // namespace

absl::StatusOr<Relevance> FitRelevance(Matrix features, std::span<const RowLabel> labels) {
  PECULIAR_ASSIGN_OR_RETURN(const std::vector<RowLabel> sorted, CheckLabels(labels, features.rows));
  PECULIAR_ASSIGN_OR_RETURN(const Points points, StandardiseFeatures(features));
  Labelled labelled;
  for (const RowLabel& label : sorted) Append(points[label.row], label.interesting, labelled);
  const LogisticRegression fit = FitBest(labelled);

  Relevance relevance;
  for (std::size_t i = 0; i < points.size(); ++i) {
    relevance.values.push_back(fit.Probability(points[i]));
  }
  RelevanceFacts& facts = relevance.facts;
  facts.interesting = static_cast<std::size_t>(
      std::count(labelled.verdicts.begin(), labelled.verdicts.end(), true));
  facts.not_interesting = sorted.size() - facts.interesting;
  facts.features = points.width;
  facts.l2 = static_cast<double>(points.width) / fit.prior_variance();
  facts.log_evidence = fit.log_evidence();
  if (std::min(facts.interesting, facts.not_interesting) >= kMinLabelsToValidate) {
    facts.cross_validation = Validate(labelled);
  }
  return relevance;
}

}  // namespace peculiar
