// Every method of the query service over a real channel, against a snapshot of known content.
#include "server/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "tests/support/ready_snapshot.h"
#include "tests/support/running_server.h"

namespace peculiar::server {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Stub = v1::QueryService::Stub;

class ServerTest : public ::testing::Test {
 protected:
  static constexpr std::size_t kGalaxies = 120;

  static void SetUpTestSuite() {
    folder_ =
        std::filesystem::path(::testing::TempDir()) / fmt::format("server_test_{}", ::getpid());
    std::filesystem::remove_all(folder_);
    const testing::ReadyOptions options{.galaxies = kGalaxies};
    ready_ = new testing::ReadyContent(options);
    id_ = testing::PublishReadySnapshot(folder_, options);
    running_ = new testing::RunningServer(folder_);
  }
  static void TearDownTestSuite() {
    delete running_;
    delete ready_;
    std::filesystem::remove_all(folder_);
  }

  static const std::string& PlateIfu(std::size_t row) {
    return ready_->content.catalog.galaxies[row].plateifu;
  }

  static v1::ListAnomaliesResponse List(const v1::ListAnomaliesRequest& request) {
    v1::ListAnomaliesResponse response;
    const grpc::Status status = running_->Call(&Stub::ListAnomalies, request, response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }

  static std::filesystem::path folder_;
  static std::string id_;
  static testing::ReadyContent* ready_;
  static testing::RunningServer* running_;
};
std::filesystem::path ServerTest::folder_;
std::string ServerTest::id_;
testing::ReadyContent* ServerTest::ready_ = nullptr;
testing::RunningServer* ServerTest::running_ = nullptr;

void ExpectError(const grpc::Status& status, grpc::StatusCode code, const std::string& reason) {
  EXPECT_EQ(status.error_code(), code) << status.error_message();
  EXPECT_THAT(status.error_message(), StartsWith(reason + ": "));
}

TEST_F(ServerTest, PagesCoverTheRankingOnce) {
  v1::ListAnomaliesRequest request;
  request.set_page_size(17);
  std::vector<int> ranks;
  do {
    const v1::ListAnomaliesResponse page = List(request);
    EXPECT_EQ(page.snapshot_id(), id_);
    EXPECT_EQ(page.model(), "ae-small");
    EXPECT_EQ(page.total_count(), static_cast<int>(kGalaxies) - 1);
    for (const v1::Anomaly& anomaly : page.anomalies()) ranks.push_back(anomaly.score().rank());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  ASSERT_EQ(ranks.size(), kGalaxies - 1);
  for (std::size_t i = 0; i < ranks.size(); ++i) EXPECT_EQ(ranks[i], static_cast<int>(i) + 1);
}

TEST_F(ServerTest, AnAnomalyIsWhole) {
  v1::ListAnomaliesRequest request;
  request.set_page_size(1);
  const v1::ListAnomaliesResponse page = List(request);
  ASSERT_EQ(page.anomalies_size(), 1);
  const v1::Anomaly& first = page.anomalies(0);
  EXPECT_EQ(first.score().kind(), v1::SCORE_KIND_MAE);
  EXPECT_EQ(first.score().percentile(), 100);
  EXPECT_NEAR(first.score().value(), 0.01 * kGalaxies, 1e-12);
  EXPECT_EQ(first.top_line().line(), ready_->content.catalog.lines[0].name);
  EXPECT_NEAR(first.top_line().value(), first.score().value() / 2, 1e-12);
  EXPECT_FALSE(first.galaxy().plateifu().empty());
}

TEST_F(ServerTest, ALineRanksAndAPageTokenIsBoundToTheWholeQuestion) {
  v1::ListAnomaliesRequest request;
  request.set_page_size(5);
  request.set_score_kind(v1::SCORE_KIND_LINE_SHARE);
  request.set_line(ready_->content.catalog.lines[0].name);
  request.set_sort_order(v1::SORT_ORDER_ASCENDING);
  request.mutable_filter()->add_fibre_counts(19);
  const v1::ListAnomaliesResponse page = List(request);
  EXPECT_EQ(page.total_count(), static_cast<int>(kGalaxies) / 5);
  EXPECT_EQ(page.anomalies(0).score().line(), request.line());
  EXPECT_NEAR(page.anomalies(0).score().value(), 0.5, 1e-12);
  request.set_page_token(page.next_page_token());
  EXPECT_EQ(List(request).anomalies_size(), 5);
  request.mutable_filter()->add_fibre_counts(37);
  v1::ListAnomaliesResponse other;
  ExpectError(running_->Call(&Stub::ListAnomalies, request, other),
              grpc::StatusCode::INVALID_ARGUMENT, "BAD_PAGE_TOKEN");
}

TEST_F(ServerTest, NumbersWithoutAMeaningAreRefused) {
  v1::ListAnomaliesResponse response;
  v1::ListAnomaliesRequest order;
  order.set_sort_order(static_cast<v1::SortOrder>(9));
  ExpectError(running_->Call(&Stub::ListAnomalies, order, response),
              grpc::StatusCode::INVALID_ARGUMENT, "BAD_FILTER");
  v1::ListAnomaliesRequest agn;
  agn.mutable_filter()->add_agn_classes(static_cast<v1::AgnClass>(9));
  ExpectError(running_->Call(&Stub::ListAnomalies, agn, response),
              grpc::StatusCode::INVALID_ARGUMENT, "BAD_FILTER");
  v1::GetDistributionResponse distribution;
  v1::GetDistributionRequest group;
  group.set_group(static_cast<v1::PopulationGroup>(9));
  ExpectError(running_->Call(&Stub::GetDistribution, group, distribution),
              grpc::StatusCode::INVALID_ARGUMENT, "BAD_FILTER");
}

TEST_F(ServerTest, ADistributionIsWhole) {
  v1::GetDistributionRequest request;
  request.set_group(v1::POPULATION_GROUP_AGN_CLASS);
  request.set_bin_count(4);
  request.set_logarithmic(true);
  v1::GetDistributionResponse response;
  const grpc::Status status = running_->Call(&Stub::GetDistribution, request, response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.bin_edges_size(), 5);
  EXPECT_EQ(response.snapshot_id(), id_);
  int any = 0;
  for (const v1::PopulationDistribution& population : response.populations()) {
    EXPECT_EQ(population.quantiles_size(), response.quantile_shares_size());
    if (population.population() == "any") any = population.ranked_count();
  }
  EXPECT_EQ(any, 2);  // rows 6 and 7
}

TEST_F(ServerTest, SpacesAreDescribedAndHaveCoordinatesAndNeighbors) {
  v1::GetSnapshotResponse snapshot;
  ASSERT_TRUE(running_->Call(&Stub::GetSnapshot, v1::GetSnapshotRequest(), snapshot).ok());
  const v1::Model& model = snapshot.snapshot().models(0);
  ASSERT_EQ(model.spaces_size(), 3);
  EXPECT_EQ(model.spaces(1).space(), "pca");
  EXPECT_EQ(model.spaces(1).explained_variance_ratios_size(), model.spaces(1).dimension());
  EXPECT_EQ(model.spaces(2).trustworthiness(), 0.9);
  EXPECT_EQ(model.spaces(2).agreements(2).shared_neighbor_share(), 1);
  EXPECT_EQ(snapshot.snapshot().tags(1).tag(), "odd");
  EXPECT_TRUE(model.relevance_json().empty());
  EXPECT_THAT(snapshot.snapshot().models(1).relevance_json(), HasSubstr("8001-3702"));
  v1::BatchGetEmbeddingsRequest batch;
  for (const std::size_t row : {7, 3}) batch.add_galaxy_ids(PlateIfu(row));
  batch.set_space("umap");
  v1::BatchGetEmbeddingsResponse embeddings;
  ASSERT_TRUE(running_->Call(&Stub::BatchGetEmbeddings, batch, embeddings).ok());
  ASSERT_EQ(embeddings.embeddings_size(), 2);
  EXPECT_EQ(embeddings.embeddings(1).plateifu(), PlateIfu(3));
  EXPECT_EQ(embeddings.embeddings(0).values(1), ready_->coordinates[0][1][7 * 3 + 1]);
  batch.clear_galaxy_ids();
  ExpectError(running_->Call(&Stub::BatchGetEmbeddings, batch, embeddings),
              grpc::StatusCode::INVALID_ARGUMENT, "BAD_BATCH_SIZE");
}

TEST_F(ServerTest, RepeatsComeInPagesThatFit) {
  v1::ListRepeatsRequest request;
  request.set_page_size(2);
  v1::ListRepeatsResponse page;
  ASSERT_TRUE(running_->Call(&Stub::ListRepeats, request, page).ok());
  ASSERT_EQ(page.repeat_pairs_size(), 2);
  EXPECT_EQ(page.total_count(), 3);
  EXPECT_EQ(page.repeat_pairs(0).mangaid(), "1-1000");
  EXPECT_EQ(page.repeat_pairs(0).places_size(), 3);
  EXPECT_EQ(page.spaces_size(), 3);
  // Rows 0 and 1 have mae 0.01 and 0.08 of the first model.
  EXPECT_NEAR(page.repeat_pairs(0).mae_difference(), 0.07, 1e-12);
  request.set_page_token(page.next_page_token());
  v1::ListRepeatsResponse last;
  ASSERT_TRUE(running_->Call(&Stub::ListRepeats, request, last).ok());
  EXPECT_EQ(last.repeat_pairs_size(), 1);
  EXPECT_TRUE(last.next_page_token().empty());
}

TEST_F(ServerTest, PageSizesHaveADefaultAndALimit) {
  v1::ListAnomaliesRequest request;
  EXPECT_EQ(List(request).anomalies_size(), 50);
  request.set_page_size(2000000000);
  const v1::ListAnomaliesResponse all = List(request);
  EXPECT_EQ(all.anomalies_size(), static_cast<int>(kGalaxies) - 1);
  EXPECT_EQ(all.next_page_token(), "");
  request.set_page_size(-1);
  v1::ListAnomaliesResponse response;
  ExpectError(running_->Call(&Stub::ListAnomalies, request, response),
              grpc::StatusCode::INVALID_ARGUMENT, "BAD_PAGE_SIZE");
}

TEST_F(ServerTest, TheDefaultModelByNameIsTheSameQuestion) {
  v1::ListAnomaliesRequest request;
  request.set_page_token(List(request).next_page_token());
  request.set_model("ae-small");
  request.set_snapshot_id(id_);
  request.set_score_kind(v1::SCORE_KIND_MAE);
  request.set_page_size(3);  // may change between pages
  EXPECT_EQ(List(request).anomalies(0).score().rank(), 51);
}

TEST_F(ServerTest, TokensOfOtherQuestionsAndGarbageAreRefused) {
  v1::ListAnomaliesRequest request;
  request.set_page_token(List(request).next_page_token());
  std::vector<v1::ListAnomaliesRequest> bad(4, request);
  bad[0].set_score_kind(v1::SCORE_KIND_CHI);
  bad[1].set_model("vae-small");
  bad[2].set_snapshot_id("20200101T000000Z-0123456789ab");
  bad[3].set_page_token("bm90IG9uZSBvZiBvdXJz");
  for (const v1::ListAnomaliesRequest& one : bad) {
    v1::ListAnomaliesResponse response;
    ExpectError(running_->Call(&Stub::ListAnomalies, one, response),
                grpc::StatusCode::INVALID_ARGUMENT, "BAD_PAGE_TOKEN");
  }
}

TEST_F(ServerTest, NeighborsComeNearestFirst) {
  v1::FindNeighborsRequest request;
  request.set_galaxy_id("manga-" + PlateIfu(3) + " ");
  v1::FindNeighborsResponse response;
  ASSERT_TRUE(running_->Call(&Stub::FindNeighbors, request, response).ok());
  EXPECT_EQ(response.plateifu(), PlateIfu(3));
  EXPECT_EQ(response.space(), "latent");
  EXPECT_EQ(response.model(), "ae-small");
  EXPECT_EQ(response.snapshot_id(), id_);
  ASSERT_EQ(response.neighbors_size(), 10);
  EXPECT_EQ(response.neighbors(0).galaxy().plateifu(), PlateIfu(2));  // the same vector
  EXPECT_EQ(response.neighbors(0).distance(), 0);
  EXPECT_EQ(response.neighbors(0).score().kind(), v1::SCORE_KIND_MAE);
  EXPECT_TRUE(response.neighbors(0).score().has_rank());
  for (int i = 1; i < response.neighbors_size(); ++i) {
    EXPECT_GE(response.neighbors(i).distance(), response.neighbors(i - 1).distance());
    EXPECT_NE(response.neighbors(i).galaxy().plateifu(), PlateIfu(3));
  }
}

TEST_F(ServerTest, AnEmbeddingIsWhatWasPublished) {
  v1::GetEmbeddingRequest request;
  request.set_galaxy_id("1-1009");
  request.set_model("vae-small");
  v1::GetEmbeddingResponse response;
  ASSERT_TRUE(running_->Call(&Stub::GetEmbedding, request, response).ok());
  EXPECT_EQ(response.plateifu(), PlateIfu(9));
  EXPECT_EQ(response.model(), "vae-small");
  const std::vector<float>& all = ready_->embeddings[1];
  EXPECT_THAT(response.values(), ElementsAre(all[36], all[37], all[38], all[39]));
}

TEST_F(ServerTest, AGalaxySaysWhatIsKnownAndLeavesOutWhatIsNot) {
  v1::GetGalaxyRequest request;
  const auto get = [&](std::size_t row) {
    request.set_galaxy_id(PlateIfu(row));
    v1::GetGalaxyResponse response;
    EXPECT_TRUE(running_->Call(&Stub::GetGalaxy, request, response).ok());
    EXPECT_EQ(response.snapshot_id(), id_);
    return response;
  };
  EXPECT_THAT(get(0).galaxy().repeat_plateifus(), ElementsAre(PlateIfu(1), PlateIfu(2)));
  EXPECT_EQ(get(3).galaxy().mangaid(), "");
  EXPECT_THAT(get(4).galaxy().quality().drp3qual_names(), ElementsAre("BADFLUX", "CRITICAL"));
  EXPECT_EQ(get(4).galaxy().quality().drp3qual(), (1 << 8) | (1 << 30));
  const v1::Galaxy bare = get(5).galaxy();
  EXPECT_FALSE(bare.has_ra_deg() || bare.has_dec_deg() || bare.has_stellar_mass_msun() ||
               bare.has_half_light_radius_arcsec() || bare.has_sersic_index() ||
               bare.quality().has_drp3qual());
  EXPECT_THAT(get(6).galaxy().agn_classes(),
              ElementsAre(v1::AGN_CLASS_INFRARED, v1::AGN_CLASS_BROAD_LINE));
  const v1::GetGalaxyResponse last = get(kGalaxies - 1);
  ASSERT_EQ(last.model_scores_size(), 2);
  EXPECT_EQ(last.model_scores(0).model(), "ae-small");
  ASSERT_EQ(last.model_scores(0).scores_size(), 3);
  for (const v1::Score& score : last.model_scores(0).scores()) {
    EXPECT_FALSE(score.has_value() || score.has_rank() || score.has_percentile());
  }
  EXPECT_FALSE(last.model_scores(0).line_shares(0).has_value());
  EXPECT_TRUE(last.model_scores(1).scores(0).has_rank());
  EXPECT_TRUE(last.model_scores(1).line_shares(0).has_value());
}

TEST_F(ServerTest, TheSnapshotIsDescribed) {
  v1::GetSnapshotResponse response;
  ASSERT_TRUE(running_->Call(&Stub::GetSnapshot, v1::GetSnapshotRequest(), response).ok());
  EXPECT_EQ(response.snapshot().snapshot_id(), id_);
  EXPECT_EQ(response.snapshot().create_time().seconds(), 1767323045);
  EXPECT_EQ(response.snapshot().galaxy_count(), static_cast<int>(kGalaxies));
  EXPECT_EQ(response.snapshot().excluded_count(), 6);
  ASSERT_EQ(response.snapshot().models_size(), 2);
  EXPECT_EQ(response.snapshot().models(0).model(), "ae-small");
  EXPECT_EQ(response.snapshot().models(0).dimension(), 8);
  EXPECT_EQ(response.snapshot().lines_size(), 3);
  EXPECT_EQ(response.snapshot().dataset_digest(), ready_->content.dataset_digest);
  EXPECT_EQ(response.reload_error(), "");
  EXPECT_FALSE(response.server_version().empty());
}

TEST_F(ServerTest, EveryMethodTellsTheFourKindsOfIdErrorApart) {
  struct Case {
    const char* id;
    grpc::StatusCode code;
    const char* reason;
    const char* says;
  };
  const std::string repeats = PlateIfu(0) + ", " + PlateIfu(1) + ", " + PlateIfu(2);
  const Case cases[] = {
      {"8485-1901-x", grpc::StatusCode::INVALID_ARGUMENT, "MALFORMED_ID", "8485-1901-x"},
      {"1-1000", grpc::StatusCode::FAILED_PRECONDITION, "AMBIGUOUS_ID", repeats.c_str()},
      {"7000-1901", grpc::StatusCode::NOT_FOUND, "UNKNOWN_GALAXY", "7000-1901"},
      {"9002-3701", grpc::StatusCode::NOT_FOUND, "NOT_IN_SAMPLE", "critical"},
      {"1-9005", grpc::StatusCode::NOT_FOUND, "NOT_IN_SAMPLE", "9005-12701: cube_refused"}};
  const auto ask = [](auto method, auto request, auto response, const Case& one) {
    request.set_galaxy_id(one.id);
    const grpc::Status status = running_->Call(method, request, response);
    ExpectError(status, one.code, one.reason);
    EXPECT_THAT(status.error_message(), HasSubstr(one.says));
  };
  for (const Case& one : cases) {
    ask(&Stub::FindNeighbors, v1::FindNeighborsRequest(), v1::FindNeighborsResponse(), one);
    ask(&Stub::GetEmbedding, v1::GetEmbeddingRequest(), v1::GetEmbeddingResponse(), one);
    ask(&Stub::GetGalaxy, v1::GetGalaxyRequest(), v1::GetGalaxyResponse(), one);
  }
}

TEST_F(ServerTest, NeighborCountsAndSpacesAreChecked) {
  v1::FindNeighborsRequest request;
  request.set_galaxy_id(PlateIfu(8));
  v1::FindNeighborsResponse response;
  for (const int count : {-1, 1001, -2147483647}) {
    request.set_neighbor_count(count);
    ExpectError(running_->Call(&Stub::FindNeighbors, request, response),
                grpc::StatusCode::INVALID_ARGUMENT, "BAD_NEIGHBOR_COUNT");
  }
  request.set_neighbor_count(1000);
  ASSERT_TRUE(running_->Call(&Stub::FindNeighbors, request, response).ok());
  EXPECT_EQ(response.neighbors_size(), static_cast<int>(kGalaxies) - 1);
  request.set_space("tsne");
  ExpectError(running_->Call(&Stub::FindNeighbors, request, response),
              grpc::StatusCode::INVALID_ARGUMENT, "UNKNOWN_SPACE");
}

TEST_F(ServerTest, UnknownNamesAreAnsweredWithTheKnownOnes) {
  v1::ListAnomaliesRequest request;
  v1::ListAnomaliesResponse response;
  request.set_model("small");
  grpc::Status status = running_->Call(&Stub::ListAnomalies, request, response);
  ExpectError(status, grpc::StatusCode::NOT_FOUND, "UNKNOWN_MODEL");
  EXPECT_THAT(status.error_message(), HasSubstr("ae-small, vae-small"));
  request.clear_model();
  request.set_snapshot_id("../../etc/passwd");
  status = running_->Call(&Stub::ListAnomalies, request, response);
  ExpectError(status, grpc::StatusCode::NOT_FOUND, "UNKNOWN_SNAPSHOT");
  EXPECT_THAT(status.error_message(), HasSubstr(id_));
  request.clear_snapshot_id();
  request.set_score_kind(static_cast<v1::ScoreKind>(9));
  ExpectError(running_->Call(&Stub::ListAnomalies, request, response),
              grpc::StatusCode::INVALID_ARGUMENT, "UNKNOWN_SCORE");
}

TEST_F(ServerTest, HealthIsServing) {
  EXPECT_EQ(testing::HealthOf(running_->channel(), ""), 1);
  EXPECT_EQ(testing::HealthOf(running_->channel(), "peculiar.v1.QueryService"), 1);
  EXPECT_EQ(testing::HealthOf(running_->channel(), "peculiar.v1.Nothing"), -1);
}

TEST_F(ServerTest, AnOversizedRequestIsRefusedAndTheServerGoesOn) {
  v1::GetGalaxyRequest request;
  request.set_galaxy_id(std::string(2 << 20, '8'));
  v1::GetGalaxyResponse response;
  EXPECT_EQ(running_->Call(&Stub::GetGalaxy, request, response).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  request.set_galaxy_id(std::string(1000000, '8'));  // within the limit
  const grpc::Status status = running_->Call(&Stub::GetGalaxy, request, response);
  ExpectError(status, grpc::StatusCode::INVALID_ARGUMENT, "MALFORMED_ID");
  EXPECT_LE(status.error_message().size(), 1024u);
}

TEST_F(ServerTest, PagesShrinkRatherThanPassTheLimitOfAResponse) {
  constexpr int kMany = 900;
  const std::filesystem::path folder = folder_ / "large";
  testing::ReadyContent large({.galaxies = kMany});
  for (CatalogGalaxy& galaxy : large.content.catalog.galaxies) {
    galaxy.drp3qual = 1;
    galaxy.quality_names.assign(1, std::string(10000, 'Q'));
  }
  const auto published = PublishSnapshot(std::move(large.content), folder);
  ASSERT_TRUE(published.ok()) << published.status();
  testing::RunningServer running(folder);
  v1::ListAnomaliesRequest request;
  request.set_page_size(1000);
  int listed = 0;
  int pages = 0;
  do {
    v1::ListAnomaliesResponse response;
    const grpc::Status status = running.Call(&Stub::ListAnomalies, request, response);
    ASSERT_TRUE(status.ok()) << status.error_message();
    EXPECT_LT(response.ByteSizeLong(), std::size_t{4 << 20});
    ASSERT_GT(response.anomalies_size(), 0);
    EXPECT_EQ(response.anomalies(0).score().rank(), listed + 1);
    listed += response.anomalies_size();
    ++pages;
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(listed, kMany - 1);
  EXPECT_GE(pages, 3);
}

// A client that watches the health of the server and never goes.
TEST_F(ServerTest, StopSaysNotServingAndDoesNotWaitForeverForAnOpenStream) {
  testing::RunningServer running(
      ServerOptions{.snapshots = folder_, .poll_seconds = 3600, .drain_seconds = 0.2});
  grpc::GenericStub stub(running.channel());
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const auto wait = [&] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  const auto watch = stub.PrepareCall(&context, "/grpc.health.v1.Health/Watch", &queue);
  watch->StartCall(nullptr);
  ASSERT_TRUE(wait());
  grpc::Slice nothing("");
  watch->WriteLast(grpc::ByteBuffer(&nothing, 1), grpc::WriteOptions(), nullptr);
  ASSERT_TRUE(wait());
  const auto read_health = [&] {
    grpc::ByteBuffer answer;
    watch->Read(&answer, nullptr);
    std::vector<grpc::Slice> slices;
    EXPECT_TRUE(wait() && answer.Dump(&slices).ok() && !slices.empty());
    return slices.empty() ? -1 : static_cast<int>(*(slices.back().end() - 1));
  };
  EXPECT_EQ(read_health(), 1);
  const auto begin = std::chrono::steady_clock::now();
  running.server().Stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
  EXPECT_EQ(read_health(), 2);
  grpc::Status status;
  watch->Finish(&status, nullptr);
  wait();
  EXPECT_FALSE(status.ok());
  queue.Shutdown();
}

}  // namespace
}  // namespace peculiar::server
