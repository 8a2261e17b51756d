#include "client/show.h"

#include <algorithm>

#include "client/galaxy_columns.h"
#include "client/spaxel_map.h"

namespace peculiar::client {
namespace {

constexpr std::size_t kTopLines = 5;  // of 19; json has all

// The mean absolute error that the line shares add up to, 0 when it is not finite.
double MaeOf(const v1::ModelScores& scores) {
  for (const v1::Score& score : scores.scores()) {
    if (score.kind() == v1::SCORE_KIND_MAE) return score.value();
  }
  return 0;
}

OrderedJson GalaxyObject(const v1::Galaxy& galaxy) {
  OrderedJson repeats = OrderedJson::array();
  for (const std::string& plateifu : galaxy.repeat_plateifus()) repeats.push_back(plateifu);
  OrderedJson object;
  object["plateifu"] = galaxy.plateifu();
  object["mangaid"] = galaxy.mangaid();
  object["redshift"] = galaxy.redshift();
  object["ra_deg"] = OptionalCell(galaxy.has_ra_deg(), galaxy.ra_deg());
  object["dec_deg"] = OptionalCell(galaxy.has_dec_deg(), galaxy.dec_deg());
  object["fibre_count"] = galaxy.fibre_count();
  object["stellar_mass_msun"] =
      OptionalCell(galaxy.has_stellar_mass_msun(), galaxy.stellar_mass_msun());
  object["half_light_radius_arcsec"] =
      OptionalCell(galaxy.has_half_light_radius_arcsec(), galaxy.half_light_radius_arcsec());
  object["sersic_index"] = OptionalCell(galaxy.has_sersic_index(), galaxy.sersic_index());
  object["agn_classes"] = AgnClassCell(galaxy);
  object["repeat_plateifus"] = std::move(repeats);
  object["tags"] = std::vector<std::string>(galaxy.tags().begin(), galaxy.tags().end());
  return object;
}

OrderedJson QualityObject(const v1::Galaxy& galaxy) {
  const v1::Quality& quality = galaxy.quality();
  return {{"drp3qual", OptionalCell(quality.has_drp3qual(), quality.drp3qual())},
          {"drp3qual_names", QualityCell(galaxy)},
          {"coverage", quality.coverage()},
          {"masked_share", quality.masked_share()},
          {"lines_off_grid_count", quality.lines_off_grid_count()}};
}

OrderedJson ScoresObject(const v1::ModelScores& model_scores) {
  OrderedJson object = OrderedJson::object();
  for (const v1::Score& score : model_scores.scores()) {
    object[ScoreKindName(score.kind())] = {
        {"value", OptionalCell(score.has_value(), score.value())},
        {"rank", OptionalCell(score.has_rank(), score.rank())},
        {"percentile", OptionalCell(score.has_percentile(), score.percentile())}};
  }
  return object;
}

OrderedJson LineSharesObject(const v1::ModelScores& model_scores) {
  const double mae = MaeOf(model_scores);
  OrderedJson object = OrderedJson::object();
  for (const v1::LineShare& share : model_scores.line_shares()) {
    object[share.line()] = {
        {"wavelength_angstrom", share.wavelength_angstrom()},
        {"value", OptionalCell(share.has_value(), share.value())},
        {"share", OptionalCell(share.has_value() && mae > 0, share.value() / (mae > 0 ? mae : 1))}};
  }
  return object;
}

// mae, chi, relative.
std::vector<OrderedJson> PercentileCells(const v1::PopulationPercentiles& population) {
  return {OptionalCell(population.has_mae_percentile(), population.mae_percentile()),
          OptionalCell(population.has_chi_percentile(), population.chi_percentile()),
          OptionalCell(population.has_relative_percentile(), population.relative_percentile())};
}

OrderedJson PopulationsObject(const v1::ModelScores& model_scores) {
  OrderedJson list = OrderedJson::array();
  for (const v1::PopulationPercentiles& population : model_scores.population_percentiles()) {
    const std::vector<OrderedJson> cells = PercentileCells(population);
    list.push_back({{"group", PopulationGroupName(population.group())},
                    {"population", population.population()},
                    {"mae_percentile", cells[0]},
                    {"chi_percentile", cells[1]},
                    {"relative_percentile", cells[2]}});
  }
  return list;
}

// "quantity  value": a section without heading.
struct Facts {
  Table table{.columns = {{}, {}}};
  void Add(std::string_view quantity, const std::string& value) {
    if (!value.empty()) table.rows.push_back({std::string(quantity), value});
  }
};

std::string Joined(const OrderedJson& texts, std::string_view otherwise) {
  std::string joined;
  for (const OrderedJson& text : texts) {
    joined += (joined.empty() ? "" : ", ") + text.get<std::string>();
  }
  return joined.empty() ? std::string(otherwise) : joined;
}

Table CatalogueSection(const v1::Galaxy& galaxy, const OrderedJson& object) {
  const v1::Quality& quality = galaxy.quality();
  Facts facts;
  facts.table.title = "Galaxy " + galaxy.plateifu();
  facts.Add("mangaid", galaxy.mangaid());
  facts.Add("redshift", fmt::format("{:.5f}", galaxy.redshift()));
  if (galaxy.has_ra_deg() && galaxy.has_dec_deg()) {
    facts.Add("position", fmt::format("{:.5f} {:+.5f} deg", galaxy.ra_deg(), galaxy.dec_deg()));
  }
  facts.Add("fibres", fmt::format("{}", galaxy.fibre_count()));
  if (galaxy.has_stellar_mass_msun()) {
    facts.Add("stellar mass", fmt::format("{:.3g} h^-2 Msun", galaxy.stellar_mass_msun()));
  }
  if (galaxy.has_half_light_radius_arcsec()) {
    facts.Add("half-light radius", fmt::format("{:.2f} arcsec", galaxy.half_light_radius_arcsec()));
  }
  if (galaxy.has_sersic_index()) {
    facts.Add("Sersic index", fmt::format("{:.2f}", galaxy.sersic_index()));
  }
  facts.Add("AGN", Joined(object["agn_classes"], "in no AGN list"));
  facts.Add("repeats", Joined(object["repeat_plateifus"], "none in the sample"));
  facts.Add("tags", Joined(object["tags"], ""));
  facts.Add("quality", quality.has_drp3qual()
                           ? fmt::format("{} (DRP3QUAL {})", Joined(QualityCell(galaxy), "no flag"),
                                         quality.drp3qual())
                           : "unknown");
  facts.Add("crop", fmt::format("{:.1f} % inside the cube, {:.1f} % of voxels masked, {} lines "
                                "off the grid",
                                100 * quality.coverage(), 100 * quality.masked_share(),
                                quality.lines_off_grid_count()));
  return std::move(facts.table);
}

// A row a model, so that scores of different models stand below each other.
Table ScoresSection(const v1::GetGalaxyResponse& response) {
  Table table{.title = "Scores", .columns = {{.name = "model"}}};
  if (response.model_scores().empty()) return table;
  const auto& all = response.model_scores();  // one with relevance has a score more
  const auto widest = std::max_element(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return a.scores_size() < b.scores_size();
  });
  for (const v1::Score& score : widest->scores()) {
    table.columns.push_back({.name = ScoreKindName(score.kind()), .unit = ScoreUnit(score.kind())});
    table.columns.push_back({.name = "rank"});
    table.columns.push_back({.name = "pct", .unit = "%", .decimals = 1});
  }
  for (const v1::ModelScores& model_scores : response.model_scores()) {
    std::vector<OrderedJson> cells{model_scores.model()};
    for (const v1::Score& score : model_scores.scores()) {
      cells.push_back(OptionalCell(score.has_value(), score.value()));
      cells.push_back(OptionalCell(score.has_rank(), score.rank()));
      cells.push_back(OptionalCell(score.has_percentile(), score.percentile()));
    }
    cells.resize(table.columns.size());
    table.rows.push_back(std::move(cells));
  }
  return table;
}

// Percentiles of the scores within the galaxy's populations, a row a population, three columns a
// model.
Table PopulationsSection(const v1::GetGalaxyResponse& response) {
  Table table{.title = "Percentiles within populations",
              .columns = {{.name = "by"}, {.name = "population"}}};
  if (response.model_scores().empty()) return table;
  for (const auto& population : response.model_scores(0).population_percentiles()) {
    table.rows.push_back({PopulationGroupName(population.group()), population.population()});
  }
  for (const v1::ModelScores& model_scores : response.model_scores()) {
    for (const char* score : {"mae", "chi", "relative"}) {
      table.columns.push_back(
          {.name = fmt::format("{} {}", model_scores.model(), score), .unit = "%", .decimals = 1});
    }
    for (int i = 0; i < std::min<int>(model_scores.population_percentiles_size(),
                                      static_cast<int>(table.rows.size()));
         ++i) {
      for (OrderedJson& cell : PercentileCells(model_scores.population_percentiles(i))) {
        table.rows[static_cast<std::size_t>(i)].push_back(std::move(cell));
      }
    }
  }
  return table;
}

// The lines of known share, largest first, at most kTopLines.
std::vector<v1::LineShare> TopLines(const v1::ModelScores& model_scores) {
  std::vector<v1::LineShare> shares;
  for (const v1::LineShare& share : model_scores.line_shares()) {
    if (share.has_value()) shares.push_back(share);
  }
  std::stable_sort(shares.begin(), shares.end(),
                   [](const auto& a, const auto& b) { return a.value() > b.value(); });
  if (shares.size() > kTopLines) shares.resize(kTopLines);
  return shares;
}

// The lines with the largest parts of the mae, two columns a model.
Table LinesSection(const v1::GetGalaxyResponse& response) {
  Table table{.title = "Lines with the largest part of mae", .columns = {{.name = "place"}}};
  for (const v1::ModelScores& model_scores : response.model_scores()) {
    const std::vector<v1::LineShare> lines = TopLines(model_scores);
    const double mae = MaeOf(model_scores);
    while (table.rows.size() < lines.size()) {
      const std::size_t place = table.rows.size() + 1;
      table.rows.emplace_back(table.columns.size()).front() = place;
    }
    table.columns.push_back({.name = model_scores.model()});
    table.columns.push_back({.name = "part", .unit = "%", .decimals = 1});
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
      const bool is_known = i < lines.size();
      table.rows[i].push_back(is_known ? OrderedJson(lines[i].line()) : nullptr);
      table.rows[i].push_back(is_known && mae > 0 ? OrderedJson(100 * lines[i].value() / mae)
                                                  : nullptr);
    }
  }
  return table;
}

