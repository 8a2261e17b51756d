#include "server/call_gate.h"

#include "server/grpc_status.h"
#include "server/request_id.h"

namespace peculiar::server {
namespace {

std::string RequestIdOf(const grpc::ServerContextBase& context) {
  const auto& metadata = context.client_metadata();
  const auto sent = metadata.find(kRequestIdKey);
  if (sent != metadata.end()) {
    const std::string_view id(sent->second.data(), sent->second.size());
    if (IsRequestId(id)) return std::string(id);
  }
  return MakeRequestId();
}

}  // namespace

Call::Call(CallGate& gate, grpc::ServerContextBase& context, std::string_view method)
    : gate_(gate),
      context_(context),
      method_(gate.counts_.PlaceOf(method)),
      request_id_(RequestIdOf(context)) {
  context.AddInitialMetadata(kRequestIdKey, request_id_);
}

Call::~Call() {
  if (!ended_) Record(grpc::StatusCode::CANCELLED, absl::OkStatus(), {});
  if (admitted_) gate_.in_flight_.fetch_sub(1, std::memory_order_relaxed);
}

absl::Status Call::Authorize() {
  PECULIAR_ASSIGN_OR_RETURN(caller_, gate_.access_.Check(context_, gate_.scope_));
  return absl::OkStatus();
}

absl::Status Call::Admit() {
  absl::Status status;
  if (context_.IsCancelled()) {
    status = MakeStatus(absl::StatusCode::kCancelled, "CANCELLED: the caller gave up");
  } else if (context_.deadline() <= std::chrono::system_clock::now()) {
    status = MakeStatus(absl::StatusCode::kDeadlineExceeded,
                        "DEADLINE_EXCEEDED: the deadline passed before the work began");
  } else if (const absl::Status allowed = Authorize(); !allowed.ok()) {
    status = allowed;
  } else if (gate_.in_flight_.fetch_add(1, std::memory_order_relaxed) >= gate_.max_calls_) {
    gate_.in_flight_.fetch_sub(1, std::memory_order_relaxed);
    status = ResourceExhausted(
        "TOO_BUSY: {} calls are in flight, the most that this server takes; try again in a moment",
        gate_.max_calls_);
  }
  admitted_ = status.ok();
  if (!admitted_) gate_.counts_.CountRefusal(static_cast<grpc::StatusCode>(status.code()));
  return status;
}

grpc::Status Call::End(const absl::Status& status, const Answered& answered) {
  grpc::Status told = ToGrpcStatus(status);
  Record(told.error_code(), status, answered);
  return told;
}

void Call::Record(grpc::StatusCode code, const absl::Status& status, const Answered& answered) {
  ended_ = true;
  const auto duration = std::chrono::steady_clock::now() - begin_;
  gate_.counts_.CountEnd(method_, code, duration);
  if (!gate_.log_.Wants(code)) return;
  const bool failed = code != grpc::StatusCode::OK;
  gate_.log_.Write({.method = gate_.counts_.methods()[method_],
                    .code = code,
                    .duration = std::chrono::duration_cast<std::chrono::microseconds>(duration),
                    .snapshot_id = answered.snapshot_id,
                    .model = answered.model,
                    .request_id = request_id_,
                    .caller = caller_,
                    .message = failed ? MessageOf(status) : std::string_view(),
                    .peer = failed ? context_.peer() : std::string()});
}

}  // namespace peculiar::server
