// Reads a MaNGA LOGCUBE (manga-PLATE-IFU-LOGCUBE.fits or .fits.gz) into a Cube: the entry of the
// data way. Extensions are found by EXTNAME, whatever their order. The file is untrusted. Safe from
// several threads at once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "core/base/status.h"
#include "core/cube/cube.h"

namespace peculiar {

struct LogcubeReadOptions {
  // The largest DR17 cube (127 fibres) is 0.6 GB inflated; the bound stops a gzip bomb.
  std::uint64_t max_inflated_bytes = std::uint64_t{4} << 30;
};

// Reads the headers, FLUX and IVAR (float32), MASK (int32), WAVE (float64) and the TAN WCS of FLUX
// (CD matrix, or CDELT with PC). Values pass bit by bit, whatever they are (NaN, negative ivar):
// extraction judges them. `expected_plateifu` empty: any PLATEIFU is accepted.
//
// Memory: the inflated file, then as well the three arrays; the file is freed before the return.
// The peak is the inflated size (at most the bound) + 12 bytes a voxel: 0.26 GB for a 42 x 42 DR17
// cube, 1 GB for the largest. Nothing is allocated by a size that the file only claims.
//
// Errors, naming the file, what was found and what was expected: NOT_FOUND when there is no file;
// DATA_LOSS when it is not such a cube: empty, truncated, corrupt, larger than the bound, not FITS,
// tile-compressed, an extension, keyword or type missing or wrong, shapes that disagree, over 512
// spaxels a side, a WAVE that is no increasing log grid, another PLATEIFU, no TAN projection.
// FAILED_PRECONDITION when the system refuses to read it, RESOURCE_EXHAUSTED when memory runs out.
absl::StatusOr<Cube> ReadLogcube(const std::filesystem::path& path,
                                 std::string_view expected_plateifu,
                                 const LogcubeReadOptions& options = {});

}  // namespace peculiar
