// `peculiar` against the real server on a published snapshot of known content: what is printed is
// what was published.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/process.h"
#include "tests/support/ready_snapshot.h"
#include "tests/support/running_server.h"
#include "tests/support/unread_call.h"

namespace peculiar::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Json = nlohmann::json;

class CliServerTest : public ::testing::Test {
 protected:
  CliServerTest()
      : folder_(std::filesystem::path(::testing::TempDir()) /
                ("cli_server_test." + std::to_string(getpid()))),
        id_(PublishReadySnapshot(folder_)),
        server_(folder_) {}
  ~CliServerTest() override { std::filesystem::remove_all(folder_); }

  ProcessResult Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(),
                     {PECULIAR_CLI, "--server", server_.server().address(), "--timeout", "20"});
    return RunProcess(arguments);
  }
  Json Ask(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"-o", "json"});
    const ProcessResult result = Run(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return Json::parse(result.out);
  }
  std::string PlateifuOf(std::size_t row) { return ready_.content.catalog.galaxies[row].plateifu; }

  const ReadyContent ready_;
  const std::filesystem::path folder_;
  const std::string id_;
  RunningServer server_;
};

TEST_F(CliServerTest, AnomaliesAreAllGalaxiesByFallingScore) {
  const Json answer = Ask({"anomalies", "--limit", "0", "--model", "vae-small"});
  EXPECT_EQ(answer["snapshot_id"], id_);
  EXPECT_EQ(answer["model"], "vae-small");
  std::vector<std::pair<double, std::string>> expected;
  for (std::size_t row = 0; row < ready_.scores[1].size(); ++row) {
    expected.emplace_back(-ready_.scores[1][row].mae, PlateifuOf(row));
  }
  std::sort(expected.begin(), expected.end());
  ASSERT_EQ(answer["anomalies"].size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(answer["anomalies"][i]["plateifu"], expected[i].second);
    EXPECT_EQ(answer["anomalies"][i]["score"], -expected[i].first);
    EXPECT_EQ(answer["anomalies"][i]["rank"], i + 1);
  }
}

TEST_F(CliServerTest, NeighborsAreThoseOfBruteForce) {
  constexpr std::size_t kRow = 5, kWidth = 8;
  const auto* query = &ready_.embeddings[0][kRow * kWidth];
  std::vector<std::pair<double, std::string>> expected;
  for (std::size_t row = 0; row < ready_.scores[0].size(); ++row) {
    double sum = 0;
    for (std::size_t d = 0; d < kWidth; ++d) {
      sum += std::pow(double{query[d]} - ready_.embeddings[0][row * kWidth + d], 2);
    }
    if (row != kRow) expected.emplace_back(std::sqrt(sum), PlateifuOf(row));
  }
  std::sort(expected.begin(), expected.end());
  const Json answer = Ask({"neighbors", " manga-" + PlateifuOf(kRow) + " ", "-k", "12"});
  EXPECT_EQ(answer["of_plateifu"], PlateifuOf(kRow));
  ASSERT_EQ(answer["neighbors"].size(), 12U);
  for (std::size_t i = 0; i < 12; ++i) {
    EXPECT_EQ(answer["neighbors"][i]["plateifu"], expected[i].second);
    EXPECT_NEAR(answer["neighbors"][i]["distance"], expected[i].first, 1e-5);
  }
}

TEST_F(CliServerTest, EmbeddingsHaveThePublishedBits) {
  const Json answer = Ask({"embedding", PlateifuOf(6), PlateifuOf(7)});
  for (std::size_t i = 0; i < 2; ++i) {
    const Json values = answer["embeddings"][i]["values"];
    ASSERT_EQ(values.size(), 8U);
    for (std::size_t d = 0; d < 8; ++d) {
      EXPECT_EQ(values[d].get<float>(), ready_.embeddings[0][(6 + i) * 8 + d]);
    }
  }
}

