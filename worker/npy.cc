#include "worker/npy.h"

#include <string>
#include <string_view>

#include "core/base/file.h"
#include "core/base/npy.h"

namespace peculiar::worker {
namespace {

absl::Status Write(const std::filesystem::path& path, std::string_view type,
                   std::span<const std::size_t> shape, std::size_t count,
                   std::span<const std::byte> bytes) {
  std::size_t expected = 1;
  for (const std::size_t side : shape) expected *= side;
  if (count != expected) {
    return InvalidArgument("{} values for an array of {}", count, expected);
  }
  PECULIAR_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path));
  const std::vector<std::int64_t> sides(shape.begin(), shape.end());
  const std::string header = NpyHeader(type, sides);
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
