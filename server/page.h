// Pages of a listing: from a request's page token to where the listing goes on, and from what was
// given to the next token. Works on any request and response with the fields of a listing
// (model, page_size, page_token, snapshot_id; next_page_token, total_count).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/status.h"
#include "server/page_token.h"
#include "server/snapshot_holder.h"

namespace peculiar::server {

// Where a listing begins.
struct PagePosition {
  EnginePointer engine;
  std::uint64_t query_hash = 0;
  std::int64_t offset = 0;
};

// The snapshot of a page token. FAILED_PRECONDITION `SNAPSHOT_RETIRED:` when it is no longer held;
// INVALID_ARGUMENT `BAD_PAGE_TOKEN:` when snapshot_id is another.
inline absl::StatusOr<EnginePointer> EngineOfToken(const SnapshotHolder& holder,
                                                   const PageToken& token,
                                                   const std::string& snapshot_id) {
  if (!snapshot_id.empty() && snapshot_id != token.snapshot_id) {
    return BadPageToken("it belongs to another snapshot than snapshot_id");
  }
  absl::StatusOr<EnginePointer> engine = holder.Find(token.snapshot_id);
  if (!absl::IsNotFound(engine.status())) return engine;
  return FailedPrecondition(
      "SNAPSHOT_RETIRED: the page token's snapshot {} is no longer held; begin again at the first "
      "page",
      Quoted(token.snapshot_id));
}

// question: the request with what means the same made the same. Errors of EngineOfToken,
// SnapshotHolder::Find and QueryEngine::ResolveModel; `BAD_PAGE_TOKEN:`.
template <typename Request>
absl::StatusOr<PagePosition> FindPage(const SnapshotHolder& holder, std::string_view method,
                                      Request question) {
  PageToken token;
  PagePosition position;
  const bool first = question.page_token().empty();
  if (first) {
    PECULIAR_ASSIGN_OR_RETURN(position.engine, holder.Find(question.snapshot_id()));
  } else {
    PECULIAR_ASSIGN_OR_RETURN(token, DecodePageToken(question.page_token()));
    PECULIAR_ASSIGN_OR_RETURN(position.engine,
                              EngineOfToken(holder, token, question.snapshot_id()));
  }
  PECULIAR_ASSIGN_OR_RETURN(const std::size_t model,
                            position.engine->ResolveModel(question.model()));
  // What may differ from page to page is no part of the question; and "" and the default model's
  // name are one.
  question.set_model(position.engine->snapshot().catalog().models[model].name);
  question.clear_page_size();
  question.clear_page_token();
  question.clear_snapshot_id();
  position.query_hash = HashQuery({method, question.SerializeAsString()});
  if (!first && token.query_hash != position.query_hash) {
    return BadPageToken("it belongs to a question with another model, score, order or filter");
  }
  position.offset = token.offset;
  return position;
}

// Of the page after `given` more rows of `total`; empty when there is none.
inline std::string NextPageToken(const PagePosition& position, int given, std::int64_t total) {
  const std::int64_t end = position.offset + given;
  if (given == 0 || end >= total) return {};
  return EncodePageToken({position.engine->snapshot().id(), position.query_hash, end});
}

// Which snapshot and model answered, and where the listing goes on after `given` more rows.
template <typename Response>
void FinishPage(const PagePosition& position, int given, std::int64_t total,
                const std::string& model, Response& response) {
  response.set_next_page_token(NextPageToken(position, given, total));
  response.set_total_count(static_cast<int>(total));
  response.set_snapshot_id(position.engine->snapshot().id());
  response.set_model(model);
}

}  // namespace peculiar::server
