// The tables of catalog.sqlite, schema version 1 (docs/formats.md describes them for users). Any
// change here that a reader can see raises the version.
#pragma once

#include <string_view>

namespace peculiar {

inline constexpr int kCatalogApplicationId = 0x5045434c;  // "PECL", PRAGMA application_id
inline constexpr int kCatalogSchemaVersion = 1;           // PRAGMA user_version

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
  training_json TEXT NOT NULL
) STRICT;
CREATE TABLE score (
  model_id INTEGER NOT NULL REFERENCES model,
  galaxy_id INTEGER NOT NULL REFERENCES galaxy,
  mae REAL, mae_rank INTEGER, mae_percentile REAL, mae_reason TEXT,
  chi REAL, chi_rank INTEGER, chi_percentile REAL, chi_reason TEXT,
  relative REAL, relative_rank INTEGER, relative_percentile REAL, relative_reason TEXT,
  PRIMARY KEY (model_id, galaxy_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE line_share (
  model_id INTEGER NOT NULL REFERENCES model,
  galaxy_id INTEGER NOT NULL REFERENCES galaxy,
  line_id INTEGER NOT NULL REFERENCES line,
  value REAL,                            -- part of mae; NULL when not finite
  PRIMARY KEY (model_id, galaxy_id, line_id)
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
-- SELECT * FROM anomaly WHERE model = 'ae-small' ORDER BY mae_rank LIMIT 20;
CREATE VIEW anomaly AS
  SELECT model.name AS model, mae_rank, plateifu, mangaid, z, mae, mae_percentile, chi, chi_rank,
         relative, relative_rank, quality_names
  FROM score JOIN model USING (model_id) JOIN galaxy USING (galaxy_id)
  WHERE mae_rank IS NOT NULL;
CREATE VIEW galaxy_line_share AS
  SELECT model.name AS model, plateifu, line.name AS line, wavelength_angstrom, value
  FROM line_share JOIN model USING (model_id) JOIN galaxy USING (galaxy_id) JOIN line USING (line_id);
)sql";

}  // namespace peculiar
