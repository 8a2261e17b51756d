// Where a response is written as bytes, in protobuf's wire format, instead of being built as a
// message, and what writes a field of it.
#pragma once

#include <google/protobuf/io/coded_stream.h>
#include <grpcpp/impl/grpc_library.h>
#include <grpcpp/support/slice.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <span>
#include <string_view>
#include <utility>

namespace peculiar::server {

// What grpc::Slice needs, where gRPC is linked by its archives and nothing else has brought it.
inline const grpc::internal::GrpcLibraryInitializer kGrpcSetUp;

// An answer ends early rather than pass this; responses stay under 4 MiB.
inline constexpr std::size_t kFullResponseBytes = 3 << 20;

// Enough for a row of an answer, and for so many with the rest of it, as they usually are.
inline constexpr std::size_t kUsualRowBytes = 192;
inline std::size_t UsualBytes(std::size_t rows) {
  return std::min(rows * kUsualRowBytes + 256, kFullResponseBytes);
}

// Grows as a std::string does, but its memory is gRPC's: sent without a copy.
class ResponseBytes {
 public:
  explicit ResponseBytes(std::size_t usual_size = 0) : slice_(grpc_slice_malloc(usual_size)) {}
  ~ResponseBytes() { grpc_slice_unref(slice_); }
  ResponseBytes(const ResponseBytes&) = delete;
  ResponseBytes& operator=(const ResponseBytes&) = delete;

  std::size_t size() const { return size_; }
  std::string_view bytes() const {
    return {reinterpret_cast<const char*>(GRPC_SLICE_START_PTR(slice_)), size_};
  }

  // Makes it larger by so many bytes, which are the caller's to write at once.
  std::uint8_t* Extend(std::size_t count) {
    if (size_ + count > GRPC_SLICE_LENGTH(slice_)) Grow(size_ + count);
    std::uint8_t* const end = GRPC_SLICE_START_PTR(slice_) + size_;
    size_ += count;
    return end;
  }
  void Append(std::string_view bytes) {
    bytes.copy(reinterpret_cast<char*>(Extend(bytes.size())), bytes.size());
  }

  // The bytes; none are left here.
  grpc::Slice Take() {
    GRPC_SLICE_SET_LENGTH(slice_, std::exchange(size_, 0));
    return {std::exchange(slice_, grpc_empty_slice()), grpc::Slice::STEAL_REF};
  }

 private:
  void Grow(std::size_t needed) {
    grpc_slice larger = grpc_slice_malloc(2 * needed);
    std::memcpy(GRPC_SLICE_START_PTR(larger), GRPC_SLICE_START_PTR(slice_), size_);
    grpc_slice_unref(std::exchange(slice_, larger));
  }

  grpc_slice slice_;
  std::size_t size_ = 0;
};

// Bytes of a field, of a number of 1 to 15, whose content is so many.
inline std::size_t FieldSize(std::size_t content) {
  return 1 +
         google::protobuf::io::CodedOutputStream::VarintSize32(
             static_cast<std::uint32_t>(content)) +
         content;
}

// Appends a field of bytes, or of a message or text, that is the parts one behind the other and
// then bytes_to_follow, which are the caller's to append. number: 1 to 15.
inline void AppendField(int number, std::initializer_list<std::string_view> parts,
                        ResponseBytes& bytes, std::size_t bytes_to_follow = 0) {
  constexpr int kLengthDelimited = 2;
  std::size_t size = bytes_to_follow;
  for (const std::string_view part : parts) size += part.size();
  std::uint8_t* to = bytes.Extend(FieldSize(size) - bytes_to_follow);
  *to++ = static_cast<std::uint8_t>((number << 3) | kLengthDelimited);
  to = google::protobuf::io::CodedOutputStream::WriteVarint32ToArray(
      static_cast<std::uint32_t>(size), to);
  for (const std::string_view part : parts)
    to += part.copy(reinterpret_cast<char*>(to), part.size());
}

// Appends a field of text, which is left out when it is empty.
inline void AppendText(int number, std::string_view text, ResponseBytes& bytes) {
  if (!text.empty()) AppendField(number, {text}, bytes);
}

// Appends a field of a number, which is left out when it is 0.
inline void AppendCount(int number, std::uint32_t count, ResponseBytes& bytes) {
  if (count == 0) return;
  using google::protobuf::io::CodedOutputStream;
  std::uint8_t* const to = bytes.Extend(1 + CodedOutputStream::VarintSize32(count));
  *to = static_cast<std::uint8_t>(number << 3);
  CodedOutputStream::WriteVarint32ToArray(count, to + 1);
}

// A field of a double as bytes; none when it is 0.
class DoubleField {
 public:
  DoubleField(int number, double value) {
    constexpr int kFixed64 = 1;
    if (value == 0) return;
    field_[0] = static_cast<char>((number << 3) | kFixed64);
    google::protobuf::io::CodedOutputStream::WriteLittleEndian64ToArray(
        std::bit_cast<std::uint64_t>(value), reinterpret_cast<std::uint8_t*>(field_ + 1));
    size_ = sizeof field_;
  }
  std::string_view bytes() const { return {field_, size_}; }

 private:
  char field_[1 + 8];
  std::size_t size_ = 0;
};

// Appends a packed field of floats, as they lie in memory here: on a machine that is little-endian,
// as the wire format is.
inline void AppendFloats(int number, std::span<const float> values, ResponseBytes& bytes) {
  static_assert(std::endian::native == std::endian::little);
  AppendField(number, {{reinterpret_cast<const char*>(values.data()), values.size_bytes()}}, bytes);
}

}  // namespace peculiar::server
