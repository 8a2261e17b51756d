#include "server/process.h"

#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>
#include <signal.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <string_view>

#include "absl/synchronization/mutex.h"

namespace peculiar::server {
namespace {

std::atomic<bool> has_lost_listener = false;

// gRPC calls "error" much that is a client's fault, so its lines count as one level less serious.
void LogOfGrpc(gpr_log_func_args* line) {
  const auto level =
      line->severity == GPR_LOG_SEVERITY_ERROR ? spdlog::level::warn : spdlog::level::debug;
  spdlog::log(level, "grpc: {}", line->message);
  // Out of descriptors, gRPC 1.51 closes the port to new clients for good (grpc issue 16058; later
  // ones try again and say something else): only a new start helps.
  if (std::string_view(line->message).starts_with("Failed accept4")) {
    has_lost_listener = true;
    kill(getpid(), SIGTERM);
  }
}

// A client that sends text that is none would fill the disk with these.
void LogOfProtobuf(google::protobuf::LogLevel level, const char* /*file*/, int /*line*/,
                   const std::string& message) {
  spdlog::log(level == google::protobuf::LOGLEVEL_FATAL ? spdlog::level::err : spdlog::level::debug,
              "protobuf: {}", message);
}

sigset_t HeldSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  return signals;
}

}  // namespace

void SetUpLog(const std::string& level) {
  spdlog::set_default_logger(spdlog::stderr_logger_mt("peculiar-server"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  const auto requests = spdlog::stderr_logger_mt("requests");
  requests->set_pattern("%v");
  spdlog::set_level(spdlog::level::from_str(level));
  spdlog::flush_on(spdlog::level::debug);
  gpr_set_log_function(LogOfGrpc);
  google::protobuf::SetLogHandler(LogOfProtobuf);
}

void SkipDeadlockDetection() {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
}

void HoldSignals() {
  const sigset_t signals = HeldSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGHUP, SIG_DFL);  // nohup ignores it, and what is ignored never waits
  signal(SIGPIPE, SIG_IGN);
}

void RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);  // as before where that is refused
}

bool HasLostListener() { return has_lost_listener; }

std::string WaitForSignal() {
  const sigset_t signals = HeldSignals();
  int number = 0;
  while (sigwait(&signals, &number) != 0) {
  }
  if (number == SIGHUP) return "SIGHUP";
  return number == SIGINT ? "SIGINT" : "SIGTERM";
}

void SetUpProcess(const std::string& log_level) {
  SetUpLog(log_level);
  HoldSignals();
  RaiseDescriptorLimit();
  SkipDeadlockDetection();
}

std::vector<std::string> Environment() {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    variables.emplace_back(*variable);
  }
  return variables;
}

}  // namespace peculiar::server
