#include "server/admin_service.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "core/query/page.h"
#include "core/snapshot/current.h"
#include "core/snapshot/manifest.h"
#include "server/page_token.h"

namespace peculiar::server {
namespace {

// The synchronous form of Answer.
template <typename Response, typename Work>
grpc::Status AnswerNow(CallGate& gate, grpc::ServerContext& context, std::string_view method,
                       const Response& response, const Work& work) {
  Call call(gate, context, method);
  absl::Status status = call.Admit();
  if (status.ok()) status = work();
  return call.End(status, AnsweredBy(response));
}

void Describe(const std::filesystem::path& folder, v1::StoredSnapshot& stored) {
  const std::string& id = stored.snapshot_id();
  if (const auto time = TimeOfId(id); time.ok()) {
    stored.mutable_create_time()->set_seconds(time->time_since_epoch().count());
  }
  const absl::StatusOr<Manifest> manifest = ReadSnapshotManifest(folder / id, id);
  if (!manifest.ok()) {
    stored.set_problem(WithoutFolders(MessageOf(manifest.status())));
    return;
  }
  stored.set_galaxy_count(static_cast<int>(manifest->galaxy_count));
  std::int64_t bytes = 0;
  for (const ManifestFile& file : manifest->files) bytes += static_cast<std::int64_t>(file.bytes);
  stored.set_size_bytes(bytes);
}

std::string IdOfFirst(const std::vector<EnginePointer>& held) {
  return held.empty() ? "" : held.front()->snapshot().id();
}

}  // namespace

absl::Status AdminService::List(const v1::ListSnapshotsRequest& request,
                                v1::ListSnapshotsResponse& response) {
  PECULIAR_RETURN_IF_ERROR(CheckPageSize(request.page_size()));
  const auto page_size = static_cast<std::size_t>(PageSize(request.page_size()));
  absl::StatusOr<std::vector<std::string>> ids = peculiar::ListSnapshots(holder_.folder());
  if (!ids.ok()) {
    spdlog::error("ListSnapshots: {}", MessageOf(ids.status()));
    return FailedPrecondition(
        "BAD_SNAPSHOTS_FOLDER: the folder of snapshots cannot be read; the server's log says why");
  }
  std::reverse(ids->begin(), ids->end());  // newest first
  auto next = ids->begin();
  const std::uint64_t question = HashQuery({"ListSnapshots"});
  if (!request.page_token().empty()) {
    // The token names the last one given, so that snapshots may come and go between the pages.
    PECULIAR_ASSIGN_OR_RETURN(const PageToken token, DecodePageToken(request.page_token()));
    if (token.query_hash != question) return BadPageToken("it belongs to another question");
    next = std::upper_bound(ids->begin(), ids->end(), token.snapshot_id, std::greater<>());
  }
  const std::vector<EnginePointer> held = holder_.held();
  const std::string current = ReadCurrent(holder_.folder()).value_or("");
  for (; next != ids->end() && response.stored_snapshots_size() < static_cast<int>(page_size);
       ++next) {
    v1::StoredSnapshot& stored = *response.add_stored_snapshots();
    stored.set_snapshot_id(*next);
    stored.set_current(*next == current);
    stored.set_held(std::any_of(held.begin(), held.end(), [&](const EnginePointer& engine) {
      return engine->snapshot().id() == *next;
    }));
    Describe(holder_.folder(), stored);
  }
  if (next != ids->end()) {
    response.set_next_page_token(EncodePageToken({*std::prev(next), question, 0}));
  }
  response.set_total_count(static_cast<int>(ids->size()));
  response.set_current_snapshot_id(current);
  response.set_snapshot_id(IdOfFirst(held));
  return absl::OkStatus();
}

grpc::Status AdminService::ListSnapshots(grpc::ServerContext* context,
                                         const v1::ListSnapshotsRequest* request,
                                         v1::ListSnapshotsResponse* response) {
  return AnswerNow(gate_, *context, "ListSnapshots", *response,
                   [&] { return List(*request, *response); });
}

grpc::Status AdminService::ReloadSnapshot(grpc::ServerContext* context,
                                          const v1::ReloadSnapshotRequest* /*request*/,
                                          v1::ReloadSnapshotResponse* response) {
  return AnswerNow(gate_, *context, "ReloadSnapshot", *response, [&] {
    const LookOutcome outcome = holder_.Refresh(Retry::kNow);
    response->set_changed(outcome == LookOutcome::kServed);
    response->set_snapshot_id(IdOfFirst(holder_.held()));
    response->set_reload_error(holder_.reload_error());
    return absl::OkStatus();
  });
}

}  // namespace peculiar::server
