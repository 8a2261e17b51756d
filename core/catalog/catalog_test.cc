#include "core/catalog/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <limits>
#include <thread>

#include "core/base/file.h"
#include "core/catalog/database.h"
#include "core/catalog/ranking.h"

namespace peculiar {
namespace {

using ::testing::HasSubstr;

void SetScores(std::vector<GalaxyScores>& scores, CatalogScore GalaxyScores::*member,
               std::span<const double> values, std::string_view name) {
  const auto ranked = RankScores(values, name);
  for (std::size_t i = 0; i < scores.size(); ++i) scores[i].*member = ranked[i];
}

// The first model measures in two spaces, the last two galaxies are one object, and a tag names one
// of them and a galaxy that is not in the sample.
void AddMeasures(CatalogContent& content) {
  content.spaces = {{{.name = "latent", .width = 32, .agreement = {1, 0.4}},
                     {.name = "pca",
                      .width = 3,
                      .explained_variance = {0.5, 1.0 / 3, 0.1},
                      .trustworthiness = 0.9,
                      .agreement = {0.4, 1}}},
                    {{.name = "latent", .width = 128, .agreement = {1}}}};
  content.tags = {{"none.of-them", "", {}, {}},
                  {"odd", "Seen by eye; \"odd\"", {0, 2}, {"9000-6101"}}};
  const auto difference = [&](std::size_t model, CatalogScore GalaxyScores::*member) {
    const auto a = (content.scores[model][1].*member).value;
    const auto b = (content.scores[model][2].*member).value;
    return a && b ? std::optional(*b - *a) : std::nullopt;
  };
  CatalogRepeatPair pair{.first = 1, .second = 2};
  for (std::size_t model = 0; model < 2; ++model) {
    pair.models.push_back({difference(model, &GalaxyScores::mae),
                           difference(model, &GalaxyScores::chi),
                           difference(model, &GalaxyScores::relative),
                           {{1.0 / 7, 12.5, 1, 2}}});
  }
  pair.models[0].places.push_back({0, std::nullopt, 2, 1});
  content.repeats = {pair};
}

// Three galaxies, two models, two lines; the second model cannot score the last galaxy.
CatalogContent MakeContent() {
  CatalogContent content;
  content.lines = {{"[OIII] 5008", 5008.24}, {"Halpha 6565", 6564.61}};
  CatalogGalaxy full{"8626-12704", "1-209232", 0.0421,  123.456789012345,
                     -12.5,        127,        1 << 30, {"BADFLUX", "CRITICAL"},
                     true,         false,      true,    false,
                     0.98,         0.125,      1,       3.5e10,
                     4.2,          1.7};
  CatalogGalaxy bare{.plateifu = "8000-1901", .z = -0.0001, .fibres = 19};
  CatalogGalaxy plain{.plateifu = "8100-3702",
                      .mangaid = "1-209232",
                      .z = 0.1,
                      .fibres = 37,
                      .drp3qual = 0,
                      .agn_x_ray = true,
                      .agn_broad_line = true};
  content.galaxies = {bare, plain, full};
  content.excluded = {
      {"7000-1901", "1-209232", 0.2, "redshift_out_of_range", ""},
      {"9000-6101", "", std::nullopt, "cube_refused", "O'Brien; DROP TABLE \"x\" é"}};
  content.models = {{"ae", "ae", "small", -7, "abc", 32, true, R"({"epochs": 3})"},
                    {"vae", "vae", "paper", 1, "def", 128, false, "{}"}};
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double maes[2][3] = {{0.1, 1.0 / 3.0, 0.3}, {1e-300, 2, nan}};
  content.scores.assign(2, std::vector<GalaxyScores>(3));
  for (std::size_t model = 0; model < 2; ++model) {
    SetScores(content.scores[model], &GalaxyScores::mae, maes[model], "mae");
    SetScores(content.scores[model], &GalaxyScores::chi, maes[model], "chi");
    SetScores(content.scores[model], &GalaxyScores::relative, std::vector<double>{1, 1, 1},
              "relative");
    for (std::size_t i = 0; i < 3; ++i) {
      const auto mae = content.scores[model][i].mae.value;
      const auto half = mae ? std::optional(*mae / 2) : std::nullopt;
      content.scores[model][i].line_shares = {half, half};
    }
  }
  AddMeasures(content);
  return content;
}

class CatalogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(::testing::TempDir()) /
              fmt::format("peculiar_catalog_test.{}", getpid());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    path_ = folder_ / "catalog.sqlite";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void Write() { ASSERT_TRUE(WriteCatalog(path_, MakeContent()).ok()); }

