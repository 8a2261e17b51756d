#include "tests/bench/questions.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <grpcpp/create_channel.h>

#include <algorithm>
#include <functional>

#include "peculiar/v1/query_service.grpc.pb.h"

namespace peculiar::bench {
namespace {

constexpr int kGalaxies = 1000;
constexpr int kNeighbors = 10;
constexpr int kPage = 50;
constexpr std::uint32_t kPageBytes = 6600;  // of a page of random_survey.h

grpc::ByteBuffer BytesOf(const google::protobuf::MessageLite& message) {
  const grpc::Slice slice(message.SerializeAsString());
  return {&slice, 1};
}

// The strangest galaxies of the current snapshot.
absl::StatusOr<v1::ListAnomaliesResponse> AskGalaxies(const std::string& address) {
  const auto stub =
      v1::QueryService::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  v1::ListAnomaliesRequest request;
  request.set_page_size(kGalaxies);
  v1::ListAnomaliesResponse response;
  const grpc::Status status = stub->ListAnomalies(&context, request, &response);
  if (!status.ok()) return Internal("{}: {}", address, status.error_message());
  if (response.anomalies().empty()) return Internal("{} serves no galaxy", address);
  return response;
}

template <typename Request>
std::vector<grpc::ByteBuffer> RequestPerGalaxy(const v1::ListAnomaliesResponse& galaxies,
                                               Request request) {
  std::vector<grpc::ByteBuffer> requests;
  for (const v1::Anomaly& anomaly : galaxies.anomalies()) {
    request.set_galaxy_id(anomaly.galaxy().plateifu());
    requests.push_back(BytesOf(request));
  }
  return requests;
}

double MedianRedshift(const v1::ListAnomaliesResponse& galaxies) {
  std::vector<double> redshifts;
  for (const v1::Anomaly& anomaly : galaxies.anomalies()) {
    redshifts.push_back(anomaly.galaxy().redshift());
  }
  const auto middle = redshifts.begin() + static_cast<std::ptrdiff_t>(redshifts.size() / 2);
  std::nth_element(redshifts.begin(), middle, redshifts.end());
  return *middle;
}

// Field 1 of its request.
Question SizedEcho(std::uint32_t byte_count) {
  std::string request = {'\x08'};
  google::protobuf::io::StringOutputStream stream(&request);
  google::protobuf::io::CodedOutputStream(&stream).WriteVarint32(byte_count);
  const grpc::Slice slice(request);
  return {"/peculiar.bench.EchoService/SizedEcho", {{&slice, 1}}};
}

}  // namespace

absl::StatusOr<Question> MakeQuestion(const std::string& name, const std::string& address) {
  // A buffer without a slice is no message, which is refused.
  const grpc::Slice no_bytes("");
  const std::vector<grpc::ByteBuffer> nothing = {{&no_bytes, 1}};
  if (name == "echo") return Question{"/peculiar.bench.EchoService/Echo", nothing};
  if (name == "gated_echo") return Question{"/peculiar.bench.EchoService/GatedEcho", nothing};
  if (name == "page_echo") return SizedEcho(kPageBytes);
  PECULIAR_ASSIGN_OR_RETURN(const v1::ListAnomaliesResponse galaxies, AskGalaxies(address));
  const std::string service = "/peculiar.v1.QueryService/";
  if (name == "embedding") {
    return Question{service + "GetEmbedding",
                    RequestPerGalaxy(galaxies, v1::GetEmbeddingRequest())};
  }
  if (name == "neighbors" || name == "made_neighbors") {
    v1::FindNeighborsRequest request;
    request.set_neighbor_count(name == "neighbors" ? kNeighbors : kNeighbors + 1);
    return Question{service + "FindNeighbors", RequestPerGalaxy(galaxies, request)};
  }
  if (name != "page" && name != "filtered_page") {
    return InvalidArgument(
        "no question {}; there are embedding, neighbors, made_neighbors, page, filtered_page, "
        "echo, gated_echo, page_echo",
        name);
  }
  v1::ListAnomaliesRequest request;
  request.set_page_size(kPage);
  if (name == "filtered_page") {
    request.mutable_filter()->set_max_redshift(MedianRedshift(galaxies));
  }
  return Question{service + "ListAnomalies", {BytesOf(request)}};
}

}  // namespace peculiar::bench
