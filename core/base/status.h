// The error vocabulary of core/: absl::Status and absl::StatusOr, two macros, and builders that
// format a message. A message says what was attempted, on which file or id, what was found, and
// what was expected.
#pragma once

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace peculiar {

// Status with `code` and `message`. Exists because Debian's absl takes its own string_view, not the
// std one.
absl::Status MakeStatus(absl::StatusCode code, std::string_view message);

// The same status with "context: " put before its message; an OK status stays OK.
absl::Status Annotate(const absl::Status& status, std::string_view context);

// The message as a std::string_view.
inline std::string_view MessageOf(const absl::Status& status) {
  return {status.message().data(), status.message().size()};
}

// The builders below take a fmt format string and its arguments.

// The request itself is wrong, whatever the state.
template <typename... Args>
absl::Status InvalidArgument(fmt::format_string<Args...> format, Args&&... args) {
  return MakeStatus(absl::StatusCode::kInvalidArgument,
                    fmt::format(format, std::forward<Args>(args)...));
}
// What was named does not exist.
template <typename... Args>
absl::Status NotFound(fmt::format_string<Args...> format, Args&&... args) {
  return MakeStatus(absl::StatusCode::kNotFound, fmt::format(format, std::forward<Args>(args)...));
}
// Right request, wrong state: a lock is held, a stage is missing.
template <typename... Args>
absl::Status FailedPrecondition(fmt::format_string<Args...> format, Args&&... args) {
  return MakeStatus(absl::StatusCode::kFailedPrecondition,
                    fmt::format(format, std::forward<Args>(args)...));
}
// A file's checksum, format or content is wrong.
template <typename... Args>
absl::Status DataLoss(fmt::format_string<Args...> format, Args&&... args) {
  return MakeStatus(absl::StatusCode::kDataLoss, fmt::format(format, std::forward<Args>(args)...));
}
// A disk is full, or a size bound was passed.
template <typename... Args>
absl::Status ResourceExhausted(fmt::format_string<Args...> format, Args&&... args) {
  return MakeStatus(absl::StatusCode::kResourceExhausted,
                    fmt::format(format, std::forward<Args>(args)...));
}
// Trying again may help.
template <typename... Args>
absl::Status Unavailable(fmt::format_string<Args...> format, Args&&... args) {
  return MakeStatus(absl::StatusCode::kUnavailable,
                    fmt::format(format, std::forward<Args>(args)...));
}
// A bug.
template <typename... Args>
absl::Status Internal(fmt::format_string<Args...> format, Args&&... args) {
  return MakeStatus(absl::StatusCode::kInternal, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace peculiar

// Returns from the enclosing function when `expression` (a Status) is an error.
#define PECULIAR_RETURN_IF_ERROR(expression)                                \
  do {                                                                      \
    if (absl::Status peculiar_status = (expression); !peculiar_status.ok()) \
      return peculiar_status;                                               \
  } while (false)

#define PECULIAR_CONCAT_INNER_(a, b) a##b
#define PECULIAR_CONCAT_(a, b) PECULIAR_CONCAT_INNER_(a, b)
#define PECULIAR_ASSIGN_OR_RETURN_(result, target, expression) \
  auto result = (expression);                                  \
  if (!result.ok()) return result.status();                    \
  target = std::move(result).value()

// `target` = the value of `expression` (a StatusOr), or returns its error. `target` may be a
// declaration.
#define PECULIAR_ASSIGN_OR_RETURN(target, expression) \
  PECULIAR_ASSIGN_OR_RETURN_(PECULIAR_CONCAT_(peculiar_result_, __LINE__), target, expression)