TEST_F(CliServerTest, ShowHasScoresOfEveryModelAndRepeats) {
  const Json answer = Ask({"show", PlateifuOf(0)});
  EXPECT_EQ(answer["galaxy"]["repeat_plateifus"], (Json{PlateifuOf(1), PlateifuOf(2)}));
  EXPECT_EQ(answer["scores"]["ae-small"]["mae"]["value"], ready_.scores[0][0].mae);
  EXPECT_EQ(answer["scores"]["vae-small"]["chi"]["value"], ready_.scores[1][0].chi);
  double sum = 0;
  for (const Json& line : answer["line_shares"]["ae-small"]) sum += line["share"].get<double>();
  EXPECT_NEAR(sum, 1, 1e-9);
  EXPECT_EQ(Ask({"show", PlateifuOf(6)})["galaxy"]["agn_classes"],
            (Json{"infrared", "broad_line"}));
}

TEST_F(CliServerTest, AMapAddsUpToTheScore) {
  const Json answer = Ask({"show", PlateifuOf(1), "--map"});
  double sum = 0;
  for (const Json& row : answer["spaxel_values"]["vae-small"]) {
    EXPECT_EQ(row.size(), 4u);
    for (const Json& value : row) sum += value.get<double>();
  }
  EXPECT_NEAR(sum, ready_.scores[1][1].mae, 1e-6);
  EXPECT_FALSE(Ask({"show", PlateifuOf(1)}).contains("spaxel_values"));
}

TEST_F(CliServerTest, ScoresThatAreNotFiniteAreNull) {
  const Json answer = Ask({"show", PlateifuOf(ready_.scores[0].size() - 1)});
  EXPECT_TRUE(answer["scores"]["ae-small"]["mae"]["value"].is_null());
  EXPECT_TRUE(answer["scores"]["ae-small"]["mae"]["rank"].is_null());
}

TEST_F(CliServerTest, TheDoctorSaysWhichSnapshotsAreHeld) {
  RunningServer other(server::ServerOptions{
      .snapshots = folder_, .poll_seconds = 3600, .admin_listen = "127.0.0.1:0"});
  const ProcessResult held =
      Run({"doctor", "-o", "csv", "--admin", other.server().admin_address()});
  EXPECT_EQ(held.exit_code, 0) << held.err;
  EXPECT_THAT(held.out, HasSubstr("\nheld,ok,besides the served one: none; 1 on disk,"));
  const ProcessResult wrong = Run({"doctor", "-o", "csv", "--admin", server_.server().address()});
  EXPECT_EQ(wrong.exit_code, 4) << wrong.out;
  EXPECT_THAT(wrong.out, HasSubstr("\nheld,failed,"));
}

