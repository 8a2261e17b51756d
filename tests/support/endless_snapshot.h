// A published snapshot that takes many minutes to open, for tests of what happens meanwhile: one of
// its files is sparse, takes no room on the disk, and has a quarter of a TiB to be hashed.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "core/base/file.h"
#include "core/snapshot/current.h"
#include "core/snapshot/layout.h"
#include "core/snapshot/manifest.h"
#include "tests/support/ready_snapshot.h"

namespace peculiar::testing {

// Returns its id; CURRENT names it.
inline std::string PublishEndlessSnapshot(const std::filesystem::path& snapshots_folder) {
  const std::string id = PublishReadySnapshot(snapshots_folder);
  absl::StatusOr<Manifest> manifest = ReadSnapshotManifest(snapshots_folder / id, id);
  EXPECT_TRUE(manifest.ok()) << manifest.status();
  ManifestFile& endless = manifest->files.front();
  endless.bytes = std::uint64_t{1} << 38;
  std::filesystem::resize_file(snapshots_folder / id / endless.name, endless.bytes);
  const std::string text = FormatSnapshotManifest(*manifest);
  EXPECT_TRUE(WriteFileAtomically(snapshots_folder / id / kManifestFile, text).ok());
  const std::string endless_id = SnapshotId(manifest->created, text);
  std::filesystem::rename(snapshots_folder / id, snapshots_folder / endless_id);
  EXPECT_TRUE(WriteCurrent(snapshots_folder, endless_id).ok());
  return endless_id;
}

}  // namespace peculiar::testing
