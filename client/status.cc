#include "client/status.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <numeric>

#include "client/age.h"
#include "client/galaxy_columns.h"
#include "client/health.h"
#include "client/models.h"

namespace peculiar::client {
namespace {

constexpr std::size_t kShownDigest = 12;  // of 64 characters; json has all

// What relevance was learned from; null when there is none.
OrderedJson RelevanceOf(const v1::Model& model) {
  OrderedJson labels =
      OrderedJson::parse(model.relevance_json(), nullptr, /*allow_exceptions=*/false);
  return labels.is_discarded() ? OrderedJson(nullptr) : labels;
}

OrderedJson SpaceObject(const v1::Space& space) {
  OrderedJson agreement = OrderedJson::object();
  for (const v1::SpaceAgreement& each : space.agreements()) {
    agreement[each.space()] = each.shared_neighbor_share();
  }
  const auto& ratios = space.explained_variance_ratios();
  return {{"dimension", space.dimension()},
          {"explained_variance_ratios", std::vector<double>(ratios.begin(), ratios.end())},
          {"trustworthiness", OptionalCell(space.has_trustworthiness(), space.trustworthiness())},
          {"continuity", OptionalCell(space.has_continuity(), space.continuity())},
          {"shared_neighbor_shares", std::move(agreement)}};
}

OrderedJson ModelObject(const v1::Model& model) {
  OrderedJson spaces = OrderedJson::object();
  for (const v1::Space& space : model.spaces()) spaces[space.space()] = SpaceObject(space);
  return {{"kind", model.kind()},           {"preset", model.preset()},
          {"dimension", model.dimension()}, {"seed", model.seed()},
          {"digest", model.digest()},       {"training", TrainingOf(model)},
          {"spaces", std::move(spaces)},    {"relevance", RelevanceOf(model)}};
}

OrderedJson Document(const std::string& address, const v1::GetSnapshotResponse& response) {
  const v1::Snapshot& snapshot = response.snapshot();
  OrderedJson document;
  document["server"] = address;
  document["reachable"] = true;
  document["server_version"] = response.server_version();
  document["snapshot_id"] = snapshot.snapshot_id();
  document["create_time"] = google::protobuf::util::TimeUtil::ToString(snapshot.create_time());
  // Clocks of two machines may differ.
  document["age_seconds"] = std::max<std::int64_t>(0, SecondsSince(snapshot.create_time()));
  document["dataset_digest"] = snapshot.dataset_digest();
  document["galaxy_count"] = snapshot.galaxy_count();
  document["excluded_count"] = snapshot.excluded_count();
  document["reload_error"] = response.reload_error();
  document["default_model"] = snapshot.models().empty() ? "" : snapshot.models(0).model();
  document["models"] = OrderedJson::object();
  for (const v1::Model& model : snapshot.models()) {
    document["models"][model.model()] = ModelObject(model);
  }
  document["line_wavelengths_angstrom"] = OrderedJson::object();
  for (const v1::Line& line : snapshot.lines()) {
    document["line_wavelengths_angstrom"][line.line()] = line.wavelength_angstrom();
  }
  document["tags"] = OrderedJson::object();
  for (const v1::Tag& tag : snapshot.tags()) {
    document["tags"][tag.tag()] = {{"description", tag.description()},
                                   {"galaxy_count", tag.galaxy_count()},
                                   {"excluded_count", tag.excluded_count()}};
  }
  return document;
}

Table ServerSection(const OrderedJson& document, const v1::Snapshot& snapshot) {
  Table table{.columns = {{}, {}}};
  const auto text = [&document](const char* key) { return document[key].get<std::string>(); };
  table.rows.push_back({"server", text("server") + " is reachable"});
  table.rows.push_back({"version", text("server_version")});
  table.rows.push_back({"snapshot", text("snapshot_id")});
  const std::int64_t age = SecondsSince(snapshot.create_time());
  table.rows.push_back({"published", text("create_time") + ", " + AgoText(age)});
  table.rows.push_back({"dataset", text("dataset_digest").substr(0, kShownDigest)});
  table.rows.push_back({"galaxies", CellText(document["galaxy_count"])});
  table.rows.push_back({"excluded", CellText(document["excluded_count"])});
  table.rows.push_back({"default model", text("default_model")});
  const std::string error = text("reload_error");
  table.rows.push_back({"reload error", error.empty() ? "none" : error});
  return table;
}

Table ModelsSection(const v1::Snapshot& snapshot) {
  Table table{.title = "Models",
              .columns = {{.name = "model"},
                          {.name = "kind"},
                          {.name = "preset"},
                          {.name = "dimension"},
                          {.name = "seed"},
                          {.name = "digest"}}};
  for (const v1::Model& model : snapshot.models()) {
    table.rows.push_back({model.model(), model.kind(), model.preset(), model.dimension(),
                          model.seed(), model.digest().substr(0, kShownDigest)});
  }
  return table;
}

// "pca 91 %, umap 40 %": neighbours in common with the other spaces.
std::string AgreementText(const v1::Space& space) {
  std::string text;
  for (const v1::SpaceAgreement& each : space.agreements()) {
    if (each.space() == space.space()) continue;
    text += fmt::format("{}{} {:.0f} %", text.empty() ? "" : ", ", each.space(),
                        100 * each.shared_neighbor_share());
  }
  return text;
}

// A row a space of a model.
Table SpacesSection(const v1::Snapshot& snapshot) {
  Table table{.title = "Spaces",
              .columns = {{.name = "model"},
                          {.name = "space"},
                          {.name = "dimension"},
                          {.name = "explained", .unit = "%", .decimals = 1},
                          {.name = "trustworthiness", .decimals = 4},
                          {.name = "continuity", .decimals = 4},
                          {.name = "common neighbours"}}};
  for (const v1::Model& model : snapshot.models()) {
    for (const v1::Space& space : model.spaces()) {
      const auto& ratios = space.explained_variance_ratios();
      const double explained = 100 * std::accumulate(ratios.begin(), ratios.end(), 0.0);
      table.rows.push_back({model.model(), space.space(), space.dimension(),
                            OptionalCell(!ratios.empty(), explained),
                            OptionalCell(space.has_trustworthiness(), space.trustworthiness()),
                            OptionalCell(space.has_continuity(), space.continuity()),
                            AgreementText(space)});
    }
  }
  return table;
}

Table TagsSection(const v1::Snapshot& snapshot) {
  Table table{
      .title = "Tags",
      .columns = {
          {.name = "tag"}, {.name = "galaxies"}, {.name = "excluded"}, {.name = "description"}}};
  for (const v1::Tag& tag : snapshot.tags()) {
    table.rows.push_back({tag.tag(), tag.galaxy_count(), tag.excluded_count(), tag.description()});
  }
  return table;
}

std::string FigureText(const OrderedJson& figure) {
  return figure.is_number_float() ? fmt::format("{:.5g}", figure.get<double>()) : CellText(figure);
}

// A row a figure of the training, a column a model; lists and objects are left to json.
Table TrainingSection(const OrderedJson& models) {
  Table table{.title = "Training", .columns = {{.name = "figure"}}};
  std::vector<std::string> names;
  for (const auto& [model, object] : models.items()) {
    table.columns.push_back({.name = model});
    for (const auto& [name, figure] : object["training"].items()) {
      const bool is_new = std::find(names.begin(), names.end(), name) == names.end();
      if (is_new && figure.is_primitive()) names.push_back(name);
    }
  }
  for (const std::string& name : names) {
    std::vector<OrderedJson> cells{name};
    for (const auto& [model, object] : models.items()) {
      const OrderedJson& training = object["training"];
      const bool is_there = training.is_object() && training.contains(name);
      cells.push_back(is_there ? FigureText(training[name]) : "");
    }
    table.rows.push_back(std::move(cells));
  }
  return table;
}

}  // namespace

absl::StatusOr<Answer> AskStatus(Connection& connection) {
  PECULIAR_ASSIGN_OR_RETURN(const v1::GetSnapshotResponse response,
                            connection.GetSnapshot(v1::GetSnapshotRequest()));
  Record record;
  record.document = Document(connection.address(), response);
  record.sections = {ServerSection(record.document, response.snapshot()),
                     ModelsSection(response.snapshot()), SpacesSection(response.snapshot()),
                     TrainingSection(record.document["models"])};
  if (!response.snapshot().tags().empty()) {
    record.sections.push_back(TagsSection(response.snapshot()));
  }
  return record;
}

absl::StatusOr<Answer> AskHealth(Connection& connection) {
  PECULIAR_RETURN_IF_ERROR(CheckHealth(connection));
  Record record;
  record.document = {{"server", connection.address()}, {"health", "serving"}};
  record.sections = {
      {.columns = {{}, {}}, .rows = {{"server", connection.address()}, {"health", "serving"}}}};
  return record;
}

void AddStatusCommand(CLI::App& app, ChosenCommand& chosen) {
  auto health = std::make_shared<bool>(false);
  CLI::App& command =
      AddCommand(app, "status", "What the server serves: snapshot, models, counts, reload error",
                 chosen, [health](Connection& connection) {
                   return *health ? AskHealth(connection) : AskStatus(connection);
                 });
  command.add_flag("--health", *health,
                   "Only whether it serves, for probes: needs no token, and a server that is too "
                   "busy for questions answers it");
}

}  // namespace peculiar::client
