// What a script relies on: ids from files, exit codes, exports that are whole or not there, the
// configuration file, the doctor and completion. The real program against a fake server.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <iterator>

#include "tests/support/fake_query_service.h"
#include "tests/support/process.h"
#include "tests/support/test_folder.h"

namespace peculiar::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string Content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class CliScriptingTest : public ::testing::Test {
 protected:
  // In a shell: "$P" is the program, with the fake server's address in the environment.
  ProcessResult Shell(const std::string& command, const std::string& shell = "/bin/sh") {
    return RunProcess({shell, "-c", command}, {.environment = Environment()});
  }
  ProcessResult Run(std::vector<std::string> arguments, ProcessOptions options = {}) {
    arguments.insert(arguments.begin(), PECULIAR_CLI);
    options.environment = Environment();
    return RunProcess(arguments, options);
  }
  std::vector<std::string> Environment() const {
    return {"PECULIAR_SERVER=" + server_.address(), "P=" PECULIAR_CLI, "F=" + folder_.string(),
            "XDG_CONFIG_HOME=" + folder_.string()};
  }
  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }
  // What is in the folder, hidden files too.
  std::vector<std::string> Files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  FakeServer server_;
  const std::filesystem::path folder_ = TestFolder();
};

TEST_F(CliScriptingTest, OneBadIdDoesNotLoseTheOthers) {
  const std::string file =
      Write("ids.txt", "# mine\n8000-12704\n9999-12704\n\n1-1, 8001-12704\nnonsense\n\xff\n");
  const std::string failures = fmt::format(
      "peculiar: {0}:3: UNKNOWN_GALAXY: no galaxy 9999-12704 in snapshot S1\n"
      "peculiar: {0}:5: AMBIGUOUS_ID: 1-1 is 8000-12704, 8001-12704\n"
      "peculiar: {0}:6: MALFORMED_ID: 'nonsense' is neither\n"
      "peculiar: {0}:7: MALFORMED_ID: '\uFFFD' is not UTF-8 text\n",
      file);
  for (const auto& [command, rows] :
       std::vector<std::pair<std::string, int>>{{"embedding", 3}, {"show", 3}, {"neighbors", 18}}) {
    const ProcessResult result = Run({command, "8002-12704", "--ids", file, "-o", "jsonl"});
    EXPECT_EQ(result.exit_code, 3) << command;
    EXPECT_EQ(std::count(result.out.begin(), result.out.end(), '\n'), rows) << result.out;
    EXPECT_EQ(result.err, failures) << command;
  }
  EXPECT_THAT(Run({"embedding", "8002-12704", "--ids", file, "-o", "csv"}).out,
              HasSubstr("\n8002-12704,0.1,-2.5,1e-20,S1,ae,latent\n8000-12704,"));
}

TEST_F(CliScriptingTest, WhenNoIdHasAnAnswerNothingIsPrinted) {
  for (const char* command : {"embedding", "show", "neighbors"}) {
    const ProcessResult result = Run({command, "1-1", "9999-12704"});
    EXPECT_EQ(result.exit_code, 4) << command;
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 2) << result.err;
  }
}

TEST_F(CliScriptingTest, AnErrorThatIsOfNoIdEndsTheWhole) {
  for (const char* command : {"embedding", "neighbors"}) {
    const ProcessResult result = Run({command, "8000-12704", "8001-12704", "--model", "x"});
    EXPECT_EQ(result.exit_code, 3);
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, StartsWith("peculiar: UNKNOWN_MODEL:"));
  }
  EXPECT_EQ(Run({"show", "8000-12704", "busy"}).exit_code, 4);
}

TEST_F(CliScriptingTest, IdsComeFromAPipeOfItsOwnCsv) {
  const ProcessResult result =
      Shell("\"$P\" anomalies --limit 0 -o csv | \"$P\" embedding --ids - -o csv");
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(std::count(result.out.begin(), result.out.end(), '\n'), 8);
  const ProcessResult bad = Shell("echo 1-1 | \"$P\" show --ids -");
  EXPECT_THAT(bad.err, StartsWith("peculiar: standard input:1: AMBIGUOUS_ID:"));
  EXPECT_EQ(Shell("\"$P\" show --ids /nowhere").exit_code, 3);
  EXPECT_EQ(Shell("\"$P\" show --ids - </dev/null").exit_code, 2);
}

