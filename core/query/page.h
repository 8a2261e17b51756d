// Which rows of a listing are on a page: the one rule of page sizes. Pure; safe for concurrent use.
// A page past the end is empty.
#pragma once

#include <cstdint>

#include "core/base/status.h"

namespace peculiar {

inline constexpr std::int64_t kDefaultPageSize = 50;
inline constexpr std::int64_t kMaxPageSize = 1000;

// What a question says of the page it wants.
struct PageQuery {
  std::int64_t offset = 0;     // rows to pass over, >= 0
  std::int64_t page_size = 0;  // 0 = kDefaultPageSize; more than kMaxPageSize is lowered
};

// Places [begin, end) of the listing.
struct PageRange {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

// INVALID_ARGUMENT `BAD_PAGE_SIZE:` for a negative page size.
absl::Status CheckPageSize(std::int64_t page_size);

// Rows of a full page. Requires CheckPageSize.
std::int64_t PageSize(std::int64_t page_size);

// total: rows of the whole listing. Requires CheckPageSize.
PageRange ResolvePage(const PageQuery& query, std::int64_t total);

}  // namespace peculiar
