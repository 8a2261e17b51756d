#include "core/query/page.h"

#include <algorithm>

namespace peculiar {

absl::Status CheckPageSize(std::int64_t page_size) {
  if (page_size >= 0) return absl::OkStatus();
  return InvalidArgument("BAD_PAGE_SIZE: page_size is {}; give 1 to {}, or 0 for {}", page_size,
                         kMaxPageSize, kDefaultPageSize);
}

std::int64_t PageSize(std::int64_t page_size) {
  return page_size == 0 ? kDefaultPageSize : std::min(page_size, kMaxPageSize);
}

PageRange ResolvePage(const PageQuery& query, std::int64_t total) {
  const std::int64_t begin = std::clamp<std::int64_t>(query.offset, 0, total);
  return {begin, std::min(begin + PageSize(query.page_size), total)};
}

}  // namespace peculiar
