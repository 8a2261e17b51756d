#include "worker/simulate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/test_folder.h"

namespace peculiar::worker {
namespace {

using testing::HasSubstr;

TEST(SimulateTest, OptionsThatDoNotGoTogetherAreRefused) {
  const std::filesystem::path out = TestFolder() / "out";
  EXPECT_THAT(std::string(MessageOf(RunSimulate({.out = out}).status())),
              HasSubstr("--galaxies or --from-maps"));
  EXPECT_THAT(std::string(MessageOf(RunSimulate({.out = out, .from_maps = {"a"}}).status())),
              HasSubstr("--spectra"));
  const absl::Status fibres = RunSimulate({.out = out, .galaxies = 2, .fibres = "20"}).status();
  EXPECT_EQ(fibres.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(MessageOf(fibres)), HasSubstr("20"));
  EXPECT_FALSE(RunSimulate({.out = out, .galaxies = 2, .fibres = "19x"}).ok());
  EXPECT_FALSE(std::filesystem::exists(out));
}

TEST(SimulateTest, TheCommandLineRebuildsTheRealGalaxy) {
  const std::filesystem::path out = TestFolder() / "out";
  const std::string data = PECULIAR_SOURCE_DIR "/tests/data/manga/";
  CLI::App app;
  CommandResult result;
  AddSimulateCommand(app, result);
  testing::internal::CaptureStdout();
  app.parse("simulate --out " + out.string() + " -o json --from-maps " + data +
            "manga-7815-3702-MAPS-HYB10-GAU-MILESHC.fits.gz --spectra " + data +
            "MaNGA_test_spectra.fits.gz");
  const std::string printed = testing::internal::GetCapturedStdout();
  ASSERT_TRUE(result.status.ok()) << result.status;
  EXPECT_THAT(printed, HasSubstr("\"rebuilt\": 1"));
  for (const char* name : {"manga-7815-3702-LOGCUBE.fits.gz", "drpall.fits", "truth.csv", "agn.csv",
                           "simulation.json"}) {
    EXPECT_TRUE(std::filesystem::exists(out / name)) << name;
  }
}

}  // namespace
}  // namespace peculiar::worker
