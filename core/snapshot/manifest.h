// What a snapshot is and what it was made from: manifest.json. Its SHA-256 is part of the
// snapshot's id, and it holds the SHA-256 of every other file, so the id pins the content.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"
#include "core/catalog/catalog.h"

namespace peculiar {

inline constexpr int kSnapshotSchemaVersion = 2;

struct ManifestFile {
  std::string name;         // within the snapshot's folder
  std::uint64_t bytes = 0;  // size
  std::string sha256;       // lower-case hexadecimal
  bool operator==(const ManifestFile&) const = default;
};

struct Manifest {
  std::chrono::sys_seconds created;  // UTC
  std::string dataset_digest;        // SHA-256 of the dataset's manifest
  std::string survey_release;        // for example "DR17 v3_1_1"; free text, may be empty
  std::int64_t galaxy_count = 0;     // in the sample
  std::int64_t excluded_count = 0;
  int spaxel_side = 0;                            // spaxel maps are side x side
  std::vector<CatalogLine> lines;                 // in the order of the channels
  std::vector<CatalogModel> models;               // the default one first
  std::vector<std::vector<CatalogSpace>> spaces;  // [model][space], "latent" first
  std::vector<ManifestFile> files;                // every file but the manifest, by name
  bool operator==(const Manifest&) const = default;
};

// The exact text of manifest.json.
std::string FormatSnapshotManifest(const Manifest& manifest);

// DATA_LOSS naming `what` and the field: not JSON, a field missing or of another type, another
// schema version (publish again), a name that is not a plain file name.
absl::StatusOr<Manifest> ParseSnapshotManifest(std::string_view text, std::string_view what);

// Reads folder/manifest.json, which must be the one that `id` names. NOT_FOUND when the folder or
// the file is not there; DATA_LOSS as ParseSnapshotManifest, or when time or digest are not those
// of the id; INVALID_ARGUMENT when `id` is not one.
absl::StatusOr<Manifest> ReadSnapshotManifest(const std::filesystem::path& folder,
                                              std::string_view id);

// "20260102T030405Z-0123456789ab": time and the first 12 digits of the SHA-256 of `manifest_text`.
std::string SnapshotId(std::chrono::sys_seconds created, std::string_view manifest_text);

// The time in an id. INVALID_ARGUMENT when it is not one, or no time of the calendar.
absl::StatusOr<std::chrono::sys_seconds> TimeOfId(std::string_view id);

// "2026-01-02T03:04:05Z".
std::string FormatUtc(std::chrono::sys_seconds time);

}  // namespace peculiar
