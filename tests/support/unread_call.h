// A unary call whose answer is not read until it is told to: what a slow client does. With an
// answer of more than HTTP/2's first window (64 KiB) the call stays in flight on the server.
#pragma once

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>

#include <chrono>
#include <memory>
#include <string>

namespace peculiar::testing {

class UnreadCall {
 public:
  // method: "/package.Service/Method"; the call is sent at once.
  template <typename Request>
  UnreadCall(const std::string& address, const std::string& method, const Request& request)
      : stub_(SmallWindowChannel(address)) {
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    const grpc::Slice slice(request.SerializeAsString());
    call_ = stub_.PrepareUnaryCall(&context_, method, grpc::ByteBuffer(&slice, 1), &queue_);
    call_->StartCall();
    call_->ReadInitialMetadata(this);
  }
  ~UnreadCall() {
    if (!finished_) {
      context_.TryCancel();
      ReadAnswer();
    }
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
    }
  }
  UnreadCall(const UnreadCall&) = delete;
  UnreadCall& operator=(const UnreadCall&) = delete;

  // True when the answer has begun to arrive.
  bool WaitForHeaders() {
    void* tag = nullptr;
    bool ok = false;
    return queue_.Next(&tag, &ok) && ok;
  }
  grpc::Status ReadAnswer() {
    grpc::Status status;
    call_->Finish(&answer_, &status, &finished_);
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok) && tag != &finished_) {
    }
    finished_ = true;
    return status;
  }
  void Cancel() { context_.TryCancel(); }

 private:
  static std::shared_ptr<grpc::Channel> SmallWindowChannel(const std::string& address) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);  // or the window may grow
    return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
  }

  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> call_;
  grpc::ByteBuffer answer_;
  bool finished_ = false;
};

}  // namespace peculiar::testing
