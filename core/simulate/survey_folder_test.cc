#include "core/simulate/survey_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <map>

#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/cube/quality.h"
#include "core/fits/agn_table.h"
#include "core/fits/drpall.h"
#include "core/fits/logcube_reader.h"
#include "core/simulate/truth_table.h"
#include "tests/support/test_folder.h"

namespace peculiar {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

void Ignore(bool) {}

SimulationRequest Request(int galaxies) {
  SimulationRequest request;
  request.survey = SurveyOptions{.galaxies = galaxies, .seed = 4, .fibres = 19};
  return request;
}

std::map<std::string, std::string> Digests(const fs::path& folder) {
  std::map<std::string, std::string> digests;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    digests[entry.path().filename().string()] = Sha256OfFile(entry.path()).value();
  }
  return digests;
}

TEST(SurveyFolderTest, BytesDoNotDependOnThreadsAndARunIsResumed) {
  SimulationRequest request = Request(2);
  request.threads = 1;
  const fs::path one = TestFolder() / "one";
  const absl::StatusOr<SimulationReport> first = WriteSimulation(one, request, Ignore);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->rendered, 2);
  const auto digests = Digests(one);
  EXPECT_EQ(digests.size(), 6U);  // two cubes, drpall, truth, agn, simulation.json

  // A killed run: one cube is missing, another was being written.
  const fs::path cube = one / "manga-7001-1901-LOGCUBE.fits.gz";
  fs::rename(cube, one / ".manga-7001-1901-LOGCUBE.fits.gz.tmp");
  fs::remove(one / "truth.csv");
  request.threads = 2;
  int kept = 0;
  std::mutex mutex;
  const absl::StatusOr<SimulationReport> second = WriteSimulation(one, request, [&](bool there) {
    const std::lock_guard lock(mutex);
    kept += there ? 1 : 0;
  });
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->rendered, 1);
  EXPECT_EQ(second->kept, 1);
  EXPECT_EQ(kept, 1);
  EXPECT_EQ(Digests(one), digests);

  SimulationRequest other = request;
  other.survey->seed = 5;
  const absl::Status refused = WriteSimulation(one, other, Ignore).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(MessageOf(refused)), HasSubstr("seed is 4, 5 asked for"));
  EXPECT_EQ(Digests(one), digests);
}

TEST(SurveyFolderTest, AFolderOfSomethingElseIsRefused) {
  const fs::path folder = TestFolder();
  ASSERT_TRUE(WriteTestFile(folder / "thesis.txt", "mine"));
  const absl::Status refused = WriteSimulation(folder, Request(2), Ignore).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(MessageOf(refused)), HasSubstr("thesis.txt"));
  EXPECT_EQ(Digests(folder).size(), 1U);
}

