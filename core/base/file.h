// Files that are never half there: bounded reads, atomic writes, read-only maps. Everything on disk
// goes through here. Errors name the path. ENOSPC, EDQUOT and EFBIG are RESOURCE_EXHAUSTED, ENOENT
// is NOT_FOUND, the rest FAILED_PRECONDITION.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"

namespace peculiar {

// The status of a failed system call: `what` says what was attempted ("write"), `error_number` is
// errno.
absl::Status StatusFromErrno(std::string_view what, const std::filesystem::path& path,
                             int error_number);

// The whole file. RESOURCE_EXHAUSTED when it is larger than `max_bytes`.
absl::StatusOr<std::string> ReadFile(const std::filesystem::path& path,
                                     std::uint64_t max_bytes = std::uint64_t{1} << 30);

// Creates the folder and its parents; fine when it is there.
absl::Status CreateFolder(const std::filesystem::path& path);

// Makes the content of a file durable that something else has written.
absl::Status SyncFile(const std::filesystem::path& path);

// Makes the entries of a folder durable.
absl::Status SyncFolder(const std::filesystem::path& path);

// A file that appears under its name only when Commit has returned OK: written to a temporary name
// beside
// (".NAME.tmp"), fsynced, renamed, folder fsynced. Without Commit the destructor removes what was
// written.
class AtomicFile {
 public:
  static absl::StatusOr<AtomicFile> Create(const std::filesystem::path& path);
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&&) = delete;
  ~AtomicFile();

  absl::Status Write(std::span<const std::byte> bytes);
  // Overwrites bytes already written, for headers that are known last.
  absl::Status WriteAt(std::uint64_t offset, std::span<const std::byte> bytes);
  absl::Status Commit();

 private:
  AtomicFile(std::filesystem::path path, std::filesystem::path temporary, int descriptor);

  std::filesystem::path path_;
  std::filesystem::path temporary_;
  int descriptor_ = -1;
};

// One-call AtomicFile.
absl::Status WriteFileAtomically(const std::filesystem::path& path, std::string_view content);

// True for the temporary names that AtomicFile leaves when a process is killed.
bool IsTemporaryName(const std::filesystem::path& path);

// A read-only memory map of a whole file, valid until destruction; moving keeps the addresses.
class MappedFile {
 public:
  static absl::StatusOr<MappedFile> Open(const std::filesystem::path& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  MappedFile() = default;
  std::span<const std::byte> bytes_;
};

// The object representation of an array, for writing.
template <typename T>
std::span<const std::byte> AsBytes(const std::vector<T>& values) {
  return std::as_bytes(std::span<const T>(values));
}

}  // namespace peculiar
