// A response whose rows are bytes already: what gRPC sends is equal to the message's own encoding,
// byte by byte. For the two questions whose rows are galaxies and that are asked most.
#pragma once

#include <google/protobuf/arena.h>
#include <google/protobuf/io/coded_stream.h>
#include <grpcpp/impl/codegen/serialization_traits.h>
#include <grpcpp/support/byte_buffer.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace peculiar::server {

// Response: a message whose first field is the rows.
template <typename Response>
struct WithRows {
  Response head;     // all but the rows
  std::string rows;  // the field of the rows, encoded
  int row_count = 0;

  // As the response itself says them.
  const std::string& snapshot_id() const { return head.snapshot_id(); }
  const std::string& model() const { return head.model(); }
};

// Appends to WithRows::rows. For one thread and one response.
class RowEncoder {
 public:
  explicit RowEncoder(std::string& rows) : rows_(rows) {}

  // Adds a Row, a message whose first field is its galaxy. to_proto(row) sets all but the galaxy.
  template <typename Row, typename ToProto>
  void Add(std::string_view galaxy, const ToProto& to_proto) {
    static_assert(Row::kGalaxyFieldNumber == 1);
    Row& rest = *google::protobuf::Arena::CreateMessage<Row>(&arena_);
    to_proto(rest);
    const std::size_t size = FieldSize(galaxy.size()) + rest.ByteSizeLong();
    const std::size_t begin = rows_.size();
    rows_.resize(begin + FieldSize(size));
    std::uint8_t* end = WriteHead(size, reinterpret_cast<std::uint8_t*>(rows_.data()) + begin);
    end = WriteHead(galaxy.size(), end);
    end = Coded::WriteRawToArray(galaxy.data(), static_cast<int>(galaxy.size()), end);
    rest.SerializeWithCachedSizesToArray(end);
  }

 private:
  using Coded = google::protobuf::io::CodedOutputStream;

  // Field 1, bytes of a length: tag, length, bytes.
  static std::size_t FieldSize(std::size_t size) {
    return 1 + Coded::VarintSize32(static_cast<std::uint32_t>(size)) + size;
  }
  static std::uint8_t* WriteHead(std::size_t size, std::uint8_t* to) {
    constexpr std::uint8_t kTag = (1 << 3) | 2;
    *to++ = kTag;
    return Coded::WriteVarint32ToArray(static_cast<std::uint32_t>(size), to);
  }

  std::string& rows_;
  char block_[16 << 10];  // of a page of 50
  google::protobuf::Arena arena_{block_, sizeof block_};
};

}  // namespace peculiar::server

namespace grpc {

template <typename Response>
class SerializationTraits<peculiar::server::WithRows<Response>> {
 public:
  static Status Serialize(const peculiar::server::WithRows<Response>& response, ByteBuffer* buffer,
                          bool* own_buffer) {
    const std::size_t head_size = response.head.ByteSizeLong();
    Slice slice(response.rows.size() + head_size);
    auto* const begin = const_cast<std::uint8_t*>(slice.begin());  // nobody else has it yet
    response.rows.copy(reinterpret_cast<char*>(begin), response.rows.size());
    response.head.SerializeWithCachedSizesToArray(begin + response.rows.size());
    *buffer = ByteBuffer(&slice, 1);
    *own_buffer = true;
    return Status::OK;
  }
};

}  // namespace grpc
