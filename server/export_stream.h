// One streaming call that writes rows until there are none left. Holds one message at a time and
// writes the next when the transport has taken the one before, so a slow reader costs one message
// and the transport's window, and no thread. Deletes itself when the call is over.
#pragma once

#include <grpcpp/support/server_callback.h>

#include <functional>
#include <string_view>
#include <utility>

#include "server/call_gate.h"

namespace peculiar::server {

// Rows are added to a message until it has this many bytes: large enough that a message's own cost
// vanishes, far below the 4 MiB that clients accept.
inline constexpr std::size_t kExportMessageBytes = 256 << 10;

template <typename Response>
class ExportStream final : public grpc::ServerWriteReactor<Response> {
 public:
  // Fills an empty message with what comes next. True: more will come.
  using Fill = std::function<bool(Response&)>;

  // open: () -> absl::StatusOr<Fill>, called when the call is admitted; its error ends the call.
  // Then the Fill is called, on gRPC's threads and never twice at once, until it says that nothing
  // more comes or the client has gone. At least one message is written.
  template <typename Open>
  static ExportStream* Start(CallGate& gate, grpc::CallbackServerContext& context,
                             std::string_view method, const Open& open) {
    auto* const stream = new ExportStream(gate, context, method);
    const absl::Status admitted = stream->call_.AdmitExport();
    absl::StatusOr<Fill> fill = admitted.ok() ? open() : admitted;
    if (fill.ok()) {
      stream->fill_ = *std::move(fill);
      stream->WriteNext();
    } else {
      stream->End(fill.status());
    }
    return stream;
  }

  void OnWriteDone(bool ok) override {
    call_.PartTaken();
    if (!ok) {
      return End(MakeStatus(absl::StatusCode::kCancelled,
                            "CANCELLED: the stream was cut by the client, by a stop of the server, "
                            "or because nothing was read for too long"));
    }
    const absl::Status in_time = call_.CheckExportTime();
    if (!more_ || !in_time.ok()) return End(more_ ? in_time : absl::OkStatus());
    WriteNext();
  }

  void OnDone() override { delete this; }

 private:
  ExportStream(CallGate& gate, grpc::CallbackServerContext& context, std::string_view method)
      : call_(gate, context, method) {}

  void End(const absl::Status& status) { this->Finish(call_.End(status, AnsweredBy(message_))); }

  void WriteNext() {
    message_.Clear();
    more_ = fill_(message_);
    call_.PartReady();
    this->StartWrite(&message_);  // last: OnWriteDone may come before it returns
  }

  Call call_;
  Fill fill_;
  Response message_;  // cleared, not freed, from write to write: its memory is used again
  bool more_ = false;
};

}  // namespace peculiar::server
