// What a user of `peculiar` sees: standard output, standard error and exit code of the real program
// against a fake server.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <regex>

#include "tests/support/fake_query_service.h"
#include "tests/support/process.h"

namespace peculiar::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class CliTest : public ::testing::Test {
 protected:
  // peculiar ARGUMENTS..., with the fake server's address in the environment.
  ProcessResult Run(std::vector<std::string> arguments, ProcessOptions options = {}) {
    arguments.insert(arguments.begin(), PECULIAR_CLI);
    options.environment.push_back("PECULIAR_SERVER=" + server_.address());
    return RunProcess(arguments, options);
  }
  // The output of a call that must succeed without a word on standard error.
  std::string Output(const std::vector<std::string>& arguments) {
    const ProcessResult result = Run(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(result.err, "");
    return result.out;
  }

  FakeServer server_;
};

TEST_F(CliTest, AnomaliesAsTable) {
  EXPECT_EQ(
      Output({"anomalies", "--limit", "3"}),
      R"(rank  plateifu    mangaid   redshift    score  percentile  top_line     top_line_mae  agn_classes      drp3qual_names     ra_deg   dec_deg  fibre_count  coverage  masked_share  lines_off_grid_count  repeat_plateifus  tags
                                         flux           %                       flux                                         deg       deg
----  ----------  --------  --------  -------  ----------  -----------  ------------  ---------------  --------------  ---------  --------  -----------  --------  ------------  --------------------  ----------------  ----
   1  8000-12704  1-209232   0.01000  0.10000      100.00  [OIII] 5008      0.040000  -                -               120.50000  -3.25000          127     1.000         0.000                     0  -                 -
   2  8001-12704  1-209233   0.02000  0.05000       85.71  [OIII] 5008      0.020000  infrared, radio  BADFLUX         121.50000  -3.25000          127     0.875         0.250                     2  8003-12704        odd
   3  8002-12704  -          0.03000  0.03333       71.43  -                       -  -                -                       -         -          127     1.000         0.000                     0  -                 -
3 of 7 ranked galaxies; snapshot S1, model ae, score mae; flux = 1e-17 erg/s/cm^2/Angstrom/spaxel
)");
}

TEST_F(CliTest, AnomaliesAsJson) {
  EXPECT_EQ(Output({"anomalies", "--limit=2", "--score", "chi", "--model", "vae", "-o", "json"}),
            R"({
 "snapshot_id": "S1",
 "model": "vae",
 "score_kind": "chi",
 "total_count": 7,
 "anomalies": [
  {"rank":1,"plateifu":"8000-12704","mangaid":"1-209232","redshift":0.01,"score":2.0,"percentile":100.0,"top_line":"[OIII] 5008","top_line_mae":0.04,"agn_classes":[],"drp3qual_names":[],"ra_deg":120.5,"dec_deg":-3.25,"fibre_count":127,"coverage":1.0,"masked_share":0.0,"lines_off_grid_count":0,"repeat_plateifus":[],"tags":[]},
  {"rank":2,"plateifu":"8001-12704","mangaid":"1-209233","redshift":0.02,"score":1.0,"percentile":85.71428571428571,"top_line":"[OIII] 5008","top_line_mae":0.02,"agn_classes":["infrared","radio"],"drp3qual_names":["BADFLUX"],"ra_deg":121.5,"dec_deg":-3.25,"fibre_count":127,"coverage":0.875,"masked_share":0.25,"lines_off_grid_count":2,"repeat_plateifus":["8003-12704"],"tags":["odd"]}
 ]
}
)");
}

