// A list of active galactic nuclei by plate-IFU with the way each was selected, such as that of
// Comerford et al. 2020.
#pragma once

#include <filesystem>

#include "core/base/status.h"
#include "core/cube/galaxy.h"

namespace peculiar {

// Reads a CSV or the first binary table of a FITS file, each plain or gzipped. Columns, case
// ignored, all required: plateifu (or plate_ifu, manga_id, mangaid, if it holds plate-IFUs; a
// `manga-` prefix and blanks are stripped) and the flags wise_agn, bat_agn, radio_agn, broad_agn,
// each 0 or 1 (or true/false, t/f); blanks and sentinels are 0. A row without any flag is no AGN
// and is left out.
// Errors as ReadDrpall's.
absl::StatusOr<AgnTable> ReadAgnTable(const std::filesystem::path& path);

}  // namespace peculiar
