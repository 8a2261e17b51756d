// The tables of catalog.sqlite, schema version 2 (docs/formats.md describes them for users). Any
// change here that a reader can see raises the version.
#pragma once

#include <string_view>

namespace peculiar {

inline constexpr int kCatalogApplicationId = 0x5045434c;  // "PECL", PRAGMA application_id
inline constexpr int kCatalogSchemaVersion = 2;           // PRAGMA user_version

// galaxy_id is the row in embeddings, index and spaxel maps, from 0, by rising plateifu. A score
// that is not finite is NULL with its reason; then its rank and percentile are NULL too.
inline constexpr std::string_view kCatalogTables = R"sql(
CREATE TABLE line (
  line_id INTEGER PRIMARY KEY,           -- place in the channels, from 0
  name TEXT NOT NULL UNIQUE,
  wavelength_angstrom REAL NOT NULL      -- rest frame, vacuum
) STRICT;
CREATE TABLE galaxy (
  galaxy_id INTEGER PRIMARY KEY,         -- row in the embeddings, from 0
  plateifu TEXT NOT NULL UNIQUE,
  mangaid TEXT,                          -- repeats share it
  z REAL NOT NULL,
  ra_deg REAL,
  dec_deg REAL,
  fibres INTEGER NOT NULL,
  drp3qual INTEGER,                      -- MANGA_DRP3QUAL bits
  quality_names TEXT NOT NULL,           -- of the set bits, comma-separated
  agn_infrared INTEGER NOT NULL,
  agn_x_ray INTEGER NOT NULL,
  agn_radio INTEGER NOT NULL,
  agn_broad_line INTEGER NOT NULL,
  coverage REAL NOT NULL,                -- share of the crop inside the cube
  masked_share REAL NOT NULL,            -- share of voxels that are bad
  lines_off_grid INTEGER NOT NULL,
  stellar_mass_msun REAL,                -- h^-2 solar masses
  half_light_radius_arcsec REAL,
  sersic_index REAL
) STRICT;
CREATE TABLE excluded (
  plateifu TEXT PRIMARY KEY,
  mangaid TEXT,
  z REAL,
  reason TEXT NOT NULL,
  detail TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE model (
  model_id INTEGER PRIMARY KEY,          -- 0 is the default
  name TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  preset TEXT NOT NULL,
  seed INTEGER NOT NULL,
  digest TEXT NOT NULL,                  -- SHA-256 of the checkpoint
  dimension INTEGER NOT NULL,
  is_default INTEGER NOT NULL,
  training_json TEXT NOT NULL,
  relevance_json TEXT NOT NULL           -- labels that relevance was learned from; empty: none
) STRICT;
CREATE TABLE score (
  model_id INTEGER NOT NULL REFERENCES model,
  galaxy_id INTEGER NOT NULL REFERENCES galaxy,
  mae REAL, mae_rank INTEGER, mae_percentile REAL, mae_reason TEXT,
  chi REAL, chi_rank INTEGER, chi_percentile REAL, chi_reason TEXT,
  relative REAL, relative_rank INTEGER, relative_percentile REAL, relative_reason TEXT,
  relevance REAL, relevance_rank INTEGER, relevance_percentile REAL, relevance_reason TEXT,
  PRIMARY KEY (model_id, galaxy_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE line_share (
  model_id INTEGER NOT NULL REFERENCES model,
  galaxy_id INTEGER NOT NULL REFERENCES galaxy,
  line_id INTEGER NOT NULL REFERENCES line,
  value REAL,                            -- part of mae; NULL when not finite
  PRIMARY KEY (model_id, galaxy_id, line_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE space (
  model_id INTEGER NOT NULL REFERENCES model,
  space_id INTEGER NOT NULL,             -- 0 is latent
  name TEXT NOT NULL,
  width INTEGER NOT NULL,
  trustworthiness REAL,
  continuity REAL,
  PRIMARY KEY (model_id, space_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE space_component (
  model_id INTEGER NOT NULL,
  space_id INTEGER NOT NULL,
  component_id INTEGER NOT NULL,         -- from 0
  explained_variance REAL NOT NULL,      -- share, 0..1
  PRIMARY KEY (model_id, space_id, component_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE space_agreement (
  model_id INTEGER NOT NULL,
  space_id INTEGER NOT NULL,
  other_space_id INTEGER NOT NULL,
  common_neighbors REAL NOT NULL,        -- mean share among the first 15, 0..1
  PRIMARY KEY (model_id, space_id, other_space_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE tag (
  tag_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  description TEXT NOT NULL
) STRICT;
CREATE TABLE galaxy_tag (
  tag_id INTEGER NOT NULL REFERENCES tag,
  galaxy_id INTEGER NOT NULL REFERENCES galaxy,
  PRIMARY KEY (tag_id, galaxy_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE excluded_tag (              -- of the set, but not in the sample
  tag_id INTEGER NOT NULL REFERENCES tag,
  plateifu TEXT NOT NULL REFERENCES excluded,
  PRIMARY KEY (tag_id, plateifu)
) STRICT, WITHOUT ROWID;
CREATE TABLE repeat_score (              -- two observations of one mangaid, by one model
  first_galaxy_id INTEGER NOT NULL REFERENCES galaxy,
  second_galaxy_id INTEGER NOT NULL REFERENCES galaxy,
  model_id INTEGER NOT NULL REFERENCES model,
  mae_difference REAL,                   -- second less first
  chi_difference REAL,
  relative_difference REAL,
  PRIMARY KEY (first_galaxy_id, second_galaxy_id, model_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE repeat_pair (               -- the same two, in one space of the model
  first_galaxy_id INTEGER NOT NULL REFERENCES galaxy,
  second_galaxy_id INTEGER NOT NULL REFERENCES galaxy,
  model_id INTEGER NOT NULL,
  space_id INTEGER NOT NULL,
  distance REAL NOT NULL,
  percentile REAL,                       -- among distances between different galaxies
  rank_from_first INTEGER NOT NULL,      -- of the second among the neighbours of the first
  rank_from_second INTEGER NOT NULL,
  PRIMARY KEY (first_galaxy_id, second_galaxy_id, model_id, space_id)
) STRICT, WITHOUT ROWID;
)sql";

// Made after the rows are in.
inline constexpr std::string_view kCatalogIndices = R"sql(
CREATE INDEX galaxy_by_mangaid ON galaxy (mangaid) WHERE mangaid IS NOT NULL;
CREATE INDEX galaxy_by_z ON galaxy (z);
CREATE INDEX excluded_by_mangaid ON excluded (mangaid) WHERE mangaid IS NOT NULL;
CREATE INDEX score_by_mae ON score (model_id, mae_rank);
CREATE INDEX score_by_chi ON score (model_id, chi_rank);
CREATE INDEX score_by_relative ON score (model_id, relative_rank);
CREATE INDEX score_by_relevance ON score (model_id, relevance_rank)
  WHERE relevance_rank IS NOT NULL;
-- SELECT * FROM anomaly WHERE model = 'ae-small' ORDER BY mae_rank LIMIT 20;
CREATE VIEW anomaly AS
  SELECT model.name AS model, mae_rank, plateifu, mangaid, z, mae, mae_percentile, chi, chi_rank,
         relative, relative_rank, quality_names
  FROM score JOIN model USING (model_id) JOIN galaxy USING (galaxy_id)
  WHERE mae_rank IS NOT NULL;
CREATE VIEW galaxy_line_share AS
  SELECT model.name AS model, plateifu, line.name AS line, wavelength_angstrom, value
  FROM line_share JOIN model USING (model_id) JOIN galaxy USING (galaxy_id) JOIN line USING (line_id);
CREATE INDEX galaxy_tag_by_galaxy ON galaxy_tag (galaxy_id);
CREATE VIEW tagged_galaxy AS
  SELECT tag.name AS tag, plateifu, mangaid, z
  FROM galaxy_tag JOIN tag USING (tag_id) JOIN galaxy USING (galaxy_id);
CREATE VIEW repeat_observation AS
  SELECT first.mangaid, first.plateifu AS first, second.plateifu AS second, model.name AS model,
         space.name AS space, distance, percentile, rank_from_first, rank_from_second,
         mae_difference, chi_difference, relative_difference
  FROM repeat_pair JOIN repeat_score USING (first_galaxy_id, second_galaxy_id, model_id)
  JOIN galaxy AS first ON first.galaxy_id = first_galaxy_id
  JOIN galaxy AS second ON second.galaxy_id = second_galaxy_id
  JOIN model USING (model_id) JOIN space USING (model_id, space_id);
)sql";

}  // namespace peculiar