TEST(SurveyFolderTest, OddRequestsAreRefusedBeforeAnythingIsWritten) {
  const fs::path folder = TestFolder() / "new";
  EXPECT_EQ(WriteSimulation(folder, {}, Ignore).status().code(),
            absl::StatusCode::kInvalidArgument);
  SimulationRequest missing = Request(2);
  missing.rebuilt.push_back({folder / "no-maps.fits", folder / "no-spectra.fits"});
  EXPECT_EQ(WriteSimulation(folder, missing, Ignore).status().code(), absl::StatusCode::kNotFound);
  const fs::path data = PECULIAR_SOURCE_DIR "/tests/data/manga";
  const RebuildSource real{data / "manga-7815-3702-MAPS-HYB10-GAU-MILESHC.fits.gz",
                           data / "MaNGA_test_spectra.fits.gz"};
  const SimulationRequest twice{.rebuilt = {real, real}};
  EXPECT_EQ(WriteSimulation(folder, twice, Ignore).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(fs::exists(folder));
}

TEST(SurveyFolderTest, TablesAndCubesAgree) {
  const fs::path folder = TestFolder() / "survey";
  SimulationRequest request = Request(4);
  request.survey->anomaly_share = 0.5;
  request.survey->repeat_share = 0.25;
  ASSERT_TRUE(WriteSimulation(folder, request, Ignore).ok());
  const auto galaxies = ReadDrpall(folder / kDrpallName);
  ASSERT_TRUE(galaxies.ok()) << galaxies.status();
  ASSERT_EQ(galaxies->size(), 4U);
  const std::string truth = ReadFile(folder / "truth.csv").value();
  EXPECT_EQ(std::count(truth.begin(), truth.end(), '\n'), 5);
  EXPECT_THAT(truth, HasSubstr(",blueberry,"));
  EXPECT_THAT(truth, HasSubstr(",seyfert_core,"));
  EXPECT_TRUE(ReadAgnTable(folder / "agn.csv").ok());

  std::map<std::string, int> by_mangaid;
  for (const GalaxyRecord& galaxy : *galaxies) {
    EXPECT_GT(galaxy.z.value(), 0);
    EXPECT_LT(galaxy.z.value(), 0.08);  // what the selection accepts
    EXPECT_THAT(truth, HasSubstr("\n" + galaxy.plateifu + "," + galaxy.mangaid + ","));
    ++by_mangaid[galaxy.mangaid];
    const fs::path path = folder / fmt::format("manga-{}-LOGCUBE.fits.gz", galaxy.plateifu);
    const absl::StatusOr<Cube> cube = ReadLogcube(path, galaxy.plateifu);
    ASSERT_TRUE(cube.ok()) << cube.status();
    EXPECT_EQ(cube->header.mangaid, galaxy.mangaid);
    EXPECT_EQ(cube->header.drp3qual, galaxy.drp3qual);
    EXPECT_NEAR(cube->header.object_ra_deg, galaxy.ra_deg.value(), 1e-9);
    EXPECT_EQ(cube->width, 34);
    EXPECT_EQ(cube->axis.size(), 4563);
    EXPECT_NEAR(cube->object_x, 17, 2);
    EXPECT_NEAR(cube->object_y, 17, 2);
  }
  EXPECT_EQ(by_mangaid.size(), 3U);  // one galaxy is there twice

  if (std::system("command -v fitsverify > /dev/null") != 0) GTEST_SKIP() << "no fitsverify";
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string path = entry.path().string();
    if (path.find(".fits") == std::string::npos) continue;
    EXPECT_EQ(std::system(("fitsverify -q '" + path + "' | grep -q 'verification OK'").c_str()), 0)
        << path;
  }
}

TEST(TruthTableTest, ListsActiveGalaxiesAlone) {
  TruthRow quiet;
  quiet.record.plateifu = "7001-1901";
  TruthRow active;
  active.record.plateifu = "7001-1902";
  active.record.agn = {.infrared = true, .broad_line = true};
  const std::vector<TruthRow> rows = {quiet, active};
  EXPECT_EQ(AgnCsv(rows), "plateifu,wise_agn,bat_agn,radio_agn,broad_agn\n7001-1902,1,0,0,1\n");
}

TEST(TruthTableTest, UnknownNumbersAreBlank) {
  TruthRow row{.galaxy_class = "rebuilt_from_real_maps", .log_mass = std::nan("")};
  row.record.plateifu = "7815-3702";
  row.record.mangaid = "1-113540";
  row.record.z = 0.0293823;
  const std::string csv = TruthCsv(std::vector<TruthRow>{row});
  EXPECT_THAT(csv, HasSubstr("\n7815-3702,1-113540,rebuilt_from_real_maps,,,0.0293823,,,,0.00,"));
  const auto columns = [](const std::string& line) {
    return std::count(line.begin(), line.end(), ',');
  };
  EXPECT_EQ(columns(csv.substr(0, csv.find('\n'))), columns(csv.substr(csv.find('\n') + 1)));
}

}  // namespace
}  // namespace peculiar
