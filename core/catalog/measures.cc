#include "core/catalog/measures.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>

namespace peculiar {
namespace {

constexpr std::size_t kMaxSpaceName = 32;
constexpr std::size_t kMaxTagName = 64;
constexpr double kVarianceTolerance = 1e-6;  // of 1; shares come from sums in float

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsShare(double value) { return value >= 0 && value <= 1; }
bool AbsentOrShare(const std::optional<double>& value) {
  return !value.has_value() || IsShare(*value);
}

absl::Status ValidateSpace(const std::vector<CatalogSpace>& spaces, std::size_t i,
                           const CatalogModel& model) {
  const CatalogSpace& space = spaces[i];
  const auto wrong = [&](std::string_view what) {
    return InvalidArgument("space '{}' of model {}: {}", space.name, model.name, what);
  };
  if (!IsSpaceName(space.name)) return wrong("not a name of a space");
  if ((space.name == kEmbeddingSpace) != (i == 0)) return wrong("the first is latent, and only it");
  if (space.width < 1) return wrong("its width is below 1");
  if (i == 0 && space.width != model.dimension) {
    return wrong("its width is not the model's dimension");
  }
  double variance = 0;
  for (const double share : space.explained_variance) {
    if (!IsShare(share)) return wrong("a share of explained variance is outside 0..1");
    variance += share;
  }
  if (!space.explained_variance.empty() &&
      space.explained_variance.size() != static_cast<std::size_t>(space.width)) {
    return wrong("explained variance is not one a coordinate");
  }
  if (variance > 1 + kVarianceTolerance) return wrong("explained variance is above 1 together");
  if (!AbsentOrShare(space.trustworthiness) || !AbsentOrShare(space.continuity)) {
    return wrong("trustworthiness or continuity is outside 0..1");
  }
  if (space.agreement.size() != spaces.size()) return wrong("agreement is not one a space");
  for (std::size_t other = 0; other < spaces.size(); ++other) {
    const double agreement = space.agreement[other];
    if (!IsShare(agreement)) return wrong("agreement is outside 0..1");
    if (other == i && agreement != 1) return wrong("agreement with itself is not 1");
    // A space before this one has been checked to have as many.
    if (other < i && agreement != spaces[other].agreement[i]) {
      return wrong("agreement is not symmetric");
    }
  }
  return absl::OkStatus();
}

template <typename T>
bool IsRising(const std::vector<T>& values) {
  return std::adjacent_find(values.begin(), values.end(), std::greater_equal<>()) == values.end();
}

bool IsExcluded(const CatalogContent& content, const std::string& plateifu) {
  const auto before = [](const CatalogExclusion& a, const std::string& b) {
    return a.plateifu < b;
  };
  const auto found =
      std::lower_bound(content.excluded.begin(), content.excluded.end(), plateifu, before);
  return found != content.excluded.end() && found->plateifu == plateifu;
}

absl::Status ValidatePlace(const RepeatPlace& place, std::size_t galaxies) {
  if (!std::isfinite(place.distance) || place.distance < 0) {
    return InvalidArgument("distance {}", place.distance);
  }
  if (place.percentile.has_value() && !(*place.percentile >= 0 && *place.percentile <= 100)) {
    return InvalidArgument("percentile {}", *place.percentile);
  }
  for (const int rank : {place.rank_from_first, place.rank_from_second}) {
    if (rank < 1 || static_cast<std::size_t>(rank) >= galaxies) {
      return InvalidArgument("rank {} of {}", rank, galaxies - 1);
    }
  }
  return absl::OkStatus();
}

absl::Status ValidateDifference(const std::optional<double>& found, const CatalogScore& first,
                                const CatalogScore& second) {
  std::optional<double> expected;
  if (first.value.has_value() && second.value.has_value()) expected = *second.value - *first.value;
  if (found == expected) return absl::OkStatus();
  return InvalidArgument("difference of scores {}, expected {}", found.value_or(0),
                         expected.value_or(0));
}

absl::Status ValidateModelRepeat(const CatalogContent& content, const CatalogRepeatPair& pair,
                                 std::size_t model) {
  const ModelRepeat& repeat = pair.models[model];
  const GalaxyScores& first = content.scores[model][pair.first];
  const GalaxyScores& second = content.scores[model][pair.second];
  PECULIAR_RETURN_IF_ERROR(ValidateDifference(repeat.mae_difference, first.mae, second.mae));
  PECULIAR_RETURN_IF_ERROR(ValidateDifference(repeat.chi_difference, first.chi, second.chi));
  PECULIAR_RETURN_IF_ERROR(
      ValidateDifference(repeat.relative_difference, first.relative, second.relative));
  if (repeat.places.size() != content.spaces[model].size()) {
    return InvalidArgument("{} spaces, expected {}", repeat.places.size(),
                           content.spaces[model].size());
  }
  for (const RepeatPlace& place : repeat.places) {
    PECULIAR_RETURN_IF_ERROR(ValidatePlace(place, content.galaxies.size()));
  }
  return absl::OkStatus();
}

absl::Status ValidatePair(const CatalogContent& content, const CatalogRepeatPair& pair) {
  const CatalogGalaxy& first = content.galaxies[pair.first];
  const CatalogGalaxy& second = content.galaxies[pair.second];
  const std::string what = fmt::format("repeats {} and {}", first.plateifu, second.plateifu);
  if (first.mangaid.empty() || first.mangaid != second.mangaid) {
    return InvalidArgument("{}: they are not of one mangaid", what);
  }
  if (pair.models.size() != content.models.size()) {
    return InvalidArgument("{}: {} models, expected {}", what, pair.models.size(),
                           content.models.size());
  }
  for (std::size_t model = 0; model < pair.models.size(); ++model) {
    PECULIAR_RETURN_IF_ERROR(
        Annotate(ValidateModelRepeat(content, pair, model),
                 fmt::format("{} by model {}", what, content.models[model].name)));
  }
  return absl::OkStatus();
}

}  // namespace

bool IsSpaceName(std::string_view text) {
  return !text.empty() && text.size() <= kMaxSpaceName && IsLower(text[0]) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return IsLower(c) || IsDigit(c) || c == '_'; });
}

