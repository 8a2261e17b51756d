// Responses that are bytes already, those that protobuf would write for the message, and what gRPC
// needs to send them.
#pragma once

#include <grpcpp/impl/codegen/serialization_traits.h>
#include <grpcpp/support/byte_buffer.h>

#include <string_view>
#include <utility>

#include "server/response_bytes.h"
#include "server/snapshot_holder.h"

namespace peculiar::server {

// `Message` as its bytes, for gRPC's handler of a method. Must be set before a status of OK.
template <typename Message>
class Encoded {
 public:
  // The slices one behind the other. model: one of the engine that answered, which is held.
  template <std::size_t kCount>
  void Set(EnginePointer engine, const CatalogModel& model, const grpc::Slice (&slices)[kCount]) {
    engine_ = std::move(engine);
    model_ = &model;
    grpc::ByteBuffer bytes(slices, kCount);
    bytes_.Swap(&bytes);
  }
  // The bytes; none are left here.
  void Take(grpc::ByteBuffer* bytes) const { bytes->Swap(&bytes_); }

  // As the message says them; empty until it is set.
  std::string_view snapshot_id() const {
    return engine_ == nullptr ? std::string_view() : engine_->snapshot().id();
  }
  std::string_view model() const {
    return model_ == nullptr ? std::string_view() : std::string_view(model_->name);
  }

 private:
  mutable grpc::ByteBuffer bytes_;
  EnginePointer engine_;
  const CatalogModel* model_ = nullptr;
};

}  // namespace peculiar::server

namespace grpc {

template <typename Message>
class SerializationTraits<peculiar::server::Encoded<Message>> {
 public:
  static Status Serialize(const peculiar::server::Encoded<Message>& response, ByteBuffer* buffer,
                          bool* own_buffer) {
    response.Take(buffer);
    *own_buffer = true;
    return Status::OK;
  }
};

}  // namespace grpc
