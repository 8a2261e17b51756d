#include "core/snapshot/builder.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/snapshot/content.h"
#include "core/snapshot/current.h"
#include "core/snapshot/layout.h"
#include "core/snapshot/model_files.h"
#include "core/snapshot/repeat_check.h"
#include "core/snapshot/snapshot.h"

namespace peculiar {
namespace {

constexpr std::chrono::seconds kIdStep{1};  // the resolution of the time in an id

// One publish: the content and the temporary folder it is written to.
class Publisher {
 public:
  Publisher(SnapshotContent& content, const std::filesystem::path& snapshots,
            const PublishOptions& options)
      : content_(content),
        snapshots_(snapshots),
        options_(options),
        folder_(snapshots / fmt::format("{}{}", kPublishFolderPrefix, getpid())) {}

  // Removes the temporary folder unless it was renamed.
  ~Publisher() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  absl::StatusOr<PublishResult> Run() {
    PECULIAR_RETURN_IF_ERROR(CreateFolder(snapshots_));
    PECULIAR_RETURN_IF_ERROR(Before(PublishStep::kSweep));
    PECULIAR_RETURN_IF_ERROR(Sweep());
    PECULIAR_RETURN_IF_ERROR(ChooseTime());
    PECULIAR_RETURN_IF_ERROR(CreateFolder(folder_));
    PECULIAR_RETURN_IF_ERROR(WriteFiles());
    PECULIAR_RETURN_IF_ERROR(Before(PublishStep::kWriteManifest));
    PECULIAR_ASSIGN_OR_RETURN(const Manifest manifest, MakeManifest());
    if (auto same = FindUnchanged(manifest)) return PublishResult{*std::move(same), true};
    const std::string text = FormatSnapshotManifest(manifest);
    PECULIAR_RETURN_IF_ERROR(WriteFileAtomically(folder_ / kManifestFile, text));
    const std::string id = SnapshotId(created_, text);
    PECULIAR_RETURN_IF_ERROR(Before(PublishStep::kVerify));
    PECULIAR_RETURN_IF_ERROR(Snapshot::OpenAs(folder_, id, VerifyMode::kFull).status());
    PECULIAR_RETURN_IF_ERROR(SyncFolder(folder_));
    PECULIAR_RETURN_IF_ERROR(Before(PublishStep::kRename));
    PECULIAR_RETURN_IF_ERROR(RenameTo(id));
    PECULIAR_RETURN_IF_ERROR(Before(PublishStep::kWriteCurrent));
    PECULIAR_RETURN_IF_ERROR(WriteCurrent(snapshots_, id));
    PECULIAR_RETURN_IF_ERROR(Before(PublishStep::kDone));
    return PublishResult{id, false};
  }

 private:
  absl::Status Before(PublishStep step) const {
    return options_.before_step ? options_.before_step(step) : absl::OkStatus();
  }

  // Removes what killed publishes left; finished snapshots are never touched.
  absl::Status Sweep() const {
    std::error_code error;
    std::vector<std::filesystem::path> leftovers;
    for (const auto& entry : std::filesystem::directory_iterator(snapshots_, error)) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with(kPublishFolderPrefix) || IsTemporaryName(entry.path())) {
        leftovers.push_back(entry.path());
      }
    }
    if (error) return StatusFromErrno("list folder", snapshots_, error.value());
    for (const std::filesystem::path& path : leftovers) {
      std::filesystem::remove_all(path, error);
      if (error) return StatusFromErrno("remove the leftover", path, error.value());
    }
    return absl::OkStatus();
  }

  // Ids carry the time and must sort in the order of publishing, also when the clock was set back.
  absl::Status ChooseTime() {
    const auto now = std::chrono::system_clock::now();
    created_ = options_.created.value_or(std::chrono::floor<std::chrono::seconds>(now));
    PECULIAR_ASSIGN_OR_RETURN(const std::vector<std::string> ids, ListSnapshots(snapshots_));
    for (const std::string& id : ids) {
      // A folder that bears no real time was not made here and is of no consequence.
      if (const auto time = TimeOfId(id); time.ok()) created_ = std::max(created_, *time + kIdStep);
    }
    return absl::OkStatus();
  }

