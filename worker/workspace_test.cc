#include "worker/workspace.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "core/base/file.h"
#include "tests/support/test_folder.h"

namespace peculiar::worker {
namespace {

TEST(WorkspaceTest, CreateMakesItAndOpensItTheNextTime) {
  const auto root = TestFolder() / "work" / "nested";
  EXPECT_EQ(Workspace::Open(root).status().code(), absl::StatusCode::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(root));
  ASSERT_TRUE(Workspace::Create(root).ok());
  ASSERT_TRUE(Workspace::Create(root).ok());
  const auto workspace = Workspace::Open(root);
  ASSERT_TRUE(workspace.ok()) << workspace.status();
  EXPECT_EQ(workspace->dataset_folder(), root / "dataset");
  EXPECT_EQ(*workspace->EmbeddingsFolder("ae"), root / "models" / "ae" / "embeddings");
}

TEST(WorkspaceTest, ASecondWriterIsRefusedWithThePidOfTheFirst) {
  const auto root = TestFolder() / "work";
  const auto first = Workspace::Create(root);
  ASSERT_TRUE(first.ok());
  const auto second = Workspace::Open(root);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(MessageOf(second.status()),
            fmt::format("another peculiar-worker (pid {}) is using {}", getpid(), root.string()));
  EXPECT_EQ(Workspace::Create(root).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(Workspace::Open(root, WorkspaceAccess::kRead).ok());
}

TEST(WorkspaceTest, WorkOnModelsSharesTheWorkspaceAndExcludesAWriterOfAll) {
  const auto root = TestFolder() / "work";
  ASSERT_TRUE(Workspace::Create(root).ok());
  {
    const auto first = Workspace::Open(root, WorkspaceAccess::kModels);
    const auto second = Workspace::Open(root, WorkspaceAccess::kModels);
    ASSERT_TRUE(first.ok() && second.ok()) << first.status() << second.status();
    EXPECT_EQ(Workspace::Open(root).status().code(), absl::StatusCode::kFailedPrecondition);
    const auto ae = first->LockModel("ae", LockMode::kAlone);
    ASSERT_TRUE(ae.ok()) << ae.status();
    EXPECT_TRUE(second->LockModel("vae", LockMode::kAlone).ok());
    const auto taken = second->LockModel("ae", LockMode::kShared);
    EXPECT_EQ(MessageOf(taken.status()),
              fmt::format("another peculiar-worker (pid {}) is using model ae of {}", getpid(),
                          root.string()));
  }
  const auto writer = Workspace::Open(root);
  ASSERT_TRUE(writer.ok()) << writer.status();
  EXPECT_FALSE(Workspace::Open(root, WorkspaceAccess::kModels).ok());
}

TEST(WorkspaceTest, SharesOfAModelWorkTogetherAndNobodyChangesItMeanwhile) {
  const auto root = TestFolder() / "work";
  ASSERT_TRUE(Workspace::Create(root).ok());
  const auto workspace = Workspace::Open(root, WorkspaceAccess::kModels);
  const auto first = workspace->LockModel("ae", LockMode::kShared);
  const auto second = workspace->LockModel("ae", LockMode::kShared);
  EXPECT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(workspace->LockModel("ae", LockMode::kAlone).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(workspace->LockModel("../ae", LockMode::kAlone).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(workspace->ModelNames()->empty());
}

TEST(WorkspaceTest, TheLockEndsWithItsHolderHoweverThatEnds) {
  const auto root = TestFolder() / "work";
  { ASSERT_TRUE(Workspace::Create(root).ok()); }
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const auto held = Workspace::Open(root);
    const char answer = held.ok() ? 'y' : 'n';
    (void)!write(ready[1], &answer, 1);
    pause();
    _exit(0);
  }
  char answer = 0;
  ASSERT_EQ(read(ready[0], &answer, 1), 1);
  ASSERT_EQ(answer, 'y');
  const auto refused = Workspace::Open(root).status();
  EXPECT_NE(MessageOf(refused).find(fmt::format("(pid {})", child)), std::string_view::npos)
      << refused;
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(Workspace::Open(root).ok());
}

TEST(WorkspaceTest, AnotherFormatIsRefusedNamingBoth) {
  const auto root = TestFolder() / "work";
  { ASSERT_TRUE(Workspace::Create(root).ok()); }
  ASSERT_TRUE(WriteFileAtomically(root / "workspace.json", "{\"format\": 2}").ok());
  for (const auto& status : {Workspace::Open(root).status(), Workspace::Create(root).status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_NE(MessageOf(status).find("format 2, this program reads 1"), std::string_view::npos);
  }
  ASSERT_TRUE(WriteFileAtomically(root / "workspace.json", "{").ok());
  EXPECT_EQ(Workspace::Open(root).status().code(), absl::StatusCode::kDataLoss);
}

TEST(WorkspaceTest, AFolderOfSomethingElseIsLeftAlone) {
  const auto root = TestFolder() / "work";
  std::filesystem::create_directories(root);
  std::ofstream(root / "thesis.tex") << "x";
  const auto status = Workspace::Create(root).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(MessageOf(status).find("thesis.tex"), std::string_view::npos);
  EXPECT_FALSE(std::filesystem::exists(root / "lock"));
}

TEST(WorkspaceTest, ACreateThatWasKilledCanBeRepeated) {
  const auto root = TestFolder() / "work";
  std::filesystem::create_directories(root);
  std::ofstream(root / "lock") << "123";
  std::ofstream(root / ".workspace.json.tmp") << "{";
  EXPECT_TRUE(Workspace::Create(root).ok());
}

TEST(WorkspaceTest, ModelNamesArePlain) {
  for (const std::string& name :
       std::vector<std::string>{"ae", "vae-2", "a_b", "0", std::string(64, 'x')}) {
    EXPECT_TRUE(CheckModelName(name).ok()) << name;
  }
  for (const std::string& name :
       std::vector<std::string>{"", "..", "a/b", "AE", "a b", "a.b", std::string(65, 'x')}) {
    EXPECT_EQ(CheckModelName(name).code(), absl::StatusCode::kInvalidArgument) << name;
  }
}

TEST(WorkspaceTest, ListsItsModelsSorted) {
  const auto root = TestFolder() / "work";
  const auto workspace = Workspace::Create(root);
  ASSERT_TRUE(workspace.ok());
  EXPECT_TRUE(workspace->ModelNames()->empty());
  std::filesystem::create_directories(root / "models" / "vae");
  std::filesystem::create_directories(root / "models" / "ae");
  std::filesystem::create_directories(root / "models" / "Not a model");
  EXPECT_EQ(*workspace->ModelNames(), (std::vector<std::string>{"ae", "vae"}));
}

}  // namespace
}  // namespace peculiar::worker
