// Galaxies by name, in pages and as streams, over a real channel.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "tests/support/ready_snapshot.h"
#include "tests/support/running_server.h"

namespace peculiar::server {
namespace {

using ::testing::StartsWith;
using Stub = v1::QueryService::Stub;

class ListingTest : public ::testing::Test {
 protected:
  static constexpr std::size_t kGalaxies = 900;

  static void SetUpTestSuite() {
    folder_ =
        std::filesystem::path(::testing::TempDir()) / fmt::format("listing_test_{}", ::getpid());
    std::filesystem::remove_all(folder_);
    ready_ = new testing::ReadyContent({.galaxies = kGalaxies});
    id_ = PublishLarge(folder_);
    running_ = new testing::RunningServer(folder_);
  }
  static void TearDownTestSuite() {
    delete running_;
    delete ready_;
    std::filesystem::remove_all(folder_);
  }

  // The snapshot of ready_ with names of 10 kB for quality bits: 9 MB in all. Returns the id.
  static std::string PublishLarge(const std::filesystem::path& folder) {
    testing::ReadyContent large({.galaxies = kGalaxies});
    for (CatalogGalaxy& galaxy : large.content.catalog.galaxies) {
      galaxy.drp3qual = 1;
      galaxy.quality_names.assign(1, std::string(10000, 'Q'));
    }
    const auto published = PublishSnapshot(std::move(large.content), folder);
    EXPECT_TRUE(published.ok()) << published.status();
    return published.ok() ? published->id : "";
  }

  static const std::string& PlateIfu(std::size_t row) {
    return ready_->content.catalog.galaxies[row].plateifu;
  }

  static v1::ListGalaxiesResponse List(const v1::ListGalaxiesRequest& request) {
    v1::ListGalaxiesResponse response;
    const grpc::Status status = running_->Call(&Stub::ListGalaxies, request, response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }

  // All messages of an export; the status must be OK.
  template <typename Response, typename Method, typename Request>
  static std::vector<Response> Export(Method method, const Request& request,
                                      testing::RunningServer& running = *running_) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    const auto reader = (running.stub().*method)(&context, request);
    std::vector<Response> messages(1);
    while (reader->Read(&messages.back())) messages.emplace_back();
    messages.pop_back();
    const grpc::Status status = reader->Finish();
    EXPECT_TRUE(status.ok()) << status.error_message();
    return messages;
  }

  static std::vector<v1::ExportGalaxiesResponse> Export(const v1::ExportGalaxiesRequest& request) {
    return Export<v1::ExportGalaxiesResponse>(&Stub::ExportGalaxies, request);
  }
  static std::vector<v1::ExportEmbeddingsResponse> Export(
      const v1::ExportEmbeddingsRequest& request) {
    return Export<v1::ExportEmbeddingsResponse>(&Stub::ExportEmbeddings, request);
  }

  // Status of an export that is refused.
  template <typename Method, typename Request, typename Response>
  static grpc::Status Refused(Method method, const Request& request, Response response) {
    grpc::ClientContext context;
    const auto reader = (running_->stub().*method)(&context, request);
    EXPECT_FALSE(reader->Read(&response));
    return reader->Finish();
  }

