#include <utility>

#include "core/catalog/catalog.h"
#include "core/catalog/database.h"
#include "core/catalog/schema.h"

namespace peculiar {
namespace {

std::optional<std::string_view> NullIfEmpty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional<std::string_view>(text);
}

std::string JoinNames(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, ","));
}

absl::Status WriteLines(Database& database, const std::vector<CatalogLine>& lines) {
  PECULIAR_ASSIGN_OR_RETURN(Statement insert,
                            database.Prepare("INSERT INTO line VALUES (?, ?, ?)"));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    insert.Bind(static_cast<std::int64_t>(i))
        .Bind(std::string_view(lines[i].name))
        .Bind(lines[i].wavelength_angstrom);
    PECULIAR_RETURN_IF_ERROR(insert.Run());
  }
  return absl::OkStatus();
}

absl::Status WriteGalaxies(Database& database, const std::vector<CatalogGalaxy>& galaxies) {
  PECULIAR_ASSIGN_OR_RETURN(
      Statement insert,
      database.Prepare("INSERT INTO galaxy VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"));
  for (std::size_t i = 0; i < galaxies.size(); ++i) {
    const CatalogGalaxy& galaxy = galaxies[i];
    const std::string quality = JoinNames(galaxy.quality_names);
    insert.Bind(static_cast<std::int64_t>(i)).Bind(std::string_view(galaxy.plateifu));
    insert.Bind(NullIfEmpty(galaxy.mangaid)).Bind(galaxy.z).Bind(galaxy.ra_deg);
    insert.Bind(galaxy.dec_deg).Bind(std::int64_t{galaxy.fibres}).Bind(galaxy.drp3qual);
    insert.Bind(std::string_view(quality));
    for (const bool flag :
         {galaxy.agn_infrared, galaxy.agn_x_ray, galaxy.agn_radio, galaxy.agn_broad_line}) {
      insert.Bind(std::int64_t{flag});
    }
    insert.Bind(galaxy.coverage).Bind(galaxy.masked_share);
    insert.Bind(std::int64_t{galaxy.lines_off_grid}).Bind(galaxy.stellar_mass_msun);
    insert.Bind(galaxy.half_light_radius_arcsec).Bind(galaxy.sersic_index);
    PECULIAR_RETURN_IF_ERROR(insert.Run());
  }
  return absl::OkStatus();
}

absl::Status WriteExcluded(Database& database, const std::vector<CatalogExclusion>& excluded) {
  PECULIAR_ASSIGN_OR_RETURN(Statement insert,
                            database.Prepare("INSERT INTO excluded VALUES (?, ?, ?, ?, ?)"));
  for (const CatalogExclusion& row : excluded) {
    insert.Bind(std::string_view(row.plateifu)).Bind(NullIfEmpty(row.mangaid)).Bind(row.z);
    insert.Bind(std::string_view(row.reason)).Bind(std::string_view(row.detail));
    PECULIAR_RETURN_IF_ERROR(insert.Run());
  }
  return absl::OkStatus();
}

