// What is known of every galaxy of a snapshot, as plain structs, and its durable form: one SQLite
// file with the schema of schema.h. The worker writes it once; the server reads it once into memory
// and never queries it. Free functions, safe for concurrent use on different files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/base/status.h"

namespace peculiar {

// A galaxy of the sample: one plate-IFU observation. Its row is its place in
// CatalogContent::galaxies, the same row as in the embeddings, the index and the spaxel maps.
struct CatalogGalaxy {
  std::string plateifu;          // "8626-12704"
  std::string mangaid;           // "1-209232"; empty when unknown; repeats share it
  double z = 0;                  // redshift, finite
  std::optional<double> ra_deg;  // finite where present
  std::optional<double> dec_deg;
  int fibres = 0;                          // of the bundle: 19, 37, 61, 91, 127
  std::optional<std::int64_t> drp3qual;    // MANGA_DRP3QUAL bits
  std::vector<std::string> quality_names;  // of the set bits, lowest first, without commas
  bool agn_infrared = false;               // selections of Comerford et al. 2020
  bool agn_x_ray = false;
  bool agn_radio = false;
  bool agn_broad_line = false;
  double coverage = 0;                      // share of the crop inside the cube, 0..1
  double masked_share = 0;                  // share of the crop's voxels that are bad, 0..1
  int lines_off_grid = 0;                   // lines whose window lies wholly outside the cube
  std::optional<double> stellar_mass_msun;  // h^-2 solar masses
  std::optional<double> half_light_radius_arcsec;  // r band
  std::optional<double> sersic_index;
  bool operator==(const CatalogGalaxy&) const = default;
};

// A row of the survey's table that is not in the sample, and why.
struct CatalogExclusion {
  std::string plateifu;
  std::string mangaid;      // empty when unknown
  std::optional<double> z;  // absent when unknown
  std::string reason;       // name of the reason, not empty: "critical", "cube_refused", ...
  std::string detail;       // one sentence for a person; may be empty
  bool operator==(const CatalogExclusion&) const = default;
};

// An emission line, in the order of the channels.
struct CatalogLine {
  std::string name;
  double wavelength_angstrom = 0;  // rest frame, vacuum
  bool operator==(const CatalogLine&) const = default;
};

// A trained network that scored the galaxies.
struct CatalogModel {
  std::string name;           // requests choose it by this
  std::string kind;           // "ae" or "vae"
  std::string preset;         // "tiny", "small", "paper"
  std::int64_t seed = 0;      // of the training
  std::string digest;         // SHA-256 of the checkpoint, hexadecimal
  int dimension = 0;          // width of the embedding, >= 1
  bool is_default = false;    // answers when a request names no model; the first, and only it
  std::string training_json;  // figures of the training, a JSON object
  bool operator==(const CatalogModel&) const = default;
};

// One score of one galaxy and its place (see ranking.h).
struct CatalogScore {
  std::optional<double> value;  // absent when not finite: such a galaxy is never ranked
  int rank = 0;                 // 1 = the highest; 0 when not ranked
  double percentile = 0;        // 0..100; 0 when not ranked
  std::string reason;           // why it is not ranked, for example "mae is nan"; else empty
  bool ranked() const { return value.has_value(); }
  bool operator==(const CatalogScore&) const = default;
};

// All scores of one galaxy by one model.
struct GalaxyScores {
  CatalogScore mae;
  CatalogScore chi;
  CatalogScore relative;
  // One a line, in the order of CatalogContent::lines; they add up to mae. Absent when not finite.
  std::vector<std::optional<double>> line_shares;
  bool operator==(const GalaxyScores&) const = default;
};

struct CatalogContent {
  std::vector<CatalogLine> lines;          // at least one, names unique
  std::vector<CatalogGalaxy> galaxies;     // at least one, plateifu rising (byte order), unique
  std::vector<CatalogExclusion> excluded;  // plateifu rising, unique, none of them in `galaxies`
  std::vector<CatalogModel> models;        // at least one, names unique, the default first
  std::vector<std::vector<GalaxyScores>> scores;  // [model][galaxy]
  bool operator==(const CatalogContent&) const = default;
};

// Checks every rule stated above, and that ranks and percentiles are those of ranking.h.
// INVALID_ARGUMENT naming the galaxy, model or line that breaks one.
absl::Status ValidateCatalog(const CatalogContent& content);

// Writes `content` to a new file in one transaction, without a journal: write it where no one looks
// yet, then rename. The bytes depend only on the content and the SQLite version. Not synced to
// disk. INVALID_ARGUMENT as ValidateCatalog; FAILED_PRECONDITION when the file exists or cannot be
// written; RESOURCE_EXHAUSTED when the disk is full.
absl::Status WriteCatalog(const std::filesystem::path& path, const CatalogContent& content);

// Reads the whole file, opened read-only, and validates it. NOT_FOUND when there is none; DATA_LOSS
// naming the file when it is not SQLite, not a catalogue of this schema version, or breaks a rule.
absl::StatusOr<CatalogContent> ReadCatalog(const std::filesystem::path& path);

}  // namespace peculiar
