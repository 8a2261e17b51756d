// Where an export goes: standard output as it comes, or files that appear when they are whole.
// Nothing half-written is left, not by an error, not by SIGINT, SIGTERM or SIGHUP.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string_view>

#include "core/base/file.h"
#include "core/base/status.h"

namespace peculiar::client {

// A file of an export, or standard output.
class Sink {
 public:
  // `path` empty = standard output. NOT_FOUND when the folder is not there.
  static absl::StatusOr<Sink> Open(const std::filesystem::path& path);

  // INTERNAL when it cannot be written; IsReaderGone when nobody reads standard output any more.
  absl::Status Write(std::string_view text);
  absl::Status Write(std::span<const std::byte> bytes);
  // Whether it is standard output, and that a terminal.
  bool is_terminal() const;
  // The file appears under its name.
  absl::Status Commit();

 private:
  explicit Sink(std::optional<AtomicFile> file) : file_(std::move(file)) {}
  std::optional<AtomicFile> file_;
};

// The status of a write whose reader has closed its end: no error to speak of.
bool IsReaderGone(const absl::Status& status);

// While it lives, a signal that ends the process first removes the temporary files of `paths`.
class RemovedOnSignal {
 public:
  // Of at most two files; empty paths are left out. One at a time in a process.
  explicit RemovedOnSignal(std::initializer_list<std::filesystem::path> paths);
  ~RemovedOnSignal();
  RemovedOnSignal(const RemovedOnSignal&) = delete;
};

}  // namespace peculiar::client