  // Without the syncs of an atomic write.
  void Overwrite(const std::string& content) {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << content;
  }

  // Changes the file behind the reader's back.
  void Tamper(const std::string& sql) {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(path_.c_str(), &handle), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(handle);
    sqlite3_close(handle);
  }

  void ExpectDataLoss(const std::string& message, const std::string& trace) {
    const auto read = ReadCatalog(path_);
    EXPECT_EQ(read.status().code(), absl::StatusCode::kDataLoss) << trace << read.status();
    EXPECT_THAT(std::string(read.status().message()), HasSubstr(message)) << trace;
    EXPECT_THAT(std::string(read.status().message()), HasSubstr(path_.string()));
  }

  std::filesystem::path folder_;
  std::filesystem::path path_;
};

TEST_F(CatalogTest, ReadsBackWhatWasWritten) {
  Write();
  const auto read = ReadCatalog(path_);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, MakeContent());
}

TEST_F(CatalogTest, SameContentGivesTheSameBytes) {
  Write();
  ASSERT_TRUE(WriteCatalog(folder_ / "again.sqlite", MakeContent()).ok());
  EXPECT_EQ(*ReadFile(path_), *ReadFile(folder_ / "again.sqlite"));
}

TEST_F(CatalogTest, LeavesNothingBesideTheFile) {
  Write();
  ASSERT_TRUE(ReadCatalog(path_).ok());
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    names.push_back(entry.path().filename());
  }
  EXPECT_EQ(names, std::vector<std::string>{"catalog.sqlite"});
}