TEST_F(CliTest, AnomaliesAsCsvAndJsonLines) {
  EXPECT_EQ(
      Output({"-o", "csv", "anomalies", "--limit", "3"}),
      "rank,plateifu,mangaid,redshift,score,percentile,top_line,top_line_mae,agn_classes,"
      "drp3qual_names,ra_deg,dec_deg,fibre_count,coverage,masked_share,lines_off_grid_count,"
      "repeat_plateifus,tags,snapshot_id,model,score_kind\n"
      "1,8000-12704,1-209232,0.01,0.1,100.0,[OIII] "
      "5008,0.04,,,120.5,-3.25,127,1.0,0.0,0,,,S1,ae,mae\n"
      "2,8001-12704,1-209233,0.02,0.05,85.71428571428571,[OIII] 5008,0.02,infrared;radio,"
      "BADFLUX,121.5,-3.25,127,0.875,0.25,2,8003-12704,odd,S1,ae,mae\n"
      "3,8002-12704,,0.03,0.03333333333333333,71.42857142857143,,,,,,,127,1.0,0.0,0,,,S1,ae,mae\n");
  EXPECT_EQ(
      Output({"anomalies", "-o", "jsonl", "--limit", "1"}),
      R"({"rank":1,"plateifu":"8000-12704","mangaid":"1-209232","redshift":0.01,"score":0.1,)"
      R"("percentile":100.0,"top_line":"[OIII] 5008","top_line_mae":0.04,"agn_classes":[],)"
      R"("drp3qual_names":[],"ra_deg":120.5,"dec_deg":-3.25,"fibre_count":127,)"
      R"("coverage":1.0,"masked_share":0.0,"lines_off_grid_count":0,"repeat_plateifus":[],"tags":[],)"
      R"("snapshot_id":"S1","model":"ae","score_kind":"mae"})"
      "\n");
}

TEST_F(CliTest, AnomaliesPageThroughToTheLimit) {
  const auto rows = [this](const char* limit) {
    const std::string out = Output({"anomalies", "-o", "jsonl", "--limit", limit});
    return std::count(out.begin(), out.end(), '\n');
  };
  EXPECT_EQ(rows("5"), 5);
  EXPECT_EQ(server_.service.call_count(), 2);  // the fake's pages hold 3
  EXPECT_EQ(rows("0"), 7);
  EXPECT_EQ(rows("100"), 7);
}

