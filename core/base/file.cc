#include "core/base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace peculiar {
namespace {

constexpr std::string_view kTemporarySuffix = ".tmp";

// Opening a named pipe waits for its writer unless O_NONBLOCK says not to; files do not mind it.
constexpr int kReadOnly = O_RDONLY | O_CLOEXEC | O_NONBLOCK;

// Closes on every path out of a function.
struct Descriptor {
  int value;
  ~Descriptor() {
    if (value >= 0) close(value);
  }
};

absl::Status WriteAll(int descriptor, std::span<const std::byte> bytes, std::int64_t offset,
                      const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t n = offset < 0 ? write(descriptor, bytes.data(), bytes.size())
                                 : pwrite(descriptor, bytes.data(), bytes.size(), offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return StatusFromErrno("write", path, errno);
    bytes = bytes.subspan(static_cast<std::size_t>(n));
    if (offset >= 0) offset += n;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status StatusFromErrno(std::string_view what, const std::filesystem::path& path,
                             int error_number) {
  auto code = absl::StatusCode::kFailedPrecondition;
  if (error_number == ENOENT) code = absl::StatusCode::kNotFound;
  if (error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG) {
    code = absl::StatusCode::kResourceExhausted;
  }
  return MakeStatus(
      code, fmt::format("cannot {} {}: {}", what, path.string(), std::strerror(error_number)));
}

absl::StatusOr<std::string> ReadFile(const std::filesystem::path& path, std::uint64_t max_bytes) {
  const Descriptor file{open(path.c_str(), kReadOnly)};
  if (file.value < 0) return StatusFromErrno("open", path, errno);
  struct stat info {};
  if (fstat(file.value, &info) != 0) return StatusFromErrno("stat", path, errno);
  if (S_ISDIR(info.st_mode)) return StatusFromErrno("read", path, EISDIR);
  if (!S_ISREG(info.st_mode)) {
    return FailedPrecondition("cannot read {}: not a regular file", path.string());
  }
  if (static_cast<std::uint64_t>(info.st_size) > max_bytes) {
    return ResourceExhausted("cannot read {}: {} bytes, at most {} expected", path.string(),
                             info.st_size, max_bytes);
  }
  std::string content(static_cast<std::size_t>(info.st_size), '\0');
  std::size_t done = 0;
  while (done < content.size()) {
    const ssize_t n = read(file.value, content.data() + done, content.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return StatusFromErrno("read", path, errno);
    if (n == 0) break;  // truncated while we read
    done += static_cast<std::size_t>(n);
  }
  content.resize(done);
  return content;
}

absl::Status CreateFolder(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  return error ? StatusFromErrno("create folder", path, error.value()) : absl::OkStatus();
}

absl::Status SyncFile(const std::filesystem::path& path) {
  const Descriptor file{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.value < 0) return StatusFromErrno("open", path, errno);
  return fsync(file.value) == 0 ? absl::OkStatus() : StatusFromErrno("sync", path, errno);
}

absl::Status SyncFolder(const std::filesystem::path& path) {
  const Descriptor folder{open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (folder.value < 0) return StatusFromErrno("open folder", path, errno);
  return fsync(folder.value) == 0 ? absl::OkStatus() : StatusFromErrno("sync", path, errno);
}

absl::StatusOr<AtomicFile> AtomicFile::Create(const std::filesystem::path& path) {
  std::filesystem::path temporary = path;
  temporary.replace_filename("." + path.filename().string() + std::string(kTemporarySuffix));
  const int descriptor = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor < 0) return StatusFromErrno("create", temporary, errno);
  return AtomicFile(path, std::move(temporary), descriptor);
}

AtomicFile::AtomicFile(std::filesystem::path path, std::filesystem::path temporary, int descriptor)
    : path_(std::move(path)), temporary_(std::move(temporary)), descriptor_(descriptor) {}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::move(other.temporary_)),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  close(descriptor_);
  unlink(temporary_.c_str());
}

absl::Status AtomicFile::Write(std::span<const std::byte> bytes) {
  return WriteAll(descriptor_, bytes, -1, path_);
}

absl::Status AtomicFile::WriteAt(std::uint64_t offset, std::span<const std::byte> bytes) {
  return WriteAll(descriptor_, bytes, static_cast<std::int64_t>(offset), path_);
}

absl::Status AtomicFile::Commit() {
  if (fsync(descriptor_) != 0) return StatusFromErrno("sync", path_, errno);
  if (rename(temporary_.c_str(), path_.c_str()) != 0) {
    return StatusFromErrno("rename a finished file to", path_, errno);
  }
  close(std::exchange(descriptor_, -1));
  const std::filesystem::path folder = path_.parent_path();
  return SyncFolder(folder.empty() ? "." : folder);
}

absl::Status WriteFileAtomically(const std::filesystem::path& path, std::string_view content) {
  PECULIAR_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path));
  PECULIAR_RETURN_IF_ERROR(file.Write(std::as_bytes(std::span(content))));
  return file.Commit();
}

bool IsTemporaryName(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  return name.starts_with(".") && name.ends_with(kTemporarySuffix);
}

absl::StatusOr<MappedFile> MappedFile::Open(const std::filesystem::path& path) {
  const Descriptor file{open(path.c_str(), kReadOnly)};
  if (file.value < 0) return StatusFromErrno("open", path, errno);
  struct stat info {};
  if (fstat(file.value, &info) != 0) return StatusFromErrno("stat", path, errno);
  if (!S_ISREG(info.st_mode)) {
    return FailedPrecondition("cannot map {}: not a regular file", path.string());
  }
  MappedFile mapped;
  if (info.st_size == 0) return mapped;
  const auto size = static_cast<std::size_t>(info.st_size);
  void* address = mmap(nullptr, size, PROT_READ, MAP_SHARED, file.value, 0);
  if (address == MAP_FAILED) return StatusFromErrno("map", path, errno);
  mapped.bytes_ = {static_cast<const std::byte*>(address), size};
  return mapped;
}

MappedFile::MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  return *this;
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

}  // namespace peculiar