TEST_F(CliScriptingTest, SeveralGalaxiesAreShownOneAfterAnother) {
  const ProcessResult table = Run({"show", "8000-12704", "8001-12704"});
  EXPECT_THAT(table.out, StartsWith("Galaxy 8001-12704\n"));
  EXPECT_THAT(table.out, HasSubstr("spaxel\n\nGalaxy 8001-12704\n"));
  EXPECT_THAT(Run({"show", "8000-12704", "8001-12704", "-o", "csv"}).out,
              StartsWith("plateifu,quantity,value\n8001-12704,snapshot_id,S1\n"));
}

TEST_F(CliScriptingTest, AnExportIsAFileOrStandardOutput) {
  const ProcessResult out = Run({"export", "galaxies"});
  EXPECT_EQ(out.exit_code, 0) << out.err;
  EXPECT_EQ(out.err, "");
  EXPECT_THAT(out.out, StartsWith("plateifu,mangaid,redshift,mae,mae_rank,mae_percentile,chi,"));
  EXPECT_EQ(std::count(out.out.begin(), out.out.end(), '\n'), 8);
  const ProcessResult file = Run({"export", "galaxies", "--out", folder_ / "g.csv"});
  EXPECT_EQ(file.out + file.err, "");
  EXPECT_EQ(Content(folder_ / "g.csv"), out.out);
  EXPECT_EQ(Run({"list", "--limit", "0", "-o", "csv"}).out, out.out);
  EXPECT_THAT(Files(), ElementsAre("g.csv"));
}

TEST_F(CliScriptingTest, EmbeddingsAreExportedAsAMatrixWithItsIds) {
  EXPECT_EQ(Run({"export", "embeddings", "--out", folder_ / "e.npy"}).exit_code, 0);
  const std::string matrix = Content(folder_ / "e.npy");
  EXPECT_EQ(matrix.size(), 128 + 7 * 3 * sizeof(float));
  EXPECT_THAT(matrix.substr(0, 128), HasSubstr("'descr': '<f4'"));
  EXPECT_THAT(matrix.substr(0, 128), HasSubstr("'shape': (7, 3)"));
  const std::string ids = Content(folder_ / "e.ids");
  EXPECT_THAT(ids, StartsWith("# snapshot S1, model ae, space latent\n8000-12704\n8001-12704\n"));
  EXPECT_THAT(Files(), ElementsAre("e.ids", "e.npy"));
  EXPECT_EQ(Run({"export", "embeddings", "-o", "csv"}).out,
            Run({"embedding", "--ids", folder_ / "e.ids", "-o", "csv"}).out);
}

TEST_F(CliScriptingTest, AnExportThatBreaksLeavesTheFileThatWasThere) {
  Write("g.csv", "before");
  server_.service.BreakExports(1, {grpc::StatusCode::UNAVAILABLE, "draining"});
  for (const char* what : {"galaxies", "embeddings"}) {
    const ProcessResult result = Run({"export", what, "--out", folder_ / "g.csv"});
    EXPECT_EQ(result.exit_code, 5);
    EXPECT_THAT(result.err, HasSubstr("broke after 1 messages: draining"));
  }
  // A stream that ends too early, though well.
  server_.service.BreakExports(1, grpc::Status::OK);
  for (const char* name : {"g.csv", "e.npy"}) {
    const ProcessResult result = Run({"export", "embeddings", "--out", folder_ / name});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.err, HasSubstr("3 of 7 galaxies came"));
  }
  EXPECT_EQ(Content(folder_ / "g.csv"), "before");
  EXPECT_THAT(Files(), ElementsAre("g.csv"));
}