Record ToRecord(const v1::GetGalaxyResponse& response, bool with_map) {
  const v1::Galaxy& galaxy = response.galaxy();
  Record record;
  record.document["snapshot_id"] = response.snapshot_id();
  record.document["galaxy"] = GalaxyObject(galaxy);
  record.document["quality"] = QualityObject(galaxy);
  record.document["scores"] = OrderedJson::object();
  record.document["line_shares"] = OrderedJson::object();
  record.document["population_percentiles"] = OrderedJson::object();
  for (const v1::ModelScores& model_scores : response.model_scores()) {
    record.document["scores"][model_scores.model()] = ScoresObject(model_scores);
    record.document["line_shares"][model_scores.model()] = LineSharesObject(model_scores);
    record.document["population_percentiles"][model_scores.model()] =
        PopulationsObject(model_scores);
  }
  record.sections = {CatalogueSection(galaxy, record.document["galaxy"]), ScoresSection(response),
                     PopulationsSection(response), LinesSection(response)};
  for (const v1::ModelScores& model_scores : response.model_scores()) {
    if (!with_map) break;
    record.document["spaxel_values"][model_scores.model()] =
        SpaxelRows(model_scores, response.spaxel_side());
    record.sections.push_back(SpaxelPicture(model_scores, response.spaxel_side()));
  }
  record.notes = {
      fmt::format("snapshot {}; rank 1 is the strangest; {}", response.snapshot_id(), kFluxNote)};
  return record;
}

}  // namespace

