#include "worker/tag.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/dataset/dataset.h"
#include "worker/describe_dataset.h"
#include "worker/survey_tables.h"
#include "worker/workspace.h"

namespace peculiar::worker {
namespace {

constexpr std::uint64_t kMaxListBytes = std::uint64_t{64} << 20;

// The first line that names an unknown galaxy, and how many more there are.
absl::Status UnknownGalaxies(const std::filesystem::path& file,
                             const std::vector<ListedGalaxy>& listed,
                             const std::vector<std::string>& unknown) {
  const auto first = std::find_if(listed.begin(), listed.end(), [&](const ListedGalaxy& galaxy) {
    return std::binary_search(unknown.begin(), unknown.end(), galaxy.plateifu);
  });
  const std::string others =
      unknown.size() > 1 ? fmt::format(", and {} more are not", unknown.size() - 1) : "";
  return NotFound("{} line {}: galaxy {} is not in the dataset{}", file.string(), first->line,
                  first->plateifu, others);
}

void PrintReport(const TagReport& report, bool as_json) {
  if (as_json) {
    const Json json = {{"tag", report.name},
                       {"galaxies", report.galaxies},
                       {"excluded", report.excluded},
                       {"repeated", report.repeated},
                       {"replaced", report.replaced}};
    fmt::print("{}\n", json.dump(2));
    return;
  }
  fmt::print("tag       {}{}\n", report.name, report.replaced ? " (replaced)" : "");
  fmt::print("galaxies  {} ({} of them not in the sample)\n", report.galaxies, report.excluded);
  if (report.repeated > 0) fmt::print("repeated  {} lines\n", report.repeated);
}

void PrintTags(const std::vector<Tag>& tags, bool as_json) {
  if (as_json) {
    Json rows = Json::array();
    for (const Tag& tag : tags) {
      rows.push_back(
          {{"tag", tag.name}, {"galaxies", tag.galaxies.size()}, {"description", tag.description}});
    }
    fmt::print("{}\n", Json{{"tags", rows}}.dump(2, ' ', false, Json::error_handler_t::replace));
    return;
  }
  fmt::print("{:<24} {:>8}  {}\n", "tag", "galaxies", "description");
  for (const Tag& tag : tags) {
    fmt::print("{:<24} {:>8}  {}\n", tag.name, tag.galaxies.size(), tag.description);
  }
}

}  // namespace

absl::StatusOr<TagReport> RunTag(const TagOptions& options) {
  PECULIAR_ASSIGN_OR_RETURN(const Workspace workspace, Workspace::Open(options.workspace));
  PECULIAR_ASSIGN_OR_RETURN(const Dataset dataset, Dataset::Open(workspace.dataset_folder()));
  PECULIAR_ASSIGN_OR_RETURN(const CatalogContent catalog, DescribeDataset(dataset));
  PECULIAR_ASSIGN_OR_RETURN(const std::string text, ReadFile(options.file, kMaxListBytes));
  PECULIAR_ASSIGN_OR_RETURN(const std::vector<ListedGalaxy> listed,
                            ParseGalaxyList(text, options.file.string()));
  Tag tag{.name = options.name, .description = options.description};
  for (const ListedGalaxy& galaxy : listed) tag.galaxies.push_back(galaxy.plateifu);
  std::sort(tag.galaxies.begin(), tag.galaxies.end());
  tag.galaxies.erase(std::unique(tag.galaxies.begin(), tag.galaxies.end()), tag.galaxies.end());
  std::vector<std::string> unknown;
  const CatalogTag placed = PlaceTag(tag, catalog, unknown);
  if (!unknown.empty()) return UnknownGalaxies(options.file, listed, unknown);
  PECULIAR_ASSIGN_OR_RETURN(const std::vector<Tag> before, ReadTags(workspace.tags_folder()));
  PECULIAR_RETURN_IF_ERROR(WriteTag(workspace.tags_folder(), tag));
  return TagReport{.name = tag.name,
                   .galaxies = tag.galaxies.size(),
                   .excluded = placed.excluded.size(),
                   .repeated = listed.size() - tag.galaxies.size(),
                   .replaced = std::any_of(before.begin(), before.end(), [&](const Tag& other) {
                     return other.name == tag.name;
                   })};
}

absl::Status RunRemoveTag(const std::filesystem::path& workspace, const std::string& name) {
  PECULIAR_ASSIGN_OR_RETURN(const Workspace opened, Workspace::Open(workspace));
  return RemoveTag(opened.tags_folder(), name);
}

absl::StatusOr<std::vector<Tag>> RunListTags(const std::filesystem::path& workspace) {
  PECULIAR_ASSIGN_OR_RETURN(const Workspace opened,
                            Workspace::Open(workspace, WorkspaceAccess::kRead));
  return ReadTags(opened.tags_folder());
}

void AddTagCommand(CLI::App& app, CommandResult& result) {
  struct Flags {
    TagOptions options;
    std::string remove;
    bool list = false;
    std::string output = "table";
  };
  CLI::App* verb = app.add_subcommand("tag", "Keep a named set of galaxies for the next snapshot");
  const auto flags = std::make_shared<Flags>();
  TagOptions& options = flags->options;
  verb->add_option("--workspace", options.workspace, "the workspace")->required();
  CLI::Option* name = verb->add_option("--name", options.name, "name of the set");
  CLI::Option* file = verb->add_option("--file", options.file,
                                       "its galaxies: a plate-IFU a line, # begins a comment");
  verb->add_option("--description", options.description, "one line for people")->needs(name);
  CLI::Option* remove = verb->add_option("--remove", flags->remove, "remove the set of this name");
  CLI::Option* list = verb->add_flag("--list", flags->list, "list the sets");
  name->needs(file)->excludes(remove)->excludes(list);
  file->needs(name);
  remove->excludes(list);
  AddOutputFlag(*verb, flags->output);
  verb->callback([flags, &result] {
    const bool as_json = flags->output == "json";
    if (flags->list) {
      const auto tags = RunListTags(flags->options.workspace);
      result.status = tags.status();
      if (tags.ok()) PrintTags(*tags, as_json);
    } else if (!flags->remove.empty()) {
      result.status = RunRemoveTag(flags->options.workspace, flags->remove);
    } else if (flags->options.name.empty()) {
      result.status = InvalidArgument("tag: one of --name with --file, --remove, --list is needed");
    } else {
      const auto report = RunTag(flags->options);
      result.status = report.status();
      if (report.ok()) PrintReport(*report, as_json);
    }
  });
}

}  // namespace peculiar::worker
