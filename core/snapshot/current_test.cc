#include "core/snapshot/current.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "core/base/file.h"
#include "core/snapshot/layout.h"

namespace peculiar {
namespace {

constexpr const char* kOld = "20260102T030405Z-0123456789ab";
constexpr const char* kNew = "20260103T030405Z-0123456789ab";

class CurrentTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(::testing::TempDir()) /
              fmt::format("peculiar_current_test.{}", getpid());
    std::filesystem::remove_all(folder_);
    for (const char* id : {kNew, kOld}) std::filesystem::create_directories(folder_ / id);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
};

TEST_F(CurrentTest, ReadsWhatWasWritten) {
  ASSERT_TRUE(WriteCurrent(folder_, kOld).ok());
  EXPECT_EQ(*ReadCurrent(folder_), kOld);
  ASSERT_TRUE(WriteCurrent(folder_, kNew).ok());
  EXPECT_EQ(*ReadCurrent(folder_), kNew);
}

TEST_F(CurrentTest, AbsentIsNotFound) {
  EXPECT_EQ(ReadCurrent(folder_).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReadCurrent(folder_ / "none").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(CurrentTest, GarbageIsDataLossAndNeverAPath) {
  for (const std::string& content :
       {std::string(), std::string("\n"), std::string("../x\n"), std::string("/etc/passwd"),
        std::string(kOld) + "\n\n", std::string(kOld) + "\r\n", " " + std::string(kOld),
        std::string(kOld) + "/..", std::string("..\0", 3), std::string(100000, 'x')}) {
    std::ofstream(folder_ / kCurrentFile, std::ios::binary) << content;
    EXPECT_EQ(ReadCurrent(folder_).status().code(), absl::StatusCode::kDataLoss) << content;
  }
}

TEST_F(CurrentTest, NeverNamesWhatIsNotThere) {
  EXPECT_EQ(WriteCurrent(folder_, "20260104T030405Z-0123456789ab").code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(WriteCurrent(folder_, "../x").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(std::filesystem::exists(folder_ / kCurrentFile));
}

TEST_F(CurrentTest, ListsSnapshotsOldestFirstAndNothingElse) {
  std::filesystem::create_directories(folder_ / ".publish-12");
  std::filesystem::create_directories(folder_ / "notes");
  std::ofstream(folder_ / "20260105T030405Z-0123456789ab") << "a file, not a folder";
  EXPECT_EQ(*ListSnapshots(folder_), (std::vector<std::string>{kOld, kNew}));
  EXPECT_TRUE(ListSnapshots(folder_ / "none")->empty());
}

}  // namespace
}  // namespace peculiar
