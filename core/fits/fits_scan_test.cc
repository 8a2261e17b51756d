#include "core/fits/fits_scan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace peculiar {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// One HDU: its cards padded to a block, then `data_bytes` zeros padded to a block.
std::string Hdu(const std::vector<std::string>& cards, std::size_t data_bytes = 0) {
  std::string text;
  for (const std::string& card : cards) text += fmt::format("{:<80}", card);
  text += fmt::format("{:<80}", "END");
  text.resize((text.size() + 2879) / 2880 * 2880, ' ');
  return text + std::string((data_bytes + 2879) / 2880 * 2880, '\0');
}

std::vector<std::string> Image(const std::string& name, const std::vector<std::string>& axes) {
  std::vector<std::string> cards = {"XTENSION= 'IMAGE   '", "BITPIX  =                  -32",
                                    fmt::format("NAXIS   = {}", axes.size())};
  for (std::size_t i = 0; i < axes.size(); ++i) {
    cards.push_back(fmt::format("{:<8}= {}", fmt::format("NAXIS{}", i + 1), axes[i]));
  }
  cards.push_back("PCOUNT  =                    0");
  cards.push_back("GCOUNT  =                    1");
  cards.push_back(fmt::format("EXTNAME = '{}'  / its name", name));
  return cards;
}

const std::string kPrimary = Hdu({"SIMPLE  =                    T / FITS",
                                  "BITPIX  =                    8", "NAXIS   =      0"});

absl::StatusOr<std::vector<FitsHdu>> Scan(const std::string& text) {
  return ScanFits(std::as_bytes(std::span(text)));
}

std::string MessageFor(const std::string& text) {
  const auto hdus = Scan(text);
  EXPECT_EQ(hdus.status().code(), absl::StatusCode::kDataLoss);
  return std::string(MessageOf(hdus.status()));
}

TEST(FitsScanTest, FindsHdusTheirShapesAndPlaces) {
  const auto hdus =
      Scan(kPrimary + Hdu(Image("FLUX", {"5", "7", "3"}), 420) + Hdu(Image("Wave", {"10"}), 40));
  ASSERT_TRUE(hdus.ok()) << hdus.status();
  ASSERT_EQ(hdus->size(), 3u);
  EXPECT_EQ((*hdus)[0].name, "PRIMARY");
  EXPECT_EQ((*hdus)[1].name, "FLUX");
  EXPECT_EQ((*hdus)[1].kind, FitsHduKind::kImage);
  EXPECT_EQ((*hdus)[1].bitpix, -32);
  EXPECT_THAT((*hdus)[1].axes, ElementsAre(5, 7, 3));
  EXPECT_EQ((*hdus)[1].data_offset, 2880u * 2);
  EXPECT_EQ((*hdus)[1].data_bytes, 420u);
  EXPECT_EQ((*hdus)[2].data_offset, 2880u * 4);
  EXPECT_EQ((*hdus)[2].number, 3);
}

TEST(FitsScanTest, RefusesWhatIsNotFits) {
  EXPECT_THAT(MessageFor("not a FITS file"), HasSubstr("not a FITS file"));
  EXPECT_THAT(MessageFor(""), HasSubstr("not a FITS file"));
}

TEST(FitsScanTest, RefusesAHeaderWithoutEnd) {
  EXPECT_THAT(MessageFor(kPrimary.substr(0, 200)), HasSubstr("HDU 1: its header does not end"));
}

TEST(FitsScanTest, RefusesFalseSizesWithoutOverflow) {
  const auto with_axes = [](const std::vector<std::string>& axes) {
    return MessageFor(kPrimary + Hdu(Image("FLUX", axes), 420));
  };
  EXPECT_THAT(with_axes({"5000", "7000", "4563"}), HasSubstr("claims 638820000000 bytes"));
  EXPECT_THAT(with_axes({"4294967296", "4294967296"}), HasSubstr("more data than any file"));
  EXPECT_THAT(with_axes({"9223372036854775807", "2"}), HasSubstr("more data than any file"));
  EXPECT_THAT(with_axes({"99999999999999999999"}), HasSubstr("a length expected"));
  EXPECT_THAT(with_axes({"-5"}), HasSubstr("a length expected"));
  EXPECT_THAT(with_axes({"'a'"}), HasSubstr("NAXIS1 is 'a'"));
}

TEST(FitsScanTest, RefusesMalformedStructure) {
  const auto with_card = [](std::size_t index, const std::string& card) {
    std::vector<std::string> cards = Image("FLUX", {"5"});
    cards[index] = card;
    return MessageFor(kPrimary + Hdu(cards, 20));
  };
  EXPECT_THAT(with_card(1, "BITPIX  =                    7"), HasSubstr("BITPIX is '7'"));
  EXPECT_THAT(with_card(2, "NAXIS   =                 1000"), HasSubstr("NAXIS is '1000'"));
  EXPECT_THAT(with_card(4, "PCOUNT  =                   -1"), HasSubstr("PCOUNT is -1"));
  EXPECT_THAT(with_card(4, "PCOUNT  =                    4"), HasSubstr("PCOUNT is 4"));
  EXPECT_THAT(with_card(0, "XTENSION= 'BINTABLE'"), HasSubstr("table without two axes"));
  EXPECT_THAT(MessageFor(kPrimary + "garbage"), HasSubstr("HDU 2: found no XTENSION at byte 2880"));
}

TEST(FitsScanTest, RefusesATableOfRowsWithoutWidth) {
  std::vector<std::string> cards = Image("MANGA", {"0", "1000000000000"});
  cards[0] = "XTENSION= 'BINTABLE'";
  EXPECT_THAT(MessageFor(kPrimary + Hdu(cards)), HasSubstr("table without two axes"));
}

TEST(FitsScanTest, RefusesTileCompression) {
  std::vector<std::string> cards = Image("FLUX", {"5", "4"});
  cards[0] = "XTENSION= 'BINTABLE'";
  cards.push_back("ZIMAGE  =                    T / a compressed image");
  EXPECT_THAT(MessageFor(kPrimary + Hdu(cards, 80)),
              HasSubstr("HDU 2: it (FLUX) is a tile-compressed image"));
}

TEST(FitsScanTest, MessagesArePrintable) {
  const std::string message = MessageFor(kPrimary + Hdu(Image("F\xff\x01", {"99"})));
  EXPECT_THAT(message, HasSubstr("(F?"
                                 "?) claims"));
}

}  // namespace
}  // namespace peculiar