TEST_F(CliTest, PagesOfTwoSnapshotsAreAnError) {
  server_.service.set_mixes_snapshots(true);
  const ProcessResult result = Run({"anomalies"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, HasSubstr("a page of snapshot S2 follows pages of snapshot S1"));
}

TEST_F(CliTest, NeighborsInEveryFormat) {
  EXPECT_EQ(
      Output({"neighbors", "8000-12704", "-k", "2"}),
      R"(place  plateifu    mangaid   redshift  distance       mae  mae_rank  mae_percentile  also_in_spaces  agn_classes      drp3qual_names     ra_deg   dec_deg  fibre_count  coverage  masked_share  lines_off_grid_count  repeat_plateifus  tags
                                                     flux                         %                                                         deg       deg
-----  ----------  --------  --------  --------  --------  --------  --------------  --------------  ---------------  --------------  ---------  --------  -----------  --------  ------------  --------------------  ----------------  ----
    1  8001-12704  1-209233   0.02000    0.5000  0.050000         2           85.71  umap            infrared, radio  BADFLUX         121.50000  -3.25000          127     0.875         0.250                     2  8003-12704        odd
    2  8002-12704  -          0.03000    1.0000  0.033333         3           71.43  -               -                -                       -         -          127     1.000         0.000                     0  -                 -
2 nearest to 8000-12704 in latent space; snapshot S1, model ae; flux = 1e-17 erg/s/cm^2/Angstrom/spaxel
)");
  const std::string row =
      R"({"place":1,"plateifu":"8001-12704","mangaid":"1-209233","redshift":0.02,"distance":0.5,)"
      R"("mae":0.05,"mae_rank":2,"mae_percentile":85.71428571428571,)"
      R"("also_in_spaces":["umap"],"agn_classes":["infrared","radio"],"drp3qual_names":["BADFLUX"],"ra_deg":121.5,)"
      R"("dec_deg":-3.25,"fibre_count":127,"coverage":0.875,"masked_share":0.25,)"
      R"("lines_off_grid_count":2,"repeat_plateifus":["8003-12704"],"tags":["odd"])";
  const std::string provenance = R"("of_plateifu":"8000-12704","space":"latent",)"
                                 R"("snapshot_id":"S1","model":"ae")";
  EXPECT_EQ(Output({"neighbors", "8000-12704", "-k1", "-o", "jsonl"}),
            row + "," + provenance + "}\n");
  EXPECT_EQ(Output({"neighbors", "8000-12704", "-k1", "-o", "json"}),
            "{\n \"of_plateifu\": \"8000-12704\",\n \"space\": \"latent\",\n"
            " \"snapshot_id\": \"S1\",\n \"model\": \"ae\",\n \"neighbors\": [\n  " +
                row + "}\n ]\n}\n");
  EXPECT_EQ(Output({"neighbors", "8000-12704", "-k1", "-o", "csv"}),
            "place,plateifu,mangaid,redshift,distance,mae,mae_rank,mae_percentile,also_in_spaces,"
            "agn_classes,"
            "drp3qual_names,ra_deg,dec_deg,fibre_count,coverage,masked_share,lines_off_grid_count,"
            "repeat_plateifus,tags,of_plateifu,space,snapshot_id,model\n"
            "1,8001-12704,1-209233,0.02,0.5,0.05,2,85.71428571428571,umap,infrared;radio,BADFLUX,"
            "121.5,-3.25,127,0.875,0.25,2,8003-12704,odd,8000-12704,latent,S1,ae\n");
}

TEST_F(CliTest, EmbeddingsInEveryFormat) {
  const std::vector<std::string> ids = {"embedding", "8000-12704", "8001-12704", "-o"};
  const auto output = [&](const char* format) {
    std::vector<std::string> arguments = ids;
    arguments.emplace_back(format);
    return Output(arguments);
  };
  EXPECT_EQ(output("table"),
            "component  8000-12704  8001-12704\n"
            "---------  ----------  ----------\n"
            "        0     0.10000     0.10000\n"
            "        1    -2.50000    -2.50000\n"
            "        2    1.00e-20    1.00e-20\n"
            "snapshot S1, model ae, space latent\n");
  EXPECT_EQ(output("json"),
            "{\n \"snapshot_id\": \"S1\",\n \"model\": \"ae\",\n \"space\": \"latent\",\n "
            "\"embeddings\": [\n"
            "  {\"plateifu\":\"8000-12704\",\"values\":[0.1,-2.5,1e-20]},\n"
            "  {\"plateifu\":\"8001-12704\",\"values\":[0.1,-2.5,1e-20]}\n ]\n}\n");
  EXPECT_EQ(output("jsonl"),
            "{\"plateifu\":\"8000-12704\",\"values\":[0.1,-2.5,1e-20],\"snapshot_id\":\"S1\","
            "\"model\":\"ae\",\"space\":\"latent\"}\n"
            "{\"plateifu\":\"8001-12704\",\"values\":[0.1,-2.5,1e-20],\"snapshot_id\":\"S1\","
            "\"model\":\"ae\",\"space\":\"latent\"}\n");
  EXPECT_EQ(output("csv"),
            "plateifu,values_0,values_1,values_2,snapshot_id,model,space\n"
            "8000-12704,0.1,-2.5,1e-20,S1,ae,latent\n8001-12704,0.1,-2.5,1e-20,S1,ae,latent\n");
}

TEST_F(CliTest, ShowAsTable) {
  EXPECT_EQ(Output({"show", "8001-12704"}), R"(Galaxy 8001-12704
mangaid       1-209233
redshift      0.02000
position      121.50000 -3.25000 deg
fibres        127
stellar mass  3.25e+10 h^-2 Msun
AGN           infrared, radio
repeats       8003-12704
tags          odd
quality       BADFLUX (DRP3QUAL 64)
crop          87.5 % inside the cube, 25.0 % of voxels masked, 2 lines off the grid

Scores
model       mae  rank   pct     chi  rank   pct  relative  rank  pct
           flux           %   sigma           %                    %
-----  --------  ----  ----  ------  ----  ----  --------  ----  ---
ae     0.050000     2  85.7  1.0000     2  85.7         -     -    -
vae    0.050000     2  85.7  1.0000     2  85.7         -     -    -

Percentiles within populations
by         population  ae mae  ae chi  ae relative  vae mae  vae chi  vae relative
                            %       %            %        %        %             %
---------  ----------  ------  ------  -----------  -------  -------  ------------
agn_class  radio         50.0   100.0            -     50.0    100.0             -

Lines with the largest part of mae
place  ae           part  vae          part
                       %                  %
-----  -----------  ----  -----------  ----
    1  Halpha 6565  80.0  Halpha 6565  80.0
    2  [OII] 3727   20.0  [OII] 3727   20.0

snapshot S1; rank 1 is the strangest; flux = 1e-17 erg/s/cm^2/Angstrom/spaxel
)");
}

TEST_F(CliTest, ShowAsJsonLine) {
  const std::string scores = R"({"mae":{"value":0.05,"rank":2,"percentile":85.71428571428571},)"
                             R"("chi":{"value":1.0,"rank":2,"percentile":85.71428571428571},)"
                             R"("relative":{"value":null,"rank":null,"percentile":null}})";
  const std::string shares =
      R"({"[OII] 3727":{"wavelength_angstrom":3727.09,"value":0.01,"share":0.19999999999999998},)"
      R"("Halpha 6565":{"wavelength_angstrom":6564.61,"value":0.04,"share":0.7999999999999999}})";
  const std::string populations = R"([{"group":"agn_class","population":"radio",)"
                                  R"("mae_percentile":50.0,"chi_percentile":100.0,)"
                                  R"("relative_percentile":null}])";
  const std::string expected =
      R"({"snapshot_id":"S1","galaxy":{"plateifu":"8001-12704","mangaid":"1-209233",)"
      R"("redshift":0.02,"ra_deg":121.5,"dec_deg":-3.25,"fibre_count":127,)"
      R"("stellar_mass_msun":32500000000.0,"half_light_radius_arcsec":null,"sersic_index":null,)"
      R"("agn_classes":["infrared","radio"],"repeat_plateifus":["8003-12704"],"tags":["odd"]},)"
      R"("quality":{"drp3qual":64,"drp3qual_names":["BADFLUX"],"coverage":0.875,)"
      R"("masked_share":0.25,"lines_off_grid_count":2},"scores":{"ae":)" +
      scores + R"(,"vae":)" + scores + R"(},"line_shares":{"ae":)" + shares + R"(,"vae":)" +
      shares + R"(},"population_percentiles":{"ae":)" + populations + R"(,"vae":)" + populations +
      "}}\n";
  EXPECT_EQ(Output({"show", "8001-12704", "-o", "jsonl"}), expected);
  std::string json = Output({"show", "8001-12704", "-o", "json"});
  EXPECT_THAT(json, StartsWith("{\n \"snapshot_id\": \"S1\",\n \"galaxy\": {\n"));
  // Apart from the white space the two are the same.
  json = std::regex_replace(json, std::regex("\n *"), "");
  EXPECT_EQ(std::regex_replace(json, std::regex("\": "), "\":") + "\n", expected);
}

TEST_F(CliTest, ShowAsCsv) {
  const std::string out = Output({"show", "8001-12704", "-o", "csv"});
  EXPECT_THAT(out, StartsWith("quantity,value\nsnapshot_id,S1\ngalaxy.plateifu,8001-12704\n"
                              "galaxy.mangaid,1-209233\ngalaxy.redshift,0.02\n"));
  EXPECT_THAT(out, HasSubstr("\nscores.vae.chi.rank,2\n"));
  EXPECT_THAT(out, HasSubstr("\nline_shares.ae.[OII] 3727.value,0.01\n"));
}

TEST_F(CliTest, DistributionsInEveryFormat) {
  EXPECT_EQ(Output({"distribution", "--by", "agn_class"}),
            R"(population  galaxies  ranked       min    median      max  median_percentile
                                  flux      flux     flux                  %
----------  --------  ------  --------  --------  -------  -----------------
radio              3       3  0.010000  0.050000  0.20000              42.50
none               3       0         -         -        -                  -
score mae, by agn_class; snapshot S1, model ae; median_percentile: of the population's galaxies among all; flux = 1e-17 erg/s/cm^2/Angstrom/spaxel
)");
  EXPECT_EQ(Output({"distribution", "--by", "agn_class", "--line", "Halpha 6565", "-o", "json"}),
            R"({
 "snapshot_id": "S1",
 "model": "ae",
 "score_kind": "line_error",
 "line": "Halpha 6565",
 "group": "agn_class",
 "bin_edges": [0.0,0.1,0.2],
 "populations": [
  {"population":"radio","galaxies":3,"ranked":3,"min":0.01,"median":0.05,"max":0.2,"median_percentile":42.5,"bin_counts":[2,1]},
  {"population":"none","galaxies":3,"ranked":0,"min":null,"median":null,"max":null,"median_percentile":null,"bin_counts":[0,0]}
 ]
}
)");
}

