#include "worker/tags.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/cube/galaxy.h"

namespace peculiar::worker {
namespace {

constexpr int kFormat = 1;
constexpr std::string_view kSuffix = ".json";
constexpr std::size_t kMaxDescription = 1000;
constexpr int kShownText = 40;  // characters of a malformed line

std::filesystem::path TagFile(const std::filesystem::path& folder, std::string_view name) {
  return folder / fmt::format("{}{}", name, kSuffix);
}

absl::Status CheckName(std::string_view name) {
  if (IsTagName(name)) return absl::OkStatus();
  return InvalidArgument(
      "tag name '{:.80}': expected 1 to 64 letters, digits, '-', '_' and '.', the first a letter "
      "or digit",
      name);
}

absl::Status CheckTag(const Tag& tag) {
  PECULIAR_RETURN_IF_ERROR(CheckName(tag.name));
  const bool one_line = std::none_of(tag.description.begin(), tag.description.end(), [](char c) {
    return static_cast<unsigned char>(c) < ' ' || c == '\x7f';
  });
  if (!one_line || tag.description.size() > kMaxDescription) {
    return InvalidArgument("tag {}: the description is not one line of at most {} bytes", tag.name,
                           kMaxDescription);
  }
  if (tag.galaxies.empty()) return InvalidArgument("tag {}: it has no galaxies", tag.name);
  for (std::size_t i = 0; i < tag.galaxies.size(); ++i) {
    if (!IsPlateIfu(tag.galaxies[i])) {
      return InvalidArgument("tag {}: '{}' is not a plate-IFU", tag.name, tag.galaxies[i]);
    }
    if (i > 0 && tag.galaxies[i - 1] >= tag.galaxies[i]) {
      return InvalidArgument("tag {}: {} is out of order or twice", tag.name, tag.galaxies[i]);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Tag> TagFromJson(const Json& json) {
  Tag tag;
  PECULIAR_ASSIGN_OR_RETURN(const auto format, JsonField<int>(json, "format"));
  if (format != kFormat) return DataLoss("format {}, expected {}", format, kFormat);
  PECULIAR_ASSIGN_OR_RETURN(tag.name, JsonField<std::string>(json, "name"));
  PECULIAR_ASSIGN_OR_RETURN(tag.description, JsonField<std::string>(json, "description"));
  PECULIAR_ASSIGN_OR_RETURN(tag.galaxies, JsonField<std::vector<std::string>>(json, "galaxies"));
  if (const absl::Status status = CheckTag(tag); !status.ok()) {
    return DataLoss("{}", MessageOf(status));
  }
  return tag;
}

absl::StatusOr<Tag> ReadTag(const std::filesystem::path& path) {
  PECULIAR_ASSIGN_OR_RETURN(const Json json, ReadJson(path));
  absl::StatusOr<Tag> tag = TagFromJson(json);
  if (!tag.ok()) return Annotate(tag.status(), path.string());
  if (path.filename() != TagFile({}, tag->name)) {
    return DataLoss("{} holds the tag {}", path.string(), tag->name);
  }
  return tag;
}

// Place of a plate-IFU in a list that rises by it.
template <typename T>
std::optional<std::size_t> FindIn(const std::vector<T>& list, const std::string& plateifu) {
  const auto found =
      std::lower_bound(list.begin(), list.end(), plateifu,
                       [](const T& a, const std::string& b) { return a.plateifu < b; });
  if (found == list.end() || found->plateifu != plateifu) return std::nullopt;
  return static_cast<std::size_t>(found - list.begin());
}

}  // namespace

absl::StatusOr<std::vector<ListedGalaxy>> ParseGalaxyList(std::string_view text,
                                                          std::string_view what) {
  std::vector<ListedGalaxy> galaxies;
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view whole = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::string_view name = StripGalaxyPrefix(whole.substr(0, whole.find('#')));
    if (name.empty()) continue;
    if (!IsPlateIfu(name)) {
      return InvalidArgument("{} line {}: '{:.{}}' is not a plate-IFU such as 8626-12704", what,
                             line, name, kShownText);
    }
    galaxies.push_back({std::string(name), line});
  }
  if (galaxies.empty()) return InvalidArgument("{} names no galaxy", what);
  return galaxies;
}

absl::Status WriteTag(const std::filesystem::path& folder, const Tag& tag) {
  PECULIAR_RETURN_IF_ERROR(CheckTag(tag));
  PECULIAR_RETURN_IF_ERROR(CreateFolder(folder));
  return WriteJson(TagFile(folder, tag.name), {{"format", kFormat},
                                               {"name", tag.name},
                                               {"description", tag.description},
                                               {"galaxies", tag.galaxies}});
}

absl::StatusOr<std::vector<Tag>> ReadTags(const std::filesystem::path& folder) {
  std::vector<Tag> tags;
  std::error_code error;
  if (!std::filesystem::exists(folder, error)) return tags;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    // A writer that was killed leaves a temporary file.
    if (entry.path().extension() != kSuffix || IsTemporaryName(entry.path())) continue;
    PECULIAR_ASSIGN_OR_RETURN(Tag tag, ReadTag(entry.path()));
    tags.push_back(std::move(tag));
  }
  if (error) return StatusFromErrno("list", folder, error.value());
  std::sort(tags.begin(), tags.end(), [](const Tag& a, const Tag& b) { return a.name < b.name; });
  return tags;
}

absl::Status RemoveTag(const std::filesystem::path& folder, std::string_view name) {
  PECULIAR_RETURN_IF_ERROR(CheckName(name));
  std::error_code error;
  const bool removed = std::filesystem::remove(TagFile(folder, name), error);
  if (error) return StatusFromErrno("remove", TagFile(folder, name), error.value());
  if (!removed) return NotFound("there is no tag {} in {}", name, folder.string());
  return SyncFolder(folder);
}

CatalogTag PlaceTag(const Tag& tag, const CatalogContent& catalog,
                    std::vector<std::string>& unknown) {
  CatalogTag placed{.name = tag.name, .description = tag.description};
  for (const std::string& plateifu : tag.galaxies) {
    if (const auto row = FindIn(catalog.galaxies, plateifu)) {
      placed.galaxies.push_back(*row);
    } else if (FindIn(catalog.excluded, plateifu)) {
      placed.excluded.push_back(plateifu);
    } else {
      unknown.push_back(plateifu);
    }
  }
  return placed;
}

}  // namespace peculiar::worker