bool IsTagName(std::string_view text) {
  if (text.empty() || text.size() > kMaxTagName) return false;
  const auto is_word = [](char c) { return IsLower(c) || IsUpper(c) || IsDigit(c); };
  return is_word(text[0]) && std::all_of(text.begin(), text.end(), [&](char c) {
           return is_word(c) || c == '-' || c == '_' || c == '.';
         });
}

absl::Status ValidateSpaces(const CatalogContent& content) {
  if (content.spaces.size() != content.models.size()) {
    return InvalidArgument("spaces of {} models, expected {}", content.spaces.size(),
                           content.models.size());
  }
  for (std::size_t model = 0; model < content.models.size(); ++model) {
    const std::vector<CatalogSpace>& spaces = content.spaces[model];
    const std::string& name = content.models[model].name;
    if (spaces.empty()) return InvalidArgument("model {} has no space", name);
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < spaces.size(); ++i) {
      if (!names.insert(spaces[i].name).second) {
        return InvalidArgument("space '{}' of model {} is twice", spaces[i].name, name);
      }
      PECULIAR_RETURN_IF_ERROR(ValidateSpace(spaces, i, content.models[model]));
    }
  }
  return absl::OkStatus();
}

absl::Status ValidateTags(const CatalogContent& content) {
  for (std::size_t i = 0; i < content.tags.size(); ++i) {
    const CatalogTag& tag = content.tags[i];
    const auto wrong = [&](std::string_view what) {
      return InvalidArgument("tag '{}': {}", tag.name, what);
    };
    if (!IsTagName(tag.name)) return wrong("not a name of a tag");
    if (i > 0 && content.tags[i - 1].name >= tag.name) return wrong("names do not rise");
    if (!IsRising(tag.galaxies) || !IsRising(tag.excluded)) return wrong("members do not rise");
    if (!tag.galaxies.empty() && tag.galaxies.back() >= content.galaxies.size()) {
      return wrong("it has a galaxy that is not there");
    }
    for (const std::string& plateifu : tag.excluded) {
      if (!IsExcluded(content, plateifu)) {
        return wrong(fmt::format("{} is not among the excluded", plateifu));
      }
    }
  }
  return absl::OkStatus();
}

absl::Status ValidateRepeats(const CatalogContent& content) {
  for (std::size_t i = 0; i < content.repeats.size(); ++i) {
    const CatalogRepeatPair& pair = content.repeats[i];
    if (pair.first >= pair.second || pair.second >= content.galaxies.size()) {
      return InvalidArgument("repeats of rows {} and {} among {} galaxies", pair.first, pair.second,
                             content.galaxies.size());
    }
    const auto key = [](const CatalogRepeatPair& p) { return std::pair(p.first, p.second); };
    if (i > 0 && key(content.repeats[i - 1]) >= key(pair)) {
      return InvalidArgument("repeats of rows {} and {} are not in their order", pair.first,
                             pair.second);
    }
    PECULIAR_RETURN_IF_ERROR(ValidatePair(content, pair));
  }
  return absl::OkStatus();
}

}  // namespace peculiar
