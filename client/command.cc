#include "client/command.h"

#include <utility>

#include "client/text.h"

namespace peculiar::client {
namespace {

std::vector<absl::Status> AskAndPrint(
    const Settings& settings, const std::function<absl::StatusOr<Reply>(Connection&)>& ask) {
  absl::StatusOr<Connection> connection = Connection::Create(settings.connection());
  if (!connection.ok()) return {connection.status()};
  absl::StatusOr<Reply> reply = ask(*connection);
  if (!reply.ok()) return {reply.status()};
  if (reply->answer) {
    if (settings.output == "votable") {
      std::visit([&](auto& each) { each.origin = OriginOf(*connection); }, *reply->answer);
    }
    if (const absl::Status status = Print(*reply->answer, settings); !status.ok()) return {status};
  }
  return std::move(reply->failures);
}

}  // namespace

CLI::App& AddCommand(CLI::App& app, const std::string& name, const std::string& description,
                     ChosenCommand& chosen, std::function<absl::StatusOr<Reply>(Connection&)> ask) {
  CLI::App& command = *app.add_subcommand(name, description);
  command.footer("--server, --timeout, --config and -o work here too: see peculiar --help.");
  command.callback([&chosen, ask = std::move(ask)] {
    chosen.run = [ask](const Settings& settings) { return AskAndPrint(settings, ask); };
  });
  return command;
}

OrderedJson OriginOf(Connection& connection) {
  OrderedJson origin = OrderedJson::object();
  const auto response = connection.GetSnapshot(v1::GetSnapshotRequest());
  if (response.ok()) origin["server_version"] = response->server_version();
  return origin;
}

absl::Status Print(const Answer& answer, const Settings& settings) {
  PECULIAR_ASSIGN_OR_RETURN(const Format format, ParseFormat(settings.output));
  return WriteStandardOutput(Render(answer, format, TerminalWidth()));
}

void AddModelOption(CLI::App& command, std::string& model) {
  command.add_option("--model", model, "Model that answers; without it the snapshot's default")
      ->type_name("MODEL");
}

void AddSnapshotOption(CLI::App& command, std::string& snapshot_id) {
  command
      .add_option("--snapshot", snapshot_id, "Snapshot that answers; without it the current one")
      ->type_name("ID");
}

std::string RefuseEmpty(const std::string& text) { return text.empty() ? "is empty" : ""; }

void RequireUtf8(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    if (option->get_type_name() == "FILE") continue;  // a file may have any name
    option->check([](const std::string& text) {
      return IsUtf8(text) ? std::string() : std::string("is not UTF-8 text");
    });
  }
  for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; })) {
    RequireUtf8(*command);
  }
}

int ExitCode(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return 0;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
      return 2;
    case absl::StatusCode::kNotFound:
      return 3;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      return 5;
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kDataLoss:  // the answer came and could not be written
      return 1;
    default:
      return 4;
  }
}

std::string WhatIsWrong(const CLI::App& app, const CLI::Error& error) {
  const std::vector<std::string> rest = app.remaining();
  if (rest.empty() || !app.get_subcommands().empty()) return error.what();
  std::string names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names += (names.empty() ? "" : ", ") + command->get_name();
  }
  return fmt::format("unknown {} '{}'; subcommands are {}",
                     rest.front().starts_with('-') ? "option" : "subcommand", rest.front(), names);
}

std::string ErrorLine(const absl::Status& status) {
  std::string line = "peculiar: ";
  // A bug's message needs its kind said; the others begin with the server's reason or are ours.
  if (status.code() == absl::StatusCode::kInternal || status.code() == absl::StatusCode::kUnknown) {
    line += "internal error: ";
  }
  line += WithoutControls(ToUtf8(std::string(MessageOf(status))), ' ');
  if (MessageOf(status).empty()) line += absl::StatusCodeToString(status.code());
  return line + "\n";
}

}  // namespace peculiar::client
