#include "core/base/npy.h"

#include <fmt/format.h>

namespace peculiar {

std::string NpyHeader(std::string_view type, std::span<const std::int64_t> shape) {
  std::string sides;
  for (const std::int64_t side : shape) sides += fmt::format("{}, ", side);
  if (!shape.empty()) sides.resize(sides.size() - (shape.size() == 1 ? 1 : 2));  // (5,) but (5, 6)
  // A Python literal, padded so that the data begins at a multiple of 64 bytes.
  std::string text =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", type, sides);
  constexpr std::size_t kPreamble = 10;  // magic, version, length
  const std::size_t whole = (kPreamble + text.size() + 1 + 63) / 64 * 64;
  text.append(whole - kPreamble - text.size() - 1, ' ');
  text += '\n';
  std::string header("\x93NUMPY\x01\x00", 8);
  header += {static_cast<char>(text.size() & 0xff), static_cast<char>(text.size() >> 8)};
  return header + text;
}

}  // namespace peculiar
