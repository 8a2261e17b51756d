// Responses whose rows are written as bytes, in protobuf's wire format, and not built as messages:
// what gRPC needs to send them, and what writes a field. The bytes are those that protobuf would
// write for the whole message.
#pragma once

#include <google/protobuf/io/coded_stream.h>
#include <grpcpp/impl/codegen/serialization_traits.h>
#include <grpcpp/support/byte_buffer.h>

#include <bit>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace peculiar::server {

// Response: a message whose first field is the rows.
template <typename Response>
struct WithRows {
  Response head;             // all but the rows
  mutable std::string rows;  // the field of the rows, encoded; gone when it is sent
  int row_count = 0;

  // As the response itself says them.
  const std::string& snapshot_id() const { return head.snapshot_id(); }
  const std::string& model() const { return head.model(); }
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

}  // namespace peculiar::server

namespace grpc {

template <typename Response>
class SerializationTraits<peculiar::server::WithRows<Response>> {
 public:
  // Takes the rows.
  static Status Serialize(const peculiar::server::WithRows<Response>& response, ByteBuffer* buffer,
                          bool* own_buffer) {
    response.head.AppendToString(&response.rows);
    auto* const bytes = new std::string(std::move(response.rows));
    const Slice slice(
        bytes->data(), bytes->size(), [](void* owned) { delete static_cast<std::string*>(owned); },
        bytes);
    *buffer = ByteBuffer(&slice, 1);
    *own_buffer = true;
    return Status::OK;
  }
};

}  // namespace grpc
