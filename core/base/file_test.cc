#include "core/base/file.h"

#include <gtest/gtest.h>

#include "tests/support/test_folder.h"

namespace peculiar {
namespace {

TEST(FileTest, WritesAndReadsBack) {
  const auto path = TestFolder() / "a";
  ASSERT_TRUE(WriteFileAtomically(path, "hello").ok());
  EXPECT_EQ(*ReadFile(path), "hello");
  EXPECT_EQ(MappedFile::Open(path)->bytes().size(), 5u);
}

TEST(FileTest, UncommittedFileLeavesTheOldOne) {
  const auto folder = TestFolder();
  ASSERT_TRUE(WriteFileAtomically(folder / "a", "old").ok());
  {
    auto file = AtomicFile::Create(folder / "a");
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE(file->Write(std::as_bytes(std::span("new", 3))).ok());
  }
  EXPECT_EQ(*ReadFile(folder / "a"), "old");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);
}

TEST(FileTest, WriteAtPatchesTheHeader) {
  const auto path = TestFolder() / "a";
  auto file = AtomicFile::Create(path);
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE(file->Write(std::as_bytes(std::span("0000abcd", 8))).ok());
  ASSERT_TRUE(file->WriteAt(0, std::as_bytes(std::span("1234", 4))).ok());
  ASSERT_TRUE(file->Commit().ok());
  EXPECT_EQ(*ReadFile(path), "1234abcd");
}

TEST(FileTest, ErrorsNameThePathAndTheKind) {
  const auto missing = ReadFile(TestFolder() / "absent");
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kNotFound);
  EXPECT_NE(MessageOf(missing.status()).find("absent"), std::string_view::npos);
  EXPECT_EQ(StatusFromErrno("write", "x", ENOSPC).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(WriteFileAtomically("/nowhere/a", "x").code(), absl::StatusCode::kNotFound);
}

TEST(FileTest, RefusesAFileOverTheBound) {
  const auto path = TestFolder() / "a";
  ASSERT_TRUE(WriteFileAtomically(path, "12345").ok());
  EXPECT_EQ(ReadFile(path, 4).status().code(), absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace peculiar
