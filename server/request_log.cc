#include "server/request_log.h"

#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>
#include <string>

#include "server/grpc_status.h"

namespace peculiar::server {
namespace {

spdlog::level::level_enum LevelOf(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::OK:
      return spdlog::level::debug;
    case grpc::StatusCode::INTERNAL:
    case grpc::StatusCode::UNKNOWN:
    case grpc::StatusCode::DATA_LOSS:
      return spdlog::level::err;
    default:
      return spdlog::level::warn;
  }
}

std::string UtcNow() {
  const auto now = std::chrono::system_clock::now();
  const auto second = std::chrono::floor<std::chrono::seconds>(now);
  const auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(now - second).count();
  const std::time_t time = std::chrono::system_clock::to_time_t(second);
  std::tm parts{};
  gmtime_r(&time, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     milliseconds);
}

// The JSON text: ASCII only, what is no UTF-8 replaced.
std::string Format(const RequestLine& line) {
  nlohmann::ordered_json object;
  object["time"] = UtcNow();
  const auto level = spdlog::level::to_string_view(LevelOf(line.code));
  object["level"] = std::string(level.data(), level.size());
  object["method"] = line.method;
  object["code"] = NameOf(line.code);
  object["duration_us"] = line.duration.count();
  const std::pair<const char*, std::string_view> texts[] = {
      {"snapshot_id", line.snapshot_id}, {"model", line.model},     {"request_id", line.request_id},
      {"caller", line.caller},           {"message", line.message}, {"peer", line.peer}};
  for (const auto& [key, text] : texts) {
    if (!text.empty()) object[key] = text;
  }
  return object.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace

RequestLog::RequestLog(std::shared_ptr<spdlog::logger> logger)
    : logger_(logger != nullptr ? std::move(logger) : spdlog::default_logger()) {}

bool RequestLog::Wants(grpc::StatusCode code) const { return logger_->should_log(LevelOf(code)); }

bool RequestLog::MayWriteFailed() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  const auto second =
      static_cast<std::uint64_t>(std::chrono::floor<std::chrono::seconds>(now).count()) << 32;
  std::uint64_t before = failed_.load(std::memory_order_relaxed);
  std::uint64_t after = 0;
  do {
    const bool same_second = (before & ~std::uint64_t{0xffffffff}) == second;
    after = same_second ? before + 1 : second + 1;
  } while (!failed_.compare_exchange_weak(before, after, std::memory_order_relaxed));
  const std::uint64_t count = after - second;
  if (count == kMaxFailedPerSecond + 1) {
    logger_->warn(R"({{"level":"warning","message":"more than {} calls failed within a second; )"
                  R"(their lines are left out"}})",
                  kMaxFailedPerSecond);
  }
  return count <= kMaxFailedPerSecond;
}

void RequestLog::Write(const RequestLine& line) {
  if (!Wants(line.code)) return;
  const bool is_all_wanted = logger_->should_log(spdlog::level::debug);
  if (line.code != grpc::StatusCode::OK && !is_all_wanted && !MayWriteFailed()) return;
  logger_->log(LevelOf(line.code), Format(line));
}

}  // namespace peculiar::server
