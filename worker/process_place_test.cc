#include "worker/process_place.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace peculiar::worker {
namespace {

using testing::HasSubstr;
using Variables = std::map<std::string, std::string>;

Environment From(const Variables& variables) {
  return [&variables](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  };
}

const Variables kGood = {
    {"RANK", "1"}, {"WORLD_SIZE", "4"}, {"MASTER_ADDR", "node-7"}, {"MASTER_PORT", "29500"}};

absl::StatusOr<std::optional<ProcessPlace>> ReadWith(const std::string& name,
                                                     const std::string& value) {
  Variables variables = kGood;
  variables[name] = value;
  return ReadProcessPlace(From(variables));
}

TEST(ProcessPlaceTest, ReadsWhatTorchrunSets) {
  const auto place = ReadProcessPlace(From(kGood));
  ASSERT_TRUE(place.ok() && place->has_value()) << place.status();
  EXPECT_EQ((*place)->rank, 1);
  EXPECT_EQ((*place)->size, 4);
  EXPECT_EQ((*place)->address, "node-7");
  EXPECT_EQ((*place)->port, 29500);
}

TEST(ProcessPlaceTest, ReadsWhoListensUnderTorchrun) {
  EXPECT_FALSE((*ReadWith("TORCHELASTIC_USE_AGENT_STORE", "False"))->launcher_listens);
  Variables variables = kGood;
  variables["TORCHELASTIC_USE_AGENT_STORE"] = "True";
  variables["TORCHELASTIC_RESTART_COUNT"] = "2";
  const auto place = ReadProcessPlace(From(variables));
  ASSERT_TRUE(place.ok() && place->has_value()) << place.status();
  EXPECT_TRUE((*place)->launcher_listens);
  EXPECT_EQ((*place)->attempt, 2);
}

TEST(ProcessPlaceTest, NothingSetOrOneProcessIsNoPlace) {
  const Variables none;
  EXPECT_EQ(ReadProcessPlace(From(none)).value().has_value(), false);
  const Variables one = {
      {"RANK", "0"}, {"WORLD_SIZE", "1"}, {"MASTER_ADDR", "a"}, {"MASTER_PORT", "1"}};
  EXPECT_EQ(ReadProcessPlace(From(one)).value().has_value(), false);
}

TEST(ReadGpuTest, LocalRankSaysWhichWhenTheDeviceDoesNot) {
  const Variables second = {{"LOCAL_RANK", "1"}};
  EXPECT_EQ(*ReadGpu(From(second), DeviceKind::kCuda, 2), Device(DeviceKind::kCuda, 1));
  EXPECT_EQ(*ReadGpu(From(second), DeviceKind::kAuto, 2), Device(DeviceKind::kAuto, 1));
  const Device first(DeviceKind::kCuda, 0);
  EXPECT_EQ(*ReadGpu(From(second), first, 2), first);
  EXPECT_EQ(*ReadGpu(From(second), DeviceKind::kCpu, 2), DeviceKind::kCpu);
  EXPECT_EQ(*ReadGpu(From(second), DeviceKind::kAuto, FailedPrecondition("none")),
            DeviceKind::kAuto);
  const Variables none, empty = {{"LOCAL_RANK", ""}};
  EXPECT_EQ(*ReadGpu(From(none), DeviceKind::kCuda, 2), DeviceKind::kCuda);
  EXPECT_EQ(*ReadGpu(From(empty), DeviceKind::kCuda, 2), DeviceKind::kCuda);
}

TEST(ReadGpuTest, ALocalRankWithoutAGpuIsRefused) {
  const Variables third = {{"LOCAL_RANK", "2"}}, word = {{"LOCAL_RANK", "two"}};
  for (const DeviceKind kind : {DeviceKind::kCuda, DeviceKind::kAuto}) {
    const auto beyond = ReadGpu(From(third), kind, 2);
    EXPECT_EQ(beyond.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(MessageOf(beyond.status())),
                HasSubstr("LOCAL_RANK is 2, but this process sees 2 GPUs"));
  }
  EXPECT_THAT(std::string(MessageOf(ReadGpu(From(third), DeviceKind::kCuda, 1).status())),
              HasSubstr("sees 1 GPU: expected"));
  EXPECT_THAT(std::string(MessageOf(ReadGpu(From(word), DeviceKind::kCuda, 2).status())),
              HasSubstr("LOCAL_RANK is 'two'"));
}

TEST(ProcessPlaceTest, AMissingVariableIsNamed) {
  for (const auto& [name, value] : kGood) {
    Variables variables = kGood;
    variables.erase(name);
    const absl::Status absent = ReadProcessPlace(From(variables)).status();
    EXPECT_TRUE(absl::IsInvalidArgument(absent)) << absent;
    EXPECT_THAT(std::string(absent.message()), HasSubstr("but " + name + " is not"));
    EXPECT_THAT(std::string(ReadWith(name, "").status().message()),
                HasSubstr("but " + name + " is not"));
  }
}

TEST(ProcessPlaceTest, AWrongNumberIsNamedWithWhatIsExpected) {
  const std::map<std::pair<std::string, std::string>, std::string> messages = {
      {{"RANK", "4"}, "RANK is '4', expected 0 to 3"},
      {{"RANK", "-1"}, "RANK is '-1', expected 0 to 3"},
      {{"RANK", "one"}, "RANK is 'one', expected 0 to 3"},
      {{"RANK", "1x"}, "RANK is '1x', expected 0 to 3"},
      {{"WORLD_SIZE", "0"}, "WORLD_SIZE is '0', expected 1 to 4096"},
      {{"WORLD_SIZE", "99999999999"}, "WORLD_SIZE is '99999999999', expected 1 to 4096"},
      {{"MASTER_PORT", "0"}, "MASTER_PORT is '0', expected 1 to 65535"},
      {{"MASTER_PORT", "65536"}, "MASTER_PORT is '65536', expected 1 to 65535"}};
  for (const auto& [variable, message] : messages) {
    const absl::Status status = ReadWith(variable.first, variable.second).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(message));
  }
}

TEST(ProcessPlaceTest, ProcessesOfOneMachineShareItsCores) {
  const Variables none, two = {{"LOCAL_WORLD_SIZE", "2"}}, many = {{"LOCAL_WORLD_SIZE", "4096"}},
                        wrong = {{"LOCAL_WORLD_SIZE", "0"}};
  const Variables empty = {{"LOCAL_WORLD_SIZE", ""}};
  EXPECT_EQ(ReadThreads(From(none)).value_or(-1), 0);
  EXPECT_EQ(ReadThreads(From(empty)).value_or(-1), 0);
  EXPECT_GE(ReadThreads(From(two)).value_or(-1), 1);
  EXPECT_EQ(ReadThreads(From(many)).value_or(-1), 1);
  EXPECT_THAT(std::string(ReadThreads(From(wrong)).status().message()),
              HasSubstr("LOCAL_WORLD_SIZE is '0'"));
}

}  // namespace
}  // namespace peculiar::worker
