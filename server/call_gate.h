// What surrounds every call of a service, whatever the method does: it is admitted or refused,
// counted, timed and logged. A CallGate belongs to a service; a Call is one call, from its arrival
// until its last byte has left. A unary method is written as
//   return Answer(gate_, context, "GetGalaxy", response, [&]() -> absl::Status { .. });
// and the reactor of a streaming method has a member Call: it asks AdmitExport before any work,
// says when it waits for the client, calls Finish(call_.End(status)) once, and is deleted in
// OnDone.
#pragma once

#include <grpc/grpc.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/status.h"
#include "server/access_list.h"
#include "server/call_counts.h"
#include "server/calls_in_flight.h"
#include "server/request_log.h"

namespace peculiar::server {

struct GateLimits {
  int max_calls = 1000;  // in flight
  // Of them exports, which can last for minutes and hold their snapshot: they must not take the
  // places of all other calls.
  int max_exports = 32;
  std::chrono::milliseconds export_time = std::chrono::hours(1);  // of one export
};

// Safe from any thread; outlives its calls.
class CallGate {
 public:
  // Every call is allowed `scope` by `access`; that and `log` must outlive the gate.
  CallGate(const google::protobuf::ServiceDescriptor& service, const GateLimits& limits,
           RequestLog& log, const AccessList& access, Scope scope)
      : limits_(limits),
        in_flight_(limits.max_calls),
        counts_(service),
        log_(log),
        access_(access),
        scope_(scope) {}

  CallsInFlight& in_flight() { return in_flight_; }
  const CallsInFlight& in_flight() const { return in_flight_; }
  const CallCounts& counts() const { return counts_; }

 private:
  friend class Call;

  const GateLimits limits_;
  CallsInFlight in_flight_;
  std::atomic<int> exports_{0};  // of those in flight
  CallCounts counts_;
  RequestLog& log_;
  const AccessList& access_;
  const Scope scope_;
};

// Who answered, for the log.
struct Answered {
  std::string_view snapshot_id;
  std::string_view model;
};

class Call {
 public:
  // method: a name of the gate's service. Gate and context outlive it.
  Call(CallGate& gate, grpc::ServerContextBase& context, std::string_view method);
  ~Call();  // the call is in flight no more
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  // Whether the work may begin; once, first. CANCELLED or DEADLINE_EXCEEDED when nobody waits for
  // the answer; UNAUTHENTICATED or PERMISSION_DENIED as AccessList::Check; RESOURCE_EXHAUSTED
  // `TOO_BUSY:` when max_calls are in flight.
  absl::Status Admit();

  // The same for an export: `TOO_BUSY:` also when max_exports are in flight.
  absl::Status AdmitExport();

  // A part of an export is ready: the client is waited for, as long as ReaderPatience allows, until
  // it has taken it.
  void PartReady();
  void PartTaken();

  // RESOURCE_EXHAUSTED `EXPORT_TOO_LONG:` when an export has lasted longer than it may.
  absl::Status CheckExportTime() const;

  // Counts and logs the outcome and gives what the client is told; with an error alone also the
  // request id, as trailing metadata, which would cost a small call a twentieth of its time. Once;
  // a call that is destroyed without it counts as CANCELLED.
  grpc::Status End(const absl::Status& status, const Answered& answered = {});

 private:
  absl::Status Authorize();
  // The client's, or a new one where it sent none or a bad one. Only an error and a line of the log
  // need it: nothing else reads a client's metadata where no tokens are asked for, and gRPC makes
  // its map of them when it is first read.
  const std::string& RequestId();
  void Record(grpc::StatusCode code, const absl::Status& status, const Answered& answered);

  CallGate& gate_;
  CallsInFlight::Place place_;
  const std::size_t method_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  std::string request_id_;  // empty while nobody has asked for it
  std::string caller_;      // the name of its token
  bool admitted_ = false;
  bool is_export_ = false;  // counted as one
  bool ended_ = false;
};

// Snapshot and model of a response that says them. Borrows from it.
template <typename Response>
Answered AnsweredBy(const Response& response) {
  Answered answered;
  if constexpr (requires { response.snapshot_id(); }) {
    answered.snapshot_id = response.snapshot_id();
  } else if constexpr (requires { response.snapshot().snapshot_id(); }) {
    answered.snapshot_id = response.snapshot().snapshot_id();
  }
  if constexpr (requires { response.model(); }) answered.model = response.model();
  return answered;
}

// The reactor of a unary call whose work is done when it is made. Lies in gRPC's memory of the
// call, which outlasts OnDone, and ends its life there.
class UnaryCall final : public grpc::ServerUnaryReactor {
 public:
  UnaryCall(CallGate& gate, grpc::CallbackServerContext& context, std::string_view method)
      : call(gate, context, method) {}
  void OnDone() override { this->~UnaryCall(); }

  static void* operator new(std::size_t size, grpc::CallbackServerContext& context) {
    return grpc_call_arena_alloc(context.c_call(), size);
  }
  static void operator delete(void* /*memory*/) {}  // gRPC frees it with the call

  Call call;

 private:
  // gRPC then calls OnDone where it is, as it does for its own default reactor, instead of handing
  // it to another thread: a quarter of a small call's cost. Right because OnDone never waits.
  bool InternalInlineable() override { return true; }
};

// A unary call: `work` fills the response and returns a status; it is not called when the call is
// not admitted.
template <typename Response, typename Work>
grpc::ServerUnaryReactor* Answer(CallGate& gate, grpc::CallbackServerContext* context,
                                 std::string_view method, const Response* response,
                                 const Work& work) {
  std::unique_ptr<UnaryCall> reactor(new (*context) UnaryCall(gate, *context, method));
  absl::Status status = reactor->call.Admit();
  if (status.ok()) status = work();
  reactor->Finish(reactor->call.End(status, AnsweredBy(*response)));
  return reactor.release();
}

}  // namespace peculiar::server
