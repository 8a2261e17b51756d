#include "core/fits/gzip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "core/base/file.h"
#include "core/base/random.h"
#include "tests/support/test_folder.h"

namespace peculiar {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kBound = std::uint64_t{1} << 30;

std::span<const std::byte> BytesOf(const std::string& text) {
  return std::as_bytes(std::span(text));
}

std::string RandomText(std::size_t size, std::uint64_t seed) {
  Random random(seed);
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(random.Below(256));
  return text;
}

std::string Gzipped(const std::string& content) {
  const auto path = TestFolder() / "made.gz";
  EXPECT_TRUE(WriteMaybeGzip(path, BytesOf(content)).ok());
  return *ReadFile(path);
}

// The same member with a file name of `length` letters in its header, to shift what follows.
std::string WithName(std::string member, std::size_t length) {
  member[3] |= 0x08;
  return member.insert(10, std::string(length, 'n') + '\0');
}

absl::StatusOr<Bytes> Inflate(const std::string& file, std::uint64_t max_bytes = kBound) {
  const auto path = TestFolder() / "file.gz";
  EXPECT_TRUE(WriteTestFile(path, file));
  return InflateGzip(path, max_bytes);
}

TEST(GzipTest, GivesBackWhatWasWritten) {
  for (const std::size_t size : {0u, 1u, 1000u, 5'000'000u}) {
    const std::string content = RandomText(size / 2, size) + std::string(size - size / 2, 'a');
    const auto inflated = Inflate(Gzipped(content));
    ASSERT_TRUE(inflated.ok()) << inflated.status();
    EXPECT_TRUE(inflated->text() == content) << size;
  }
}

TEST(GzipTest, SameContentGivesTheSameBytesWithoutATime) {
  const std::string content = RandomText(100'000, 1);
  const std::string file = Gzipped(content);
  EXPECT_EQ(file, Gzipped(content));
  EXPECT_EQ(file.substr(4, 4), std::string(4, '\0'));
}

TEST(GzipTest, PlainFilesPassUnchangedWhateverTheirName) {
  const std::string content = RandomText(3'000'000, 2);
  const auto plain = Inflate("P" + content);
  ASSERT_TRUE(plain.ok());
  EXPECT_TRUE(plain->text() == "P" + content);
  EXPECT_EQ(Inflate("\x1f")->text(), "\x1f");
}

TEST(GzipTest, WritesPlainWithoutTheSuffix) {
  const auto path = TestFolder() / "plain.fits";
  ASSERT_TRUE(WriteMaybeGzip(path, BytesOf("content")).ok());
  EXPECT_THAT(*ReadFile(path), HasSubstr("content"));
}

TEST(GzipTest, ReadsAllMembers) {
  const auto inflated = Inflate(Gzipped("one ") + WithName(Gzipped("two "), 5) + Gzipped("three"));
  ASSERT_TRUE(inflated.ok()) << inflated.status();
  EXPECT_EQ(inflated->text(), "one two three");
}

// The file is read in chunks of 1 MiB: a header or checksum may lie across their border.
TEST(GzipTest, MembersMayBreakAtAnyByteOfAChunk) {
  const std::string first = RandomText(900'000, 3);
  const std::string member = Gzipped(first);
  const std::string tail = Gzipped("tail");
  for (int shift = -12; shift <= 12; ++shift) {
    const std::size_t length = (std::size_t{1} << 20) - member.size() - 1 + shift;
    const auto inflated = Inflate(WithName(member, length) + tail);
    ASSERT_TRUE(inflated.ok()) << shift << inflated.status();
    EXPECT_TRUE(inflated->text() == first + "tail") << shift;
  }
}

TEST(GzipTest, TruncatedAnywhereIsRefused) {
  const std::string file = Gzipped(RandomText(300, 4) + std::string(300, 'b'));
  for (std::size_t size = 2; size < file.size(); ++size) {
    const auto inflated = Inflate(file.substr(0, size));
    EXPECT_EQ(inflated.status().code(), absl::StatusCode::kDataLoss) << size;
    EXPECT_THAT(std::string(MessageOf(inflated.status())), HasSubstr("truncated")) << size;
    EXPECT_THAT(std::string(MessageOf(inflated.status())), HasSubstr("file.gz"));
  }
}

TEST(GzipTest, AFlippedByteNeverGivesOtherContent) {
  const std::string content = RandomText(200, 5) + std::string(200, 'c');
  const std::string file = Gzipped(content);
  int refused = 0;
  for (std::size_t i = 2; i < file.size(); ++i) {
    std::string broken = file;
    broken[i] = static_cast<char>(broken[i] ^ 0x55);
    const auto inflated = Inflate(broken);
    if (inflated.ok()) {
      EXPECT_LT(i, 10u);  // time, flags of no meaning and system in the header
      EXPECT_EQ(inflated->text(), content);
    } else {
      EXPECT_EQ(inflated.status().code(), absl::StatusCode::kDataLoss);
      ++refused;
    }
  }
  EXPECT_GE(refused, static_cast<int>(file.size()) - 10);
}

TEST(GzipTest, BytesAfterTheLastMemberAreRefused) {
  const auto inflated = Inflate(Gzipped("content") + "garbage");
  EXPECT_EQ(inflated.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(MessageOf(inflated.status())), HasSubstr("after its last gzip member"));
}

TEST(GzipTest, TheBoundIsExactAndStopsABomb) {
  for (const std::string& file : {Gzipped("0123456789"), std::string("0123456789")}) {
    EXPECT_EQ(Inflate(file, 10)->text(), "0123456789");
    EXPECT_EQ(Inflate(file, 9).status().code(), absl::StatusCode::kDataLoss);
  }
  const std::string bomb = Gzipped(std::string(64 << 20, '\0'));
  ASSERT_LT(bomb.size(), 1u << 20);
  const auto inflated = Inflate(bomb, 1 << 20);
  EXPECT_EQ(inflated.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(MessageOf(inflated.status())), HasSubstr("more than 1048576 bytes"));
}

TEST(GzipTest, MissingEmptyAndFolderAreNamed) {
  const auto folder = TestFolder();
  const auto missing = InflateGzip(folder / "absent.fits", kBound);
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(MessageOf(missing.status())), HasSubstr("absent.fits"));
  EXPECT_EQ(InflateGzip(folder, kBound).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(MessageOf(Inflate("").status())), HasSubstr("file.gz is empty"));
}

}  // namespace
}  // namespace peculiar