absl::Status WriteModels(Database& database, const std::vector<CatalogModel>& models) {
  PECULIAR_ASSIGN_OR_RETURN(
      Statement insert,
      database.Prepare("INSERT INTO model VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  for (std::size_t i = 0; i < models.size(); ++i) {
    const CatalogModel& model = models[i];
    insert.Bind(static_cast<std::int64_t>(i)).Bind(std::string_view(model.name));
    insert.Bind(std::string_view(model.kind)).Bind(std::string_view(model.preset));
    insert.Bind(model.seed).Bind(std::string_view(model.digest));
    insert.Bind(std::int64_t{model.dimension}).Bind(std::int64_t{model.is_default});
    insert.Bind(std::string_view(model.training_json));
    insert.Bind(std::string_view(model.relevance_json));
    PECULIAR_RETURN_IF_ERROR(insert.Run());
  }
  return absl::OkStatus();
}

void BindScore(Statement& insert, const CatalogScore& score) {
  insert.Bind(score.value);
  if (score.ranked()) {
    insert.Bind(std::int64_t{score.rank}).Bind(score.percentile).BindNull();
  } else {
    insert.BindNull().BindNull().Bind(std::string_view(score.reason));
  }
}

absl::Status WriteScores(Database& database, const CatalogContent& content) {
  PECULIAR_ASSIGN_OR_RETURN(
      Statement score,
      database.Prepare("INSERT INTO score VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"));
  PECULIAR_ASSIGN_OR_RETURN(Statement share,
                            database.Prepare("INSERT INTO line_share VALUES (?, ?, ?, ?)"));
  for (std::size_t model = 0; model < content.scores.size(); ++model) {
    for (std::size_t i = 0; i < content.scores[model].size(); ++i) {
      const GalaxyScores& galaxy = content.scores[model][i];
      const auto model_id = static_cast<std::int64_t>(model);
      const auto galaxy_id = static_cast<std::int64_t>(i);
      score.Bind(model_id).Bind(galaxy_id);
      for (const CatalogScore* value :
           {&galaxy.mae, &galaxy.chi, &galaxy.relative, &galaxy.relevance}) {
        BindScore(score, *value);
      }
      PECULIAR_RETURN_IF_ERROR(score.Run());
      for (std::size_t line = 0; line < galaxy.line_shares.size(); ++line) {
        share.Bind(model_id).Bind(galaxy_id).Bind(static_cast<std::int64_t>(line));
        share.Bind(galaxy.line_shares[line]);
        PECULIAR_RETURN_IF_ERROR(share.Run());
      }
    }
  }
  return absl::OkStatus();
}

absl::Status WriteSpaceFacts(Database& database, std::size_t model,
                             const std::vector<CatalogSpace>& spaces) {
  PECULIAR_ASSIGN_OR_RETURN(Statement component,
                            database.Prepare("INSERT INTO space_component VALUES (?, ?, ?, ?)"));
  PECULIAR_ASSIGN_OR_RETURN(Statement agreement,
                            database.Prepare("INSERT INTO space_agreement VALUES (?, ?, ?, ?)"));
  const auto write = [&](Statement& insert, std::size_t space,
                         const std::vector<double>& values) -> absl::Status {
    for (std::size_t i = 0; i < values.size(); ++i) {
      insert.Bind(static_cast<std::int64_t>(model)).Bind(static_cast<std::int64_t>(space));
      insert.Bind(static_cast<std::int64_t>(i)).Bind(values[i]);
      PECULIAR_RETURN_IF_ERROR(insert.Run());
    }
    return absl::OkStatus();
  };
  for (std::size_t i = 0; i < spaces.size(); ++i) {
    PECULIAR_RETURN_IF_ERROR(write(component, i, spaces[i].explained_variance));
    PECULIAR_RETURN_IF_ERROR(write(agreement, i, spaces[i].agreement));
  }
  return absl::OkStatus();
}

absl::Status WriteSpaces(Database& database, const CatalogContent& content) {
  PECULIAR_ASSIGN_OR_RETURN(Statement insert,
                            database.Prepare("INSERT INTO space VALUES (?, ?, ?, ?, ?, ?)"));
  for (std::size_t model = 0; model < content.spaces.size(); ++model) {
    for (std::size_t i = 0; i < content.spaces[model].size(); ++i) {
      const CatalogSpace& space = content.spaces[model][i];
      insert.Bind(static_cast<std::int64_t>(model)).Bind(static_cast<std::int64_t>(i));
      insert.Bind(std::string_view(space.name)).Bind(std::int64_t{space.width});
      insert.Bind(space.trustworthiness).Bind(space.continuity);
      PECULIAR_RETURN_IF_ERROR(insert.Run());
    }
    PECULIAR_RETURN_IF_ERROR(WriteSpaceFacts(database, model, content.spaces[model]));
  }
  return absl::OkStatus();
}

absl::Status WriteTags(Database& database, const std::vector<CatalogTag>& tags) {
  PECULIAR_ASSIGN_OR_RETURN(Statement tag, database.Prepare("INSERT INTO tag VALUES (?, ?, ?)"));
  PECULIAR_ASSIGN_OR_RETURN(Statement galaxy,
                            database.Prepare("INSERT INTO galaxy_tag VALUES (?, ?)"));
  PECULIAR_ASSIGN_OR_RETURN(Statement excluded,
                            database.Prepare("INSERT INTO excluded_tag VALUES (?, ?)"));
  for (std::size_t i = 0; i < tags.size(); ++i) {
    const auto tag_id = static_cast<std::int64_t>(i);
    tag.Bind(tag_id).Bind(std::string_view(tags[i].name));
    tag.Bind(std::string_view(tags[i].description));
    PECULIAR_RETURN_IF_ERROR(tag.Run());
    for (const std::size_t row : tags[i].galaxies) {
      PECULIAR_RETURN_IF_ERROR(galaxy.Bind(tag_id).Bind(static_cast<std::int64_t>(row)).Run());
    }
    for (const std::string& plateifu : tags[i].excluded) {
      PECULIAR_RETURN_IF_ERROR(excluded.Bind(tag_id).Bind(std::string_view(plateifu)).Run());
    }
  }
  return absl::OkStatus();
}

absl::Status WriteRepeats(Database& database, const std::vector<CatalogRepeatPair>& repeats) {
  PECULIAR_ASSIGN_OR_RETURN(Statement score,
                            database.Prepare("INSERT INTO repeat_score VALUES (?,?,?,?,?,?)"));
  PECULIAR_ASSIGN_OR_RETURN(Statement place,
                            database.Prepare("INSERT INTO repeat_pair VALUES (?,?,?,?,?,?,?,?)"));
  for (const CatalogRepeatPair& pair : repeats) {
    const auto first = static_cast<std::int64_t>(pair.first);
    const auto second = static_cast<std::int64_t>(pair.second);
    for (std::size_t i = 0; i < pair.models.size(); ++i) {
      const ModelRepeat& model = pair.models[i];
      const auto model_id = static_cast<std::int64_t>(i);
      score.Bind(first).Bind(second).Bind(model_id).Bind(model.mae_difference);
      score.Bind(model.chi_difference).Bind(model.relative_difference);
      PECULIAR_RETURN_IF_ERROR(score.Run());
      for (std::size_t space = 0; space < model.places.size(); ++space) {
        const RepeatPlace& found = model.places[space];
        place.Bind(first).Bind(second).Bind(model_id).Bind(static_cast<std::int64_t>(space));
        place.Bind(found.distance).Bind(found.percentile);
        place.Bind(std::int64_t{found.rank_from_first}).Bind(std::int64_t{found.rank_from_second});
        PECULIAR_RETURN_IF_ERROR(place.Run());
      }
    }
  }
  return absl::OkStatus();
}

absl::Status WriteContent(const std::filesystem::path& path, const CatalogContent& content) {
  PECULIAR_ASSIGN_OR_RETURN(Database database, Database::Create(path));
  // No journal and no sync: an unfinished file is thrown away, and the caller syncs a finished one.
  PECULIAR_RETURN_IF_ERROR(database.Execute(
      fmt::format("PRAGMA page_size = 4096; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
                  "PRAGMA application_id = {}; PRAGMA user_version = {}; BEGIN;",
                  kCatalogApplicationId, kCatalogSchemaVersion)));
  PECULIAR_RETURN_IF_ERROR(database.Execute(std::string(kCatalogTables)));
  PECULIAR_RETURN_IF_ERROR(WriteLines(database, content.lines));
  PECULIAR_RETURN_IF_ERROR(WriteGalaxies(database, content.galaxies));
  PECULIAR_RETURN_IF_ERROR(WriteExcluded(database, content.excluded));
  PECULIAR_RETURN_IF_ERROR(WriteModels(database, content.models));
  PECULIAR_RETURN_IF_ERROR(WriteScores(database, content));
  PECULIAR_RETURN_IF_ERROR(WriteSpaces(database, content));
  PECULIAR_RETURN_IF_ERROR(WriteTags(database, content.tags));
  PECULIAR_RETURN_IF_ERROR(WriteRepeats(database, content.repeats));
  PECULIAR_RETURN_IF_ERROR(database.Execute(std::string(kCatalogIndices) + "COMMIT;"));
  return database.Close();
}

}  // namespace

absl::Status WriteCatalog(const std::filesystem::path& path, const CatalogContent& content) {
  PECULIAR_RETURN_IF_ERROR(Annotate(ValidateCatalog(content), "cannot write the catalogue"));
  std::error_code error;
  const bool existed = std::filesystem::exists(path, error);
  const absl::Status status = WriteContent(path, content);
  if (!status.ok() && !existed) std::filesystem::remove(path, error);
  return status;
}

}  // namespace peculiar
