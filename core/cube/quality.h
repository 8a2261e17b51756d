// MaNGA's bit masks by name (DR17 data model).
// What a cube's mask and a table's DRP3QUAL say, as code and readers need it. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace peculiar {

// MANGA_DRP3PIXMASK: bits of a voxel in the MASK extension.
inline constexpr std::int32_t kPixelNoCoverage = 1 << 0;   // NOCOV
inline constexpr std::int32_t kPixelLowCoverage = 1 << 1;  // LOWCOV
inline constexpr std::int32_t kPixelDeadFibre = 1 << 2;    // DEADFIBER
inline constexpr std::int32_t kPixelForeStar = 1 << 3;     // FORESTAR
inline constexpr std::int32_t kPixelDoNotUse = 1 << 10;    // DONOTUSE

// MANGA_DRP3QUAL bits of a whole cube that code needs by value.
inline constexpr std::int64_t kQualityBadFlux = std::int64_t{1} << 8;
inline constexpr std::int64_t kQualityCritical = std::int64_t{1} << 30;

// The bits of MANGA_DRP3QUAL that have a name.
inline constexpr std::int64_t kNamedQualityBits = kQualityCritical | ((std::int64_t{1} << 15) - 1);

// Names of the set MANGA_DRP3QUAL bits, lowest first: {"BADOMEGA", "BADFLUX", "CRITICAL"}. An
// unnamed bit is "BIT<n>".
std::vector<std::string> Drp3QualNames(std::int64_t drp3qual);

// The bit with this name, exactly as Drp3QualNames writes it; absent when none has it.
std::optional<std::int64_t> Drp3QualBit(std::string_view name);

}  // namespace peculiar
