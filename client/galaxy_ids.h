// Galaxies as a user names them: on the command line or in a file. One bad id does not lose the
// others: a question about several collects the failures of single ids beside the answers.
#pragma once

#include <string>
#include <vector>

#include "client/command.h"

namespace peculiar::client {

// An id and, when a file has it, where: "ids.txt:3".
struct GivenId {
  std::string id;
  std::string origin;  // empty = an argument
};

struct IdOptions {
  std::vector<std::string> ids;
  std::string file;  // "-" = standard input, empty = none
  // Whether the answer is of one galaxy, not of a list that may happen to have one.
  bool is_single() const { return ids.size() == 1 && file.empty(); }
};

// Positional ids and --ids FILE.
void AddIdOptions(CLI::App& command, IdOptions& options);

// Arguments first, then the file's. Errors as ReadIds has them; INVALID_ARGUMENT without any.
absl::StatusOr<std::vector<GivenId>> GivenIds(const IdOptions& options);

// Ids of a file, "-" = standard input: separated by blanks, commas or ends of lines, '#' begins a
// comment; or of a CSV file (RFC 4180) whose heading has a column plateifu, those of that column.
// NOT_FOUND when it cannot be read; INVALID_ARGUMENT when it names no galaxy.
absl::StatusOr<std::vector<GivenId>> ReadIds(const std::string& path);

// Whether a status of the server is about the id of the question, and another id may do better.
bool IsOfOneId(const absl::Status& status);

// The status, saying where the id was given.
absl::Status OfId(const absl::Status& status, const GivenId& id);

// INVALID_ARGUMENT MALFORMED_ID for one that is not UTF-8 and so cannot be sent.
absl::Status CheckId(const GivenId& id);

// Asks about each id with `ask(id)`, and hands what comes to `take(response)`. Failures of single
// ids are collected; any other ends it and is returned.
template <typename Ask, typename Take>
absl::Status AskEach(const std::vector<GivenId>& ids, Ask ask, Take take,
                     std::vector<absl::Status>& failures) {
  for (const GivenId& given : ids) {
    absl::Status status = CheckId(given);
    if (status.ok()) {
      auto response = ask(given.id);
      if (response.ok()) {
        take(*std::move(response));
        continue;
      }
      status = response.status();
    }
    if (!IsOfOneId(status)) return status;
    failures.push_back(OfId(status, given));
  }
  return absl::OkStatus();
}

// Whole text of a file, "-" = standard input. NOT_FOUND when it cannot be read.
absl::StatusOr<std::string> ReadText(const std::string& path);

}  // namespace peculiar::client
