// A shard: line cubes of equal shape in one flat file, little-endian, page-aligned, memory-mapped.
//   offset  size  field
//        0     8  magic "PECSHARD"
//        8     4  u32 version, 1
//       12     4  u32 record type, 1: flux f32, ivar f32, mask u8
//       16     4  u32 count of records
//       20    12  u32 channels, height (y), width (x)
//       32     8  u64 record stride in bytes, a multiple of 4096
//       40     8  u64 data offset, 4096
//       48    16  first 16 bytes of the SHA-256 of everything from the data offset to the end
//       64        zeros up to the data offset
// A record, V = channels x height x width: V f32 flux, V f32 ivar, V bytes mask (0 or 1), each
// [channel][y][x]; zeros up to the stride.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/base/status.h"
#include "core/cube/line_cube.h"

namespace peculiar {

// Views into a shard or a line cube: channels x height x width values each, [channel][y][x].
struct SampleView {
  std::span<const float> flux;
  std::span<const float> ivar;
  std::span<const std::uint8_t> mask;  // 1 = bad
};

struct ShardShape {
  int channels = 0;
  int height = 0;
  int width = 0;
  bool operator==(const ShardShape&) const = default;
  std::uint64_t voxels() const {
    return static_cast<std::uint64_t>(channels) * height * static_cast<std::uint64_t>(width);
  }
  // Bytes from one record to the next.
  std::uint64_t stride() const;
};

// Writes one shard record by record; it appears under its name only at Commit. Not concurrent.
class ShardWriter {
 public:
  static absl::StatusOr<ShardWriter> Create(const std::filesystem::path& path, ShardShape shape);
  // INVALID_ARGUMENT when the line cube has another shape. RESOURCE_EXHAUSTED on a full disk.
  absl::Status Append(const LineCube& line_cube);
  absl::Status Commit();

 private:
  ShardWriter(AtomicFile file, ShardShape shape) : file_(std::move(file)), shape_(shape) {}
  absl::Status WritePayload(std::span<const std::byte> bytes);

  AtomicFile file_;
  ShardShape shape_;
  std::uint32_t count_ = 0;
  std::unique_ptr<Sha256> payload_digest_ = std::make_unique<Sha256>();  // Sha256 does not move
};

// kTrust checks the header against the file's length; kVerify also reads all bytes for the
// checksum.
enum class ShardCheck { kTrust, kVerify };

// A mapped shard; immutable and safe for concurrent reading. Moving keeps the views valid.
class Shard {
 public:
  // NOT_FOUND when missing; FAILED_PRECONDITION for another version; DATA_LOSS when it is not a
  // shard, its length or shape is wrong, or (kVerify) its checksum does not match.
  static absl::StatusOr<Shard> Open(const std::filesystem::path& path, ShardCheck check);

  std::uint32_t count() const { return count_; }
  const ShardShape& shape() const { return shape_; }
  // Requires row < count().
  SampleView record(std::uint32_t row) const;

 private:
  explicit Shard(MappedFile file) : file_(std::move(file)) {}

  MappedFile file_;
  ShardShape shape_;
  std::uint32_t count_ = 0;
};

}  // namespace peculiar
