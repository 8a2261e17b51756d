// Every name under a snapshots folder, in one place:
//   CURRENT                       one line, the id that is served
//   <id>/manifest.json            what the snapshot is, and size and SHA-256 of every other file
//   <id>/catalog.sqlite           core/catalog
//   <id>/index-<model>-<space>.faiss, neighbors-<model>-<space>.bin
//   <id>/transform-<model>-<space>.json
//   <id>/embeddings-<model>.f32, spaxel-maps-<model>.f32
//   .publish-<pid>/               a snapshot being written; swept by the next publish
#pragma once

#include <string>
#include <string_view>

namespace peculiar {

inline constexpr std::string_view kCurrentFile = "CURRENT";
inline constexpr std::string_view kManifestFile = "manifest.json";
inline constexpr std::string_view kCatalogFile = "catalog.sqlite";
inline constexpr std::string_view kPublishFolderPrefix = ".publish-";

// FAISS index of one space of the model; row i is galaxy i of the catalogue.
std::string IndexFile(std::string_view model, std::string_view space);
// The nearest neighbours of every galaxy in that space: neighbor_file.h.
std::string NeighborsFile(std::string_view model, std::string_view space);
// How a new point gets its place in a space other than "latent": core/projection/transform_json.h.
std::string TransformFile(std::string_view model, std::string_view space);
// Embeddings: galaxies x dimension, row-major float32, little-endian, no header.
std::string EmbeddingsFile(std::string_view model);
// Score per spaxel: galaxies x side x side ([y][x]), float32, little-endian, no header.
std::string SpaxelMapsFile(std::string_view model);

// True for names that can stand in a file name: 1 to 64 of A-Z a-z 0-9 _ -, the first a letter or
// digit.
bool IsModelName(std::string_view text);

// True for YYYYMMDDThhmmssZ-<12 lower-case hexadecimal digits>: the only form of a snapshot's id,
// so that an id is always a plain folder name. Ids sort by time.
bool IsSnapshotId(std::string_view text);

}  // namespace peculiar