  static std::filesystem::path folder_;
  static std::string id_;
  static testing::ReadyContent* ready_;
  static testing::RunningServer* running_;
};
std::filesystem::path ListingTest::folder_;
std::string ListingTest::id_;
testing::ReadyContent* ListingTest::ready_ = nullptr;
testing::RunningServer* ListingTest::running_ = nullptr;

void ExpectError(const grpc::Status& status, grpc::StatusCode code, const std::string& reason) {
  EXPECT_EQ(status.error_code(), code) << status.error_message();
  EXPECT_THAT(status.error_message(), StartsWith(reason + ": "));
}

// Row 6 alone is in another selection than radio: it is in neither.
TEST_F(ListingTest, AgnClassesAndPresenceAreOneCondition) {
  v1::ListGalaxiesRequest request;
  request.set_page_size(1);
  request.mutable_filter()->add_agn_classes(v1::AGN_CLASS_RADIO);
  EXPECT_EQ(List(request).total_count(), 1);
  request.mutable_filter()->set_agn_presence(v1::AGN_PRESENCE_NONE);
  EXPECT_EQ(List(request).total_count(), static_cast<int>(kGalaxies) - 1);
}

TEST_F(ListingTest, ThePagesAreTheExportByteForByte) {
  v1::ListGalaxiesRequest request;
  request.set_page_size(1000);  // 9 MB: more than fits
  request.mutable_filter()->set_min_redshift(0.02);
  request.mutable_score_range()->set_min_percentile(25);
  v1::ExportGalaxiesResponse listed;
  do {
    const v1::ListGalaxiesResponse page = List(request);
    EXPECT_EQ(page.snapshot_id(), id_);
    EXPECT_EQ(page.model(), "ae-small");
    EXPECT_LT(page.ByteSizeLong(), std::size_t{4 << 20});
    listed.set_total_count(page.total_count());
    listed.mutable_galaxies()->MergeFrom(page.galaxies());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(listed.galaxies_size(), listed.total_count());
  EXPECT_LT(listed.total_count(), static_cast<int>(kGalaxies));

  v1::ExportGalaxiesRequest same;
  *same.mutable_filter() = request.filter();
  *same.mutable_score_range() = request.score_range();
  v1::ExportGalaxiesResponse exported;
  for (const v1::ExportGalaxiesResponse& message : Export(same)) {
    exported.mutable_galaxies()->MergeFrom(message.galaxies());
    exported.set_total_count(message.total_count());
  }
  EXPECT_EQ(exported.SerializeAsString(), listed.SerializeAsString());
}

TEST_F(ListingTest, AnExportComesInMessagesThatSayWhereTheyAreFrom) {
  v1::ExportGalaxiesRequest request;
  request.set_model("vae-small");
  const std::vector<v1::ExportGalaxiesResponse> messages = Export(request);
  EXPECT_GE(messages.size(), 30u);
  std::size_t row = 0;
  for (const v1::ExportGalaxiesResponse& message : messages) {
    EXPECT_LT(message.ByteSizeLong(), std::size_t{300 << 10});
    EXPECT_EQ(message.snapshot_id(), id_);
    EXPECT_EQ(message.model(), "vae-small");
    EXPECT_EQ(message.total_count(), static_cast<int>(kGalaxies));
    for (const v1::ScoredGalaxy& galaxy : message.galaxies()) {
      EXPECT_EQ(galaxy.galaxy().plateifu(), PlateIfu(row));
      ASSERT_EQ(galaxy.scores_size(), 4);
      EXPECT_EQ(galaxy.scores(0).value(), ready_->scores[1][row].mae);
      ++row;
    }
  }
  EXPECT_EQ(row, kGalaxies);
}

TEST_F(ListingTest, AnExportOfCoordinatesIsWhatWasPublished) {
  v1::ExportEmbeddingsRequest request;
  request.set_space("umap");
  std::vector<float> values;
  for (const v1::ExportEmbeddingsResponse& message : Export(request)) {
    EXPECT_EQ(message.space(), "umap");
    EXPECT_EQ(message.model(), "ae-small");
    EXPECT_EQ(message.snapshot_id(), id_);
    EXPECT_EQ(message.total_count(), static_cast<int>(kGalaxies));
    for (const v1::Embedding& embedding : message.embeddings()) {
      EXPECT_EQ(embedding.plateifu(), PlateIfu(values.size() / 3));
      values.insert(values.end(), embedding.values().begin(), embedding.values().end());
    }
  }
  EXPECT_EQ(values, ready_->coordinates[0][1]);
}

TEST_F(ListingTest, AnExportOfNothingStillSaysWhereItIsFrom) {
  v1::ExportGalaxiesRequest request;
  request.mutable_filter()->set_min_redshift(9);
  const std::vector<v1::ExportGalaxiesResponse> messages = Export(request);
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0].galaxies_size(), 0);
  EXPECT_EQ(messages[0].snapshot_id(), id_);
  EXPECT_EQ(messages[0].model(), "ae-small");
}

TEST_F(ListingTest, ListsAndExportsRefuseAlike) {
  const auto refuse = [](const auto& change, grpc::StatusCode code, const std::string& reason) {
    v1::ListGalaxiesRequest list;
    change(list);
    v1::ListGalaxiesResponse page;
    ExpectError(running_->Call(&Stub::ListGalaxies, list, page), code, reason);
    v1::ExportGalaxiesRequest galaxies;
    change(galaxies);
    ExpectError(Refused(&Stub::ExportGalaxies, galaxies, v1::ExportGalaxiesResponse()), code,
                reason);
    v1::ExportEmbeddingsRequest embeddings;
    change(embeddings);
    ExpectError(Refused(&Stub::ExportEmbeddings, embeddings, v1::ExportEmbeddingsResponse()), code,
                reason);
  };
  refuse([](auto& request) { request.set_model("none"); }, grpc::StatusCode::NOT_FOUND,
         "UNKNOWN_MODEL");
  refuse([](auto& request) { request.set_snapshot_id("none"); }, grpc::StatusCode::NOT_FOUND,
         "UNKNOWN_SNAPSHOT");
  refuse([](auto& request) { request.mutable_filter()->add_galaxy_ids("1-1000"); },
         grpc::StatusCode::FAILED_PRECONDITION, "AMBIGUOUS_ID");
  refuse([](auto& request) { request.mutable_filter()->add_fibre_counts(20); },
         grpc::StatusCode::INVALID_ARGUMENT, "BAD_FILTER");
  refuse([](auto& request) { request.mutable_score_range()->set_max_percentile(101); },
         grpc::StatusCode::INVALID_ARGUMENT, "BAD_FILTER");
  refuse(
      [](auto& request) {
        request.mutable_score_range()->set_score_kind(static_cast<v1::ScoreKind>(9));
      },
      grpc::StatusCode::INVALID_ARGUMENT, "UNKNOWN_SCORE");
  v1::ExportEmbeddingsRequest request;
  request.set_space("tsne");
  ExpectError(Refused(&Stub::ExportEmbeddings, request, v1::ExportEmbeddingsResponse()),
              grpc::StatusCode::INVALID_ARGUMENT, "UNKNOWN_SPACE");
}

TEST_F(ListingTest, NeighborsEndBeforeTheLimitOfAResponse) {
  v1::FindNeighborsRequest request;
  request.set_galaxy_id(PlateIfu(8));
  request.set_neighbor_count(1000);
  v1::FindNeighborsResponse response;
  const grpc::Status status = running_->Call(&Stub::FindNeighbors, request, response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_LT(response.ByteSizeLong(), std::size_t{4 << 20});
  EXPECT_GE(response.neighbors_size(), 100);
  EXPECT_LT(response.neighbors_size(), static_cast<int>(kGalaxies) - 1);
  request.set_neighbor_count(20);
  request.mutable_score_range()->set_min_percentile(90);
  ASSERT_TRUE(running_->Call(&Stub::FindNeighbors, request, response).ok());
  ASSERT_EQ(response.neighbors_size(), 20);
  for (const v1::Neighbor& neighbor : response.neighbors()) {
    EXPECT_GE(neighbor.score().percentile(), 90);
  }
}

TEST_F(ListingTest, ATokenIsBoundToTheWholeQuestion) {
  v1::ListGalaxiesRequest request;
  request.set_page_size(2);
  request.set_page_token(List(request).next_page_token());
  EXPECT_EQ(List(request).galaxies(0).galaxy().plateifu(), PlateIfu(2));
  request.set_model("ae-small");  // the default by name
  EXPECT_EQ(List(request).galaxies(0).galaxy().plateifu(), PlateIfu(2));
  v1::ListGalaxiesResponse page;
  v1::ListGalaxiesRequest other = request;
  other.mutable_score_range()->set_min_score(0.1);
  ExpectError(running_->Call(&Stub::ListGalaxies, other, page), grpc::StatusCode::INVALID_ARGUMENT,
              "BAD_PAGE_TOKEN");
  v1::ListAnomaliesRequest anomalies;
  anomalies.set_page_token(request.page_token());
  v1::ListAnomaliesResponse ranked;
  ExpectError(running_->Call(&Stub::ListAnomalies, anomalies, ranked),
              grpc::StatusCode::INVALID_ARGUMENT, "BAD_PAGE_TOKEN");
}

TEST_F(ListingTest, ASwapDuringAnExportChangesNothingInIt) {
  const std::filesystem::path folder = folder_ / "swapped";
  const std::string first = PublishLarge(folder);
  testing::RunningServer running(
      ServerOptions{.snapshots = folder, .poll_seconds = 3600, .keep = 0});
  grpc::ClientContext context;
  v1::ExportGalaxiesRequest request;
  request.set_model("vae-small");
  const auto reader = running.stub().ExportGalaxies(&context, request);
  v1::ExportGalaxiesResponse message;
  ASSERT_TRUE(reader->Read(&message));
  const std::string second = testing::PublishReadySnapshot(folder, {.seed = 2});
  running.server().holder().Refresh();
  v1::GetSnapshotResponse now;
  ASSERT_TRUE(running.Call(&Stub::GetSnapshot, v1::GetSnapshotRequest(), now).ok());
  EXPECT_EQ(now.snapshot_id(), second);
  std::size_t count = 0;
  do {
    EXPECT_EQ(message.snapshot_id(), first);
    EXPECT_EQ(message.total_count(), static_cast<int>(kGalaxies));
    for (const v1::ScoredGalaxy& galaxy : message.galaxies()) {
      EXPECT_EQ(galaxy.galaxy().plateifu(), PlateIfu(count));
      EXPECT_EQ(galaxy.scores(0).value(), ready_->scores[1][count].mae);
      ++count;
    }
  } while (reader->Read(&message));
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_EQ(count, kGalaxies);
}

TEST_F(ListingTest, AnExportDoesNotKeepTheServerFromStopping) {
  testing::RunningServer running(
      ServerOptions{.snapshots = folder_, .poll_seconds = 3600, .drain_seconds = 0.1});
  grpc::ClientContext context;
  const auto reader = running.stub().ExportGalaxies(&context, v1::ExportGalaxiesRequest());
  v1::ExportGalaxiesResponse message;
  ASSERT_TRUE(reader->Read(&message));
  const auto begin = std::chrono::steady_clock::now();
  running.server().Stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
}

TEST_F(ListingTest, AnswersNameTheSnapshotAndTheModel) {
  v1::GetGalaxyRequest galaxy;
  galaxy.set_galaxy_id(PlateIfu(3));
  galaxy.set_model("vae-small");
  v1::GetGalaxyResponse shown;
  ASSERT_TRUE(running_->Call(&Stub::GetGalaxy, galaxy, shown).ok());
  EXPECT_EQ(shown.model(), "vae-small");
  EXPECT_EQ(shown.model_scores_size(), 1);
  v1::GetSnapshotRequest snapshot;
  v1::GetSnapshotResponse described;
  ASSERT_TRUE(running_->Call(&Stub::GetSnapshot, snapshot, described).ok());
  EXPECT_EQ(described.snapshot_id(), id_);
  EXPECT_EQ(described.model(), "ae-small");
  snapshot.set_model("vae-small");
  ASSERT_TRUE(running_->Call(&Stub::GetSnapshot, snapshot, described).ok());
  EXPECT_EQ(described.model(), "vae-small");
  EXPECT_EQ(described.snapshot().models_size(), 1);
  snapshot.set_model("none");
  ExpectError(running_->Call(&Stub::GetSnapshot, snapshot, described), grpc::StatusCode::NOT_FOUND,
              "UNKNOWN_MODEL");
}

}  // namespace
}  // namespace peculiar::server
