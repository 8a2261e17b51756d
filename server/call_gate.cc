#include "server/call_gate.h"

#include "server/grpc_status.h"
#include "server/request_id.h"

namespace peculiar::server {
namespace {

// In gRPC's own clock, which is the steady one: no clock is read.
bool HasPassed(gpr_timespec deadline, std::chrono::steady_clock::time_point now) {
  const auto second = std::chrono::floor<std::chrono::seconds>(now);
  const gpr_timespec time = {
      second.time_since_epoch().count(),
      static_cast<std::int32_t>(std::chrono::nanoseconds(now - second).count()),
      GPR_CLOCK_MONOTONIC};
  return gpr_time_cmp(gpr_convert_clock_type(deadline, GPR_CLOCK_MONOTONIC), time) <= 0;
}

}  // namespace

Call::Call(CallGate& gate, grpc::ServerContextBase& context, std::string_view method)
    : gate_(gate), method_(gate.counts_.PlaceOf(method)) {
  place_.context = &context;
}

Call::~Call() {
  if (!ended_) Record(grpc::StatusCode::CANCELLED, absl::OkStatus(), {});
  if (is_export_) gate_.exports_.fetch_sub(1, std::memory_order_relaxed);
  if (admitted_) gate_.in_flight_.Leave(place_);
}

absl::Status Call::Authorize() {
  PECULIAR_ASSIGN_OR_RETURN(caller_, gate_.access_.Check(*place_.context, gate_.scope_));
  return absl::OkStatus();
}

absl::Status Call::Admit() {
  absl::Status status;
  const grpc::ServerContextBase& context = *place_.context;
  if (context.IsCancelled()) {
    status = MakeStatus(absl::StatusCode::kCancelled, "CANCELLED: the caller gave up");
  } else if (HasPassed(context.raw_deadline(), begin_)) {
    status = MakeStatus(absl::StatusCode::kDeadlineExceeded,
                        "DEADLINE_EXCEEDED: the deadline passed before the work began");
  } else if (const absl::Status allowed = Authorize(); !allowed.ok()) {
    status = allowed;
  } else if (!gate_.in_flight_.Enter(place_)) {
    status = ResourceExhausted(
        "TOO_BUSY: {} calls are in flight, the most that this server takes; try again in a moment",
        gate_.in_flight_.max_calls());
  }
  admitted_ = status.ok();
  if (!admitted_) gate_.counts_.CountRefusal(static_cast<grpc::StatusCode>(status.code()));
  return status;
}

absl::Status Call::AdmitExport() {
  PECULIAR_RETURN_IF_ERROR(Admit());
  is_export_ = true;
  const int max = gate_.limits_.max_exports;
  if (gate_.exports_.fetch_add(1, std::memory_order_relaxed) < max) return absl::OkStatus();
  gate_.counts_.CountRefusal(grpc::StatusCode::RESOURCE_EXHAUSTED);
  return ResourceExhausted(
      "TOO_BUSY: {} exports are in flight, the most that this server takes; try again in a moment",
      max);
}

void Call::PartReady() {
  const auto now = std::chrono::steady_clock::now();
  place_.answered.store(now.time_since_epoch().count(), std::memory_order_relaxed);
}

void Call::PartTaken() { place_.answered.store(0, std::memory_order_relaxed); }

absl::Status Call::CheckExportTime() const {
  if (std::chrono::steady_clock::now() - begin_ <= gate_.limits_.export_time) {
    return absl::OkStatus();
  }
  return ResourceExhausted(
      "EXPORT_TOO_LONG: an export may last {} s; read faster, or export in parts by a filter",
      std::chrono::duration<double>(gate_.limits_.export_time).count());
}

grpc::Status Call::End(const absl::Status& status, const Answered& answered) {
  grpc::Status told = ToGrpcStatus(status);
  if (!told.ok()) place_.context->AddTrailingMetadata(kRequestIdKey, RequestId());
  Record(told.error_code(), status, answered);
  return told;
}

const std::string& Call::RequestId() {
  if (!request_id_.empty()) return request_id_;
  const auto& metadata = place_.context->client_metadata();
  const auto sent = metadata.find(kRequestIdKey);
  if (sent != metadata.end()) request_id_.assign(sent->second.data(), sent->second.size());
  if (!IsRequestId(request_id_)) request_id_ = MakeRequestId();
  return request_id_;
}

void Call::Record(grpc::StatusCode code, const absl::Status& status, const Answered& answered) {
  ended_ = true;
  const auto now = std::chrono::steady_clock::now();
  const auto duration = now - begin_;
  place_.answered.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  gate_.counts_.CountEnd(method_, code, duration);
  if (!gate_.log_.Wants(code)) return;
  const bool failed = code != grpc::StatusCode::OK;
  gate_.log_.Write({.method = gate_.counts_.methods()[method_],
                    .code = code,
                    .duration = std::chrono::duration_cast<std::chrono::microseconds>(duration),
                    .snapshot_id = answered.snapshot_id,
                    .model = answered.model,
                    .request_id = RequestId(),
                    .caller = caller_,
                    .message = failed ? MessageOf(status) : std::string_view(),
                    .peer = failed ? place_.context->peer() : std::string()});
}

}  // namespace peculiar::server
