#include "client/npy.h"

#include <fmt/format.h>

namespace peculiar::client {

std::string NpyHeader(std::int64_t rows, std::int64_t columns) {
  std::string text =
      fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}", rows, columns);
  constexpr std::size_t kPreamble = 10;  // magic, version, length
  const std::size_t whole = (kPreamble + text.size() + 1 + 63) / 64 * 64;
  text.append(whole - kPreamble - text.size() - 1, ' ');
  text += '\n';
  std::string header("\x93NUMPY\x01\x00", 8);
  header += static_cast<char>(text.size() & 0xff);
  header += static_cast<char>(text.size() >> 8);
  return header + text;
}

}  // namespace peculiar::client
