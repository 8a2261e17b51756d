#include "core/fits/gzip.h"

#include <fcntl.h>
#include <isa-l/igzip_lib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>
#include <vector>

#include "core/base/file.h"

namespace peculiar {
namespace {

constexpr std::size_t kChunk = std::size_t{1} << 20;
// ISA-L counts in 32 bits.
constexpr std::size_t kMaxStep = std::size_t{1} << 30;
constexpr std::byte kMagic[2] = {std::byte{0x1f}, std::byte{0x8b}};

// A file read in chunks; `chunk()` is what was read and not yet consumed. Reads instead of a map: a
// file that shrinks under a map would end the process.
class ChunkSource {
 public:
  static absl::StatusOr<ChunkSource> Open(const std::filesystem::path& path) {
    ChunkSource source(path);
    // Without O_NONBLOCK a named pipe would block here.
    source.descriptor_ = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (source.descriptor_ < 0) return StatusFromErrno("open", path, errno);
    struct stat info {};
    if (fstat(source.descriptor_, &info) != 0) return StatusFromErrno("stat", path, errno);
    if (S_ISDIR(info.st_mode)) return StatusFromErrno("read", path, EISDIR);
    if (!S_ISREG(info.st_mode)) {
      return FailedPrecondition("cannot read {}: not a regular file", path.string());
    }
    return source;
  }
  ChunkSource(ChunkSource&& other) noexcept
      : path_(std::move(other.path_)),
        descriptor_(std::exchange(other.descriptor_, -1)),
        buffer_(std::move(other.buffer_)),
        chunk_(other.chunk_) {}
  ChunkSource& operator=(ChunkSource&&) = delete;
  ~ChunkSource() {
    if (descriptor_ >= 0) close(descriptor_);
  }

  // Fills an empty chunk; it stays empty at the end of the file.
  absl::Status Fill() {
    if (!chunk_.empty()) return absl::OkStatus();
    std::size_t filled = 0;
    while (filled < buffer_.size()) {
      const ssize_t n = read(descriptor_, buffer_.data() + filled, buffer_.size() - filled);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return StatusFromErrno("read", path_, errno);
      if (n == 0) break;
      filled += static_cast<std::size_t>(n);
    }
    chunk_ = std::span(buffer_).first(filled);
    return absl::OkStatus();
  }
  std::span<std::byte> chunk() const { return chunk_; }
  void Consume(std::size_t n) { chunk_ = chunk_.subspan(n); }
  const std::filesystem::path& path() const { return path_; }

