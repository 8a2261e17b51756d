// The structure of a FITS file, found by this project's own bounded code before CFITSIO sees a
// byte: which HDUs there are and whether the data they claim are really there. FITS files are
// untrusted input, so what this refuses never reaches the library. Internal to the room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/status.h"

namespace peculiar {

enum class FitsHduKind { kImage, kBinaryTable, kOther };

struct FitsHdu {
  int number = 0;    // 1-based, as in CFITSIO
  std::string name;  // EXTNAME; "PRIMARY" for a first HDU without one; else may be empty
  FitsHduKind kind = FitsHduKind::kOther;
  int bitpix = 8;
  std::vector<std::int64_t> axes;  // NAXIS1 first; a table has two: bytes a row, rows
  std::uint64_t header_offset = 0;
  std::uint64_t data_offset = 0;  // bytes from the start of the file
  std::uint64_t data_bytes = 0;   // without the padding to 2880; it all lies within the file
};

// The HDUs in file order. The caller adds the file's name to an error. DATA_LOSS when the bytes are
// not FITS, a header does not end, is malformed or claims more data than the file has (a truncated
// file or a false size), or an HDU is a tile-compressed image.
absl::StatusOr<std::vector<FitsHdu>> ScanFits(std::span<const std::byte> bytes);

}  // namespace peculiar
