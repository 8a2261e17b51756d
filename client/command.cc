#include "client/command.h"

#include <utility>

namespace peculiar::client {
namespace {

absl::Status AskAndPrint(const GlobalOptions& globals,
                         const std::function<absl::StatusOr<Answer>(Connection&)>& ask) {
  PECULIAR_ASSIGN_OR_RETURN(const Format format, ParseFormat(globals.format));
  const std::chrono::duration<double> timeout(globals.timeout_seconds);
  PECULIAR_ASSIGN_OR_RETURN(
      Connection connection,
      Connection::Create({.address = globals.server,
                          .timeout = std::chrono::duration_cast<std::chrono::milliseconds>(timeout),
                          .credentials = globals.credentials}));
  PECULIAR_ASSIGN_OR_RETURN(const Answer answer, ask(connection));
  return WriteStandardOutput(Render(answer, format, TerminalWidth()));
}

}  // namespace

void AddGlobalOptions(CLI::App& app, GlobalOptions& options) {
  AddCredentialOptions(app, options.credentials);
  app.add_option("--server", options.server,
                 "Where peculiar-server listens: host:port, [ipv6]:port or unix:path; without the "
                 "flag $PECULIAR_SERVER, else the default")
      ->envname("PECULIAR_SERVER")
      ->type_name("ADDR")
      ->capture_default_str();
  app.add_option("--timeout", options.timeout_seconds,
                 "Seconds to wait for each call, with its retries")
      ->check(CLI::Range(0.01, 3600.0))
      ->type_name("SECONDS")
      ->capture_default_str();
  app.add_option("-o,--output", options.format, "Format: table, json, jsonl or csv")
      ->check(CLI::IsMember({"table", "json", "jsonl", "csv"}))
      ->type_name("FORMAT")
      ->capture_default_str();
}

CLI::App& AddCommand(CLI::App& app, const std::string& name, const std::string& description,
                     const GlobalOptions& globals, CommandResult& result,
                     std::function<absl::StatusOr<Answer>(Connection&)> ask) {
  CLI::App& command = *app.add_subcommand(name, description);
  command.footer("--server, --timeout and -o work here too: see peculiar --help.");
  command.callback(
      [&globals, &result, ask = std::move(ask)] { result.status = AskAndPrint(globals, ask); });
  return command;
}

void AddModelOption(CLI::App& command, std::string& model) {
  command.add_option("--model", model, "Model that answers; without it the snapshot's default")
      ->type_name("NAME");
}

void AddSnapshotOption(CLI::App& command, std::string& snapshot_id) {
  command
      .add_option("--snapshot", snapshot_id, "Snapshot that answers; without it the current one")
      ->type_name("ID");
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
      return 1;
    default:
      return 4;
  }
}

std::string ErrorLine(const absl::Status& status) {
  std::string line = "peculiar: ";
  // A bug's message needs its kind said; the others begin with the server's reason or are ours.
  if (ExitCode(status) == 1) line += "internal error: ";
  for (const char c : MessageOf(status)) {
    const bool is_control = static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    line += is_control ? ' ' : c;
  }
  if (MessageOf(status).empty()) line += absl::StatusCodeToString(status.code());
  return line + "\n";
}

}  // namespace peculiar::client
