#include "core/fits/drpall.h"

#include <cmath>
#include <optional>
#include <utility>

#include "core/fits/fits_builder.h"
#include "core/fits/gzip.h"
#include "core/fits/survey_table.h"

namespace peculiar {
namespace {

constexpr double kAbsent = -9999;

struct NumberField {
  const char* column;
  std::optional<double> GalaxyRecord::*field;
};
constexpr NumberField kNumberFields[] = {
    {"z", &GalaxyRecord::z},
    {"objra", &GalaxyRecord::ra_deg},
    {"objdec", &GalaxyRecord::dec_deg},
    {"nsa_elpetro_mass", &GalaxyRecord::stellar_mass_msun},
    {"nsa_elpetro_th50_r", &GalaxyRecord::half_light_radius_arcsec},
    {"nsa_sersic_n", &GalaxyRecord::sersic_index},
};

// Bits of a mask, which a table holds as a number.
absl::StatusOr<std::optional<std::int64_t>> Bits(const SurveyTable& table, const char* name,
                                                 std::size_t row) {
  constexpr double kMax = 9007199254740992.0;  // 2^53: exact in a double
  PECULIAR_ASSIGN_OR_RETURN(const auto value, table.Number(name, row));
  if (!value) return std::nullopt;
  if (*value < 0 || *value > kMax || std::floor(*value) != *value) {
    return DataLoss("row {}: {} is {}, bits of a mask expected", row + 1, name, *value);
  }
  return static_cast<std::int64_t>(*value);
}

absl::StatusOr<std::vector<GalaxyRecord>> Rows(const SurveyTable& table) {
  PECULIAR_ASSIGN_OR_RETURN(std::vector<std::string> plateifus, PlateIfusOf(table, "plateifu"));
  std::vector<GalaxyRecord> galaxies(table.rows());
  for (std::size_t row = 0; row < table.rows(); ++row) {
    GalaxyRecord& galaxy = galaxies[row];
    galaxy.plateifu = std::move(plateifus[row]);
    galaxy.mangaid = table.Text("mangaid", row);
    for (const NumberField& number : kNumberFields) {
      PECULIAR_ASSIGN_OR_RETURN(galaxy.*number.field, table.Number(number.column, row));
    }
    PECULIAR_ASSIGN_OR_RETURN(galaxy.drp3qual, Bits(table, "drp3qual", row));
  }
  return galaxies;
}

template <typename T, typename Get>
FitsColumn MakeColumn(std::string name, std::span<const GalaxyRecord> galaxies, Get get) {
  std::vector<T> values;
  values.reserve(galaxies.size());
  for (const GalaxyRecord& galaxy : galaxies) values.push_back(get(galaxy));
  return {std::move(name), std::move(values)};
}

absl::Status Write(const std::filesystem::path& path, std::span<const GalaxyRecord> galaxies) {
  std::vector<FitsColumn> columns = {
      MakeColumn<std::string>("plateifu", galaxies, [](const auto& g) { return g.plateifu; }),
      MakeColumn<std::string>("mangaid", galaxies, [](const auto& g) { return g.mangaid; }),
      MakeColumn<std::int64_t>(
          "drp3qual", galaxies,
          [](const auto& g) { return g.drp3qual.value_or(static_cast<std::int64_t>(kAbsent)); }),
  };
  for (const NumberField& number : kNumberFields) {
    columns.push_back(MakeColumn<double>(number.column, galaxies, [&](const auto& g) {
      return (g.*number.field).value_or(kAbsent);
    }));
  }
  PECULIAR_ASSIGN_OR_RETURN(FitsBuilder builder, FitsBuilder::Create(galaxies.size() * 128));
  PECULIAR_RETURN_IF_ERROR(builder.AddPrimary({}));
  PECULIAR_RETURN_IF_ERROR(builder.AddTable("MANGA", columns));
  PECULIAR_ASSIGN_OR_RETURN(const std::span<const std::byte> bytes, builder.Finish());
  return WriteMaybeGzip(path, bytes);
}

}  // namespace

absl::StatusOr<std::vector<GalaxyRecord>> ReadDrpall(const std::filesystem::path& path) {
  const std::vector<WantedColumn> wanted = {{{"plateifu"}, true},   {{"z", "redshift"}, true},
                                            {{"mangaid"}},          {{"objra"}},
                                            {{"objdec"}},           {{"drp3qual"}},
                                            {{"nsa_elpetro_mass"}}, {{"nsa_elpetro_th50_r"}},
                                            {{"nsa_sersic_n"}}};
  PECULIAR_ASSIGN_OR_RETURN(const SurveyTable table, SurveyTable::Read(path, "MANGA", wanted));
  auto galaxies = Rows(table);
  if (!galaxies.ok()) return Annotate(galaxies.status(), path.string());
  return galaxies;
}

absl::Status WriteDrpall(const std::filesystem::path& path,
                         std::span<const GalaxyRecord> galaxies) {
  return Annotate(Write(path, galaxies), fmt::format("write drpall {}", path.string()));
}

}  // namespace peculiar