TEST_F(CliServerTest, FlagsReachTheServerAsFilters) {
  const auto names = [](const Json& rows) {
    std::vector<std::string> result;
    for (const Json& row : rows) result.push_back(row["plateifu"]);
    std::sort(result.begin(), result.end());
    return result;
  };
  const auto listed = [&](std::vector<std::string> flags) {
    flags.insert(flags.begin(), {"anomalies", "--model", "vae-small", "--limit", "0"});
    return names(Ask(flags)["anomalies"]);
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(listed({"--agn", "radio,infrared"}), (Names{PlateifuOf(6), PlateifuOf(7)}));
  EXPECT_EQ(listed({"--quality", "CRITICAL"}), Names{PlateifuOf(4)});
  EXPECT_EQ(listed({"--fibres", "127"}).size(), 8u);
  EXPECT_EQ(listed({"--no-quality", "BADFLUX", "--best-observation"}).size(), 37u);
  const Names strange = listed({"--min-percentile", "95", "--max-percentile", "100"});
  EXPECT_EQ(strange.size(), 3u);
  const std::vector<std::string> bound{"--model", "vae-small", "--min-percentile", "95"};
  const auto ask = [&](std::vector<std::string> question) {
    question.insert(question.end(), bound.begin(), bound.end());
    return Ask(question);
  };
  Names near = names(ask({"neighbors", strange[0], "-k", "1000"})["neighbors"]);
  near.insert(near.begin(), strange[0]);
  std::sort(near.begin(), near.end());
  EXPECT_EQ(near, strange);
  EXPECT_EQ(ask({"distribution"})["populations"][0]["galaxies"], 3);
  const std::filesystem::path file = folder_ / "ids.txt";
  std::ofstream(file) << "# two\n" << PlateifuOf(9) << ", manga-" << PlateifuOf(8) << "\n";
  EXPECT_EQ(listed({"--among", file}), (Names{PlateifuOf(8), PlateifuOf(9)}));
  const Json repeats = Ask({"neighbors", PlateifuOf(0), "-k", "1000", "--exclude-repeats"});
  EXPECT_EQ(repeats["neighbors"].size(), 37u);
  EXPECT_EQ(Run({"anomalies", "--quality", "NONSENSE"}).exit_code, 2);
}

TEST_F(CliServerTest, LinesRankInBothOrders) {
  const std::string line = ready_.content.catalog.lines[1].name;
  const Json down = Ask({"anomalies", "--line", line, "--limit", "0"});
  EXPECT_EQ(down["score_kind"], "line_error");
  EXPECT_EQ(down["line"], line);
  ASSERT_EQ(down["anomalies"].size(), 39u);
  EXPECT_EQ(down["anomalies"][0]["score"].get<double>(),
            Ask({"distribution", "--line", line})["populations"][0]["max"].get<double>());
  const Json up = Ask({"anomalies", "--line", line, "--limit", "1", "--ascending"});
  EXPECT_EQ(up["anomalies"][0]["plateifu"], down["anomalies"][38]["plateifu"]);
  EXPECT_EQ(up["anomalies"][0]["rank"], 39);
}

TEST_F(CliServerTest, AnEmbeddingGivenAsAVectorFindsItsGalaxy) {
  const Json embedding = Ask({"embedding", PlateifuOf(8)});
  const std::filesystem::path file = folder_ / "vector.json";
  std::ofstream(file) << embedding["embeddings"][0]["values"];
  const Json answer = Ask({"neighbors", "--vector", file, "-k", "1"});
  EXPECT_EQ(answer["of_plateifu"], "");
  EXPECT_EQ(answer["neighbors"][0]["plateifu"], PlateifuOf(8));
  EXPECT_EQ(answer["neighbors"][0]["distance"], 0);
}

TEST_F(CliServerTest, StatusDescribesTheSnapshot) {
  const Json answer = Ask({"status"});
  EXPECT_EQ(answer["snapshot_id"], id_);
  EXPECT_EQ(answer["galaxy_count"], 40);
  EXPECT_EQ(answer["excluded_count"], 6);
  EXPECT_EQ(answer["default_model"], "ae-small");
  EXPECT_EQ(answer["create_time"], "2026-01-02T03:04:05Z");
  EXPECT_EQ(answer["reload_error"], "");
}

TEST_F(CliServerTest, EveryTableFormatIsAnswered) {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"anomalies"},
                                                    {"neighbors", "8000-1901"},
                                                    {"embedding", "8000-1901"},
                                                    {"show", "8000-1901"},
                                                    {"status"}}) {
    for (const char* format : {"table", "jsonl", "csv"}) {
      std::vector<std::string> all = arguments;
      all.insert(all.end(), {"-o", format});
      const ProcessResult result = Run(all);
      EXPECT_EQ(result.exit_code, 0) << result.err;
      EXPECT_THAT(result.out, HasSubstr(id_)) << arguments[0] << " " << format;
    }
  }
}