TEST_F(CliTest, RepeatsAreOfAllPages) {
  EXPECT_EQ(
      Output({"repeats"}),
      R"(mangaid   first       second      latent_percentile  latent_rank_from_first  latent_rank_from_second  latent_distance  mae_difference  chi_difference  relative_difference
                                                  %                                                                              flux           sigma
--------  ----------  ----------  -----------------  ----------------------  -----------------------  ---------------  --------------  --------------  -------------------
1-209233  8001-12704  8003-12704               1.50                       1                        2          0.50000         0.25000               -                    -
1-209233  8001-12704  8004-12704                  -                       1                        2          0.50000         0.25000               -                    -
2 pairs; snapshot S1, model ae; differences: second less first
median distance, as a percentile of those between different galaxies (50 % is chance): latent 1.5 %
)");
}

TEST_F(CliTest, AVectorIsReadFromAFileOrStandardInput) {
  const ProcessResult bad = Run({"neighbors", "--vector", "/dev/null"});
  EXPECT_EQ(bad.exit_code, 2);
  EXPECT_THAT(bad.err, HasSubstr("/dev/null: value 1 is not a number"));
  EXPECT_EQ(Run({"neighbors", "--vector", "/nowhere"}).exit_code, 3);
  EXPECT_EQ(server_.service.call_count(), 0);
}

