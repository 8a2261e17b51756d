#include "core/query/galaxy_id.h"

#include "absl/strings/escaping.h"
#include "core/cube/galaxy.h"

namespace peculiar {

absl::StatusOr<GalaxyId> ParseGalaxyId(std::string_view text) {
  const std::string_view id = StripGalaxyPrefix(text);
  if (IsPlateIfu(id)) return GalaxyId{GalaxyId::Kind::kPlateIfu, std::string(id)};
  if (IsMangaId(id)) return GalaxyId{GalaxyId::Kind::kMangaId, std::string(id)};
  return InvalidArgument(
      "MALFORMED_ID: {} is not a galaxy id; give a plate-IFU like '8626-12704' or "
      "'manga-8626-12704', or a MaNGA-ID like '1-209232'",
      Quoted(text));
}

std::string Quoted(std::string_view text) {
  constexpr std::size_t kMaxBytes = 64;
  const std::string_view kept = text.substr(0, kMaxBytes);
  const std::string escaped = absl::CHexEscape({kept.data(), kept.size()});
  return fmt::format("'{}'{}", escaped, kept.size() < text.size() ? "..." : "");
}

}  // namespace peculiar
