#include "core/snapshot/manifest.h"

#include <cstdio>
#include <limits>
#include <optional>

#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/base/json.h"
#include "core/snapshot/layout.h"

namespace peculiar {
namespace {

constexpr std::size_t kIdDigits = 12;
constexpr std::uint64_t kMaxManifestBytes = std::uint64_t{64} << 20;

struct UtcFields {
  int year, month, day, hour, minute, second;
};

UtcFields FieldsOf(std::chrono::sys_seconds time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return {static_cast<int>(date.year()),
          static_cast<int>(static_cast<unsigned>(date.month())),
          static_cast<int>(static_cast<unsigned>(date.day())),
          static_cast<int>(clock.hours().count()),
          static_cast<int>(clock.minutes().count()),
          static_cast<int>(clock.seconds().count())};
}

std::optional<std::chrono::sys_seconds> TimeOf(const UtcFields& t) {
  const std::chrono::year_month_day date{std::chrono::year(t.year),
                                         std::chrono::month(static_cast<unsigned>(t.month)),
                                         std::chrono::day(static_cast<unsigned>(t.day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(t.hour) + std::chrono::minutes(t.minute) +
         std::chrono::seconds(t.second);
}

std::string FormatIdTime(std::chrono::sys_seconds time) {
  const UtcFields t = FieldsOf(time);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", t.year, t.month, t.day, t.hour, t.minute,
                     t.second);
}

// Exactly what FormatUtc writes.
std::optional<std::chrono::sys_seconds> ParseUtc(const std::string& text) {
  UtcFields t{};
  if (std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2dZ", &t.year, &t.month, &t.day, &t.hour,
                  &t.minute, &t.second) != 6) {
    return std::nullopt;
  }
  const auto time = TimeOf(t);
  return time && FormatUtc(*time) == text ? time : std::nullopt;
}

// JSON figures inside JSON: shown as an object to whoever reads the file, kept as text in structs.
Json TrainingJson(const std::string& text) {
  Json value = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  return value.is_discarded() ? Json(text) : value;
}

Json SpaceToJson(const CatalogSpace& space) {
  const auto fact = [](const std::optional<double>& value) {
    return value ? Json(*value) : Json();
  };
  return {{"name", space.name},
          {"width", space.width},
          {"explained_variance", space.explained_variance},
          {"trustworthiness", fact(space.trustworthiness)},
          {"continuity", fact(space.continuity)},
          {"agreement", space.agreement}};
}

Json ModelToJson(const CatalogModel& model, const std::vector<CatalogSpace>& spaces) {
  Json list = Json::array();
  for (const CatalogSpace& space : spaces) list.push_back(SpaceToJson(space));
  return {{"name", model.name},
          {"kind", model.kind},
          {"preset", model.preset},
          {"seed", model.seed},
          {"digest", model.digest},
          {"dimension", model.dimension},
          {"default", model.is_default},
          {"training", TrainingJson(model.training_json)},
          {"relevance",
           model.relevance_json.empty() ? Json::object() : TrainingJson(model.relevance_json)},
          {"spaces", list}};
}

absl::StatusOr<int> SmallInteger(const Json& object, std::string_view key) {
  PECULIAR_ASSIGN_OR_RETURN(const auto value, JsonField<std::int64_t>(object, key));
  if (value < 0 || value > std::numeric_limits<int>::max()) {
    return DataLoss("field '{}' is {}", key, value);
  }
  return static_cast<int>(value);
}

absl::StatusOr<CatalogModel> ModelFromJson(const Json& json) {
  CatalogModel model;
  PECULIAR_ASSIGN_OR_RETURN(model.name, JsonField<std::string>(json, "name"));
  PECULIAR_ASSIGN_OR_RETURN(model.kind, JsonField<std::string>(json, "kind"));
  PECULIAR_ASSIGN_OR_RETURN(model.preset, JsonField<std::string>(json, "preset"));
  PECULIAR_ASSIGN_OR_RETURN(model.seed, JsonField<std::int64_t>(json, "seed"));
  PECULIAR_ASSIGN_OR_RETURN(model.digest, JsonField<std::string>(json, "digest"));
  PECULIAR_ASSIGN_OR_RETURN(model.dimension, SmallInteger(json, "dimension"));
  PECULIAR_ASSIGN_OR_RETURN(model.is_default, JsonField<bool>(json, "default"));
  PECULIAR_ASSIGN_OR_RETURN(const Json training, JsonField<Json>(json, "training"));
  model.training_json = training.dump();
  PECULIAR_ASSIGN_OR_RETURN(const Json relevance, JsonField<Json>(json, "relevance"));
  if (!relevance.empty()) model.relevance_json = relevance.dump();  // {}: there is none
  // The name becomes part of file names.
  if (!IsModelName(model.name)) return DataLoss("'{}' is not a model name", model.name);
  return model;
}

// null is absent.
absl::StatusOr<std::optional<double>> OptionalNumber(const Json& object, std::string_view key) {
  const auto found = object.find(std::string(key));
  if (found != object.end() && found->is_null()) return std::optional<double>();
  PECULIAR_ASSIGN_OR_RETURN(const double value, JsonField<double>(object, key));
  return std::optional(value);
}

absl::StatusOr<CatalogSpace> SpaceFromJson(const Json& json) {
  CatalogSpace space;
  PECULIAR_ASSIGN_OR_RETURN(space.name, JsonField<std::string>(json, "name"));
  PECULIAR_ASSIGN_OR_RETURN(space.width, SmallInteger(json, "width"));
  PECULIAR_ASSIGN_OR_RETURN(space.explained_variance,
                            JsonField<std::vector<double>>(json, "explained_variance"));
  PECULIAR_ASSIGN_OR_RETURN(space.trustworthiness, OptionalNumber(json, "trustworthiness"));
  PECULIAR_ASSIGN_OR_RETURN(space.continuity, OptionalNumber(json, "continuity"));
  PECULIAR_ASSIGN_OR_RETURN(space.agreement, JsonField<std::vector<double>>(json, "agreement"));
  // The name becomes part of file names.
  if (!IsSpaceName(space.name)) return DataLoss("'{}' is not a name of a space", space.name);
  return space;
}

absl::StatusOr<ManifestFile> FileFromJson(const Json& json) {
  ManifestFile file;
  PECULIAR_ASSIGN_OR_RETURN(file.name, JsonField<std::string>(json, "name"));
  PECULIAR_ASSIGN_OR_RETURN(file.bytes, JsonField<std::uint64_t>(json, "bytes"));
  PECULIAR_ASSIGN_OR_RETURN(file.sha256, JsonField<std::string>(json, "sha256"));
  if (file.name.empty() || file.name.starts_with('.') || file.name.find('/') != std::string::npos) {
    return DataLoss("'{}' is not a plain file name", file.name);
  }
  return file;
}

absl::StatusOr<CatalogLine> LineFromJson(const Json& json) {
  CatalogLine line;
  PECULIAR_ASSIGN_OR_RETURN(line.name, JsonField<std::string>(json, "name"));
  PECULIAR_ASSIGN_OR_RETURN(line.wavelength_angstrom,
                            JsonField<double>(json, "wavelength_angstrom"));
  return line;
}

template <typename T>
absl::Status ReadList(const Json& json, std::string_view key,
                      absl::StatusOr<T> (*from_json)(const Json&), std::vector<T>& list) {
  PECULIAR_ASSIGN_OR_RETURN(const auto elements, JsonField<std::vector<Json>>(json, key));
  for (const Json& element : elements) {
    absl::StatusOr<T> value = from_json(element);
    PECULIAR_RETURN_IF_ERROR(Annotate(value.status(), key));
    list.push_back(*std::move(value));
  }
  return absl::OkStatus();
}

absl::Status ReadModels(const Json& json, Manifest& manifest) {
  PECULIAR_RETURN_IF_ERROR(ReadList(json, "models", ModelFromJson, manifest.models));
  for (const Json& model : json.at("models")) {
    const absl::Status status =
        ReadList(model, "spaces", SpaceFromJson, manifest.spaces.emplace_back());
    PECULIAR_RETURN_IF_ERROR(Annotate(status, "models"));
  }
  return absl::OkStatus();
}

absl::StatusOr<Manifest> FromJson(const Json& json) {
  Manifest manifest;
  PECULIAR_ASSIGN_OR_RETURN(const auto version, JsonField<std::int64_t>(json, "schema_version"));
  if (version != kSnapshotSchemaVersion) {
    return DataLoss("schema version {}, expected {}: publish again with this peculiar-worker",
                    version, kSnapshotSchemaVersion);
  }
  PECULIAR_ASSIGN_OR_RETURN(const auto created, JsonField<std::string>(json, "created"));
  const auto time = ParseUtc(created);
  if (!time) return DataLoss("field 'created' is '{}', expected a UTC time", created);
  manifest.created = *time;
  PECULIAR_ASSIGN_OR_RETURN(manifest.dataset_digest,
                            JsonField<std::string>(json, "dataset_digest"));
  PECULIAR_ASSIGN_OR_RETURN(manifest.survey_release,
                            JsonField<std::string>(json, "survey_release"));
  PECULIAR_ASSIGN_OR_RETURN(manifest.galaxy_count, JsonField<std::int64_t>(json, "galaxy_count"));
  PECULIAR_ASSIGN_OR_RETURN(manifest.excluded_count,
                            JsonField<std::int64_t>(json, "excluded_count"));
  PECULIAR_ASSIGN_OR_RETURN(manifest.spaxel_side, SmallInteger(json, "spaxel_side"));
  PECULIAR_RETURN_IF_ERROR(ReadList(json, "lines", LineFromJson, manifest.lines));
  PECULIAR_RETURN_IF_ERROR(ReadModels(json, manifest));
  PECULIAR_RETURN_IF_ERROR(ReadList(json, "files", FileFromJson, manifest.files));
  return manifest;
}

}  // namespace

std::string FormatUtc(std::chrono::sys_seconds time) {
  const UtcFields t = FieldsOf(time);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", t.year, t.month, t.day, t.hour,
                     t.minute, t.second);
}

std::string SnapshotId(std::chrono::sys_seconds created, std::string_view manifest_text) {
  return fmt::format("{}-{}", FormatIdTime(created), Sha256Hex(manifest_text).substr(0, kIdDigits));
}

absl::StatusOr<std::chrono::sys_seconds> TimeOfId(std::string_view id) {
  UtcFields t{};
  const std::string text(id);
  if (IsSnapshotId(id) && std::sscanf(text.c_str(), "%4d%2d%2dT%2d%2d%2dZ", &t.year, &t.month,
                                      &t.day, &t.hour, &t.minute, &t.second) == 6) {
    const auto time = TimeOf(t);
    if (time && text.starts_with(FormatIdTime(*time))) return *time;
  }
  return InvalidArgument("'{}' is not a snapshot id", id);
}

std::string FormatSnapshotManifest(const Manifest& manifest) {
  Json lines = Json::array(), models = Json::array(), files = Json::array();
  for (const CatalogLine& line : manifest.lines) {
    lines.push_back({{"name", line.name}, {"wavelength_angstrom", line.wavelength_angstrom}});
  }
  for (std::size_t i = 0; i < manifest.models.size(); ++i) {
    models.push_back(ModelToJson(manifest.models[i], manifest.spaces[i]));
  }
  for (const ManifestFile& file : manifest.files) {
    files.push_back({{"name", file.name}, {"bytes", file.bytes}, {"sha256", file.sha256}});
  }
  const Json json = {{"schema_version", kSnapshotSchemaVersion},
                     {"created", FormatUtc(manifest.created)},
                     {"dataset_digest", manifest.dataset_digest},
                     {"survey_release", manifest.survey_release},
                     {"galaxy_count", manifest.galaxy_count},
                     {"excluded_count", manifest.excluded_count},
                     {"spaxel_side", manifest.spaxel_side},
                     {"lines", lines},
                     {"models", models},
                     {"files", files}};
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

absl::StatusOr<Manifest> ParseSnapshotManifest(std::string_view text, std::string_view what) {
  PECULIAR_ASSIGN_OR_RETURN(const Json json, ParseJson(text, what));
  absl::StatusOr<Manifest> manifest = FromJson(json);
  if (!manifest.ok()) return Annotate(manifest.status(), what);
  return manifest;
}

absl::StatusOr<Manifest> ReadSnapshotManifest(const std::filesystem::path& folder,
                                              std::string_view id) {
  if (!IsSnapshotId(id)) return InvalidArgument("'{}' is not a snapshot id", id);
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error)) {
    return NotFound("there is no snapshot folder {}", folder.string());
  }
  const std::filesystem::path path = folder / kManifestFile;
  PECULIAR_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMaxManifestBytes));
  const std::string digest = Sha256Hex(text);
  if (const std::string_view expected = id.substr(id.find('-') + 1);
      !digest.starts_with(expected)) {
    return DataLoss("{} has SHA-256 {}, expected {}... as in the snapshot's id", path.string(),
                    digest, expected);
  }
  PECULIAR_ASSIGN_OR_RETURN(Manifest manifest, ParseSnapshotManifest(text, path.string()));
  if (const std::string found = SnapshotId(manifest.created, text); found != id) {
    return DataLoss("{} belongs to snapshot {}, expected {}", path.string(), found, id);
  }
  return manifest;
}

}  // namespace peculiar