TEST_F(CliTest, StatusInEveryFormat) {
  const std::string table = Output({"status"});
  EXPECT_THAT(table, StartsWith("server         " + server_.address() +
                                " is reachable\n"
                                "version        0.1.0\n"
                                "snapshot       S1\n"
                                "published      2023-11-14T22:13:20Z, "));
  EXPECT_THAT(table, HasSubstr(R"( ago
dataset        dddddddddddd
galaxies       7
excluded       2
default model  ae
reload error   none

Models
model  kind  preset  dimension  seed  digest
-----  ----  ------  ---------  ----  ------------
ae     ae    tiny            3     1  aaaaaaaaaaaa
vae    vae   tiny            3     2  aaaaaaaaaaaa

Spaces
model  space  dimension  explained  trustworthiness  continuity  common neighbours
                                 %
-----  -----  ---------  ---------  ---------------  ----------  -----------------
ae     pca            2       87.5           0.5000           -  latent 88 %

Training
figure     ae        vae
---------  --------  --------
epochs     4         4
test_loss  0.012346  0.012346
)"));
  const std::regex age("\"age_seconds\":[0-9]{8,}");
  const std::string line = std::regex_replace(Output({"status", "-o", "jsonl"}), age, "AGE");
  const char* const space =
      R"("pca":{"dimension":2,"explained_variance_ratios":[0.75,0.125],"trustworthiness":0.5,)"
      R"("continuity":null,"shared_neighbor_shares":{"latent":0.875}})";
  const auto model = [space](const char* kind, int seed) {
    return fmt::format(R"("{0}":{{"kind":"{0}","preset":"tiny","dimension":3,"seed":{1},)"
                       R"("digest":"{2}","training":{{"epochs":4,"test_loss":0.0123456,)"
                       R"("history":[1,2]}},"spaces":{{{3}}},"relevance":null}})",
                       kind, seed, std::string(64, 'a'), seed == 1 ? space : "");
  };
  EXPECT_EQ(line, R"({"server":")" + server_.address() +
                      R"(","reachable":true,"server_version":"0.1.0","snapshot_id":"S1",)"
                      R"("create_time":"2023-11-14T22:13:20Z",AGE,"dataset_digest":")" +
                      std::string(64, 'd') +
                      R"(","galaxy_count":7,"excluded_count":2,"reload_error":"",)"
                      R"("default_model":"ae","models":{)" +
                      model("ae", 1) + "," + model("vae", 2) +
                      R"(},"line_wavelengths_angstrom":{"Halpha 6565":6564.61},"tags":{"odd":)"
                      R"({"description":"Looked odd","galaxy_count":1,"excluded_count":0}}})" +
                      "\n");
  EXPECT_THAT(Output({"status", "-o", "json"}), HasSubstr("\n \"galaxy_count\": 7,\n"));
  EXPECT_THAT(Output({"status", "-o", "csv"}), HasSubstr("\nmodels.vae.training.epochs,4\n"));
}

