#include "core/cube/line_list.h"

#include <gtest/gtest.h>

#include "core/base/file.h"
#include "tests/support/test_folder.h"

namespace peculiar {
namespace {

absl::StatusOr<LineList> Parse(std::string_view text) {
  const auto path = TestFolder() / "lines.csv";
  EXPECT_TRUE(WriteFileAtomically(path, text).ok());
  return ReadLineList(path);
}

TEST(LineListTest, DefaultHasTheNineteenLinesOfThePaper) {
  const LineList& lines = DefaultLineList();
  ASSERT_EQ(lines.size(), 19u);
  EXPECT_EQ(lines.front().wavelength_angstrom, 3727.092);
  EXPECT_EQ(lines.back().wavelength_angstrom, 6732.67);
  for (std::size_t i = 1; i < lines.size(); ++i) {
    EXPECT_GT(lines[i].wavelength_angstrom, lines[i - 1].wavelength_angstrom);
  }
}

TEST(LineListTest, ReadsNamesAndWavelengths) {
  const auto lines = Parse("# mine\n[OIII] 5008,5008.24\nHalpha,6564.61\n");
  ASSERT_TRUE(lines.ok()) << lines.status();
  EXPECT_EQ((*lines)[1].name, "Halpha");
  EXPECT_EQ((*lines)[1].wavelength_angstrom, 6564.61);
}

TEST(LineListTest, NamesTheBadLine) {
  EXPECT_NE(MessageOf(Parse("a,1\nb\n").status()).find("line 2"), std::string_view::npos);
  EXPECT_NE(MessageOf(Parse("a,1\na,2\n").status()).find("twice"), std::string_view::npos);
  EXPECT_FALSE(Parse("a,-3\n").ok());
  EXPECT_FALSE(Parse("").ok());
}

}  // namespace
}  // namespace peculiar