TEST_F(CliScriptingTest, AnExportThatTheServerCancelsIsAnError) {
  for (const char* what : {"galaxies", "embeddings"}) {
    for (const auto& [messages, says] :
         std::vector<std::pair<int, std::string>>{{1, "going away; 3 of 7 galaxies came\n"},
                                                  {0, "broke after 0 messages: going away\n"}}) {
      server_.service.BreakExports(messages, {grpc::StatusCode::CANCELLED, "going away"});
      const ProcessResult result = Run({"export", what});
      EXPECT_EQ(result.exit_code, 5) << what;
      EXPECT_THAT(result.err, HasSubstr(says));
    }
  }
}

TEST_F(CliScriptingTest, AReaderThatHasGoneIsNoError) {
  const ProcessResult gone =
      Shell("trap '' PIPE; { sleep 0.5; \"$P\" export galaxies; echo $? >\"$F/code\"; } | true");
  EXPECT_EQ(gone.err, "");
  EXPECT_EQ(Content(folder_ / "code"), "0\n");
}

TEST_F(CliScriptingTest, PipesDevicesAndLinksStayWhatTheyAre) {
  const std::string whole = Run({"export", "galaxies"}).out;
  const ProcessResult fifo = Shell(
      "mkfifo \"$F/pipe\"; timeout 20 cat \"$F/pipe\" >\"$F/got\" & "
      "timeout 20 \"$P\" export galaxies --out \"$F/pipe\"; wait; test -p \"$F/pipe\"");
  EXPECT_EQ(fifo.exit_code, 0) << fifo.err;
  EXPECT_EQ(Content(folder_ / "got"), whole);

  std::filesystem::create_symlink("/dev/stdout", folder_ / "device");
  EXPECT_EQ(Run({"export", "galaxies", "--out", folder_ / "device"}).out, whole);
  EXPECT_EQ(Shell("\"$P\" export galaxies --out \"$F/device\" | cat").out, whole);

  std::filesystem::create_directory(folder_ / "d");
  Write("d/old", "before");
  std::filesystem::create_symlink("d/old", folder_ / "to_old");
  std::filesystem::create_symlink("d/new", folder_ / "to_new");
  for (const char* name : {"old", "new"}) {
    const auto link = folder_ / (std::string("to_") + name);
    EXPECT_EQ(Run({"export", "galaxies", "--out", link}).exit_code, 0);
    EXPECT_TRUE(std::filesystem::is_symlink(link));
    EXPECT_EQ(Content(folder_ / "d" / name), whole);
  }
  EXPECT_THAT(Files(), ElementsAre("d", "device", "got", "pipe", "to_new", "to_old"));
}

TEST_F(CliScriptingTest, IdsThatAnExportDidNotWriteAreKept) {
  const std::string mine = Write("mine.ids", "8000-12704\n");
  const auto matrix = folder_ / "mine.npy";
  for (const std::vector<std::string>& more :
       std::vector<std::vector<std::string>>{{}, {"--among", mine}}) {
    std::vector<std::string> arguments{"export", "embeddings", "--out", matrix};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const ProcessResult result = Run(arguments);
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_THAT(result.err, HasSubstr("mine.ids would be replaced"));
  }
  EXPECT_EQ(Content(mine), "8000-12704\n");
  EXPECT_THAT(Files(), ElementsAre("mine.ids"));
  Write("mine.ids", "# snapshot S0, model ae, space latent\n8000-12704\n");  // of an export
  EXPECT_EQ(Run({"export", "embeddings", "--out", matrix, "--among", mine}).exit_code, 2);
  EXPECT_EQ(Run({"export", "embeddings", "--out", matrix}).exit_code, 0);
  EXPECT_THAT(Content(mine), StartsWith("# snapshot S1, model ae, space latent\n"));
}

TEST_F(CliScriptingTest, AFormatThatIsNotTheResultIsRefused) {
  EXPECT_EQ(Run({"export", "galaxies", "-o", "json"}).exit_code, 2);
  EXPECT_EQ(Run({"export", "embeddings", "-o", "table"}).exit_code, 2);
  EXPECT_EQ(Run({"export", "embeddings", "-o", "votable", "--out", folder_ / "m.npy"}).exit_code,
            2);
  EXPECT_THAT(Files(), ElementsAre());
  // A default for all questions is not meant for this one.
  EXPECT_EQ(Shell("PECULIAR_OUTPUT=json \"$P\" export galaxies").out,
            Run({"export", "galaxies"}).out);
}