TEST_F(CliTest, StatusSaysWhyAReloadFailed) {
  server_.service.set_reload_error("snapshot S2: catalog.sqlite has another digest");
  EXPECT_THAT(Output({"status"}),
              HasSubstr("reload error   snapshot S2: catalog.sqlite has another digest\n"));
}

TEST_F(CliTest, ErrorsOfTheServerAreOneLineAndAnExitCode) {
  const std::vector<std::tuple<std::vector<std::string>, int, std::string>> cases = {
      {{"show", "9999-12704"}, 3, "UNKNOWN_GALAXY: no galaxy 9999-12704 in snapshot S1"},
      {{"neighbors", "1-1"}, 4, "AMBIGUOUS_ID: 1-1 is 8000-12704, 8001-12704"},
      {{"show", "nonsense"}, 2, "MALFORMED_ID: 'nonsense' is neither"},
      {{"show", "busy"}, 4, "TOO_BUSY: 64 calls"},
      {{"show", "bug"}, 1, "internal error: first line second  [31mline"},
      {{"anomalies", "--model", "x"}, 3, "UNKNOWN_MODEL: no model 'x'; there are ae, vae"},
      {{"show", "slow", "--timeout", "0.2"},
       5,
       "no answer from " + server_.address() + " within 0.2 s"},
  };
  for (const auto& [arguments, exit_code, message] : cases) {
    const ProcessResult result = Run(arguments);
    EXPECT_EQ(result.exit_code, exit_code) << message;
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(result.err, "peculiar: " + message + "\n");
  }
}

TEST_F(CliTest, WrongUsageIsOneLineAndTwo) {
  const std::vector<std::vector<std::string>> cases = {
      {},
      {"nothing"},
      {"show"},
      {"show", "--ids", ""},
      {"status", "--frobnicate"},
      {"neighbors", "a", "-k", "0"},
      {"neighbors", "a", "-k", "1001"},
      {"neighbors", "a", "-k", "1x"},
      {"anomalies", "--limit", "-1"},
      {"anomalies", "--score", "best"},
      {"anomalies", "--score", "chi", "--line", "Halpha 6565"},
      {"anomalies", "--share"},
      {"anomalies", "--agn", "blazar"},
      {"anomalies", "--fibres", "20"},
      {"anomalies", "--cone", "1,2"},
      {"neighbors"},
      {"neighbors", "a", "--vector", "file"},
      {"distribution", "--by", "colour"},
      {"status", "-o", "xml"},
      {"status", "--timeout", "0"},
      {"status", "--server", "localhost"},
  };
  for (const auto& arguments : cases) {
    const ProcessResult result = Run(arguments);
    const std::string shown = ::testing::PrintToString(arguments);
    EXPECT_EQ(result.exit_code, 2) << shown;
    EXPECT_EQ(result.out, "") << shown;
    EXPECT_THAT(result.err, StartsWith("peculiar: ")) << shown;
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
  }
  EXPECT_EQ(server_.service.call_count(), 0);
}

