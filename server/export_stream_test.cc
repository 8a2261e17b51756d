// The streaming call itself, over a real channel, with rows made up as they are asked for.
#include "server/export_stream.h"

#include <grpc/grpc.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include "tests/support/running_server.h"

namespace peculiar::server {
namespace {

using Stream = ExportStream<v1::ExportGalaxiesResponse>;

// Messages of 256 KiB, numbered by total_count, without an end.
class EndlessService final : public v1::QueryService::CallbackService {
 public:
  EndlessService(std::chrono::milliseconds patience, const GateLimits& limits)
      : gate_(*v1::ExportGalaxiesRequest::descriptor()->file()->service(0), limits, log_, *access_,
              Scope::kRead),
        patience_(gate_.in_flight(), patience) {}

  grpc::ServerWriteReactor<v1::ExportGalaxiesResponse>* ExportGalaxies(
      grpc::CallbackServerContext* context, const v1::ExportGalaxiesRequest*) override {
    // Gone when the call has let go of all it holds.
    const std::shared_ptr<int> alive(new int(0), [this](int* number) {
      delete number;
      if (!is_gone_.exchange(true)) gone_.set_value();
    });
    return Stream::Start(gate_, *context, "ExportGalaxies",
                         [this, alive]() -> absl::StatusOr<Stream::Fill> {
                           return [this, alive](v1::ExportGalaxiesResponse& response) {
                             response.set_snapshot_id(std::string(kExportMessageBytes, 'x'));
                             response.set_total_count(++filled_);
                             return true;
                           };
                         });
  }

  int filled() const { return filled_; }
  bool WaitUntilGone() {
    return gone_.get_future().wait_for(std::chrono::seconds(20)) == std::future_status::ready;
  }

 private:
  RequestLog log_{nullptr};
  const std::unique_ptr<AccessList> access_ = *AccessList::Open("");
  CallGate gate_;
  ReaderPatience patience_;
  std::atomic<int> filled_ = 0;
  std::atomic<bool> is_gone_ = false;  // the first call
  std::promise<void> gone_;
};

class ExportStreamTest : public ::testing::Test {
 protected:
  // Never undone: gRPC's last shutdown after large writes may wait 10 s for a poller of its own.
  static void SetUpTestSuite() { grpc_init(); }

  void Serve(std::chrono::milliseconds patience, const GateLimits& limits = {}) {
    service_ = std::make_unique<EndlessService>(patience, limits);
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(service_.get());
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);  // or the window may grow
    stub_ = v1::QueryService::NewStub(grpc::CreateCustomChannel(
        fmt::format("127.0.0.1:{}", port), grpc::InsecureChannelCredentials(), arguments));
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    reader_ = stub_->ExportGalaxies(&context_, v1::ExportGalaxiesRequest());
  }
  void TearDown() override {
    context_.TryCancel();
    End();
    server_->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(5));
    server_->Wait();
  }

  // Status of the call; asked for once.
  grpc::Status End() {
    const auto reader = std::move(reader_);
    return reader == nullptr ? grpc::Status::OK : reader->Finish();
  }

  std::unique_ptr<EndlessService> service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::QueryService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::ExportGalaxiesResponse>> reader_;
};

TEST_F(ExportStreamTest, AReaderThatStopsHasNoMoreMadeForIt) {
  Serve(std::chrono::minutes(1));
  v1::ExportGalaxiesResponse message;
  ASSERT_TRUE(reader_->Read(&message));
  // What the two ends buffer is filled before this changes no more.
  int before = -1;
  while (before != service_->filled()) {
    before = service_->filled();
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
  }
  EXPECT_LE(before, 4);  // 1 MiB; with windows that do not grow it is 2
  for (int i = 2; i <= before + 10; ++i) {
    ASSERT_TRUE(reader_->Read(&message));
    EXPECT_EQ(message.total_count(), i);
  }
  EXPECT_GT(service_->filled(), before);
}

TEST_F(ExportStreamTest, ACancelledCallLetsGoOfWhatItHolds) {
  Serve(std::chrono::minutes(1));
  v1::ExportGalaxiesResponse message;
  ASSERT_TRUE(reader_->Read(&message));
  context_.TryCancel();
  EXPECT_TRUE(service_->WaitUntilGone());
}

TEST_F(ExportStreamTest, AReaderThatTakesNothingIsCancelledInTime) {
  Serve(std::chrono::milliseconds(200));
  v1::ExportGalaxiesResponse message;
  ASSERT_TRUE(reader_->Read(&message));
  EXPECT_TRUE(service_->WaitUntilGone());
  while (reader_->Read(&message)) {  // what had been sent
  }
  EXPECT_EQ(End().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(ExportStreamTest, AReaderThatTakesItAllOutlastsThePatience) {
  Serve(std::chrono::milliseconds(200));
  v1::ExportGalaxiesResponse message;
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(700);
  int read = 0;
  while (std::chrono::steady_clock::now() < end) {
    ASSERT_TRUE(reader_->Read(&message));
    ASSERT_EQ(message.total_count(), ++read);
  }
  EXPECT_GT(read, 10);
}

TEST_F(ExportStreamTest, OneThatLastsTooLongIsEnded) {
  Serve(std::chrono::minutes(1), {.export_time = std::chrono::milliseconds(100)});
  v1::ExportGalaxiesResponse message;
  while (reader_->Read(&message)) {
  }
  const grpc::Status status = End();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(status.error_message().rfind("EXPORT_TOO_LONG: an export may last 0.1 s", 0), 0u);
}

TEST_F(ExportStreamTest, ExportsAreBoundedInNumber) {
  Serve(std::chrono::minutes(1), {.max_exports = 1});
  v1::ExportGalaxiesResponse message;
  ASSERT_TRUE(reader_->Read(&message));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  const auto second = stub_->ExportGalaxies(&context, v1::ExportGalaxiesRequest());
  EXPECT_FALSE(second->Read(&message));
  const grpc::Status status = second->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(status.error_message().rfind("TOO_BUSY: 1 exports", 0), 0u);
}

}  // namespace
}  // namespace peculiar::server
