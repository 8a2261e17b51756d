#include "server/grpc_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace peculiar::server {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(GrpcStatusTest, KeepsCodeAndTextOfWhatIsForClients) {
  const grpc::Status status = ToGrpcStatus(NotFound("UNKNOWN_GALAXY: no galaxy '8626-12704'"));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(status.error_message(), "UNKNOWN_GALAXY: no galaxy '8626-12704'");
  EXPECT_EQ(ToGrpcStatus(FailedPrecondition("NO_SNAPSHOT: wait")).error_code(),
            grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(ToGrpcStatus(InvalidArgument("BAD_PAGE_SIZE: -1")).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok());
}

TEST(GrpcStatusTest, NoPathOrSqlReachesAClient) {
  for (const absl::Status& status :
       {Internal("INTERNAL_THING: /srv/data/catalog.sqlite"),
        NotFound("open /srv/data/CURRENT: no such file"),
        DataLoss("CORRUPT: SELECT * FROM galaxies"), FailedPrecondition("sqlite: SELECT 1: locked"),
        NotFound(": /srv"), NotFound("Unknown: /srv")}) {
    const grpc::Status got = ToGrpcStatus(status);
    EXPECT_EQ(got.error_code(), grpc::StatusCode::INTERNAL);
    EXPECT_THAT(got.error_message(), Not(HasSubstr("/srv")));
    EXPECT_THAT(got.error_message(), Not(HasSubstr("SELECT")));
  }
}

TEST(GrpcStatusTest, LongTextsAreCutAtACharacter) {
  std::string text = "UNKNOWN_MODEL: ";
  while (text.size() < 3000) text += "\xc3\xa9";  // e with acute, two bytes
  const std::string cut = ToGrpcStatus(NotFound("{}", text)).error_message();
  EXPECT_LE(cut.size(), kMaxMessageBytes);
  EXPECT_GE(cut.size(), kMaxMessageBytes - 4);
  EXPECT_THAT(cut, EndsWith("\xc3\xa9..."));
}

}  // namespace
}  // namespace peculiar::server
