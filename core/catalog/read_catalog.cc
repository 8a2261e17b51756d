#include <utility>

#include "core/base/stop.h"
#include "core/catalog/catalog.h"
#include "core/catalog/database.h"
#include "core/catalog/schema.h"

namespace peculiar {
namespace {

std::vector<std::string> SplitNames(const std::string& joined) {
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin < joined.size();) {
    const std::size_t end = std::min(joined.find(',', begin), joined.size());
    names.push_back(joined.substr(begin, end - begin));
    begin = end + 1;
  }
  return names;
}

// Calls take(row) for every row of `sql`, in its order.
template <typename Take>
absl::Status ReadRows(Database& database, std::string_view sql, Take take) {
  PECULIAR_ASSIGN_OR_RETURN(Statement select, database.Prepare(sql));
  while (true) {
    PECULIAR_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return absl::OkStatus();
    PECULIAR_RETURN_IF_ERROR(take(select));
  }
}

// Row numbers run from 0 without a gap.
absl::Status ExpectId(std::string_view table, std::int64_t found, std::size_t expected) {
  if (found == static_cast<std::int64_t>(expected)) return absl::OkStatus();
  return DataLoss("table {} has row {}, expected {}", table, found, expected);
}

absl::Status ReadLines(Database& database, CatalogContent& content) {
  const auto take = [&](Statement& row) {
    const absl::Status status = ExpectId("line", row.TakeInteger(), content.lines.size());
    CatalogLine& line = content.lines.emplace_back();
    line.name = row.TakeText();
    line.wavelength_angstrom = row.TakeReal();
    return status;
  };
  return ReadRows(database, "SELECT line_id, name, wavelength_angstrom FROM line ORDER BY line_id",
                  take);
}

absl::Status ReadGalaxies(Database& database, CatalogContent& content) {
  constexpr std::string_view kSelect =
      "SELECT galaxy_id, plateifu, mangaid, z, ra_deg, dec_deg, fibres, drp3qual, quality_names,"
      " agn_infrared, agn_x_ray, agn_radio, agn_broad_line, coverage, masked_share, lines_off_grid,"
      " stellar_mass_msun, half_light_radius_arcsec, sersic_index FROM galaxy ORDER BY galaxy_id";
  return ReadRows(database, kSelect, [&](Statement& row) {
    const absl::Status status = ExpectId("galaxy", row.TakeInteger(), content.galaxies.size());
    CatalogGalaxy& galaxy = content.galaxies.emplace_back();
    galaxy.plateifu = row.TakeText();
    galaxy.mangaid = row.TakeText();
    galaxy.z = row.TakeReal();
    galaxy.ra_deg = row.TakeOptionalReal();
    galaxy.dec_deg = row.TakeOptionalReal();
    galaxy.fibres = static_cast<int>(row.TakeInteger());
    galaxy.drp3qual = row.TakeOptionalInteger();
    galaxy.quality_names = SplitNames(row.TakeText());
    galaxy.agn_infrared = row.TakeInteger() != 0;
    galaxy.agn_x_ray = row.TakeInteger() != 0;
    galaxy.agn_radio = row.TakeInteger() != 0;
    galaxy.agn_broad_line = row.TakeInteger() != 0;
    galaxy.coverage = row.TakeReal();
    galaxy.masked_share = row.TakeReal();
    galaxy.lines_off_grid = static_cast<int>(row.TakeInteger());
    galaxy.stellar_mass_msun = row.TakeOptionalReal();
    galaxy.half_light_radius_arcsec = row.TakeOptionalReal();
    galaxy.sersic_index = row.TakeOptionalReal();
    return status;
  });
}

absl::Status ReadExcluded(Database& database, CatalogContent& content) {
  constexpr std::string_view kSelect =
      "SELECT plateifu, mangaid, z, reason, detail FROM excluded ORDER BY plateifu";
  return ReadRows(database, kSelect, [&](Statement& row) {
    CatalogExclusion& excluded = content.excluded.emplace_back();
    excluded.plateifu = row.TakeText();
    excluded.mangaid = row.TakeText();
    excluded.z = row.TakeOptionalReal();
    excluded.reason = row.TakeText();
    excluded.detail = row.TakeText();
    return absl::OkStatus();
  });
}

absl::Status ReadModels(Database& database, CatalogContent& content) {
  constexpr std::string_view kSelect =
      "SELECT model_id, name, kind, preset, seed, digest, dimension, is_default, training_json,"
      " relevance_json FROM model ORDER BY model_id";
  return ReadRows(database, kSelect, [&](Statement& row) {
    const absl::Status status = ExpectId("model", row.TakeInteger(), content.models.size());
    CatalogModel& model = content.models.emplace_back();
    model.name = row.TakeText();
    model.kind = row.TakeText();
    model.preset = row.TakeText();
    model.seed = row.TakeInteger();
    model.digest = row.TakeText();
    model.dimension = static_cast<int>(row.TakeInteger());
    model.is_default = row.TakeInteger() != 0;
    model.training_json = row.TakeText();
    model.relevance_json = row.TakeText();
    return status;
  });
}

CatalogScore TakeScore(Statement& row) {
  CatalogScore score;
  score.value = row.TakeOptionalReal();
  score.rank = static_cast<int>(row.TakeInteger());
  score.percentile = row.TakeReal();
  score.reason = row.TakeText();
  return score;
}

absl::Status ReadScores(Database& database, CatalogContent& content) {
  constexpr std::string_view kSelect =
      "SELECT model_id, galaxy_id, mae, mae_rank, mae_percentile, mae_reason, chi, chi_rank,"
      " chi_percentile, chi_reason, relative, relative_rank, relative_percentile, relative_reason,"
      " relevance, relevance_rank, relevance_percentile, relevance_reason FROM score ORDER BY "
      "model_id, galaxy_id";
  const std::size_t galaxies = content.galaxies.size();
  content.scores.assign(content.models.size(), {});
  std::size_t seen = 0;
  return ReadRows(database, kSelect, [&](Statement& row) -> absl::Status {
    const std::size_t model = seen / galaxies;
    PECULIAR_RETURN_IF_ERROR(ExpectId("score (model_id)", row.TakeInteger(), model));
    PECULIAR_RETURN_IF_ERROR(ExpectId("score (galaxy_id)", row.TakeInteger(), seen % galaxies));
    if (model >= content.models.size()) return DataLoss("table score has rows of no model");
    GalaxyScores& scores = content.scores[model].emplace_back();
    scores.mae = TakeScore(row);
    scores.chi = TakeScore(row);
    scores.relative = TakeScore(row);
    scores.relevance = TakeScore(row);
    ++seen;
    return absl::OkStatus();
  });
}

absl::Status ReadLineShares(Database& database, CatalogContent& content) {
  constexpr std::string_view kSelect =
      "SELECT model_id, galaxy_id, line_id, value FROM line_share"
      " ORDER BY model_id, galaxy_id, line_id";
  const std::size_t galaxies = content.galaxies.size();
  const std::size_t lines = content.lines.size();
  std::size_t seen = 0;
  return ReadRows(database, kSelect, [&](Statement& row) -> absl::Status {
    const std::size_t model = seen / lines / galaxies;
    const std::size_t galaxy = seen / lines % galaxies;
    PECULIAR_RETURN_IF_ERROR(ExpectId("line_share (model_id)", row.TakeInteger(), model));
    PECULIAR_RETURN_IF_ERROR(ExpectId("line_share (galaxy_id)", row.TakeInteger(), galaxy));
    PECULIAR_RETURN_IF_ERROR(ExpectId("line_share (line_id)", row.TakeInteger(), seen % lines));
    if (model >= content.scores.size() || galaxy >= content.scores[model].size()) {
      return DataLoss("table line_share has rows without a score");
    }
    content.scores[model][galaxy].line_shares.push_back(row.TakeOptionalReal());
    ++seen;
    return absl::OkStatus();
  });
}

absl::Status ReadSpaces(Database& database, CatalogContent& content) {
  constexpr std::string_view kSelect =
      "SELECT model_id, space_id, name, width, trustworthiness, continuity FROM space"
      " ORDER BY model_id, space_id";
  content.spaces.assign(content.models.size(), {});
  return ReadRows(database, kSelect, [&](Statement& row) -> absl::Status {
    const std::int64_t model = row.TakeInteger();
    if (model < 0 || static_cast<std::size_t>(model) >= content.models.size()) {
      return DataLoss("table space has rows of no model");
    }
    std::vector<CatalogSpace>& spaces = content.spaces[static_cast<std::size_t>(model)];
    PECULIAR_RETURN_IF_ERROR(ExpectId("space (space_id)", row.TakeInteger(), spaces.size()));
    CatalogSpace& space = spaces.emplace_back();
    space.name = row.TakeText();
    space.width = static_cast<int>(row.TakeInteger());
    space.trustworthiness = row.TakeOptionalReal();
    space.continuity = row.TakeOptionalReal();
    return absl::OkStatus();
  });
}

// A table of (model_id, space_id, number from 0, value) into a list of each space.
absl::Status ReadSpaceValues(Database& database, std::string_view table, std::string_view columns,
                             std::vector<double> CatalogSpace::*member, CatalogContent& content) {
  const std::string select = fmt::format(
      "SELECT model_id, space_id, {} FROM {} ORDER BY model_id, space_id, 3", columns, table);
  return ReadRows(database, select, [&](Statement& row) -> absl::Status {
    const auto model = static_cast<std::size_t>(row.TakeInteger());
    const auto space = static_cast<std::size_t>(row.TakeInteger());
    if (model >= content.spaces.size() || space >= content.spaces[model].size()) {
      return DataLoss("table {} has rows of no space", table);
    }
    std::vector<double>& values = content.spaces[model][space].*member;
    PECULIAR_RETURN_IF_ERROR(ExpectId(table, row.TakeInteger(), values.size()));
    values.push_back(row.TakeReal());
    return absl::OkStatus();
  });
}

absl::Status ReadTags(Database& database, CatalogContent& content) {
  const auto take_tag = [&](Statement& row) {
    const absl::Status status = ExpectId("tag", row.TakeInteger(), content.tags.size());
    CatalogTag& tag = content.tags.emplace_back();
    tag.name = row.TakeText();
    tag.description = row.TakeText();
    return status;
  };
  PECULIAR_RETURN_IF_ERROR(
      ReadRows(database, "SELECT tag_id, name, description FROM tag ORDER BY tag_id", take_tag));
  const auto member_of = [&](Statement& row,
                             std::string_view table) -> absl::StatusOr<CatalogTag*> {
    const auto tag = static_cast<std::size_t>(row.TakeInteger());
    if (tag >= content.tags.size()) return DataLoss("table {} has rows of no tag", table);
    return &content.tags[tag];
  };
  const auto take_galaxy = [&](Statement& row) -> absl::Status {
    PECULIAR_ASSIGN_OR_RETURN(CatalogTag* const tag, member_of(row, "galaxy_tag"));
    tag->galaxies.push_back(static_cast<std::size_t>(row.TakeInteger()));
    return absl::OkStatus();
  };
  PECULIAR_RETURN_IF_ERROR(
      ReadRows(database, "SELECT tag_id, galaxy_id FROM galaxy_tag ORDER BY tag_id, galaxy_id",
               take_galaxy));
  const auto take_excluded = [&](Statement& row) -> absl::Status {
    PECULIAR_ASSIGN_OR_RETURN(CatalogTag* const tag, member_of(row, "excluded_tag"));
    tag->excluded.push_back(row.TakeText());
    return absl::OkStatus();
  };
  return ReadRows(database, "SELECT tag_id, plateifu FROM excluded_tag ORDER BY tag_id, plateifu",
                  take_excluded);
}

// Every pair has a row a model here, and in repeat_pair one a space.
absl::Status ReadRepeatScores(Database& database, CatalogContent& content) {
  constexpr std::string_view kSelect =
      "SELECT first_galaxy_id, second_galaxy_id, model_id, mae_difference, chi_difference,"
      " relative_difference FROM repeat_score ORDER BY first_galaxy_id, second_galaxy_id, model_id";
  return ReadRows(database, kSelect, [&](Statement& row) -> absl::Status {
    const auto first = static_cast<std::size_t>(row.TakeInteger());
    const auto second = static_cast<std::size_t>(row.TakeInteger());
    if (content.repeats.empty() || content.repeats.back().first != first ||
        content.repeats.back().second != second) {
      content.repeats.push_back({.first = first, .second = second});
    }
    std::vector<ModelRepeat>& models = content.repeats.back().models;
    PECULIAR_RETURN_IF_ERROR(ExpectId("repeat_score (model_id)", row.TakeInteger(), models.size()));
    ModelRepeat& model = models.emplace_back();
    model.mae_difference = row.TakeOptionalReal();
    model.chi_difference = row.TakeOptionalReal();
    model.relative_difference = row.TakeOptionalReal();
    return absl::OkStatus();
  });
}

absl::Status ReadRepeatPlaces(Database& database, CatalogContent& content) {
  constexpr std::string_view kSelect =
      "SELECT first_galaxy_id, second_galaxy_id, model_id, space_id, distance, percentile,"
      " rank_from_first, rank_from_second FROM repeat_pair"
      " ORDER BY first_galaxy_id, second_galaxy_id, model_id, space_id";
  std::size_t place = 0;  // of the pair in content.repeats
  return ReadRows(database, kSelect, [&](Statement& row) -> absl::Status {
    const auto first = static_cast<std::size_t>(row.TakeInteger());
    const auto second = static_cast<std::size_t>(row.TakeInteger());
    const auto model = static_cast<std::size_t>(row.TakeInteger());
    const auto is_it = [&](const CatalogRepeatPair& pair) {
      return pair.first == first && pair.second == second;
    };
    while (place < content.repeats.size() && !is_it(content.repeats[place])) ++place;
    if (place == content.repeats.size() || model >= content.repeats[place].models.size()) {
      return DataLoss("table repeat_pair has rows {} and {}, which repeat_score lacks", first,
                      second);
    }
    std::vector<RepeatPlace>& places = content.repeats[place].models[model].places;
    PECULIAR_RETURN_IF_ERROR(ExpectId("repeat_pair (space_id)", row.TakeInteger(), places.size()));
    RepeatPlace& found = places.emplace_back();
    found.distance = row.TakeReal();
    found.percentile = row.TakeOptionalReal();
    found.rank_from_first = static_cast<int>(row.TakeInteger());
    found.rank_from_second = static_cast<int>(row.TakeInteger());
    return absl::OkStatus();
  });
}

absl::Status ReadMeasures(Database& database, CatalogContent& content) {
  PECULIAR_RETURN_IF_ERROR(ReadSpaces(database, content));
  PECULIAR_RETURN_IF_ERROR(ReadSpaceValues(database, "space_component",
                                           "component_id, explained_variance",
                                           &CatalogSpace::explained_variance, content));
  PECULIAR_RETURN_IF_ERROR(ReadSpaceValues(database, "space_agreement",
                                           "other_space_id, common_neighbors",
                                           &CatalogSpace::agreement, content));
  PECULIAR_RETURN_IF_ERROR(ReadTags(database, content));
  PECULIAR_RETURN_IF_ERROR(ReadRepeatScores(database, content));
  return ReadRepeatPlaces(database, content);
}

absl::Status CheckVersion(Database& database) {
  PECULIAR_ASSIGN_OR_RETURN(const std::int64_t id, database.Integer("PRAGMA application_id"));
  if (id != kCatalogApplicationId) {
    return DataLoss("application id {}, expected {}", id, kCatalogApplicationId);
  }
  PECULIAR_ASSIGN_OR_RETURN(const std::int64_t version, database.Integer("PRAGMA user_version"));
  if (version != kCatalogSchemaVersion) {
    return DataLoss("schema version {}, expected {}: publish again with this peculiar-worker",
                    version, kCatalogSchemaVersion);
  }
  return absl::OkStatus();
}

absl::StatusOr<CatalogContent> ReadContent(Database& database, const std::stop_token& stop) {
  CatalogContent content;
  PECULIAR_RETURN_IF_ERROR(CheckVersion(database));
  PECULIAR_RETURN_IF_ERROR(ReadLines(database, content));
  PECULIAR_RETURN_IF_ERROR(ReadGalaxies(database, content));
  PECULIAR_RETURN_IF_ERROR(ReadExcluded(database, content));
  PECULIAR_RETURN_IF_ERROR(ReadModels(database, content));
  if (content.lines.empty() || content.galaxies.empty()) {
    return DataLoss("{} lines and {} galaxies, expected at least one of each", content.lines.size(),
                    content.galaxies.size());
  }
  PECULIAR_RETURN_IF_ERROR(ReadScores(database, content));
  PECULIAR_RETURN_IF_ERROR(ReadLineShares(database, content));
  PECULIAR_RETURN_IF_ERROR(ReadMeasures(database, content));
  PECULIAR_RETURN_IF_ERROR(CheckStop(stop));
  if (const absl::Status status = ValidateCatalog(content); !status.ok()) {
    return DataLoss("{}", MessageOf(status));
  }
  return content;
}

}  // namespace

absl::StatusOr<CatalogContent> ReadCatalog(const std::filesystem::path& path,
                                           const std::stop_token& stop) {
  PECULIAR_ASSIGN_OR_RETURN(Database database, Database::OpenReadOnly(path, stop));
  absl::StatusOr<CatalogContent> content = ReadContent(database, stop);
  if (!content.ok()) {
    return Annotate(content.status(), fmt::format("cannot read the catalogue {}", path.string()));
  }
  return content;
}

}  // namespace peculiar
