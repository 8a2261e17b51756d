#include "core/fits/fits_card.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace peculiar {
namespace {

std::string Card(std::string_view text) { return fmt::format("{:<80}", text); }

TEST(FitsCardTest, ReadsValuesWithoutComments) {
  EXPECT_EQ(FitsCardValue(Card("NAXIS1  =                   74 / width")), "74");
  EXPECT_EQ(FitsCardValue(Card("EXTNAME = 'FLUX    '           / name")), "FLUX");
  EXPECT_EQ(FitsCardValue(Card("BUNIT   = '1E-17 erg/s'")), "1E-17 erg/s");
  EXPECT_EQ(FitsCardValue(Card("WHO     = 'O''Neill / co' / comment")), "O'Neill / co");
  EXPECT_EQ(FitsCardValue(Card("OPEN    = 'no end")), "no end");
  EXPECT_EQ(FitsCardValue(Card("EMPTY   = ''")), "");
  EXPECT_EQ(FitsCardValue(Card("BLANK   =   / undefined")), "");
  EXPECT_EQ(FitsCardValue(Card("BYTES   = '\x01\xff'")), "??");
}

TEST(FitsCardTest, FindsTheFirstCardOfAKey) {
  const std::string header = Card("COMMENT A = 1") + Card("A") + Card("AB      = 1") +
                             Card("A       = 2") + Card("A       = 3");
  EXPECT_EQ(FindFitsValue(header, "A"), "2");
  EXPECT_EQ(FindFitsValue(header, "B"), std::nullopt);
  EXPECT_EQ(FindFitsValue(header.substr(0, 170), "AB"), std::nullopt);  // only whole cards
}

TEST(FitsCardTest, NumbersAreWholeAndExact) {
  EXPECT_EQ(ParseFitsNumber("317.903201533"), 317.903201533);
  EXPECT_EQ(ParseFitsNumber("-1.5D-3"), -1.5e-3);
  EXPECT_EQ(ParseFitsNumber("+22."), 22.0);
  EXPECT_EQ(ParseFitsNumber("1 2"), std::nullopt);
  EXPECT_EQ(ParseFitsNumber("1E999"), std::nullopt);
  EXPECT_EQ(ParseFitsNumber(""), std::nullopt);
  EXPECT_EQ(ParseFitsInteger("-1"), -1);
  EXPECT_EQ(ParseFitsInteger("9223372036854775808"), std::nullopt);
  EXPECT_EQ(ParseFitsInteger("1.5"), std::nullopt);
}

}  // namespace
}  // namespace peculiar
