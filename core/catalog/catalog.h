// What is known of every galaxy of a snapshot, as plain structs, and its durable form: one SQLite
// file with the schema of schema.h. The worker writes it once; the server reads it once into memory
// and never queries it. Free functions, safe for concurrent use on different files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
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
  std::string
      relevance_json;  // labels that `relevance` was learned from, a JSON object; empty: none
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
  // Learned from labels, 0..1; without value and reason where the model has none.
  CatalogScore relevance;
  // One a line, in the order of CatalogContent::lines; they add up to mae. Absent when not finite.
  std::vector<std::optional<double>> line_shares;
  bool operator==(const GalaxyScores&) const = default;
};

// Where one model measures distances between galaxies. The first space of a model is "latent", the
// embedding itself; the others are computed from it.
struct CatalogSpace {
  std::string name;  // "latent", "pca", "umap": IsSpaceName
  int width = 0;     // coordinates of a galaxy, >= 1; of "latent" the model's dimension
  // Share of the embeddings' variance along each coordinate, each 0..1, together at most 1; empty
  // when the coordinates are not components.
  std::vector<double> explained_variance;
  std::optional<double> trustworthiness;  // of the neighbours here, against "latent"; 0..1
  std::optional<double> continuity;       // of the neighbours of "latent" here; 0..1
  // With each space of the model, in their order: the mean share of common neighbours among the
  // first 15 (all others when there are fewer), 0..1. Symmetric, 1 with itself.
  std::vector<double> agreement;
  bool operator==(const CatalogSpace&) const = default;
};

// A named set of galaxies that the user gave.
struct CatalogTag {
  std::string name;                   // IsTagName
  std::string description;            // one sentence for a person; may be empty
  std::vector<std::size_t> galaxies;  // rows, rising, unique; may be empty
  std::vector<std::string> excluded;  // of the set but not in the sample: plate-IFUs in `excluded`,
                                      // rising, unique
  bool operator==(const CatalogTag&) const = default;
};

// How near two observations of one mangaid lie in one space.
struct RepeatPlace {
  double distance = 0;  // Euclidean, finite, >= 0
  // Place among the distances between different galaxies, 0..100: the share of those that are
  // smaller and half of those that are equal. 0 = nearer than any, 50 = no nearer than by chance.
  // Absent when there are no two different galaxies.
  std::optional<double> percentile;
  int rank_from_first = 0;   // of the second among the neighbours of the first, 1..galaxies - 1
  int rank_from_second = 0;  // of the first among those of the second
  bool operator==(const RepeatPlace&) const = default;
};

// What one model makes of two observations of one mangaid.
struct ModelRepeat {
  // Score of the second less that of the first; absent when one of them is not finite.
  std::optional<double> mae_difference;
  std::optional<double> chi_difference;
  std::optional<double> relative_difference;
  std::vector<RepeatPlace> places;  // [space]
  bool operator==(const ModelRepeat&) const = default;
};

// Two observations of one mangaid.
struct CatalogRepeatPair {
  std::size_t first = 0;  // rows, first < second
  std::size_t second = 0;
  std::vector<ModelRepeat> models;  // [model]
  bool operator==(const CatalogRepeatPair&) const = default;
};

struct CatalogContent {
  std::vector<CatalogLine> lines;          // at least one, names unique
  std::vector<CatalogGalaxy> galaxies;     // at least one, plateifu rising (byte order), unique
  std::vector<CatalogExclusion> excluded;  // plateifu rising, unique, none of them in `galaxies`
  std::vector<CatalogModel> models;        // at least one, names unique, the default first
  std::vector<std::vector<GalaxyScores>> scores;  // [model][galaxy]
  std::vector<std::vector<CatalogSpace>> spaces;  // [model][space], "latent" first, names unique
  std::vector<CatalogTag> tags;                   // by name, unique
  std::vector<CatalogRepeatPair> repeats;         // by first, then second; unique
  bool operator==(const CatalogContent&) const = default;
};

// The space that is the embedding itself.
inline constexpr std::string_view kEmbeddingSpace = "latent";

// True for 1 to 32 of a-z, 0-9 and _, the first a letter. Without '-': a file name holds a model's
// name and a space's name with one between.
bool IsSpaceName(std::string_view text);

// True for 1 to 64 of a-z, A-Z, 0-9, '-', '_' and '.', the first a letter or digit.
bool IsTagName(std::string_view text);

// Checks every rule stated above, and that ranks and percentiles are those of ranking.h.
// INVALID_ARGUMENT naming the galaxy, model, line, space or tag that breaks one.
absl::Status ValidateCatalog(const CatalogContent& content);

// Writes `content` to a new file in one transaction, without a journal: write it where no one looks
// yet, then rename. The bytes depend only on the content and the SQLite version. Not synced to
// disk. INVALID_ARGUMENT as ValidateCatalog; FAILED_PRECONDITION when the file exists or cannot be
// written; RESOURCE_EXHAUSTED when the disk is full.
absl::Status WriteCatalog(const std::filesystem::path& path, const CatalogContent& content);

// Reads the whole file, opened read-only, and validates it. NOT_FOUND when there is none; DATA_LOSS
// naming the file when it is not SQLite, not a catalogue of this schema version (publish again), or
// breaks a rule; CANCELLED once `stop` asks for it.
absl::StatusOr<CatalogContent> ReadCatalog(const std::filesystem::path& path,
                                           const std::stop_token& stop = {});

}  // namespace peculiar