absl::StatusOr<Reply> AskShow(Connection& connection, const ShowOptions& options) {
  PECULIAR_ASSIGN_OR_RETURN(const std::vector<GivenId> ids, GivenIds(options.galaxies));
  v1::GetGalaxyRequest request;
  request.set_snapshot_id(options.snapshot_id);
  request.set_include_spaxel_values(options.with_map);
  Records all{.name = "galaxies", .key = "plateifu"};
  Reply reply;
  PECULIAR_RETURN_IF_ERROR(AskEach(
      ids,
      [&](const std::string& id) {
        request.set_galaxy_id(id);
        return connection.GetGalaxy(request);
      },
      [&](const v1::GetGalaxyResponse& response) {
        request.set_snapshot_id(response.snapshot_id());  // the next ones from the same
        all.records.emplace_back(response.galaxy().plateifu(),
                                 ToRecord(response, options.with_map));
      },
      reply.failures));
  if (all.records.empty()) return reply;
  if (options.galaxies.is_single()) {
    reply.answer = std::move(all.records[0].second);
  } else {
    reply.answer = std::move(all);
  }
  return reply;
}

void AddShowCommand(CLI::App& app, ChosenCommand& chosen) {
  auto options = std::make_shared<ShowOptions>();
  CLI::App& command =
      AddCommand(app, "show", "Everything known about a galaxy, or about each of several", chosen,
                 [options](Connection& connection) { return AskShow(connection, *options); });
  AddIdOptions(command, options->galaxies);
  command.add_flag("--map", options->with_map, "And where in the image the error lies");
  AddSnapshotOption(command, options->snapshot_id);
}

}  // namespace peculiar::client