 private:
  explicit ChunkSource(std::filesystem::path path) : path_(std::move(path)), buffer_(kChunk) {}
  std::filesystem::path path_;
  int descriptor_ = -1;
  std::vector<std::byte> buffer_;
  std::span<std::byte> chunk_;
};

// Room for the next bytes, at most as many as the bound allows and one more, which tells "exactly
// the bound" from "over it".
absl::StatusOr<std::span<std::byte>> Room(Bytes& content, std::uint64_t max_bytes,
                                          const std::filesystem::path& path) {
  if (content.size() > max_bytes) {
    return DataLoss("{} holds more than {} bytes once inflated, the largest size accepted",
                    path.string(), max_bytes);
  }
  const std::uint64_t left = max_bytes - content.size() + 1;
  const std::span<std::byte> tail =
      content.Tail(static_cast<std::size_t>(std::min<std::uint64_t>(left, kChunk)));
  if (tail.empty()) {
    return ResourceExhausted("no memory to read {} after {} bytes", path.string(), content.size());
  }
  return tail.first(
      static_cast<std::size_t>(std::min<std::uint64_t>({left, tail.size(), kMaxStep})));
}

absl::Status InflateError(int code, const std::filesystem::path& path, std::size_t inflated) {
  std::string_view what = "an invalid deflate stream";
  if (code == ISAL_INCORRECT_CHECKSUM) what = "a wrong checksum";
  if (code == ISAL_INVALID_WRAPPER || code == ISAL_UNSUPPORTED_METHOD) what = "a bad gzip header";
  return DataLoss("{} is a corrupt gzip file: {} after {} inflated bytes", path.string(), what,
                  inflated);
}

// One member, from its header to its checksum.
absl::Status InflateMember(ChunkSource& source, std::uint64_t max_bytes, inflate_state& state,
                           Bytes& content) {
  isal_inflate_reset(&state);
  state.crc_flag = ISAL_GZIP;
  while (state.block_state != ISAL_BLOCK_FINISH) {
    PECULIAR_RETURN_IF_ERROR(source.Fill());
    PECULIAR_ASSIGN_OR_RETURN(const std::span<std::byte> room,
                              Room(content, max_bytes, source.path()));
    const std::span<std::byte> chunk = source.chunk();
    state.next_in = reinterpret_cast<std::uint8_t*>(chunk.data());
    state.avail_in = static_cast<std::uint32_t>(chunk.size());
    state.next_out = reinterpret_cast<std::uint8_t*>(room.data());
    state.avail_out = static_cast<std::uint32_t>(room.size());
    const int code = isal_inflate(&state);
    const std::size_t produced = room.size() - state.avail_out;
    content.Extend(produced);
    source.Consume(chunk.size() - state.avail_in);
    if (code != ISAL_DECOMP_OK) return InflateError(code, source.path(), content.size());
    if (chunk.empty() && produced == 0 && state.block_state != ISAL_BLOCK_FINISH) {
      return DataLoss("{} is a truncated gzip file: it ends after {} inflated bytes",
                      source.path().string(), content.size());
    }
  }
  return absl::OkStatus();
}

absl::Status InflateMembers(ChunkSource& source, std::uint64_t max_bytes, Bytes& content) {
  const auto state = std::make_unique<inflate_state>();
  isal_inflate_init(state.get());
  while (true) {
    PECULIAR_RETURN_IF_ERROR(InflateMember(source, max_bytes, *state, content));
    if (content.size() > max_bytes) return Room(content, max_bytes, source.path()).status();
    PECULIAR_RETURN_IF_ERROR(source.Fill());
    if (source.chunk().empty()) return absl::OkStatus();
    if (source.chunk()[0] != kMagic[0]) {
      return DataLoss("{} has bytes after its last gzip member", source.path().string());
    }
  }
}

absl::Status CopyPlain(ChunkSource& source, std::uint64_t max_bytes, Bytes& content) {
  while (!source.chunk().empty()) {
    PECULIAR_ASSIGN_OR_RETURN(const std::span<std::byte> room,
                              Room(content, max_bytes, source.path()));
    const std::size_t n = std::min(room.size(), source.chunk().size());
    std::copy_n(source.chunk().begin(), n, room.begin());
    content.Extend(n);
    source.Consume(n);
    PECULIAR_RETURN_IF_ERROR(source.Fill());
  }
  return content.size() > max_bytes ? Room(content, max_bytes, source.path()).status()
                                    : absl::OkStatus();
}

absl::Status DeflateTo(AtomicFile& file, std::span<const std::byte> content) {
  const auto stream = std::make_unique<isal_zstream>();
  isal_deflate_init(stream.get());
  std::vector<std::uint8_t> level_buffer(ISAL_DEF_LVL1_DEFAULT);
  stream->level = 1;
  stream->level_buf = level_buffer.data();
  stream->level_buf_size = static_cast<std::uint32_t>(level_buffer.size());
  stream->gzip_flag = IGZIP_GZIP;
  std::vector<std::byte> out(kChunk);
  do {
    if (stream->avail_in == 0) {
      const std::span<const std::byte> step = content.first(std::min(content.size(), kMaxStep));
      content = content.subspan(step.size());
      // ISA-L does not write to its input, its interface only lacks the const.
      stream->next_in =
          const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(step.data()));
      stream->avail_in = static_cast<std::uint32_t>(step.size());
      stream->end_of_stream = content.empty() ? 1 : 0;
    }
    stream->next_out = reinterpret_cast<std::uint8_t*>(out.data());
    stream->avail_out = static_cast<std::uint32_t>(out.size());
    if (const int code = isal_deflate(stream.get()); code != COMP_OK) {
      return Internal("deflate failed with ISA-L code {}", code);
    }
    PECULIAR_RETURN_IF_ERROR(file.Write(std::span(out).first(out.size() - stream->avail_out)));
  } while (stream->internal_state.state != ZSTATE_END);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Bytes> InflateGzip(const std::filesystem::path& path, std::uint64_t max_bytes) {
  PECULIAR_ASSIGN_OR_RETURN(ChunkSource source, ChunkSource::Open(path));
  PECULIAR_RETURN_IF_ERROR(source.Fill());
  const std::span<std::byte> start = source.chunk();
  if (start.empty()) return DataLoss("{} is empty", path.string());
  Bytes content;
  max_bytes = std::min(max_bytes, std::uint64_t{1} << 62);  // one more must not wrap
  const bool is_gzip = start.size() >= 2 && std::equal(kMagic, kMagic + 2, start.begin());
  PECULIAR_RETURN_IF_ERROR(is_gzip ? InflateMembers(source, max_bytes, content)
                                   : CopyPlain(source, max_bytes, content));
  return content;
}

absl::Status WriteMaybeGzip(const std::filesystem::path& path, std::span<const std::byte> content) {
  PECULIAR_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path));
  PECULIAR_RETURN_IF_ERROR(path.extension() == ".gz" ? DeflateTo(file, content)
                                                     : file.Write(content));
  return file.Commit();
}

}  // namespace peculiar
