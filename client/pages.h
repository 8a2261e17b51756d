// Pages are an affair of the wire: a user asks for as many rows as are wanted. Gathers the pages of
// any paged call into one response, all of one snapshot.
#pragma once

#include <algorithm>

#include "core/base/status.h"

namespace peculiar::client {

inline constexpr int kLargestPage = 1000;  // the server's bound

// The first response with the rows of the ones after it, at most `limit` of them (0 = all).
// `ask(request)` asks for a page, `rows(response)` is the pointer to its repeated field. INTERNAL
// when the pages do not fit together.
template <typename Request, typename Ask, typename Rows>
auto AllPages(Request request, int limit, Ask ask, Rows rows) -> decltype(ask(request)) {
  typename decltype(ask(request))::value_type all;
  while (true) {
    const int missing = limit == 0 ? kLargestPage : limit - rows(all)->size();
    request.set_page_size(std::min(missing, kLargestPage));
    PECULIAR_ASSIGN_OR_RETURN(auto page, ask(request));
    if (!request.page_token().empty() && page.snapshot_id() != all.snapshot_id()) {
      return Internal("a page of snapshot {} follows pages of snapshot {}", page.snapshot_id(),
                      all.snapshot_id());
    }
    if (!page.next_page_token().empty() && rows(page)->empty()) {
      return Internal("the server sent an empty page that is not the last");
    }
    const bool is_first = request.page_token().empty();
    request.set_page_token(page.next_page_token());
    if (is_first) {
      all = std::move(page);
    } else {
      rows(all)->MergeFrom(*rows(page));
    }
    if (request.page_token().empty() || (limit > 0 && rows(all)->size() >= limit)) break;
  }
  while (limit > 0 && rows(all)->size() > limit) rows(all)->RemoveLast();
  return all;
}

}  // namespace peculiar::client
