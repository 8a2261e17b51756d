// Responses whose first fields are written as bytes, in protobuf's wire format, and not built as
// messages: what gRPC needs to send them, and what writes a field. The bytes are those that
// protobuf would write for the whole message.
#pragma once

#include <google/protobuf/io/coded_stream.h>
#include <grpcpp/impl/codegen/serialization_traits.h>
#include <grpcpp/support/byte_buffer.h>

#include <bit>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace peculiar::server {

template <typename Response>
struct WithFront {
  Response rest;              // the fields after those of `front`
  mutable std::string front;  // the first fields, encoded; gone when it is sent
  int row_count = 0;          // rows of a list in `front`

  // As the response itself says them.
  const std::string& snapshot_id() const { return rest.snapshot_id(); }
  const std::string& model() const { return rest.model(); }
};

// Appends a field of bytes, or of a message or text, that is the parts one behind the other.
// number: 1 to 15.
inline void AppendField(int number, std::initializer_list<std::string_view> parts,
                        std::string& bytes) {
  constexpr int kLengthDelimited = 2;
  std::size_t size = 0;
  for (const std::string_view part : parts) size += part.size();
  std::uint8_t head[1 + 5] = {static_cast<std::uint8_t>((number << 3) | kLengthDelimited)};
  const std::uint8_t* const end = google::protobuf::io::CodedOutputStream::WriteVarint32ToArray(
      static_cast<std::uint32_t>(size), head + 1);
  bytes.append(reinterpret_cast<const char*>(head), static_cast<std::size_t>(end - head));
  for (const std::string_view part : parts) bytes.append(part);
}

// Appends a field of a double, which is left out when it is 0.
inline void AppendDouble(int number, double value, std::string& bytes) {
  constexpr int kFixed64 = 1;
  if (value == 0) return;
  std::uint8_t field[1 + 8] = {static_cast<std::uint8_t>((number << 3) | kFixed64)};
  google::protobuf::io::CodedOutputStream::WriteLittleEndian64ToArray(
      std::bit_cast<std::uint64_t>(value), field + 1);
  bytes.append(reinterpret_cast<const char*>(field), sizeof field);
}

// Appends a packed field of floats, as they lie in memory here: on a machine that is little-endian,
// as the wire format is.
inline void AppendFloats(int number, std::span<const float> values, std::string& bytes) {
  static_assert(std::endian::native == std::endian::little);
  AppendField(number, {{reinterpret_cast<const char*>(values.data()), values.size_bytes()}}, bytes);
}

}  // namespace peculiar::server

namespace grpc {

template <typename Response>
class SerializationTraits<peculiar::server::WithFront<Response>> {
 public:
  // Takes the front.
  static Status Serialize(const peculiar::server::WithFront<Response>& response, ByteBuffer* buffer,
                          bool* own_buffer) {
    response.rest.AppendToString(&response.front);
    auto* const bytes = new std::string(std::move(response.front));
    const Slice slice(
        bytes->data(), bytes->size(), [](void* owned) { delete static_cast<std::string*>(owned); },
        bytes);
    *buffer = ByteBuffer(&slice, 1);
    *own_buffer = true;
    return Status::OK;
  }
};

}  // namespace grpc
