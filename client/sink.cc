#include "client/sink.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>
#include <utility>

#include "client/output.h"

namespace peculiar::client {
namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
constexpr std::size_t kMostFiles = 2;
constexpr int kMostLinks = 40;  // the kernel's bound

// What the handler removes: it may use nothing that allocates.
std::array<char[4096], kMostFiles> removed;

void RemoveAndEnd(int signal) {
  for (const auto& path : removed) {
    if (path[0] != '\0') unlink(path);
  }
  std::signal(signal, SIG_DFL);
  raise(signal);
}

// What the links at the end of a path lead to, there or not: renaming replaces a link itself.
std::filesystem::path WithoutLinks(std::filesystem::path path) {
  std::error_code error;
  for (int i = 0; i < kMostLinks && std::filesystem::is_symlink(path, error); ++i) {
    path = path.parent_path() / std::filesystem::read_symlink(path, error);  // absolute: itself
  }
  return path;
}

// Whether a path is a file that standard output goes to, as /dev/stdout may be.
bool IsStandardOutput(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::equivalent(path, "/dev/stdout", error);
}

// Whether writing to a path must not put a new file in its place. A folder is left to AtomicFile.
bool IsWrittenAsItIs(const std::filesystem::path& path) {
  std::error_code error;
  const auto kind = std::filesystem::status(path, error);  // of what links lead to
  return std::filesystem::is_other(kind) || IsStandardOutput(path);
}

}  // namespace

absl::StatusOr<Sink> Sink::Open(const std::filesystem::path& path) {
  if (path.empty() || IsStandardOutput(path))
    return Sink(STDOUT_FILENO, std::string(kStandardOutput));
  if (IsWrittenAsItIs(path)) {
    const int descriptor = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor < 0) return CannotWrite(StatusFromErrno("open", path, errno));
    return Sink(descriptor, path.string());
  }
  auto file = AtomicFile::Create(WithoutLinks(path));
  if (file.ok()) return Sink(*std::move(file));
  if (file.status().code() == absl::StatusCode::kNotFound) return file.status();
  return CannotWrite(file.status());
}

Sink::Sink(Sink&& other) noexcept
    : file_(std::move(other.file_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      name_(std::move(other.name_)),
      is_reader_gone_(other.is_reader_gone_) {}

Sink::~Sink() {
  if (descriptor_ >= 0 && descriptor_ != STDOUT_FILENO) close(descriptor_);
}

absl::Status Sink::Write(std::string_view text) {
  if (file_) return CannotWrite(file_->Write(std::as_bytes(std::span(text))));
  const absl::Status status = WriteToReader(descriptor_, name_, text);
  is_reader_gone_ = status.code() == absl::StatusCode::kCancelled;
  return status;
}

absl::Status Sink::Write(std::span<const std::byte> bytes) {
  return Write(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

bool Sink::is_terminal() const {
  return descriptor_ == STDOUT_FILENO && isatty(STDOUT_FILENO) != 0;
}

absl::Status Sink::Commit() { return file_ ? CannotWrite(file_->Commit()) : absl::OkStatus(); }

RemovedOnSignal::RemovedOnSignal(std::initializer_list<std::filesystem::path> paths) {
  auto* slot = removed.begin();
  for (const std::filesystem::path& given : paths) {
    if (given.empty() || IsWrittenAsItIs(given) || slot == removed.end()) continue;
    const std::filesystem::path path = WithoutLinks(given);
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
