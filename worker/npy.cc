#include "worker/npy.h"

#include <string>
#include <string_view>

#include "core/base/file.h"

namespace peculiar::worker {
namespace {

// Magic, version, header length, then a Python literal padded so that the data begins at a multiple
// of 64 bytes.
std::string Header(std::string_view type, std::span<const std::size_t> shape) {
  std::string sides;
  for (const std::size_t side : shape) sides += fmt::format("{}, ", side);
  if (!shape.empty()) sides.resize(sides.size() - (shape.size() == 1 ? 1 : 2));  // (5,) but (5, 6)
  std::string text =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", type, sides);
  constexpr std::size_t kPreamble = 10;
  const std::size_t whole = (kPreamble + text.size() + 1 + 63) / 64 * 64;
  text.append(whole - kPreamble - text.size() - 1, ' ');
  text += '\n';
  std::string header("\x93NUMPY\x01\x00", 8);
  header += static_cast<char>(text.size() & 0xff);
  header += static_cast<char>(text.size() >> 8);
  return header + text;
}

absl::Status Write(const std::filesystem::path& path, std::string_view type,
                   std::span<const std::size_t> shape, std::size_t count,
                   std::span<const std::byte> bytes) {
  std::size_t expected = 1;
  for (const std::size_t side : shape) expected *= side;
  if (count != expected) {
    return InvalidArgument("{} values for an array of {}", count, expected);
  }
  PECULIAR_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path));
  const std::string header = Header(type, shape);
  PECULIAR_RETURN_IF_ERROR(file.Write(std::as_bytes(std::span(header))));
  PECULIAR_RETURN_IF_ERROR(file.Write(bytes));
  return file.Commit();
}

}  // namespace

absl::Status WriteNpy(const std::filesystem::path& path, std::span<const std::size_t> shape,
                      std::span<const float> values) {
  return Write(path, "<f4", shape, values.size(), std::as_bytes(values));
}

absl::Status WriteNpyBool(const std::filesystem::path& path, std::span<const std::size_t> shape,
                          std::span<const std::uint8_t> values) {
  return Write(path, "|b1", shape, values.size(), std::as_bytes(values));
}

}  // namespace peculiar::worker
