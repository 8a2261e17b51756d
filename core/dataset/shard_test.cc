#include "core/dataset/shard.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "tests/support/fake_cubes.h"
#include "tests/support/test_folder.h"

namespace peculiar {
namespace {

constexpr ShardShape kShape = {20, 32, 32};

// A shard of three records.
std::filesystem::path WriteThree() {
  const auto path = TestFolder() / "three.bin";
  auto writer = ShardWriter::Create(path, kShape);
  EXPECT_TRUE(writer.ok()) << writer.status();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(writer->Append(RandomLineCube(20, 32, i)).ok());
  EXPECT_TRUE(writer->Commit().ok());
  return path;
}

void Overwrite(const std::filesystem::path& path, std::uint64_t offset, std::string_view bytes) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(offset));
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

void FlipBit(const std::filesystem::path& path, std::uint64_t offset) {
  std::string content = *ReadFile(path);
  content[offset] = static_cast<char>(content[offset] ^ 0x10);
  Overwrite(path, offset, content.substr(offset, 1));
}

TEST(ShardTest, RecordsComeBackByteForByteOnPages) {
  const auto path = WriteThree();
  const auto shard = Shard::Open(path, ShardCheck::kVerify);
  ASSERT_TRUE(shard.ok()) << shard.status();
  ASSERT_EQ(shard->count(), 3u);
  EXPECT_EQ(shard->shape(), kShape);
  for (std::uint32_t i = 0; i < 3; ++i) {
    const LineCube expected = RandomLineCube(20, 32, i);
    const SampleView view = shard->record(i);
    ASSERT_EQ(view.flux.size(), expected.voxels());
    EXPECT_EQ(std::memcmp(view.flux.data(), expected.flux.data(), view.flux.size_bytes()), 0);
    EXPECT_EQ(std::memcmp(view.ivar.data(), expected.ivar.data(), view.ivar.size_bytes()), 0);
    EXPECT_EQ(std::memcmp(view.mask.data(), expected.mask.data(), view.mask.size_bytes()), 0);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(view.flux.data()) % 4096, 0u);
  }
}

TEST(ShardTest, LayoutIsTheDocumentedOne) {
  const auto path = WriteThree();
  const std::string bytes = *ReadFile(path);
  const auto u32 = [&](std::size_t at) {
    std::uint32_t value;
    std::memcpy(&value, bytes.data() + at, 4);
    return value;
  };
  EXPECT_EQ(bytes.substr(0, 8), "PECSHARD");
  EXPECT_EQ(u32(8), 1u);   // version
  EXPECT_EQ(u32(12), 1u);  // record type
  EXPECT_EQ(u32(16), 3u);  // count
  EXPECT_EQ(u32(20), 20u);
  EXPECT_EQ(u32(24), 32u);
  EXPECT_EQ(u32(28), 32u);
  EXPECT_EQ(u32(32), 184320u + 0u);  // 20 x 32 x 32 x 9 = 184,320 = 45 pages
  EXPECT_EQ(u32(40), 4096u);
  EXPECT_EQ(bytes.size(), 4096u + 3 * 184320u);
  // The checksum is the beginning of the payload's SHA-256.
  std::string hex;
  for (int i = 48; i < 64; ++i) hex += fmt::format("{:02x}", static_cast<unsigned char>(bytes[i]));
  EXPECT_EQ(hex, Sha256Hex(std::string_view(bytes).substr(4096)).substr(0, 32));
}

TEST(ShardTest, AFlippedBitAnywhereIsFound) {
  const auto path = WriteThree();
  const std::uint64_t size = std::filesystem::file_size(path);
  for (const std::uint64_t offset :
       {std::uint64_t{0}, std::uint64_t{9}, std::uint64_t{17}, std::uint64_t{21}, std::uint64_t{33},
        std::uint64_t{41}, std::uint64_t{50}, std::uint64_t{2000}, std::uint64_t{4096},
        std::uint64_t{4096 + 100000}, size - 1}) {
    FlipBit(path, offset);
    EXPECT_FALSE(Shard::Open(path, ShardCheck::kVerify).ok()) << offset;
    FlipBit(path, offset);
  }
  EXPECT_TRUE(Shard::Open(path, ShardCheck::kVerify).ok());
}

TEST(ShardTest, HeaderIsCheckedAgainstTheLengthWithoutReadingTheRest) {
  const auto path = WriteThree();
  const std::uint64_t size = std::filesystem::file_size(path);
  FlipBit(path, size - 1);
  EXPECT_TRUE(Shard::Open(path, ShardCheck::kTrust).ok());
  for (const std::uint64_t length :
       {size - 1, size - 184320, std::uint64_t{4096}, std::uint64_t{63}, std::uint64_t{0}}) {
    std::filesystem::resize_file(path, length);
    const auto status = Shard::Open(path, ShardCheck::kTrust).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << length;
    EXPECT_NE(MessageOf(status).find(path.string()), std::string_view::npos);
  }
}

TEST(ShardTest, AnotherVersionIsNamedAsSuch) {
  const auto path = WriteThree();
  Overwrite(path, 8, std::string_view("\2\0\0\0", 4));
  const auto status = Shard::Open(path, ShardCheck::kTrust).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(MessageOf(status).find("version 2"), std::string_view::npos) << status;
}

TEST(ShardTest, HugeHeaderFieldsAreRefusedWithoutOverflow) {
  const auto path = WriteThree();
  Overwrite(path, 20, std::string(12, '\xff'));
  EXPECT_EQ(Shard::Open(path, ShardCheck::kTrust).status().code(), absl::StatusCode::kDataLoss);
}

TEST(ShardTest, ALineCubeOfAnotherShapeIsRefused) {
  auto writer = ShardWriter::Create(TestFolder() / "a.bin", kShape);
  ASSERT_TRUE(writer.ok());
  EXPECT_EQ(writer->Append(RandomLineCube(10, 32, 1)).code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace peculiar
