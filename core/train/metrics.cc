#include "core/train/metrics.h"

#include <algorithm>
#include <string>

#include "core/base/file.h"

namespace peculiar {
namespace {

Json OrNull(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

// None when the key is not there.
template <typename T>
absl::StatusOr<std::optional<T>> IfThere(const Json& json, std::string_view key) {
  if (!json.contains(std::string(key))) return std::optional<T>();
  PECULIAR_ASSIGN_OR_RETURN(T value, JsonField<T>(json, key));
  return std::optional<T>(std::move(value));
}

absl::StatusOr<std::optional<double>> OptionalNumber(const Json& json, std::string_view key) {
  const auto found = json.find(std::string(key));
  if (found != json.end() && found->is_null()) return std::optional<double>();
  PECULIAR_ASSIGN_OR_RETURN(const double value, JsonField<double>(json, key));
  return std::optional<double>(value);
}

}  // namespace

Json ToJson(const EpochMetrics& metrics) {
  Json json = {{"epoch", metrics.epoch},
               {"step", metrics.step},
               {"train_loss", OrNull(metrics.train_loss)},
               {"train_kl", OrNull(metrics.train_kl)},
               {"gradient_norm", OrNull(metrics.gradient_norm)},
               {"clipped_share", OrNull(metrics.clipped_share)},
               {"test_loss", OrNull(metrics.test_loss)},
               {"test_kl", OrNull(metrics.test_kl)},
               {"learning_rate", metrics.learning_rate},
               {"cubes_per_second", metrics.cubes_per_second},
               {"seconds", metrics.seconds}};
  if (metrics.device) json["device"] = *metrics.device;
  if (metrics.driver) json["driver"] = *metrics.driver;
  if (metrics.gpu_memory_bytes) json["gpu_memory_bytes"] = *metrics.gpu_memory_bytes;
  return json;
}

absl::StatusOr<EpochMetrics> EpochMetricsFromJson(const Json& json) {
  EpochMetrics metrics;
  PECULIAR_ASSIGN_OR_RETURN(metrics.epoch, JsonField<int>(json, "epoch"));
  PECULIAR_ASSIGN_OR_RETURN(metrics.step, JsonField<std::int64_t>(json, "step"));
  PECULIAR_ASSIGN_OR_RETURN(metrics.train_loss, OptionalNumber(json, "train_loss"));
  PECULIAR_ASSIGN_OR_RETURN(metrics.train_kl, OptionalNumber(json, "train_kl"));
  PECULIAR_ASSIGN_OR_RETURN(metrics.gradient_norm, OptionalNumber(json, "gradient_norm"));
  PECULIAR_ASSIGN_OR_RETURN(metrics.clipped_share, OptionalNumber(json, "clipped_share"));
  PECULIAR_ASSIGN_OR_RETURN(metrics.test_loss, OptionalNumber(json, "test_loss"));
  PECULIAR_ASSIGN_OR_RETURN(metrics.test_kl, OptionalNumber(json, "test_kl"));
  PECULIAR_ASSIGN_OR_RETURN(metrics.learning_rate, JsonField<double>(json, "learning_rate"));
  PECULIAR_ASSIGN_OR_RETURN(metrics.cubes_per_second, JsonField<double>(json, "cubes_per_second"));
  PECULIAR_ASSIGN_OR_RETURN(metrics.seconds, JsonField<double>(json, "seconds"));
  PECULIAR_ASSIGN_OR_RETURN(metrics.device, IfThere<std::string>(json, "device"));
  PECULIAR_ASSIGN_OR_RETURN(metrics.driver, IfThere<std::string>(json, "driver"));
  PECULIAR_ASSIGN_OR_RETURN(metrics.gpu_memory_bytes,
                            IfThere<std::int64_t>(json, "gpu_memory_bytes"));
  return metrics;
}

absl::StatusOr<std::vector<EpochMetrics>> ReadMetrics(const std::filesystem::path& path) {
  absl::StatusOr<std::string> text = ReadFile(path);
  if (absl::IsNotFound(text.status())) return std::vector<EpochMetrics>();
  PECULIAR_RETURN_IF_ERROR(text.status());
  std::vector<EpochMetrics> lines;
  for (std::size_t start = 0; start < text->size();) {
    const std::size_t end = std::min(text->find('\n', start), text->size());
    const std::string where = fmt::format("{} line {}", path.string(), lines.size() + 1);
    PECULIAR_ASSIGN_OR_RETURN(const Json json,
                              ParseJson(std::string_view(*text).substr(start, end - start), where));
    absl::StatusOr<EpochMetrics> metrics = EpochMetricsFromJson(json);
    if (!metrics.ok()) return Annotate(metrics.status(), where);
    lines.push_back(*metrics);
    start = end + 1;
  }
  return lines;
}

absl::Status WriteMetrics(const std::filesystem::path& path,
                          const std::vector<EpochMetrics>& metrics) {
  std::string text;
  for (const EpochMetrics& line : metrics) text += ToJson(line).dump() + "\n";
  return WriteFileAtomically(path, text);
}

}  // namespace peculiar
