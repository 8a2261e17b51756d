// One streaming call that writes rows until there are none left. Holds one message at a time and
// writes the next when the transport has taken the one before, so a slow reader costs one message
// and the transport's window, and no thread. Deletes itself when the call is over.
#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/support/server_callback.h>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

namespace peculiar::server {

// Rows are added to a message until it has this many bytes: large enough that a message's own cost
// vanishes, far below the 4 MiB that clients accept.
inline constexpr std::size_t kExportMessageBytes = 256 << 10;

// A client that takes no message for so long is cancelled: its stream holds a snapshot in memory.
inline constexpr std::chrono::milliseconds kReaderPatience = std::chrono::minutes(1);

template <typename Response>
class ExportStream final : public grpc::ServerWriteReactor<Response> {
 public:
  // Fills an empty message with what comes next. True: more will come.
  using Fill = std::function<bool(Response&)>;

  // A call that ends at once, with an error.
  static grpc::ServerWriteReactor<Response>* Refuse(const grpc::Status& status) {
    auto* const stream = new ExportStream(nullptr, nullptr, {});
    stream->Finish(status);
    return stream;
  }

  // Calls `fill`, on gRPC's threads and never twice at once, until it says that nothing more comes
  // or the client has gone. At least one message is written.
  static grpc::ServerWriteReactor<Response>* Start(
      grpc::CallbackServerContext* context, Fill fill,
      std::chrono::milliseconds patience = kReaderPatience) {
    auto* const stream = new ExportStream(context, std::move(fill), patience);
    stream->WriteNext();
    return stream;
  }

  void OnWriteDone(bool ok) override {
    StopWaiting();
    if (!ok) return this->Finish({grpc::StatusCode::CANCELLED, "CANCELLED: the reader has gone"});
    if (!more_) return this->Finish(grpc::Status::OK);
    WriteNext();
  }

  void OnDone() override { delete this; }

 private:
  // What the alarm of one write may touch. The lock keeps the call alive while it is cancelled; it
  // is recursive because gRPC may end the write within TryCancel, on the same thread.
  struct Wait {
    std::recursive_mutex mutex;
    grpc::CallbackServerContext* context = nullptr;  // null once the write has ended
  };

  ExportStream(grpc::CallbackServerContext* context, Fill fill, std::chrono::milliseconds patience)
      : context_(context), fill_(std::move(fill)), patience_(patience) {}

  void WriteNext() {
    message_.Clear();
    more_ = fill_(message_);
    wait_ = std::make_shared<Wait>();
    wait_->context = context_;
    alarm_ = std::make_unique<grpc::Alarm>();
    alarm_->Set(std::chrono::system_clock::now() + patience_, [wait = wait_](bool expired) {
      if (!expired) return;
      const std::lock_guard lock(wait->mutex);
      if (wait->context != nullptr) wait->context->TryCancel();
    });
    this->StartWrite(&message_);  // last: OnWriteDone may come before it returns
  }

  void StopWaiting() {
    const std::lock_guard lock(wait_->mutex);
    wait_->context = nullptr;
    alarm_.reset();  // cancels it
  }

  grpc::CallbackServerContext* const context_;
  const Fill fill_;
  const std::chrono::milliseconds patience_;
  Response message_;  // cleared, not freed, from write to write: its memory is used again
  bool more_ = false;
  std::shared_ptr<Wait> wait_;
  std::unique_ptr<grpc::Alarm> alarm_;
};

}  // namespace peculiar::server
