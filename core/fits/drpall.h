// The survey's summary table, drpall: one row an observation. FITS (extension MANGA; the stars of
// MASTAR are never read) or CSV, each plain or gzipped; a CSV with `plateifu,z` is enough.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "core/base/status.h"
#include "core/cube/galaxy.h"

namespace peculiar {

// The rows in file order. Columns, case ignored: plateifu and z (or redshift) are required;
// mangaid, objra, objdec, drp3qual, nsa_elpetro_mass, nsa_elpetro_th50_r, nsa_sersic_n are read
// where present, others passed over. Blanks, NaN and numbers of -99 and below (the survey's -999
// and -9999) are absent; a small negative z is a value. `agn` stays empty. Errors name the file:
// NOT_FOUND when there is none; DATA_LOSS when it is unreadable, a required column is missing (the
// message lists those there are), or a row (counted from 1 after the line of names) has a malformed
// number or plate-IFU, or repeats a plate-IFU.
absl::StatusOr<std::vector<GalaxyRecord>> ReadDrpall(const std::filesystem::path& path);

// Writes the rows as a FITS binary table MANGA with DR17's lower-case column names; absent numbers
// are -9999. Atomic; gzipped when the name ends in ".gz"; the same rows give the same bytes. `agn`
// is not written.
absl::Status WriteDrpall(const std::filesystem::path& path, std::span<const GalaxyRecord> galaxies);

}  // namespace peculiar
