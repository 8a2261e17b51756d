#include "worker/feedback.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <memory>
#include <numeric>
#include <utility>

#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/dataset/dataset.h"
#include "worker/choice.h"
#include "worker/dataset_row.h"
#include "worker/embedded_models.h"
#include "worker/survey_tables.h"
#include "worker/workspace.h"

namespace peculiar::worker {
namespace {

constexpr std::uint64_t kMaxLabelBytes = std::uint64_t{16} << 20;

// The galaxies that can be learned from and ranked: those whose features are finite, gathered.
struct Features {
  std::vector<std::size_t> rows;      // of the dataset
  std::vector<std::size_t> position;  // of a dataset row in `rows`; kNone without one
  std::vector<float> values;          // rows x width
  std::size_t width = 0;
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

  Matrix matrix() const { return {values.data(), rows.size(), width}; }
};

// NaN stays NaN.
double LogAbove(double floor, double value) {
  return value < floor ? std::log(floor) : std::log(value);
}

// The logs of mae and of each line's share of it. Shares say which lines the model finds strange,
// whatever the brightness of the galaxy; the floors keep one without flux from ruling all.
void AppendErrors(const Scores& scores, std::vector<float>& features) {
  features.push_back(static_cast<float>(LogAbove(1e-6, scores.mae)));
  const double sum = std::accumulate(scores.line_shares.begin(), scores.line_shares.end(), 0.0);
  for (const double share : scores.line_shares) {
    features.push_back(static_cast<float>(LogAbove(1e-4, sum > 0 ? share / sum : sum)));
  }
}

Features GatherFeatures(const ModelEmbeddings& model, FeatureChoice choice) {
  Features features;
  features.position.assign(model.manifest.rows, Features::kNone);
  for (std::size_t i = 0; i < model.manifest.rows; ++i) {
    std::vector<float> row;
    if (choice != FeatureChoice::kErrors) {
      const auto embedding = model.matrix().row(i);
      row.assign(embedding.begin(), embedding.end());
    }
    if (choice != FeatureChoice::kEmbedding) AppendErrors(model.scores[i], row);
    features.width = row.size();
    if (!IsFinite(row)) continue;
    features.position[i] = features.rows.size();
    features.rows.push_back(i);
    features.values.insert(features.values.end(), row.begin(), row.end());
  }
  return features;
}

// Labels by the gathered rows of their galaxies.
absl::StatusOr<std::vector<RowLabel>> PlaceLabels(const LabelSet& set, const Dataset& dataset,
                                                  const Features& features) {
  std::vector<RowLabel> placed;
  for (const GalaxyLabel& label : set.labels) {
    const absl::StatusOr<std::size_t> row = RowOf(dataset, label.plateifu);
    if (!row.ok()) return Annotate(row.status(), fmt::format("line {}", label.line));
    if (features.position[*row] == Features::kNone) {
      return FailedPrecondition(
          "line {}: embedding or scores of {} are not finite: nothing can be learned "
          "from it; take the label out",
          label.line, label.plateifu);
    }
    placed.push_back({features.position[*row], label.interesting});
  }
  return placed;
}

absl::StatusOr<ModelRelevance> Learn(const Workspace& workspace, const Dataset& dataset,
                                     const FeedbackOptions& options) {
  PECULIAR_ASSIGN_OR_RETURN(const std::string text, ReadFile(options.labels, kMaxLabelBytes));
  ModelRelevance relevance;
  relevance.model = options.model;
  relevance.learned_on = options.learn_on;
  relevance.labels_sha256 = Sha256Hex(text);
  absl::StatusOr<LabelSet> labels = ParseLabels(text);
  if (!labels.ok()) return Annotate(labels.status(), options.labels.string());
  relevance.labels = *std::move(labels);
  PECULIAR_ASSIGN_OR_RETURN(const ModelEmbeddings embeddings,
                            ReadPresentEmbeddings(workspace, dataset, options.model));
  relevance.source = embeddings.manifest.source;

  const Features features = GatherFeatures(embeddings, options.learn_on);
  const auto placed = PlaceLabels(relevance.labels, dataset, features);
  if (!placed.ok()) return Annotate(placed.status(), options.labels.string());
  absl::StatusOr<Relevance> fit = FitRelevance(features.matrix(), *placed);
  if (!fit.ok()) return Annotate(fit.status(), options.labels.string());
  relevance.facts = fit->facts;
  relevance.values.assign(dataset.size(), std::numeric_limits<double>::quiet_NaN());
  for (std::size_t i = 0; i < features.rows.size(); ++i) {
    relevance.values[features.rows[i]] = fit->values[i];
  }
  return relevance;
}

bool IsLabelled(const LabelSet& set, const std::string& plateifu) {
  return std::binary_search(
      set.labels.begin(), set.labels.end(), GalaxyLabel{.plateifu = plateifu},
      [](const GalaxyLabel& a, const GalaxyLabel& b) { return a.plateifu < b.plateifu; });
}

std::vector<RelevantGalaxy> TopUnlabelled(const ModelRelevance& relevance, const Dataset& dataset,
                                          std::size_t n) {
  std::vector<RelevantGalaxy> galaxies;
  for (std::size_t i = 0; i < relevance.values.size(); ++i) {
    const std::string& plateifu = dataset.entry(i).galaxy.plateifu;
    if (std::isnan(relevance.values[i]) || IsLabelled(relevance.labels, plateifu)) continue;
    galaxies.push_back({plateifu, relevance.values[i]});
  }
  std::stable_sort(galaxies.begin(), galaxies.end(),
                   [](const auto& a, const auto& b) { return a.relevance > b.relevance; });
  galaxies.resize(std::min(n, galaxies.size()));
  return galaxies;
}

// What the relevance was made from that is no longer there.
absl::StatusOr<std::string> Staleness(const Workspace& workspace, const Dataset& dataset,
                                      const ModelRelevance& relevance) {
  PECULIAR_ASSIGN_OR_RETURN(const auto folder, workspace.EmbeddingsFolder(relevance.model));
  PECULIAR_ASSIGN_OR_RETURN(const EmbeddingsManifest manifest, ReadEmbeddingsManifest(folder));
  EmbeddingSource now = relevance.source;
  now.dataset_digest = dataset.digest();
  std::string difference = Difference(relevance.source, now);
  if (difference.empty()) difference = Difference(relevance.source, manifest.source);
  return difference;
}

void PrintReport(const FeedbackReport& report) {
  const RelevanceFacts& facts = report.relevance.facts;
  fmt::print("model      {}\n", report.relevance.model);
  fmt::print("learned on {}\n", FeatureChoiceName(report.relevance.learned_on));
  fmt::print("labels     {} interesting, {} not ({} rows repeated)\n", facts.interesting,
             facts.not_interesting, report.relevance.labels.repeated);
  if (const auto& validation = facts.cross_validation) {
    fmt::print(
        "quality    AUC {:.2f} +- {:.2f}, log loss {:.2f} (chance {:.2f}) on labels held back "
        "in {} folds\n",
        validation->auc, validation->auc_error, validation->log_loss, std::log(2.0),
        validation->folds);
  } else {
    fmt::print("quality    unknown: it is estimated from {} labels of each verdict on\n",
               kMinLabelsToValidate);
  }
  if (report.not_finite > 0) {
    fmt::print("left out   {} galaxies whose embedding or scores are not finite\n",
               report.not_finite);
  }
  if (!report.top.empty()) fmt::print("\n{:>4}  {:<12} {:>9}\n", "rank", "unlabelled", "relevance");
  for (std::size_t i = 0; i < report.top.size(); ++i) {
    fmt::print("{:>4}  {:<12} {:>9.4f}\n", i + 1, report.top[i].plateifu, report.top[i].relevance);
  }
}

}  // namespace

absl::StatusOr<FeedbackReport> RunFeedback(const FeedbackOptions& options) {
  const bool learns = !options.labels.empty();
  PECULIAR_ASSIGN_OR_RETURN(const Workspace workspace,
                            Workspace::Open(options.workspace, learns ? WorkspaceAccess::kWrite
                                                                      : WorkspaceAccess::kRead));
  PECULIAR_ASSIGN_OR_RETURN(const Dataset dataset, Dataset::Open(workspace.dataset_folder()));
  PECULIAR_ASSIGN_OR_RETURN(const auto folder, workspace.ModelFolder(options.model));
  absl::StatusOr<ModelRelevance> relevance =
      learns ? Learn(workspace, dataset, options) : ReadRelevance(folder);
  PECULIAR_RETURN_IF_ERROR(
      Annotate(relevance.status(), fmt::format("feedback to model {}", options.model)));
  if (learns) PECULIAR_RETURN_IF_ERROR(WriteRelevance(folder, *relevance));
  FeedbackReport report;
  report.relevance = *std::move(relevance);
  PECULIAR_ASSIGN_OR_RETURN(report.stale, Staleness(workspace, dataset, report.relevance));
  report.not_finite = static_cast<std::size_t>(
      std::count_if(report.relevance.values.begin(), report.relevance.values.end(),
                    [](double value) { return std::isnan(value); }));
  if (report.relevance.source.dataset_digest != dataset.digest()) return report;
  if (report.relevance.values.size() != dataset.size()) {
    return DataLoss("{} has {} galaxies, the dataset {}", (folder / kRelevanceName).string(),
                    report.relevance.values.size(), dataset.size());
  }
  report.top = TopUnlabelled(report.relevance, dataset, options.top);
  return report;
}

Json ToJson(const FeedbackReport& report) {
  Json top = Json::array();
  for (const RelevantGalaxy& galaxy : report.top) {
    top.push_back({{"plateifu", galaxy.plateifu}, {"relevance", galaxy.relevance}});
  }
  return {{"model", report.relevance.model},
          {"learned_on", FeatureChoiceName(report.relevance.learned_on)},
          {"labels_sha256", report.relevance.labels_sha256},
          {"labels_repeated", report.relevance.labels.repeated},
          {"fit", ToJson(report.relevance.facts)},
          {"not_finite", report.not_finite},
          {"stale", report.stale},
          {"top", top}};
}

void AddFeedbackCommand(CLI::App& app, CommandResult& result) {
  struct Flags {
    FeedbackOptions options;
    std::string output = "table";
  };
  CLI::App* verb =
      app.add_subcommand("feedback", "Re-rank galaxies by what labels on some of them teach");
  const auto flags = std::make_shared<Flags>();
  FeedbackOptions& options = flags->options;
  verb->add_option("--workspace", options.workspace, "the workspace")->required();
  verb->add_option("--model", options.model, "name of the model")->required();
  verb->add_option("--labels", options.labels,
                   "CSV with the columns plateifu, interesting (yes or no) and, if wanted, reason; "
                   "without: tells what was learned before");
  AddChoice(*verb, "--learn-on", options.learn_on,
            {FeatureChoice::kEmbedding, FeatureChoice::kErrors, FeatureChoice::kEmbeddingAndErrors},
            FeatureChoiceName,
            "errors: how badly the galaxy is reconstructed, in all and by line; default: "
            "embedding+errors");
  verb->add_option("--top", options.top, "unlabelled galaxies to name")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  AddOutputFlag(*verb, flags->output);
  verb->callback([flags, &result] {
    const absl::StatusOr<FeedbackReport> report = RunFeedback(flags->options);
    result.status = report.status();
    if (!report.ok()) return;
    if (!report->stale.empty()) {
      fmt::print(
          stderr,
          "peculiar-worker: the relevance is stale: it was made from {}; give --labels again\n",
          report->stale);
    }
    if (flags->output == "json") {
      fmt::print("{}\n", ToJson(*report).dump(2));
    } else {
      PrintReport(*report);
    }
  });
}

}  // namespace peculiar::worker
