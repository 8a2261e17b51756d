#include "client/models.h"

#include "client/galaxy_columns.h"

namespace peculiar::client {
namespace {

std::vector<Column> Columns() {
  std::vector<Column> columns{
      {.name = "model", .ucd = "meta.id;meta.main"},
      {.name = "default", .description = "yes: answers where no model is named"},
      {.name = "kind", .description = "ae or vae"},
      {.name = "preset", .description = "of the architecture"},
      {.name = "dimension", .type = CellType::kInteger, .description = "width of the embedding"},
      {.name = "spaces", .type = CellType::kTexts},
      {.name = "scores", .type = CellType::kTexts},
      {.name = "epochs", .type = CellType::kInteger},
      {.name = "steps", .type = CellType::kInteger}};
  for (const char* name : {"train_loss", "test_loss", "test_kl"}) {
    columns.push_back({.name = name, .type = CellType::kReal, .description = "of the last epoch"});
  }
  columns.push_back({.name = "seed", .type = CellType::kInteger});
  columns.push_back({.name = "digest", .description = "SHA-256 of the checkpoint"});
  return columns;
}

// A number of the training; those of the last epoch stand in an object of their own.
OrderedJson Figure(const OrderedJson& training, const char* name) {
  if (!training.is_object()) return nullptr;
  if (training.contains("last_epoch")) {
    const OrderedJson& last = training["last_epoch"];
    if (last.is_object() && last.contains(name)) return Figure(last, name);
  }
  const auto found = training.find(name);
  return found != training.end() && found->is_number() ? *found : OrderedJson(nullptr);
}

std::vector<std::string> ScoresOf(const v1::Model& model) {
  std::vector<std::string> scores;
  for (const auto kind : {v1::SCORE_KIND_MAE, v1::SCORE_KIND_CHI, v1::SCORE_KIND_RELATIVE}) {
    scores.push_back(ScoreKindName(kind));
  }
  if (!model.relevance_json().empty()) scores.push_back(ScoreKindName(v1::SCORE_KIND_RELEVANCE));
  return scores;
}

std::vector<OrderedJson> Cells(const v1::Model& model, bool is_default) {
  const OrderedJson training = TrainingOf(model);
  std::vector<std::string> spaces;
  for (const v1::Space& space : model.spaces()) spaces.push_back(space.space());
  std::vector<OrderedJson> cells{model.model(),  is_default ? "yes" : "no", model.kind(),
                                 model.preset(), model.dimension(),         spaces,
                                 ScoresOf(model)};
  for (const char* name : {"epochs", "steps", "train_loss", "test_loss", "test_kl"}) {
    cells.push_back(Figure(training, name));
  }
  cells.insert(cells.end(), {model.seed(), model.digest()});
  return cells;
}

}  // namespace

OrderedJson TrainingOf(const v1::Model& model) {
  OrderedJson figures =
      OrderedJson::parse(model.training_json(), nullptr, /*allow_exceptions=*/false);
  return figures.is_discarded() ? OrderedJson(model.training_json()) : figures;
}

absl::StatusOr<Answer> AskModels(Connection& connection, const std::string& snapshot_id) {
  v1::GetSnapshotRequest request;
  request.set_snapshot_id(snapshot_id);
  PECULIAR_ASSIGN_OR_RETURN(const v1::GetSnapshotResponse response,
                            connection.GetSnapshot(request));
  const v1::Snapshot& snapshot = response.snapshot();
  Listing listing{.name = "models"};
  listing.provenance = {{"snapshot_id", snapshot.snapshot_id()}};
  listing.table.columns = Columns();
  for (int i = 0; i < snapshot.models_size(); ++i) {
    listing.table.rows.push_back(Cells(snapshot.models(i), i == 0));
  }
  listing.notes = {fmt::format(
      "snapshot {}; every model also scores each line, with --line; losses are of the last epoch",
      snapshot.snapshot_id())};
  return listing;
}

void AddModelsCommand(CLI::App& app, ChosenCommand& chosen) {
  auto snapshot_id = std::make_shared<std::string>();
  CLI::App& command = AddCommand(
      app, "models", "The models that are served: kind, spaces, scores, training", chosen,
      [snapshot_id](Connection& connection) { return AskModels(connection, *snapshot_id); });
  AddSnapshotOption(command, *snapshot_id);
}

}  // namespace peculiar::client