TEST_F(CliScriptingTest, WrongExportsAreRefused) {
  EXPECT_EQ(Run({"export", "stars"}).exit_code, 2);
  EXPECT_EQ(Run({"export", "galaxies", "--out", folder_ / "g.npy"}).exit_code, 2);
  EXPECT_EQ(Run({"export", "galaxies", "--space", "pca"}).exit_code, 2);
  EXPECT_EQ(Run({"export", "galaxies", "--out", folder_ / "no" / "g.csv"}).exit_code, 3);
  EXPECT_THAT(Files(), ElementsAre());
}

TEST_F(CliScriptingTest, AFullDiskIsSaidOfTheFileAndLeavesNothing) {
  constexpr const char* kNoSpace = "No space left on device";
  const auto expect_said = [](const ProcessResult& result, const std::string& file,
                              const char* cause) {
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.err, StartsWith(fmt::format("peculiar: cannot write {}: {}", file, cause)));
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
  };
  expect_said(Shell("\"$P\" export galaxies >/dev/full"), "standard output", kNoSpace);
  expect_said(Shell("\"$P\" list >/dev/full"), "standard output", kNoSpace);
  expect_said(Run({"export", "galaxies", "--out", "/dev/full"}), "/dev/full", kNoSpace);
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "ThreadSanitizer itself writes a file, before main";
#endif
  // A limit on files, standard error among them: what it says goes through a pipe.
  for (const char* name : {"g.csv", "g.npy"}) {
    const std::string what = std::string(name) == "g.npy" ? "embeddings" : "galaxies";
    const ProcessResult limited = Shell(fmt::format(
        "(ulimit -f 0; \"$P\" export {} --out \"$F\"/{}; echo exit $?) 2>&1 | cat", what, name));
    EXPECT_THAT(limited.out, StartsWith(fmt::format("peculiar: cannot write {}: File too large",
                                                    (folder_ / name).string())));
    EXPECT_THAT(limited.out, ::testing::EndsWith("\nexit 1\n"));
    EXPECT_THAT(Files(), ElementsAre());
  }
}

TEST_F(CliScriptingTest, ASignalLeavesNothingHalfWritten) {
  for (const char* name : {"e.csv", "e.npy"}) {
    const ProcessResult result =
        Run({"export", "embeddings", "--model", "slow", "--timeout", "30", "--out", folder_ / name},
            {.signal = SIGINT, .signal_after = 1, .kill_after = 20});
    EXPECT_EQ(result.signal, SIGINT);
    EXPECT_LT(result.seconds, 10);
    EXPECT_EQ(result.err, "");
    EXPECT_THAT(Files(), ElementsAre());
  }
}

TEST_F(CliScriptingTest, TheFileIsBelowTheEnvironmentAndFlags) {
  std::filesystem::create_directory(folder_ / "peculiar");
  Write("peculiar/config.toml", "server = '127.0.0.1:1'\noutput = 'csv'\ntimeout = 0.5\n");
  EXPECT_THAT(Run({"status"}).out, StartsWith("quantity,value\nserver," + server_.address()));
  EXPECT_THAT(Run({"status", "-o", "json"}).out, StartsWith("{\n"));
  const ProcessResult of_file = Shell("unset PECULIAR_SERVER; \"$P\" status");
  EXPECT_EQ(of_file.exit_code, 5);
  EXPECT_THAT(of_file.err, HasSubstr("127.0.0.1:1"));
  Write("peculiar/config.toml", "sever = '127.0.0.1:1'\n");
  const ProcessResult wrong = Run({"status"});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_EQ(wrong.err,
            fmt::format("peculiar: {}/peculiar/config.toml:1: unknown key 'sever'; known "
                        "are server, timeout, output, tls, ca_file, certificate, key and "
                        "token_file\n",
                        folder_.string()));
  EXPECT_EQ(Run({"status", "--config", "/dev/null"}).exit_code, 0);
  EXPECT_EQ(Run({"status", "--config", "/nowhere"}).exit_code, 3);
}

