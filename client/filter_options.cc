#include "client/filter_options.h"

#include <algorithm>

#include "client/galaxy_columns.h"
#include "client/galaxy_ids.h"

namespace peculiar::client {
namespace {

void AddAgn(const std::string& name, v1::GalaxyFilter& filter) {
  if (name == "infrared") filter.add_agn_classes(v1::AGN_CLASS_INFRARED);
  if (name == "x_ray") filter.add_agn_classes(v1::AGN_CLASS_X_RAY);
  if (name == "radio") filter.add_agn_classes(v1::AGN_CLASS_RADIO);
  if (name == "broad_line") filter.add_agn_classes(v1::AGN_CLASS_BROAD_LINE);
  if (name == "any") filter.set_agn_presence(v1::AGN_PRESENCE_ANY);
  if (name == "none") filter.set_agn_presence(v1::AGN_PRESENCE_NONE);
}

}  // namespace

void AddFilterOptions(CLI::App& command, FilterOptions& options) {
  constexpr const char* kGroup = "Only galaxies";
  const auto add = [&](const std::string& flag, auto& target, const std::string& text,
                       const std::string& type) -> CLI::Option* {
    return command.add_option(flag, target, text)->type_name(type)->group(kGroup);
  };
  add("--min-redshift", options.min_redshift, "with this redshift or a higher one", "Z");
  add("--max-redshift", options.max_redshift, "with this redshift or a lower one", "Z");
  add("--fibres", options.fibres, "with a bundle of one of these sizes, for example 91,127", "N")
      ->delimiter(',')
      ->check(CLI::IsMember({19, 37, 61, 91, 127}));
  add("--agn", options.agn, "in one of these: infrared, x_ray, radio, broad_line, any, none",
      "CLASS")
      ->delimiter(',')
      ->check(CLI::IsMember({"infrared", "x_ray", "radio", "broad_line", "any", "none"}));
  add("--quality", options.any_quality, "with one of these DRP3QUAL bits, for example BADFLUX",
      "BIT")
      ->delimiter(',');
  add("--no-quality", options.no_quality, "without these DRP3QUAL bits", "BIT")->delimiter(',');
  add("--min-coverage", options.min_coverage, "with this share of the crop in the cube", "0..1");
  add("--max-masked", options.max_masked_share, "with at most this share of masked voxels", "0..1");
  add("--max-lines-off-grid", options.max_lines_off_grid, "with at most so many lines outside",
      "N");
  add("--cone", options.cone, "within a circle on the sky, degrees", "RA,DEC,RADIUS")
      ->delimiter(',')
      ->expected(3);
  add("--among", options.among, "named in a file, - = standard input", "FILE")->check(RefuseEmpty);
  add("--tag", options.tags, "in one of these named sets", "NAME")->delimiter(',');
  command
      .add_flag("--best-observation", options.best_observation,
                "that are the least masked observation of their MaNGA-ID")
      ->group(kGroup);
}

absl::StatusOr<v1::GalaxyFilter> ToProto(const FilterOptions& options) {
  v1::GalaxyFilter filter;
  const auto has = [&](std::string_view name) {
    return std::find(options.agn.begin(), options.agn.end(), name) != options.agn.end();
  };
  if (has("any") && has("none")) {
    return InvalidArgument("--agn: any and none together are all galaxies; give one of them");
  }
  if (options.min_redshift) filter.set_min_redshift(*options.min_redshift);
  if (options.max_redshift) filter.set_max_redshift(*options.max_redshift);
  filter.mutable_fibre_counts()->Add(options.fibres.begin(), options.fibres.end());
  for (const std::string& name : options.agn) AddAgn(name, filter);
  filter.mutable_any_quality_names()->Add(options.any_quality.begin(), options.any_quality.end());
  filter.mutable_no_quality_names()->Add(options.no_quality.begin(), options.no_quality.end());
  if (options.min_coverage) filter.set_min_coverage(*options.min_coverage);
  if (options.max_masked_share) filter.set_max_masked_share(*options.max_masked_share);
  if (options.max_lines_off_grid) filter.set_max_lines_off_grid_count(*options.max_lines_off_grid);
  if (!options.cone.empty()) {
    filter.mutable_cone()->set_ra_deg(options.cone[0]);
    filter.mutable_cone()->set_dec_deg(options.cone[1]);
    filter.mutable_cone()->set_radius_deg(options.cone[2]);
  }
  filter.mutable_tags()->Add(options.tags.begin(), options.tags.end());
  filter.set_best_observation(options.best_observation);
  if (options.among.empty()) return filter;
  PECULIAR_ASSIGN_OR_RETURN(const std::vector<GivenId> ids, ReadIds(options.among));
  for (const GivenId& given : ids) {
    PECULIAR_RETURN_IF_ERROR(OfId(CheckId(given), given));
    filter.add_galaxy_ids(given.id);
  }
  return filter;
}

void AddScoreOptions(CLI::App& command, ScoreOptions& options) {
  CLI::Option* score =
      command
          .add_option(
              "--score", options.score,
              "The score: mae (the paper's), chi, relative, or relevance learned from labels")
          ->check(CLI::IsMember({"mae", "chi", "relative", "relevance"}))
          ->type_name("SCORE")
          ->capture_default_str();
  CLI::Option* line =
      command
          .add_option("--line", options.line,
                      "Instead: what this line adds to mae, for example '[OIII] 5008'")
          ->type_name("LINE")
          ->check(RefuseEmpty)
          ->excludes(score);
  command.add_flag("--share", options.share, "With --line: its share of mae, 0 to 1")->needs(line);
}

void AddRangeOptions(CLI::App& command, RangeOptions& options) {
  const auto add = [&](const std::string& flag, std::optional<double>& target,
                       const std::string& text, const std::string& type) {
    command.add_option(flag, target, text)->type_name(type)->group("Only galaxies");
  };
  add("--min-score", options.min_score, "with this score or a higher one", "X");
  add("--max-score", options.max_score, "with this score or a lower one", "X");
  add("--min-percentile", options.min_percentile, "with this percentile or a higher one", "0..100");
  add("--max-percentile", options.max_percentile, "with this percentile or a lower one", "0..100");
}

absl::StatusOr<std::optional<v1::ScoreRange>> ToProto(const ScoreOptions& score,
                                                      const RangeOptions& range) {
  v1::ScoreRange proto;
  SetRange(range, proto);
  if (proto.ByteSizeLong() == 0) return std::nullopt;
  PECULIAR_ASSIGN_OR_RETURN(const v1::ScoreKind kind, KindOf(score));
  proto.set_score_kind(kind);
  proto.set_line(score.line);
  return proto;
}

absl::StatusOr<v1::ScoreKind> KindOf(const ScoreOptions& options) {
  if (options.line.empty()) return ParseScoreKind(options.score);
  return options.share ? v1::SCORE_KIND_LINE_SHARE : v1::SCORE_KIND_LINE_ERROR;
}

std::string Describe(const ScoreOptions& options) {
  if (options.line.empty()) return options.score;
  return (options.share ? "share of " : "error of ") + options.line;
}

}  // namespace peculiar::client