TEST_F(CliTest, FlagWinsOverEnvironmentBeforeAndAfterTheSubcommand) {
  const std::vector<std::vector<std::string>> cases = {
      {"--server", server_.address(), "-o", "csv", "status"},
      {"status", "--server", server_.address(), "-o", "csv"}};
  for (const std::vector<std::string>& flags : cases) {
    std::vector<std::string> arguments = flags;
    arguments.insert(arguments.begin(), PECULIAR_CLI);
    const ProcessResult result =
        RunProcess(arguments, {.environment = {"PECULIAR_SERVER=127.0.0.1:1"}});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_THAT(result.out, HasSubstr("\nserver," + server_.address() + "\n"));
  }
}

TEST_F(CliTest, UnavailableServerIsAskedAgain) {
  server_.service.FailNext(1, {grpc::StatusCode::UNAVAILABLE, "starting"});
  EXPECT_THAT(Output({"status"}), HasSubstr("snapshot       S1\n"));
  EXPECT_EQ(server_.service.call_count(), 2);
}

TEST_F(CliTest, UnreachableServerIsFiveInBoundedTime) {
  const ProcessResult result = RunProcess(
      {PECULIAR_CLI, "--server", "127.0.0.1:1", "--timeout", "1", "status"}, {.kill_after = 20});
  EXPECT_EQ(result.exit_code, 5);
  EXPECT_LT(result.seconds, 3);
  EXPECT_THAT(result.err, StartsWith("peculiar: cannot reach 127.0.0.1:1 in "));
  EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
}

TEST_F(CliTest, BrokenPipeIsQuiet) {
  const ProcessResult result = Run({"anomalies", "-o", "csv"}, {.out_is_broken = true});
  EXPECT_EQ(result.err, "");
  EXPECT_TRUE(result.exit_code == 0 || result.signal == SIGPIPE) << result.exit_code;
}

TEST_F(CliTest, FullDiskIsSaid) {
  const std::string command = std::string(PECULIAR_CLI) + " status > /dev/full";
  ProcessOptions options{.environment = {"PECULIAR_SERVER=" + server_.address()}};
  const ProcessResult result = RunProcess({"/bin/sh", "-c", command}, options);
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.err, "peculiar: cannot write standard output: No space left on device\n");
}

TEST_F(CliTest, InterruptIsQuick) {
  const ProcessResult result = Run({"show", "slow", "--timeout", "30"},
                                   {.signal = SIGINT, .signal_after = 0.3, .kill_after = 20});
  EXPECT_EQ(result.signal, SIGINT);
  EXPECT_LT(result.seconds, 5);
  EXPECT_EQ(result.err, "");
}

TEST_F(CliTest, HelpNamesExitCodesAndAddress) {
  const std::string help = Output({"--help"});
  for (const char* word : {"anomalies", "neighbors", "embedding", "show", "status", "5  server",
                           "PECULIAR_SERVER", "127.0.0.1:50051"}) {
    EXPECT_THAT(help, HasSubstr(word));
  }
  EXPECT_THAT(Output({"--version"}), StartsWith("peculiar "));
  EXPECT_THAT(Output({"neighbors", "--help"}), HasSubstr("-k,--count"));
}

}  // namespace
}  // namespace peculiar::testing