TEST_F(CliScriptingTest, WhatIsMisspeltIsNamed) {
  const ProcessResult result = Run({"-o", "csv", "anomalie", "--limit", "3"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, StartsWith("peculiar: unknown subcommand 'anomalie'; subcommands are "
                                     "anomalies, neighbors, "));
  EXPECT_THAT(Run({"--sever", "x"}).err, StartsWith("peculiar: unknown option '--sever'"));
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"status", "--timeout", "nan"},
                                             {"doctor", "--max-age", "nan"},
                                             {"doctor", "--max-age", "-1"},
                                             {"anomalies", "--compare", "vae,vae"},
                                             {"anomalies", "--compare", "vae", "--model", "vae"},
                                             {"anomalies", "--compare", "ae"}}) {
    const ProcessResult refused = Run(arguments);
    EXPECT_EQ(refused.exit_code, 2) << refused.out;
    EXPECT_THAT(refused.err, HasSubstr(arguments[1]));
  }
}

TEST_F(CliScriptingTest, TextThatIsNotUtf8NamesItsFlag) {
  for (const auto& [flag, arguments] :
       std::vector<std::pair<std::string, std::vector<std::string>>>{
           {"--model", {"anomalies", "--model", "\xff"}},
           {"--tag", {"anomalies", "--tag", "a\xc0\xaf"}},
           {"--server", {"status", "--server", "\xff:1"}},
           {"galaxies", {"show", "\xff"}}}) {
    const ProcessResult result = Run(arguments);
    EXPECT_EQ(result.exit_code, 2) << flag;
    EXPECT_EQ(result.err,
              fmt::format("peculiar: {}: is not UTF-8 text (see peculiar --help)\n", flag));
  }
  EXPECT_EQ(server_.service.call_count(), 0);
  std::ofstream(folder_ / "ids\xff") << "8000-12704\n";  // a file may have such a name
  EXPECT_EQ(Run({"show", "--ids", folder_ / "ids\xff"}).exit_code, 0);
}

TEST_F(CliScriptingTest, TheDoctorFindsAHealthyServerWell) {
  const ProcessResult result = Run({"doctor", "-o", "csv"});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_THAT(result.out, Not(HasSubstr(",failed,")));
  EXPECT_THAT(result.out, HasSubstr("\nhealth,ok,serving,"));
  EXPECT_THAT(result.out, HasSubstr("\napi,ok,\"peculiar.v1.QueryService: 7 ranked galaxies, "));
  EXPECT_EQ(server_.service.call_count(), 2);  // no more than the two that are answered
  EXPECT_THAT(result.out, HasSubstr("\nsnapshot,ok,\"S1: 7 galaxies, 2 models\","));
  EXPECT_THAT(Run({"doctor", "--max-age", "1", "-o", "csv"}).out,
              HasSubstr("\nfreshness,warning,"));
  server_.service.set_reload_error("S2 is torn");
  const ProcessResult warned = Run({"doctor"});
  EXPECT_EQ(warned.exit_code, 0);
  EXPECT_THAT(warned.out, HasSubstr("freshness: publish again"));
}

TEST_F(CliScriptingTest, TheDoctorSaysWhatARefusalMeans) {
  for (const auto& [code, advice] : std::vector<std::pair<grpc::StatusCode, std::string>>{
           {grpc::StatusCode::UNIMPLEMENTED, "another program"},
           {grpc::StatusCode::UNAUTHENTICATED, "--token-file"},
           {grpc::StatusCode::FAILED_PRECONDITION, "peculiar-worker publish"}}) {
    server_.service.FailNext(1, {code, "REFUSED: because"});
    const ProcessResult result = Run({"doctor", "-o", "csv"});
    EXPECT_EQ(result.exit_code, 4) << result.err;
    EXPECT_THAT(result.out, HasSubstr(advice));
    EXPECT_THAT(result.out, HasSubstr("\napi,skipped,"));
  }
  EXPECT_EQ(Run({"doctor", "--admin", "nowhere"}).exit_code, 2);
}

