#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string_view>

#include "core/catalog/catalog.h"
#include "core/catalog/measures.h"
#include "core/catalog/ranking.h"

namespace peculiar {
namespace {

constexpr double kShareTolerance = 1e-9;  // of mae; the shares are summed in another order

bool IsShare(double value) { return value >= 0 && value <= 1; }
bool AbsentOrFinite(const std::optional<double>& value) {
  return !value.has_value() || std::isfinite(*value);
}

absl::Status ValidateLines(const CatalogContent& content) {
  if (content.lines.empty()) return InvalidArgument("the catalogue has no emission lines");
  std::set<std::string_view> names;
  for (const CatalogLine& line : content.lines) {
    if (!names.insert(line.name).second) return InvalidArgument("line '{}' is twice", line.name);
    if (!std::isfinite(line.wavelength_angstrom) || line.wavelength_angstrom <= 0) {
      return InvalidArgument("line '{}' has wavelength {}, expected > 0", line.name,
                             line.wavelength_angstrom);
    }
  }
  return absl::OkStatus();
}

absl::Status ValidateGalaxy(const CatalogGalaxy& galaxy, std::size_t line_count) {
  const auto wrong = [&](std::string_view what) {
    return InvalidArgument("galaxy '{}': {}", galaxy.plateifu, what);
  };
  if (galaxy.plateifu.empty()) return wrong("no plate-IFU");
  if (!std::isfinite(galaxy.z)) return wrong("z is not finite");
  if (!AbsentOrFinite(galaxy.ra_deg) || !AbsentOrFinite(galaxy.dec_deg) ||
      !AbsentOrFinite(galaxy.stellar_mass_msun) ||
      !AbsentOrFinite(galaxy.half_light_radius_arcsec) || !AbsentOrFinite(galaxy.sersic_index)) {
    return wrong("a value of the survey's table is not finite");
  }
  if (galaxy.fibres < 1) return wrong("fibres < 1");
  if (!IsShare(galaxy.coverage)) return wrong("coverage is outside 0..1");
  if (!IsShare(galaxy.masked_share)) return wrong("masked_share is outside 0..1");
  if (galaxy.lines_off_grid < 0 || static_cast<std::size_t>(galaxy.lines_off_grid) > line_count) {
    return wrong("lines_off_grid is outside 0..number of lines");
  }
  for (const std::string& name : galaxy.quality_names) {
    if (name.empty() || name.find(',') != std::string::npos) {
      return wrong("a quality name is empty or has a comma");
    }
  }
  return absl::OkStatus();
}

// Rising and unique in both lists, and no plate-IFU in both.
absl::Status ValidateGalaxies(const CatalogContent& content) {
  const auto rises = [](const auto& list) -> absl::Status {
    for (std::size_t i = 1; i < list.size(); ++i) {
      if (list[i - 1].plateifu >= list[i].plateifu) {
        return InvalidArgument("'{}' follows '{}', expected rising plate-IFUs", list[i].plateifu,
                               list[i - 1].plateifu);
      }
    }
    return absl::OkStatus();
  };
  if (content.galaxies.empty()) return InvalidArgument("the catalogue has no galaxies");
  PECULIAR_RETURN_IF_ERROR(rises(content.galaxies));
  PECULIAR_RETURN_IF_ERROR(rises(content.excluded));
  for (const CatalogGalaxy& galaxy : content.galaxies) {
    PECULIAR_RETURN_IF_ERROR(ValidateGalaxy(galaxy, content.lines.size()));
  }
  for (const CatalogExclusion& excluded : content.excluded) {
    const auto before = [](const CatalogGalaxy& a, const std::string& b) { return a.plateifu < b; };
    const auto found = std::lower_bound(content.galaxies.begin(), content.galaxies.end(),
                                        excluded.plateifu, before);
    const bool both = found != content.galaxies.end() && found->plateifu == excluded.plateifu;
    if (excluded.plateifu.empty() || excluded.reason.empty() || !AbsentOrFinite(excluded.z) ||
        both) {
      return InvalidArgument(
          "excluded '{}': {}", excluded.plateifu,
          both ? "it is in the sample too" : "no plate-IFU or reason, or z is not finite");
    }
  }
  return absl::OkStatus();
}

absl::Status ValidateModels(const CatalogContent& content) {
  if (content.models.empty()) return InvalidArgument("the catalogue has no models");
  std::set<std::string_view> names;
  for (const CatalogModel& model : content.models) {
    if (model.name.empty() || !names.insert(model.name).second) {
      return InvalidArgument("model '{}' has no name or is twice", model.name);
    }
    if (model.dimension < 1) {
      return InvalidArgument("model '{}' has dimension {}", model.name, model.dimension);
    }
    if (model.is_default != (&model == &content.models.front())) {
      return InvalidArgument("model '{}': the first model is the default, and only it", model.name);
    }
  }
  return absl::OkStatus();
}

// One score of one model over all galaxies.
absl::Status ValidateRanks(const CatalogContent& content, std::size_t model,
                           CatalogScore GalaxyScores::*member, std::string_view name) {
  const std::vector<GalaxyScores>& scores = content.scores[model];
  std::vector<double> values;
  for (const GalaxyScores& galaxy : scores) {
    values.push_back((galaxy.*member).value.value_or(std::numeric_limits<double>::quiet_NaN()));
  }
  const std::vector<CatalogScore> expected = RankScores(values, name);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const CatalogScore& found = scores[i].*member;
    if (found.value != expected[i].value || found.rank != expected[i].rank ||
        found.percentile != expected[i].percentile ||
        found.reason.empty() != expected[i].reason.empty()) {
      return InvalidArgument(
          "{} of galaxy {} by model {} has rank {} and percentile {}, expected {} and {}", name,
          content.galaxies[i].plateifu, content.models[model].name, found.rank, found.percentile,
          expected[i].rank, expected[i].percentile);
    }
  }
  return absl::OkStatus();
}

absl::Status ValidateRelevance(const CatalogContent& content, std::size_t model) {
  if (!content.models[model].relevance_json.empty()) {
    return ValidateRanks(content, model, &GalaxyScores::relevance, "relevance");
  }
  for (std::size_t i = 0; i < content.scores[model].size(); ++i) {
    if (content.scores[model][i].relevance == CatalogScore()) continue;
    return InvalidArgument("galaxy {} has a relevance by model {}, which names no labels",
                           content.galaxies[i].plateifu, content.models[model].name);
  }
  return absl::OkStatus();
}

absl::Status ValidateShares(const CatalogContent& content, std::size_t model) {
  for (std::size_t i = 0; i < content.galaxies.size(); ++i) {
    const GalaxyScores& scores = content.scores[model][i];
    const auto wrong = [&](std::string_view what) {
      return InvalidArgument("line shares of galaxy {} by model {}: {}",
                             content.galaxies[i].plateifu, content.models[model].name, what);
    };
    if (scores.line_shares.size() != content.lines.size()) return wrong("not one a line");
    double sum = 0;
    for (const std::optional<double>& share : scores.line_shares) {
      if (!AbsentOrFinite(share)) return wrong("one is not finite");
      sum += share.value_or(std::numeric_limits<double>::quiet_NaN());
    }
    if (!scores.mae.value.has_value()) continue;
    const double mae = *scores.mae.value;
    if (!(std::abs(sum - mae) <= kShareTolerance * std::abs(mae))) {
      return wrong("they do not add up to mae");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ValidateCatalog(const CatalogContent& content) {
  PECULIAR_RETURN_IF_ERROR(ValidateLines(content));
  PECULIAR_RETURN_IF_ERROR(ValidateGalaxies(content));
  PECULIAR_RETURN_IF_ERROR(ValidateModels(content));
  if (content.scores.size() != content.models.size()) {
    return InvalidArgument("scores of {} models, expected {}", content.scores.size(),
                           content.models.size());
  }
  for (std::size_t model = 0; model < content.models.size(); ++model) {
    if (content.scores[model].size() != content.galaxies.size()) {
      return InvalidArgument("model {} has scores of {} galaxies, expected {}",
                             content.models[model].name, content.scores[model].size(),
                             content.galaxies.size());
    }
    PECULIAR_RETURN_IF_ERROR(ValidateRanks(content, model, &GalaxyScores::mae, "mae"));
    PECULIAR_RETURN_IF_ERROR(ValidateRanks(content, model, &GalaxyScores::chi, "chi"));
    PECULIAR_RETURN_IF_ERROR(ValidateRanks(content, model, &GalaxyScores::relative, "relative"));
    PECULIAR_RETURN_IF_ERROR(ValidateRelevance(content, model));
    PECULIAR_RETURN_IF_ERROR(ValidateShares(content, model));
  }
  PECULIAR_RETURN_IF_ERROR(ValidateSpaces(content));
  PECULIAR_RETURN_IF_ERROR(ValidateTags(content));
  return ValidateRepeats(content);
}

}  // namespace peculiar
