#include "client/sink.h"

#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <string>

#include "client/output.h"

namespace peculiar::client {
namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};
constexpr std::size_t kMostFiles = 2;

// What the handler removes: it may use nothing that allocates.
std::array<char[4096], kMostFiles> removed;

void RemoveAndEnd(int signal) {
  for (const auto& path : removed) {
    if (path[0] != '\0') unlink(path);
  }
  std::signal(signal, SIG_DFL);
  raise(signal);
}

absl::Status CannotWrite(const absl::Status& status) {
  if (status.ok() || IsReaderGone(status)) return status;
  return Internal("cannot write the answer: {}", MessageOf(status));
}

}  // namespace

bool IsReaderGone(const absl::Status& status) {
  return status.code() == absl::StatusCode::kCancelled;
}

absl::StatusOr<Sink> Sink::Open(const std::filesystem::path& path) {
  if (path.empty()) return Sink(std::nullopt);
  auto file = AtomicFile::Create(path);
  if (file.ok()) return Sink(*std::move(file));
  if (file.status().code() == absl::StatusCode::kNotFound) return file.status();
  return CannotWrite(file.status());
}

absl::Status Sink::Write(std::string_view text) {
  if (file_) return Write(std::as_bytes(std::span(text)));
  return WriteToReader(text);
}

absl::Status Sink::Write(std::span<const std::byte> bytes) {
  return CannotWrite(file_->Write(bytes));
}

bool Sink::is_terminal() const { return !file_ && isatty(STDOUT_FILENO) != 0; }

absl::Status Sink::Commit() { return file_ ? CannotWrite(file_->Commit()) : absl::OkStatus(); }

RemovedOnSignal::RemovedOnSignal(std::initializer_list<std::filesystem::path> paths) {
  auto* slot = removed.begin();
  for (const std::filesystem::path& path : paths) {
    if (path.empty() || slot == removed.end()) continue;
    // As AtomicFile names them.
    const std::string temporary = path.parent_path() / ("." + path.filename().string() + ".tmp");
    if (temporary.size() < sizeof(*slot)) std::strcpy(*slot++, temporary.c_str());
  }
  for (const int signal : kSignals) {
    // What the parent ignores, as nohup does with SIGHUP, stays ignored.
    if (std::signal(signal, RemoveAndEnd) == SIG_IGN) std::signal(signal, SIG_IGN);
  }
}

RemovedOnSignal::~RemovedOnSignal() {
  for (const int signal : kSignals) {
    if (std::signal(signal, SIG_DFL) == SIG_IGN) std::signal(signal, SIG_IGN);
  }
  for (auto& path : removed) path[0] = '\0';
}

}  // namespace peculiar::client
