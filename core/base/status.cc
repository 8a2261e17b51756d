#include "core/base/status.h"

namespace peculiar {

absl::Status MakeStatus(absl::StatusCode code, std::string_view message) {
  return {code, absl::string_view(message.data(), message.size())};
}

absl::Status Annotate(const absl::Status& status, std::string_view context) {
  if (status.ok()) return status;
  return MakeStatus(status.code(), fmt::format("{}: {}", context, MessageOf(status)));
}

}  // namespace peculiar
