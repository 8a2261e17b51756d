// The subcommands of peculiar. Each lives in a file of its own: options, a function that asks the
// server and returns an Answer, and the function that adds its flags to the command line.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "client/connection.h"
#include "client/output.h"
#include "client/settings.h"
#include "core/base/status.h"

namespace peculiar::client {

// What a subcommand has to say: an answer, and what of the question it could not answer.
struct Reply {
  Reply() = default;
  Reply(Answer given) : answer(std::move(given)) {}  // NOLINT: an answer is a whole reply
  std::optional<Answer> answer;
  std::vector<absl::Status> failures;  // none is OK; the first gives the exit code
};

// The subcommand of the command line, run when all of the line is known to be right. Returns what
// went wrong; empty = all is well.
struct ChosenCommand {
  std::function<std::vector<absl::Status>(const Settings&)> run;
};

// A subcommand that connects, calls `ask` and prints what it returns. `chosen` must outlive the
// app.
CLI::App& AddCommand(CLI::App& app, const std::string& name, const std::string& description,
                     ChosenCommand& chosen, std::function<absl::StatusOr<Reply>(Connection&)> ask);

// Prints an answer in the format that the settings ask for.
absl::Status Print(const Answer& answer, const Settings& settings);

// Who answers, for the formats that have a place for it: the server's version. Empty when it does
// not say; that is not worth a failure.
OrderedJson OriginOf(Connection& connection);

// The flags --model and --snapshot, which are the same wherever they occur.
void AddModelOption(CLI::App& command, std::string& model);
void AddSnapshotOption(CLI::App& command, std::string& snapshot_id);

// A check of options: "is empty" for a value that is, the empty string otherwise.
std::string RefuseEmpty(const std::string& text);

// Makes every option of the app and its subcommands refuse a value that is not UTF-8, but for names
// of files.
void RequireUtf8(CLI::App& app);

// The process's exit code for a status, as --help lists them.
int ExitCode(const absl::Status& status);

// What is wrong with a command line that the app did not take: a word that is no subcommand is
// named.
std::string WhatIsWrong(const CLI::App& app, const CLI::Error& error);

// "peculiar: MESSAGE" on one line, whatever the message holds.
std::string ErrorLine(const absl::Status& status);

}  // namespace peculiar::client
