#include "worker/process_place.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "core/base/parallel.h"

namespace peculiar::worker {
namespace {

constexpr std::array<const char*, 4> kVariables = {"RANK", "WORLD_SIZE", "MASTER_ADDR",
                                                   "MASTER_PORT"};
constexpr int kMostProcesses = 4096;
constexpr int kLastPort = 65535;
constexpr int kMostAttempts = 1'000'000;

// An empty variable is none.
bool Says(const Environment& environment, const char* name) {
  const char* text = environment(name);
  return text != nullptr && *text != '\0';
}

absl::StatusOr<int> ReadNumber(const Environment& environment, const char* name, int low, int high,
                               std::string_view meaning) {
  const std::string_view text = environment(name);
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < low || value > high) {
    return InvalidArgument("{} is '{}', expected {} to {}: {}", name, text, low, high, meaning);
  }
  return value;
}

}  // namespace

absl::StatusOr<std::optional<ProcessPlace>> ReadProcessPlace(const Environment& environment) {
  const char* set = nullptr;
  const char* missing = nullptr;
  for (const char* name : kVariables) {
    (Says(environment, name) ? set : missing) = name;
  }
  if (set == nullptr) return std::nullopt;
  if (missing != nullptr) {
    return InvalidArgument(
        "{} is set, but {} is not: expected all of RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT "
        "to train in several processes, or none",
        set, missing);
  }
  ProcessPlace place;
  PECULIAR_ASSIGN_OR_RETURN(place.size, ReadNumber(environment, "WORLD_SIZE", 1, kMostProcesses,
                                                   "processes that train together"));
  PECULIAR_ASSIGN_OR_RETURN(place.rank, ReadNumber(environment, "RANK", 0, place.size - 1,
                                                   "less than WORLD_SIZE, each once"));
  PECULIAR_ASSIGN_OR_RETURN(const int port, ReadNumber(environment, "MASTER_PORT", 1, kLastPort,
                                                       "a free port of the host of rank 0"));
  place.port = static_cast<std::uint16_t>(port);
  place.address = environment("MASTER_ADDR");
  const char* agent = environment("TORCHELASTIC_USE_AGENT_STORE");
  place.launcher_listens = agent != nullptr && std::string_view(agent) == "True";
  if (place.launcher_listens && Says(environment, "TORCHELASTIC_RESTART_COUNT")) {
    PECULIAR_ASSIGN_OR_RETURN(
        place.attempt, ReadNumber(environment, "TORCHELASTIC_RESTART_COUNT", 0, kMostAttempts,
                                  "how often torchrun started the processes again"));
  }
  if (place.size == 1) return std::nullopt;
  return place;
}

absl::StatusOr<int> ReadThreads(const Environment& environment) {
  constexpr char kName[] = "LOCAL_WORLD_SIZE";
  if (!Says(environment, kName)) return 0;
  PECULIAR_ASSIGN_OR_RETURN(const int processes, ReadNumber(environment, kName, 1, kMostProcesses,
                                                            "processes of this machine"));
  return std::max(1, HardwareThreads() / processes);
}

absl::StatusOr<Device> ReadGpu(const Environment& environment, const Device& device,
                               const absl::StatusOr<int>& gpus) {
  constexpr char kName[] = "LOCAL_RANK";
  const bool open = device.kind != DeviceKind::kCpu && device.index == Device::kFirstGpu;
  if (!open || !gpus.ok() || !Says(environment, kName)) return device;
  PECULIAR_ASSIGN_OR_RETURN(const int rank, ReadNumber(environment, kName, 0, kMostProcesses - 1,
                                                       "this process's number on its machine"));
  if (rank >= *gpus) {
    return InvalidArgument(
        "LOCAL_RANK is {}, but this process sees {}: expected a GPU for each process of the "
        "machine; where each sees its own alone, --device cuda:0 takes it",
        rank, *gpus == 1 ? "1 GPU" : fmt::format("{} GPUs", *gpus));
  }
  return Device(device.kind, rank);
}

}  // namespace peculiar::worker
