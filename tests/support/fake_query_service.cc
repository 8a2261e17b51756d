#include "tests/support/fake_query_service.h"

#include <fmt/format.h>
#include <grpcpp/health_check_service_interface.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <thread>

namespace peculiar::testing {
namespace {

using grpc::Status;
using grpc::StatusCode;

constexpr float kEmbedding[] = {0.1F, -2.5F, 1e-20F};

void FillGalaxy(int i, v1::Galaxy* galaxy) {
  galaxy->set_plateifu(fmt::format("{}-12704", 8000 + i));
  galaxy->set_redshift(0.01 * (i + 1));
  galaxy->set_fibre_count(127);
  galaxy->mutable_quality()->set_coverage(i == 1 ? 0.875 : 1);
  if (i == 2) return;  // one of which nothing more is known
  galaxy->set_mangaid(fmt::format("1-{}", 209232 + i));
  galaxy->set_ra_deg(120.5 + i);
  galaxy->set_dec_deg(-3.25);
  if (i == 1) {
    galaxy->add_agn_classes(v1::AGN_CLASS_INFRARED);
    galaxy->add_agn_classes(v1::AGN_CLASS_RADIO);
    galaxy->mutable_quality()->set_drp3qual(64);
    galaxy->mutable_quality()->add_drp3qual_names("BADFLUX");
    galaxy->mutable_quality()->set_masked_share(0.25);
    galaxy->mutable_quality()->set_lines_off_grid_count(2);
    galaxy->add_repeat_plateifus("8003-12704");
    galaxy->add_tags("odd");
  }
}

void FillScore(int i, v1::ScoreKind kind, v1::Score* score) {
  score->set_kind(kind);
  score->set_value((kind == v1::SCORE_KIND_CHI ? 2.0 : 0.1) / (i + 1));
  score->set_rank(i + 1);
  score->set_percentile(100.0 * (FakeQueryService::kGalaxyCount - i) /
                        FakeQueryService::kGalaxyCount);
}

void FillShare(const std::string& line, double wavelength, double value, v1::LineShare* share) {
  share->set_line(line);
  share->set_wavelength_angstrom(wavelength);
  share->set_value(value);
}

void FillModel(const std::string& name, int seed, v1::Model* model) {
  model->set_model(name);
  model->set_kind(name);
  model->set_preset("tiny");
  model->set_seed(seed);
  model->set_digest(std::string(64, 'a'));
  model->set_dimension(3);
  model->set_training_json(R"({"epochs": 4, "test_loss": 0.0123456, "history": [1, 2]})");
  if (name != "ae") return;
  v1::Space* space = model->add_spaces();
  space->set_space("pca");
  space->set_dimension(2);
  for (const double ratio : {0.75, 0.125}) space->add_explained_variance_ratios(ratio);
  space->set_trustworthiness(0.5);
  v1::SpaceAgreement* agreement = space->add_agreements();
  agreement->set_space("latent");
  agreement->set_shared_neighbor_share(0.875);
}

void FillScored(int i, v1::ScoredGalaxy* galaxy) {
  FillGalaxy(i, galaxy->mutable_galaxy());
  for (const auto kind : {v1::SCORE_KIND_MAE, v1::SCORE_KIND_CHI, v1::SCORE_KIND_RELATIVE}) {
    FillScore(i, kind, galaxy->add_scores());
  }
  if (i != 2) FillShare("[OIII] 5008", 5008.24, 0.04 / (i + 1), galaxy->mutable_top_line());
}

bool IsServed(const std::string& snapshot_id) { return snapshot_id.empty() || snapshot_id == "S1"; }
const Status kUnknownSnapshot{StatusCode::NOT_FOUND, "UNKNOWN_SNAPSHOT: there is S1"};

std::string OrDefault(const std::string& model) { return model.empty() ? "ae" : model; }

}  // namespace

void FakeQueryService::FailNext(int count, const Status& status) {
  const std::lock_guard lock(mutex_);
  failures_left_ = count;
  failure_ = status;
}

int FakeQueryService::call_count() const {
  const std::lock_guard lock(mutex_);
  return call_count_;
}

void FakeQueryService::set_reload_error(const std::string& text) {
  const std::lock_guard lock(mutex_);
  reload_error_ = text;
}

void FakeQueryService::BreakExports(int messages, const Status& status) {
  const std::lock_guard lock(mutex_);
  export_messages_ = messages;
  export_end_ = status;
}

void FakeQueryService::set_mixes_snapshots(bool mixes) {
  const std::lock_guard lock(mutex_);
  mixes_snapshots_ = mixes;
}

Status FakeQueryService::Begin(grpc::ServerContext* context, const std::string& galaxy_id,
                               const std::string& model) {
  {
    const std::lock_guard lock(mutex_);
    ++call_count_;
    if (failures_left_ > 0) {
      --failures_left_;
      return failure_;
    }
  }
  while ((galaxy_id == "slow" || model == "slow") && !context->IsCancelled()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  if (galaxy_id == "9999-12704") {
    return {StatusCode::NOT_FOUND, "UNKNOWN_GALAXY: no galaxy 9999-12704 in snapshot S1"};
  }
  if (galaxy_id == "1-1") {
    return {StatusCode::FAILED_PRECONDITION, "AMBIGUOUS_ID: 1-1 is 8000-12704, 8001-12704"};
  }
  if (galaxy_id == "nonsense") {
    return {StatusCode::INVALID_ARGUMENT, "MALFORMED_ID: 'nonsense' is neither"};
  }
  if (galaxy_id == "busy") return {StatusCode::RESOURCE_EXHAUSTED, "TOO_BUSY: 64 calls"};
  if (galaxy_id == "bug") return {StatusCode::INTERNAL, "first line\nsecond \033[31mline"};
  if (!model.empty() && model != "ae" && model != "vae") {
    return {StatusCode::NOT_FOUND, "UNKNOWN_MODEL: no model '" + model + "'; there are ae, vae"};
  }
  return Status::OK;
}

Status FakeQueryService::ListAnomalies(grpc::ServerContext* context,
                                       const v1::ListAnomaliesRequest* request,
                                       v1::ListAnomaliesResponse* response) {
  if (const Status status = Begin(context, "", request->model()); !status.ok()) return status;
  const int first = request->page_token().empty() ? 0 : std::stoi(request->page_token());
  const int asked = request->page_size() == 0 ? 50 : request->page_size();
  const int end = std::min({first + asked, first + kLargestPage, kGalaxyCount});
  for (int i = first; i < end; ++i) {
    v1::Anomaly* anomaly = response->add_anomalies();
    FillGalaxy(i, anomaly->mutable_galaxy());
    FillScore(i, request->score_kind(), anomaly->mutable_score());
    if (i != 2) FillShare("[OIII] 5008", 5008.24, 0.04 / (i + 1), anomaly->mutable_top_line());
  }
  if (end < kGalaxyCount) response->set_next_page_token(std::to_string(end));
  response->set_total_count(kGalaxyCount);
  const std::lock_guard lock(mutex_);
  response->set_snapshot_id(mixes_snapshots_ && first > 0 ? "S2" : "S1");
  response->set_model(OrDefault(request->model()));
  return Status::OK;
}

Status FakeQueryService::FindNeighbors(grpc::ServerContext* context,
                                       const v1::FindNeighborsRequest* request,
                                       v1::FindNeighborsResponse* response) {
  if (const Status status = Begin(context, request->galaxy_id(), request->model()); !status.ok()) {
    return status;
  }
  for (int i = 1; i <= std::min(request->neighbor_count(), kGalaxyCount - 1); ++i) {
    v1::Neighbor* neighbor = response->add_neighbors();
    FillGalaxy(i, neighbor->mutable_galaxy());
    neighbor->set_distance(0.5 * i);
    if (i == 1) neighbor->add_also_in_spaces("umap");
    FillScore(i, v1::SCORE_KIND_MAE, neighbor->mutable_score());
  }
  response->set_plateifu("8000-12704");
  response->set_space("latent");
  response->set_snapshot_id("S1");
  response->set_model(OrDefault(request->model()));
  return Status::OK;
}

Status FakeQueryService::GetEmbedding(grpc::ServerContext* context,
                                      const v1::GetEmbeddingRequest* request,
                                      v1::GetEmbeddingResponse* response) {
  if (const Status status = Begin(context, request->galaxy_id(), request->model()); !status.ok()) {
    return status;
  }
  response->set_plateifu(request->galaxy_id());
  for (const float value : kEmbedding) response->add_values(value);
  response->set_space(request->space().empty() ? "latent" : request->space());
  response->set_snapshot_id("S1");
  response->set_model(OrDefault(request->model()));
  return Status::OK;
}

Status FakeQueryService::BatchGetEmbeddings(grpc::ServerContext* context,
                                            const v1::BatchGetEmbeddingsRequest* request,
                                            v1::BatchGetEmbeddingsResponse* response) {
  for (const std::string& id : request->galaxy_ids()) {
    if (const Status status = Begin(context, id, request->model()); !status.ok()) return status;
    v1::Embedding* embedding = response->add_embeddings();
    embedding->set_plateifu(id);
    for (const float value : kEmbedding) embedding->add_values(value);
  }
  response->set_space(request->space().empty() ? "latent" : request->space());
  response->set_snapshot_id("S1");
  response->set_model(OrDefault(request->model()));
  return Status::OK;
}

Status FakeQueryService::ListGalaxies(grpc::ServerContext* context,
                                      const v1::ListGalaxiesRequest* request,
                                      v1::ListGalaxiesResponse* response) {
  if (const Status status = Begin(context, "", request->model()); !status.ok()) return status;
  const int first = request->page_token().empty() ? 0 : std::stoi(request->page_token());
  const int asked = request->page_size() == 0 ? 50 : request->page_size();
  const int end = std::min({first + asked, first + kLargestPage, kGalaxyCount});
  for (int i = first; i < end; ++i) FillScored(i, response->add_galaxies());
  if (end < kGalaxyCount) response->set_next_page_token(std::to_string(end));
  response->set_total_count(kGalaxyCount);
  response->set_snapshot_id("S1");
  response->set_model(OrDefault(request->model()));
  return Status::OK;
}

template <typename Write>
Status FakeQueryService::Export(const Write& write) {
  const std::lock_guard lock(mutex_);
  for (int first = 0, written = 0; first < kGalaxyCount; first += kLargestPage, ++written) {
    if (written == export_messages_) return export_end_;
    if (!write(first, std::min(first + kLargestPage, kGalaxyCount))) return Status::CANCELLED;
  }
  return Status::OK;
}

Status FakeQueryService::ExportGalaxies(grpc::ServerContext* context,
                                        const v1::ExportGalaxiesRequest* request,
                                        grpc::ServerWriter<v1::ExportGalaxiesResponse>* writer) {
  if (const Status status = Begin(context, "", request->model()); !status.ok()) return status;
  if (!IsServed(request->snapshot_id())) return kUnknownSnapshot;
  return Export([&](int first, int end) {
    v1::ExportGalaxiesResponse response;
    for (int i = first; i < end; ++i) FillScored(i, response.add_galaxies());
    response.set_total_count(kGalaxyCount);
    response.set_snapshot_id("S1");
    response.set_model(OrDefault(request->model()));
    return writer->Write(response);
  });
}

Status FakeQueryService::ExportEmbeddings(
    grpc::ServerContext* context, const v1::ExportEmbeddingsRequest* request,
    grpc::ServerWriter<v1::ExportEmbeddingsResponse>* writer) {
  if (const Status status = Begin(context, "", request->model()); !status.ok()) return status;
  if (!IsServed(request->snapshot_id())) return kUnknownSnapshot;
  return Export([&](int first, int end) {
    v1::ExportEmbeddingsResponse response;
    for (int i = first; i < end; ++i) {
      v1::Embedding* embedding = response.add_embeddings();
      embedding->set_plateifu(fmt::format("{}-12704", 8000 + i));
      for (const float value : kEmbedding) embedding->add_values(value);
    }
    response.set_total_count(kGalaxyCount);
    response.set_space(request->space().empty() ? "latent" : request->space());
    response.set_snapshot_id("S1");
    response.set_model(OrDefault(request->model()));
    return writer->Write(response);
  });
}

Status FakeQueryService::GetGalaxy(grpc::ServerContext* context,
                                   const v1::GetGalaxyRequest* request,
                                   v1::GetGalaxyResponse* response) {
  if (const Status status = Begin(context, request->galaxy_id(), ""); !status.ok()) return status;
  v1::Galaxy* galaxy = response->mutable_galaxy();
  FillGalaxy(1, galaxy);
  galaxy->set_stellar_mass_msun(3.25e10);
  for (const char* name : {"ae", "vae"}) {
    v1::ModelScores* scores = response->add_model_scores();
    scores->set_model(name);
    for (const auto kind : {v1::SCORE_KIND_MAE, v1::SCORE_KIND_CHI}) {
      FillScore(1, kind, scores->add_scores());
    }
    scores->add_scores()->set_kind(v1::SCORE_KIND_RELATIVE);
    FillShare("[OII] 3727", 3727.09, 0.01, scores->add_line_shares());
    FillShare("Halpha 6565", 6564.61, 0.04, scores->add_line_shares());
    v1::PopulationPercentiles* population = scores->add_population_percentiles();
    population->set_group(v1::POPULATION_GROUP_AGN_CLASS);
    population->set_population("radio");
    population->set_mae_percentile(50);
    population->set_chi_percentile(100);
  }
  response->set_snapshot_id("S1");
  return Status::OK;
}

Status FakeQueryService::GetDistribution(grpc::ServerContext* context,
                                         const v1::GetDistributionRequest* request,
                                         v1::GetDistributionResponse* response) {
  if (const Status status = Begin(context, "", request->model()); !status.ok()) return status;
  for (const double edge : {0.0, 0.1, 0.2}) response->add_bin_edges(edge);
  for (const double share : {0.0, 0.5, 1.0}) response->add_quantile_shares(share);
  for (const char* name : {"radio", "none"}) {
    v1::PopulationDistribution* population = response->add_populations();
    population->set_group(v1::POPULATION_GROUP_AGN_CLASS);
    population->set_population(name);
    population->set_galaxy_count(3);
    const bool ranked = response->populations_size() == 1;  // the other's scores are not finite
    for (const int count : {2, 1}) population->add_bin_counts(ranked ? count : 0);
    if (!ranked) break;
    population->set_ranked_count(3);
    for (const double value : {0.01, 0.05, 0.2}) population->add_quantiles(value);
    population->set_median_percentile(42.5);
  }
  response->set_score_kind(request->score_kind());
  response->set_line(request->line());
  response->set_snapshot_id("S1");
  response->set_model(OrDefault(request->model()));
  return Status::OK;
}

Status FakeQueryService::ListRepeats(grpc::ServerContext* context,
                                     const v1::ListRepeatsRequest* request,
                                     v1::ListRepeatsResponse* response) {
  if (const Status status = Begin(context, "", request->model()); !status.ok()) return status;
  const bool first = request->page_token().empty();
  v1::RepeatPair* pair = response->add_repeat_pairs();
  pair->set_mangaid("1-209233");
  pair->set_first_plateifu("8001-12704");
  pair->set_second_plateifu(first ? "8003-12704" : "8004-12704");
  pair->set_mae_difference(0.25);
  v1::RepeatPlace* place = pair->add_places();
  place->set_space("latent");
  place->set_distance(0.5);
  if (first) place->set_percentile(1.5);
  place->set_rank_from_first(1);
  place->set_rank_from_second(2);
  response->add_spaces("latent");
  if (first) response->set_next_page_token("1");
  response->set_total_count(2);
  response->set_snapshot_id("S1");
  response->set_model(OrDefault(request->model()));
  return Status::OK;
}

Status FakeQueryService::GetSnapshot(grpc::ServerContext* context, const v1::GetSnapshotRequest*,
                                     v1::GetSnapshotResponse* response) {
  if (const Status status = Begin(context, "", ""); !status.ok()) return status;
  v1::Snapshot* snapshot = response->mutable_snapshot();
  snapshot->set_snapshot_id("S1");
  snapshot->mutable_create_time()->set_seconds(1700000000);
  snapshot->set_dataset_digest(std::string(64, 'd'));
  snapshot->set_galaxy_count(kGalaxyCount);
  snapshot->set_excluded_count(2);
  FillModel("ae", 1, snapshot->add_models());
  FillModel("vae", 2, snapshot->add_models());
  v1::Line* line = snapshot->add_lines();
  line->set_line("Halpha 6565");
  line->set_wavelength_angstrom(6564.61);
  v1::Tag* tag = snapshot->add_tags();
  tag->set_tag("odd");
  tag->set_description("Looked odd");
  tag->set_galaxy_count(1);
  response->set_server_version("0.1.0");
  const std::lock_guard lock(mutex_);
  response->set_reload_error(reload_error_);
  return Status::OK;
}

FakeServer::FakeServer() {
  grpc::EnableDefaultHealthCheckService(true);  // SERVING from the start
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
  builder.RegisterService(&service);
  server_ = builder.BuildAndStart();
  if (server_ == nullptr) throw std::runtime_error("the fake server did not start");
}

FakeServer::~FakeServer() { server_->Shutdown(std::chrono::system_clock::now()); }

std::string FakeServer::address() const { return fmt::format("127.0.0.1:{}", port_); }

}  // namespace peculiar::testing
