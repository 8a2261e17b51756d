// Arrays as NumPy's .npy files, format 1.0, C order: what analysis scripts read.
// Written by `export`; nothing here reads them back.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "core/base/status.h"

namespace peculiar::worker {

// float32 ('<f4') and bool ('|b1', from bytes 0 and 1) arrays of `shape`, atomic. INVALID_ARGUMENT
// when the values are not as many as the shape says.
absl::Status WriteNpy(const std::filesystem::path& path, std::span<const std::size_t> shape,
                      std::span<const float> values);
absl::Status WriteNpyBool(const std::filesystem::path& path, std::span<const std::size_t> shape,
                          std::span<const std::uint8_t> values);

}  // namespace peculiar::worker
