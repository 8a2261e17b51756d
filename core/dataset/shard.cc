#include "core/dataset/shard.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <limits>
#include <string>

namespace peculiar {
namespace {

static_assert(std::endian::native == std::endian::little, "shards are little-endian");

constexpr std::uint64_t kPage = 4096;
constexpr std::uint32_t kVersion = 1;
constexpr std::uint32_t kFloatFloatByte = 1;  // record type
constexpr std::uint64_t kBytesPerVoxel = 2 * sizeof(float) + 1;
// Far above any real line cube, so that products of untrusted header fields cannot overflow.
constexpr std::uint32_t kMaxSide = 1 << 14;

using Checksum = std::array<std::uint8_t, 16>;

struct Header {
  std::array<char, 8> magic = {'P', 'E', 'C', 'S', 'H', 'A', 'R', 'D'};
  std::uint32_t version = kVersion;
  std::uint32_t record_type = kFloatFloatByte;
  std::uint32_t count = 0;
  std::uint32_t channels = 0;
  std::uint32_t height = 0;
  std::uint32_t width = 0;
  std::uint64_t stride = 0;
  std::uint64_t data_offset = kPage;
  Checksum checksum = {};
};
static_assert(sizeof(Header) == 64);

// The first bytes of a digest given in hexadecimal.
Checksum ChecksumOf(std::string_view hex) {
  Checksum checksum;
  for (std::size_t i = 0; i < checksum.size(); ++i) {
    std::from_chars(hex.data() + 2 * i, hex.data() + 2 * i + 2, checksum[i], 16);
  }
  return checksum;
}

// What is wrong with a header beside its file's length; empty when nothing is.
std::string HeaderFault(const Header& header, std::uint64_t file_size) {
  const std::uint32_t sides[] = {header.channels, header.height, header.width};
  for (const std::uint32_t side : sides) {
    if (side == 0 || side > kMaxSide) {
      return fmt::format("shape {} x {} x {}", sides[0], sides[1], sides[2]);
    }
  }
  const ShardShape shape{static_cast<int>(sides[0]), static_cast<int>(sides[1]),
                         static_cast<int>(sides[2])};
  if (header.record_type != kFloatFloatByte) {
    return fmt::format("record type {}, expected {}", header.record_type, kFloatFloatByte);
  }
  if (header.stride != shape.stride() || header.data_offset != kPage) {
    return fmt::format("stride {} and data offset {}, expected {} and {}", header.stride,
                       header.data_offset, shape.stride(), kPage);
  }
  // The stride is below 2^46 and the count below 2^32: compare by division, not by product.
  const std::uint64_t data_size = file_size - kPage;
  if (data_size % header.stride != 0 || data_size / header.stride != header.count) {
    return fmt::format("{} bytes, expected {} records of {} bytes behind {}", file_size,
                       header.count, header.stride, kPage);
  }
  return {};
}

}  // namespace

std::uint64_t ShardShape::stride() const {
  return (voxels() * kBytesPerVoxel + kPage - 1) / kPage * kPage;
}

absl::StatusOr<ShardWriter> ShardWriter::Create(const std::filesystem::path& path,
                                                ShardShape shape) {
  PECULIAR_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path));
  const std::vector<std::byte> header(kPage);  // filled in by Commit
  PECULIAR_RETURN_IF_ERROR(file.Write(header));
  return ShardWriter(std::move(file), shape);
}

absl::Status ShardWriter::WritePayload(std::span<const std::byte> bytes) {
  payload_digest_->Update(bytes);
  return file_.Write(bytes);
}

absl::Status ShardWriter::Append(const LineCube& line_cube) {
  const ShardShape found{line_cube.channels, line_cube.size, line_cube.size};
  if (found != shape_ || line_cube.flux.size() != shape_.voxels() ||
      line_cube.ivar.size() != shape_.voxels() || line_cube.mask.size() != shape_.voxels()) {
    return InvalidArgument("line cube of {} x {} x {} for a shard of {} x {} x {}", found.channels,
                           found.height, found.width, shape_.channels, shape_.height, shape_.width);
  }
  PECULIAR_RETURN_IF_ERROR(WritePayload(AsBytes(line_cube.flux)));
  PECULIAR_RETURN_IF_ERROR(WritePayload(AsBytes(line_cube.ivar)));
  PECULIAR_RETURN_IF_ERROR(WritePayload(AsBytes(line_cube.mask)));
  const std::vector<std::byte> padding(shape_.stride() - shape_.voxels() * kBytesPerVoxel);
  PECULIAR_RETURN_IF_ERROR(WritePayload(padding));
  ++count_;
  return absl::OkStatus();
}

absl::Status ShardWriter::Commit() {
  Header header;
  header.count = count_;
  header.channels = static_cast<std::uint32_t>(shape_.channels);
  header.height = static_cast<std::uint32_t>(shape_.height);
  header.width = static_cast<std::uint32_t>(shape_.width);
  header.stride = shape_.stride();
  header.checksum = ChecksumOf(payload_digest_->Hex());
  PECULIAR_RETURN_IF_ERROR(file_.WriteAt(0, std::as_bytes(std::span(&header, 1))));
  return file_.Commit();
}

absl::StatusOr<Shard> Shard::Open(const std::filesystem::path& path, ShardCheck check) {
  PECULIAR_ASSIGN_OR_RETURN(MappedFile file, MappedFile::Open(path));
  const std::span<const std::byte> bytes = file.bytes();
  Header header;
  const Header expected;
  if (bytes.size() < kPage || std::memcmp(bytes.data(), &expected.magic, 8) != 0) {
    return DataLoss("{} is not a shard: {} bytes, no PECSHARD at its start", path.string(),
                    bytes.size());
  }
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (header.version != kVersion) {
    return FailedPrecondition("shard {} has format version {}, this program reads {}",
                              path.string(), header.version, kVersion);
  }
  if (const std::string fault = HeaderFault(header, bytes.size()); !fault.empty()) {
    return DataLoss("shard {} is damaged: {}", path.string(), fault);
  }
  if (check == ShardCheck::kVerify) {
    const auto gap = bytes.subspan(sizeof(Header), kPage - sizeof(Header));
    const bool clean =
        std::all_of(gap.begin(), gap.end(), [](std::byte b) { return b == std::byte{0}; });
    if (!clean || ChecksumOf(Sha256Hex(bytes.subspan(kPage))) != header.checksum) {
      return DataLoss("shard {} is damaged: its content does not match its checksum",
                      path.string());
    }
  }
  Shard shard(std::move(file));
  shard.shape_ = {static_cast<int>(header.channels), static_cast<int>(header.height),
                  static_cast<int>(header.width)};
  shard.count_ = header.count;
  return shard;
}

SampleView Shard::record(std::uint32_t row) const {
  const std::uint64_t voxels = shape_.voxels();
  const std::byte* start = file_.bytes().data() + kPage + row * shape_.stride();
  const auto* floats = reinterpret_cast<const float*>(start);
  return {{floats, voxels},
          {floats + voxels, voxels},
          {reinterpret_cast<const std::uint8_t*>(floats + 2 * voxels), voxels}};
}

}  // namespace peculiar
