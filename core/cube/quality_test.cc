#include "core/cube/quality.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace peculiar {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(QualityTest, BitsHaveTheirNames) {
  EXPECT_THAT(Drp3QualNames(0), IsEmpty());
  EXPECT_THAT(Drp3QualNames((1 << 6) | (1 << 8) | (1 << 30)),
              ElementsAre("BADOMEGA", "BADFLUX", "CRITICAL"));
  EXPECT_THAT(Drp3QualNames((1 << 14) | (1 << 20)), ElementsAre("UNUSUAL", "BIT20"));
}

}  // namespace
}  // namespace peculiar
