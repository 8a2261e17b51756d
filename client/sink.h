// Where an export goes: standard output, a pipe or a device as it comes, or files that appear when
// they are whole. No half-written file is left, not by an error, not by SIGINT, SIGTERM, SIGHUP or
// SIGPIPE.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/file.h"
#include "core/base/status.h"

namespace peculiar::client {

// A file of an export, or standard output.
class Sink {
 public:
  // `path` empty = standard output. What is there and no regular file is written as it is, once a
  // FIFO has a reader; a link stays, and its target is replaced. NOT_FOUND when the folder is not
  // there.
  static absl::StatusOr<Sink> Open(const std::filesystem::path& path);
  Sink(Sink&& other) noexcept;
  Sink& operator=(Sink&&) = delete;
  ~Sink();

  // DATA_LOSS, naming it, when it cannot be written, a full disk for one; CANCELLED, from then on
  // is_reader_gone(), when nobody reads the other end any more.
  absl::Status Write(std::string_view text);
  absl::Status Write(std::span<const std::byte> bytes);
  // Whether its reader has closed its end: no error to speak of.
  bool is_reader_gone() const { return is_reader_gone_; }
  // Whether it is standard output, and that a terminal.
  bool is_terminal() const;
  // The file appears under its name.
  absl::Status Commit();

 private:
  explicit Sink(AtomicFile file) : file_(std::move(file)) {}
  Sink(int descriptor, std::string name) : descriptor_(descriptor), name_(std::move(name)) {}

  std::optional<AtomicFile> file_;
  int descriptor_ = -1;  // without a file; its own unless it is standard output
  std::string name_;     // of what the descriptor is open for
  bool is_reader_gone_ = false;
};

// While it lives, a signal that ends the process first removes the temporary files of `paths`.
class RemovedOnSignal {
 public:
  // Of at most two files; empty paths are left out. One at a time in a process.
  explicit RemovedOnSignal(std::initializer_list<std::filesystem::path> paths);
  ~RemovedOnSignal();
  RemovedOnSignal(const RemovedOnSignal&) = delete;
};

}  // namespace peculiar::client