  // Vectors first: what is measured on them is part of the catalogue.
  absl::Status WriteFiles() {
    CatalogContent& catalog = content_.catalog;
    for (std::size_t i = 0; i < content_.models.size(); ++i) {
      PECULIAR_RETURN_IF_ERROR(Before(PublishStep::kWriteVectors));
      PECULIAR_RETURN_IF_ERROR(WriteModelFiles(folder_, catalog.models[i].name, content_.models[i],
                                               options_, catalog.spaces[i]));
    }
    PECULIAR_RETURN_IF_ERROR(Before(PublishStep::kCheckRepeats));
    PECULIAR_ASSIGN_OR_RETURN(catalog.repeats,
                              CheckRepeats(content_, {.threads = options_.threads}));
    PECULIAR_RETURN_IF_ERROR(Before(PublishStep::kWriteCatalog));
    PECULIAR_RETURN_IF_ERROR(WriteCatalog(folder_ / kCatalogFile, catalog));
    return SyncFile(folder_ / kCatalogFile);
  }

  absl::StatusOr<Manifest> MakeManifest() const {
    Manifest manifest;
    manifest.created = created_;
    manifest.dataset_digest = content_.dataset_digest;
    manifest.survey_release = content_.survey_release;
    manifest.galaxy_count = static_cast<std::int64_t>(content_.catalog.galaxies.size());
    manifest.excluded_count = static_cast<std::int64_t>(content_.catalog.excluded.size());
    manifest.spaxel_side = content_.spaxel_side;
    manifest.lines = content_.catalog.lines;
    manifest.models = content_.catalog.models;
    manifest.spaces = content_.catalog.spaces;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder_, error)) {
      PECULIAR_ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(entry.path()));
      manifest.files.push_back(
          {entry.path().filename().string(), file.bytes().size(), Sha256Hex(file.bytes())});
    }
    if (error) return StatusFromErrno("list folder", folder_, error.value());
    std::sort(manifest.files.begin(), manifest.files.end(),
              [](const ManifestFile& a, const ManifestFile& b) { return a.name < b.name; });
    return manifest;
  }

  // The current snapshot's id when it is whole and differs in nothing but its time.
  std::optional<std::string> FindUnchanged(Manifest manifest) const {
    const auto id = ReadCurrent(snapshots_);
    if (!id.ok()) return std::nullopt;
    const auto current = Snapshot::Open(snapshots_ / *id, VerifyMode::kFull);
    if (!current.ok()) return std::nullopt;
    manifest.created = current->manifest().created;
    return manifest == current->manifest() ? std::optional(*id) : std::nullopt;
  }

  absl::Status RenameTo(const std::string& id) const {
    const std::filesystem::path target = snapshots_ / id;
    if (std::rename(folder_.c_str(), target.c_str()) != 0) {
      return StatusFromErrno("rename the finished snapshot to", target, errno);
    }
    return SyncFolder(snapshots_);
  }

  SnapshotContent& content_;
  const std::filesystem::path& snapshots_;
  const PublishOptions& options_;
  std::filesystem::path folder_;
  std::chrono::sys_seconds created_;
};

}  // namespace

std::string_view PublishStepName(PublishStep step) {
  switch (step) {
    case PublishStep::kSweep:
      return "sweep leftovers";
    case PublishStep::kWriteCatalog:
      return "write the catalogue";
    case PublishStep::kWriteVectors:
      return "find neighbours";
    case PublishStep::kCheckRepeats:
      return "compare repeats";
    case PublishStep::kWriteManifest:
      return "write the manifest";
    case PublishStep::kVerify:
      return "verify";
    case PublishStep::kRename:
      return "rename";
    case PublishStep::kWriteCurrent:
      return "write CURRENT";
    case PublishStep::kDone:
      return "done";
  }
  return "";
}

absl::StatusOr<PublishResult> PublishSnapshot(SnapshotContent content,
                                              const std::filesystem::path& snapshots_folder,
                                              const PublishOptions& options) {
  const absl::Status complete = CompleteContent(content);
  PECULIAR_RETURN_IF_ERROR(Annotate(complete, "cannot publish"));
  return Publisher(content, snapshots_folder, options).Run();
}

}  // namespace peculiar
