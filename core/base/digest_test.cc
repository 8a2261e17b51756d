#include "core/base/digest.h"

#include <gtest/gtest.h>

#include "core/base/file.h"
#include "tests/support/test_folder.h"

namespace peculiar {
namespace {

// Vectors of FIPS 180-2.
TEST(DigestTest, MatchesThePublishedVectors) {
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(DigestTest, PiecesAndFilesGiveTheSameDigest) {
  Sha256 pieces;
  pieces.Update(std::as_bytes(std::span("a", 1)));
  pieces.Update(std::as_bytes(std::span("bc", 2)));
  EXPECT_EQ(pieces.Hex(), Sha256Hex("abc"));
  const auto path = TestFolder() / "file";
  ASSERT_TRUE(WriteFileAtomically(path, "abc").ok());
  EXPECT_EQ(*Sha256OfFile(path), Sha256Hex("abc"));
}

}  // namespace
}  // namespace peculiar