TEST_F(CliServerTest, WrongIdsAndNamesHaveTheirReasonAndExitCode) {
  const std::vector<std::tuple<std::vector<std::string>, int, std::string>> cases = {
      {{"show", "7777-1901"}, 3, "UNKNOWN_GALAXY:"},
      {{"show", "9000-1901"}, 3, "NOT_IN_SAMPLE:"},
      {{"neighbors", "1-1000"}, 4, "AMBIGUOUS_ID:"},
      {{"embedding", "8485-1901-x"}, 2, "MALFORMED_ID:"},
      {{"anomalies", "--model", "x"}, 3, "UNKNOWN_MODEL:"},
      {{"neighbors", "8000-1901", "--space", "x"}, 2, "UNKNOWN_SPACE:"},
      {{"anomalies", "--snapshot", "x"}, 3, "UNKNOWN_SNAPSHOT:"},
  };
  for (const auto& [arguments, exit_code, reason] : cases) {
    const ProcessResult result = Run(arguments);
    EXPECT_EQ(result.exit_code, exit_code) << result.err;
    EXPECT_THAT(result.err, StartsWith("peculiar: " + reason));
    EXPECT_EQ(result.out, "");
  }
}

TEST_F(CliServerTest, ASnapshotOfTheFutureIsOneForWhoeverReadsIt) {
  const std::filesystem::path folder = folder_ / "future";
  const std::chrono::sys_days day = std::chrono::year(2126) / std::chrono::January / 1;
  PublishReadySnapshot(folder, {.created = day});
  RunningServer future(folder);
  const std::string address = future.server().address();
  const auto run = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {PECULIAR_CLI, "--server", address});
    const ProcessResult result = RunProcess(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.out;
  };
  for (const char* verb : {"status", "doctor"}) {
    EXPECT_THAT(run({verb}), HasSubstr("days in the future (check the clocks)")) << verb;
  }
  EXPECT_EQ(Json::parse(run({"status", "-o", "json"}))["age_seconds"], 0);
}

// A probe must not take a server out because it has much to do.
TEST_F(CliServerTest, AFullServerIsHealthyAndRefusesQuestions) {
  const std::filesystem::path folder = folder_ / "large";
  PublishReadySnapshot(folder, {.galaxies = 990});
  RunningServer full(
      server::ServerOptions{.snapshots = folder, .poll_seconds = 3600, .max_calls = 1});
  v1::ListAnomaliesRequest page;
  page.set_page_size(1000);
  UnreadCall slow(full.server().address(), "/peculiar.v1.QueryService/ListAnomalies", page);
  ASSERT_TRUE(slow.WaitForHeaders());
  const std::vector<std::string> status = {PECULIAR_CLI, "--server", full.server().address(),
                                           "--timeout",  "20",       "status"};
  const ProcessResult refused = RunProcess(status);
  EXPECT_EQ(refused.exit_code, 4) << refused.err;
  EXPECT_THAT(refused.err, StartsWith("peculiar: TOO_BUSY:"));
  std::vector<std::string> health = status;
  health.emplace_back("--health");
  const ProcessResult healthy = RunProcess(health);
  EXPECT_EQ(healthy.exit_code, 0) << healthy.err;
  EXPECT_THAT(healthy.out, HasSubstr("serving"));
}

TEST(CliEmptyServerTest, ServerWithoutSnapshotRefuses) {
  const auto folder = std::filesystem::path(::testing::TempDir()) /
                      ("cli_empty_server_test." + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  {
    RunningServer server(folder);
    const ProcessResult result =
        RunProcess({PECULIAR_CLI, "--server", server.server().address(), "status"});
    EXPECT_EQ(result.exit_code, 4);
    EXPECT_THAT(result.err, StartsWith("peculiar: NO_SNAPSHOT:"));
    const ProcessResult health =
        RunProcess({PECULIAR_CLI, "--server", server.server().address(), "status", "--health"});
    EXPECT_EQ(health.exit_code, 4);
    EXPECT_THAT(health.err, HasSubstr("is not serving"));
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace peculiar::testing
