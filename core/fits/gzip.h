// Whole files in memory, gzip or plain, through ISA-L: the first step of reading any survey file
// and the last of writing one. Free functions without shared state; safe from several threads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include "core/base/status.h"
#include "core/fits/bytes.h"

namespace peculiar {

// The content of `path`: inflated when its first two bytes are the gzip magic (all members, each
// CRC checked), as it is otherwise. Memory grows with what was really inflated and never follows a
// size written in the file. Errors, all naming the path: NOT_FOUND when there is no file;
// DATA_LOSS when it is empty, a gzip stream is truncated or corrupt, bytes follow the last member,
// or the content is larger than `max_bytes`; RESOURCE_EXHAUSTED when memory runs out;
// FAILED_PRECONDITION when the system refuses to read it.
absl::StatusOr<Bytes> InflateGzip(const std::filesystem::path& path, std::uint64_t max_bytes);

// Writes `content` atomically, gzipped (fast level, no name, time 0: the same content gives the
// same bytes) when the name ends in ".gz", plain otherwise.
absl::Status WriteMaybeGzip(const std::filesystem::path& path, std::span<const std::byte> content);

}  // namespace peculiar