TEST_F(CliScriptingTest, TheDoctorSaysWhereTheWayEnds) {
  for (const auto& [address, check, exit_code] :
       std::vector<std::tuple<std::string, std::string, int>>{{"nowhere", "settings", 2},
                                                              {"no-such-host.invalid:1", "name", 5},
                                                              {"127.0.0.1:1", "connection", 5}}) {
    const ProcessResult result =
        Run({"doctor", "--server", address, "--timeout", "2", "-o", "csv"});
    EXPECT_EQ(result.exit_code, exit_code) << address;
    EXPECT_THAT(result.out, HasSubstr(fmt::format("\n{},failed,", check)));
    EXPECT_THAT(result.out, HasSubstr("\nclock,skipped,"));
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
  }
}

TEST_F(CliScriptingTest, BashCompletesCommandsFlagsAndValues) {
  // bash's own word splitting, then the function that the script registers.
  const std::string complete = R"(
    source <("$P" completion bash)
    ask() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _peculiar; echo "${COMPREPLY[*]}"; }
    complete -p peculiar
    ask peculiar an
    ask peculiar anomalies --sc
    ask peculiar anomalies --score ''
    ask peculiar -o csv anomalies --output = vo
    ask peculiar --output = ''
    ask peculiar export ''
    ask peculiar embedding --mode
    ask peculiar show --ids "$F/id"
    ask peculiar show --comp
  )";
  Write("ids.txt", "");
  const ProcessResult result = Shell(complete, "/bin/bash");
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(result.out, fmt::format("complete -F _peculiar peculiar\n"
                                    "anomalies\n"
                                    "--score\n"
                                    "mae chi relative relevance\n"
                                    "votable\n"
                                    "table json jsonl csv votable\n"
                                    "galaxies embeddings\n"
                                    "--model\n"
                                    "{}\n"
                                    "\n",
                                    (folder_ / "ids.txt").string()));
}

TEST_F(CliScriptingTest, BashCompletesTheModelsOfTheServerThatWouldBeAsked) {
  const std::string complete = R"(
    source <("$P" completion bash)
    ask() {
      COMP_LINE="$*"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
      _peculiar; echo "${COMPREPLY[*]}."
    }
    ask "$P" anomalies --model ''
    ask "$P" anomalies --model v
    ask "$P" --server 127.0.0.1:1 anomalies --model ''
    PECULIAR_SERVER=127.0.0.1:1
    ask "$P" anomalies --model ''
    ask "$P" --server "$S" anomalies --model = ''
    ask no-such-program anomalies --model ''
    peculiar() { printf '%s\n' 'model,default' '$(touch "$F/run"),yes' 'a b,no' 'good-1,no'; }
    ask peculiar anomalies --model ''
  )";
  const ProcessResult result = Shell("S=$PECULIAR_SERVER;" + complete, "/bin/bash");
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(result.out, "ae vae.\nvae.\n.\n.\nae vae.\n.\ngood-1.\n");
  EXPECT_THAT(Files(), ElementsAre());
  EXPECT_LT(result.seconds, 20);
}

TEST_F(CliScriptingTest, ModelsAndComparedScores) {
  EXPECT_THAT(Run({"models", "-o", "csv"}).out,
              HasSubstr("\nae,yes,ae,tiny,3,pca,mae;chi;relative,4,,,0.0123456,,1,"));
  const ProcessResult result = Run({"anomalies", "--limit", "2", "--compare", "vae", "-o", "csv"});
  EXPECT_THAT(result.out, StartsWith("rank,plateifu,mangaid,redshift,score,percentile,vae_score,"
                                     "vae_rank,vae_percentile,top_line,"));
  EXPECT_THAT(result.out, HasSubstr("\n2,8001-12704,1-209233,0.02,0.05,85.71428571428571,0.05,2,"));
  EXPECT_EQ(Run({"anomalies", "--compare", "x"}).exit_code, 3);
}

}  // namespace
}  // namespace peculiar::testing