TEST_F(CatalogTest, AStatementEndsWhenItIsToldTo) {
  Write();
  std::stop_source stop;
  auto database = Database::OpenReadOnly(path_, stop.get_token());
  ASSERT_TRUE(database.ok());
  std::thread other([&stop] { stop.request_stop(); });
  const auto endless = database->Integer(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n");
  other.join();
  EXPECT_TRUE(absl::IsCancelled(endless.status())) << endless.status();
}

TEST_F(CatalogTest, AnswersByHandThroughItsViews) {
  Write();
  auto database = Database::OpenReadOnly(path_);
  ASSERT_TRUE(database.ok());
  auto top = database->Prepare("SELECT plateifu FROM anomaly WHERE model = ? ORDER BY mae_rank");
  ASSERT_TRUE(top.ok()) << top.status();
  top->Bind(std::string_view("vae"));
  std::vector<std::string> order;
  while (*top->Step()) order.push_back(top->TakeText());
  EXPECT_EQ(order,
            (std::vector<std::string>{"8100-3702", "8000-1901"}));  // the third is not ranked
  EXPECT_EQ(*database->Integer("SELECT count(*) FROM galaxy_line_share"), 12);
  EXPECT_EQ(*database->Integer("SELECT count(*) FROM tagged_galaxy WHERE tag = 'odd'"), 2);
  EXPECT_EQ(*database->Integer("SELECT count(*) FROM repeat_observation WHERE first = '8100-3702'"
                               " AND second = '8626-12704' AND mangaid = '1-209232'"),
            3);  // a row a space
}

TEST_F(CatalogTest, NeverWritesOverAFile) {
  ASSERT_TRUE(WriteFileAtomically(path_, "mine").ok());
  EXPECT_EQ(WriteCatalog(path_, MakeContent()).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(*ReadFile(path_), "mine");
}

TEST_F(CatalogTest, FullDiskIsResourceExhaustedAndLeavesNothing) {
  rlimit old{};
  getrlimit(RLIMIT_FSIZE, &old);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{8192, old.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const absl::Status status = WriteCatalog(path_, MakeContent());
  setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(CatalogTest, NamesAMissingFile) {
  EXPECT_EQ(ReadCatalog(path_).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(CatalogTest, RefusesWhatIsNotACatalogue) {
  for (const std::string& content : {std::string(), std::string("hello"), std::string(9000, 'x')}) {
    Overwrite(content);
    ExpectDataLoss("", fmt::format("{} bytes", content.size()));
  }
}

TEST_F(CatalogTest, RefusesEveryTruncationToWholePages) {
  Write();
  const std::string content = *ReadFile(path_);
  for (std::size_t size = 4096; size < content.size(); size += 4096) {
    Overwrite(content.substr(0, size));
    ExpectDataLoss("", fmt::format("{} bytes", size));
  }
}

TEST_F(CatalogTest, AFlippedByteNeverCrashes) {
  Write();
  const std::string content = *ReadFile(path_);
  for (std::size_t i = 0; i < content.size(); i += 211) {
    std::string broken = content;
    broken[i] = static_cast<char>(broken[i] ^ 0x55);
    Overwrite(broken);
    const auto read =
        ReadCatalog(path_);  // some bytes are free space or text: only the digest sees
    if (!read.ok()) {
      EXPECT_THAT(std::string(read.status().message()), HasSubstr(path_.string()));
    }
  }
}

TEST_F(CatalogTest, RefusesATamperedFileNamingTheRule) {
  const std::pair<const char*, const char*> cases[] = {
      {"PRAGMA user_version = 1", "schema version 1, expected 2: publish again"},
      {"PRAGMA application_id = 1", "application id 1"},
      {"DROP TABLE line_share", "line_share"},
      {"DELETE FROM galaxy WHERE galaxy_id = 1", "galaxy has row 2, expected 1"},
      {"DELETE FROM score WHERE galaxy_id = 2 AND model_id = 1",
       "line_share has rows without a score"},
      {"DELETE FROM line_share WHERE line_id = 1 AND galaxy_id = 0",
       "line_share (galaxy_id) has row 1, expected 0"},
      {"UPDATE score SET mae_rank = 2 WHERE galaxy_id = 1 AND model_id = 0", "rank 2"},
      {"UPDATE score SET chi = 0.05 WHERE galaxy_id = 1 AND model_id = 0",
       "chi of galaxy 8000-1901"},
      {"UPDATE score SET mae_percentile = 99 WHERE mae_rank = 1", "percentile 99"},
      {"UPDATE line_share SET value = value * 1.001", "do not add up to mae"},
      {"UPDATE galaxy SET coverage = 1.5", "coverage"},
      {"UPDATE galaxy SET z = 9e999", "z is not finite"},
      {"UPDATE galaxy SET plateifu = '9' WHERE galaxy_id = 0", "rising plate-IFUs"},
      {"UPDATE model SET is_default = 1", "default"},
      {"UPDATE model SET dimension = 0", "dimension 0"},
      {"UPDATE excluded SET plateifu = '8000-1901' WHERE plateifu = '7000-1901'",
       "in the sample too"},
      {"DELETE FROM line", "0 lines"},
      {"DELETE FROM space", "rows of no space"},
      {"DELETE FROM space WHERE space_id = 0", "space (space_id) has row 1, expected 0"},
      {"UPDATE space SET width = 4 WHERE name = 'pca'", "not one a coordinate"},
      {"DELETE FROM space_agreement WHERE space_id = 1 AND other_space_id = 1",
       "agreement is not one a space"},
      {"INSERT INTO space_component VALUES (1, 1, 0, 0.5)", "rows of no space"},
      {"UPDATE galaxy_tag SET galaxy_id = 3 WHERE galaxy_id = 2", "a galaxy that is not there"},
      {"INSERT INTO galaxy_tag VALUES (2, 0)", "rows of no tag"},
      {"DELETE FROM excluded WHERE plateifu = '9000-6101'", "not among the excluded"},
      {"DELETE FROM repeat_score WHERE model_id = 1", "which repeat_score lacks"},
      {"DELETE FROM repeat_pair WHERE space_id = 1", "1 spaces, expected 2"},
      {"UPDATE repeat_pair SET rank_from_first = 3", "rank 3 of 2"},
      {"UPDATE galaxy SET mangaid = '1-1' WHERE galaxy_id = 1", "not of one mangaid"},
  };
  for (const auto& [sql, message] : cases) {
    std::filesystem::remove(path_);
    Write();
    Tamper(sql);
    ExpectDataLoss(message, sql);
  }
}

TEST_F(CatalogTest, RefusesToWriteContentThatBreaksARule) {
  const auto expect_refused = [&](auto change, const std::string& message) {
    CatalogContent content = MakeContent();
    change(content);
    const absl::Status status = WriteCatalog(path_, content);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr(message));
    EXPECT_FALSE(std::filesystem::exists(path_));
  };
  expect_refused([](auto& c) { c.galaxies.clear(); }, "no galaxies");
  expect_refused([](auto& c) { c.models.clear(); }, "no models");
  expect_refused([](auto& c) { c.lines[1].name = c.lines[0].name; }, "twice");
  expect_refused([](auto& c) { std::swap(c.galaxies[0], c.galaxies[1]); }, "rising");
  expect_refused([](auto& c) { c.galaxies[0].quality_names = {"A,B"}; }, "comma");
  expect_refused([](auto& c) { c.scores[0][2].mae.rank = 3; }, "rank 3");
  expect_refused([](auto& c) { c.scores[0][0].line_shares.pop_back(); }, "not one a line");
  expect_refused([](auto& c) { c.scores[1][2].mae.reason.clear(); }, "mae of galaxy 8626-12704");
}

}  // namespace
}  // namespace peculiar
