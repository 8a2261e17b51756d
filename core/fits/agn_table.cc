#include "core/fits/agn_table.h"

#include <utility>
#include <vector>

#include "core/fits/survey_table.h"
#include "core/fits/text.h"

namespace peculiar {
namespace {

struct FlagField {
  const char* column;
  bool AgnFlags::*field;
};
constexpr FlagField kFlagFields[] = {{"wise_agn", &AgnFlags::infrared},
                                     {"bat_agn", &AgnFlags::x_ray},
                                     {"radio_agn", &AgnFlags::radio},
                                     {"broad_agn", &AgnFlags::broad_line}};

absl::StatusOr<bool> Flag(const SurveyTable& table, const char* column, std::size_t row) {
  const std::string text = LowerCase(table.Text(column, row));
  if (text == "t" || text == "true") return true;
  if (text == "f" || text == "false") return false;
  PECULIAR_ASSIGN_OR_RETURN(const auto value, table.Number(column, row));
  if (!value || *value == 0) return false;
  if (*value == 1) return true;
  return DataLoss("row {}: {} is {}, 0 or 1 expected", row + 1, column, text);
}

absl::StatusOr<AgnTable> Rows(const SurveyTable& table) {
  PECULIAR_ASSIGN_OR_RETURN(std::vector<std::string> plateifus, PlateIfusOf(table, "plateifu"));
  AgnTable agn;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    AgnFlags flags;
    for (const FlagField& flag : kFlagFields) {
      PECULIAR_ASSIGN_OR_RETURN(flags.*flag.field, Flag(table, flag.column, row));
    }
    if (flags.any()) agn.emplace(std::move(plateifus[row]), flags);
  }
  return agn;
}

}  // namespace

absl::StatusOr<AgnTable> ReadAgnTable(const std::filesystem::path& path) {
  std::vector<WantedColumn> wanted = {{{"plateifu", "plate_ifu", "manga_id", "mangaid"}, true}};
  for (const FlagField& flag : kFlagFields) wanted.push_back({{flag.column}, true});
  PECULIAR_ASSIGN_OR_RETURN(const SurveyTable table, SurveyTable::Read(path, "", wanted));
  auto agn = Rows(table);
  if (!agn.ok()) return Annotate(agn.status(), path.string());
  return agn;
}

}  // namespace peculiar
