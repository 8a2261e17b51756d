// How a question names a galaxy: by plate-IFU ("8626-12704") or by MaNGA-ID ("1-209232"), either
// with blanks around it and a `manga-` prefix. Matched exactly, never loosely.
#pragma once

#include <string>
#include <string_view>

#include "core/base/status.h"

namespace peculiar {

struct GalaxyId {
  enum class Kind { kPlateIfu, kMangaId };
  Kind kind = Kind::kPlateIfu;
  std::string text;  // without blanks and prefix
};

// INVALID_ARGUMENT `MALFORMED_ID:` when it is neither.
absl::StatusOr<GalaxyId> ParseGalaxyId(std::string_view text);

// `text` in quotes for an error message: what cannot be printed is escaped, and what is longer than
// a name can be is cut.
std::string Quoted(std::string_view text);

}  // namespace peculiar
