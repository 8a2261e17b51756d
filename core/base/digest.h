// SHA-256, the digest by which every artefact names its inputs. Lower-case hexadecimal, 64
// characters.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/base/status.h"

namespace peculiar {

// Digest of bytes given in pieces. Not for concurrent use.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  void Update(std::span<const std::byte> bytes);
  // Ends the digest; call once.
  std::string Hex();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

std::string Sha256Hex(std::span<const std::byte> bytes);
std::string Sha256Hex(std::string_view text);

// Digest of a whole file, read through a map.
absl::StatusOr<std::string> Sha256OfFile(const std::filesystem::path& path);

}  // namespace peculiar
