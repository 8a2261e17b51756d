#include "tests/bench/calls.h"

#include <fmt/format.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>

#include <memory>

namespace peculiar::bench {
namespace {

constexpr auto kDeadline = std::chrono::seconds(20);  // a call that is lost must not hang the run

std::shared_ptr<grpc::Channel> Connect(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // else channels share a connection
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

}  // namespace

void Tally::Add(const Tally& other) {
  latencies_us.insert(latencies_us.end(), other.latencies_us.begin(), other.latencies_us.end());
  for (const auto& [status, count] : other.failed) failed[status] += count;
  reply_bytes += other.reply_bytes;
  last_end = std::max(last_end, other.last_end);
}

struct Caller::Call {
  grpc::ClientContext context;
  grpc::Status status;
  grpc::ByteBuffer reply;
  std::unique_ptr<grpc::ClientAsyncResponseReader<grpc::ByteBuffer>> reader;
  Clock::time_point due;
};

Caller::Caller(const std::string& address, const Question& question, Clock::time_point begin,
               Clock::time_point end)
    : question_(question), begin_(begin), end_(end), stub_(Connect(address)) {}

void Caller::Start(Clock::time_point due) {
  const std::size_t next = next_.fetch_add(1, std::memory_order_relaxed);
  const grpc::ByteBuffer& request = question_.requests[next % question_.requests.size()];
  in_flight_.fetch_add(1, std::memory_order_relaxed);
  auto* const call = new Call;  // Receive deletes it
  call->due = due;
  call->context.set_deadline(std::chrono::system_clock::now() + kDeadline);
  call->reader = stub_.PrepareUnaryCall(&call->context, question_.method, request, &queue_);
  call->reader->StartCall();
  call->reader->Finish(&call->reply, &call->status, call);
}

void Caller::Receive(const std::function<void(int in_flight)>& on_end) {
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
    const std::unique_ptr<Call> call(static_cast<Call*>(tag));
    Count(*call);
    on_end(in_flight_.fetch_sub(1, std::memory_order_relaxed) - 1);
  }
}

void Caller::Close() { queue_.Shutdown(); }

void Caller::Count(const Call& call) {
  if (call.due < begin_ || call.due >= end_) return;
  const Clock::time_point now = Clock::now();
  tally_.last_end = now;
  if (!call.status.ok()) {
    ++tally_.failed[fmt::format("{} {}", static_cast<int>(call.status.error_code()),
                                call.status.error_message().substr(0, 80))];
    return;
  }
  tally_.latencies_us.push_back(std::chrono::duration<float, std::micro>(now - call.due).count());
  tally_.reply_bytes += static_cast<std::int64_t>(call.reply.Length());
}

}  // namespace peculiar::bench
