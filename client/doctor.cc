#include "client/doctor.h"

#include <google/protobuf/message.h>
#include <netdb.h>

#include <chrono>
#include <cmath>
#include <memory>

#include "client/age.h"

namespace peculiar::client {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t kClockSlack = 60;  // seconds that two clocks may differ

// grpc.health.v1: the answer { status: SERVING } on the wire.
constexpr const char* kHealthMethod = "/grpc.health.v1.Health/Check";
constexpr std::string_view kServing = "\x08\x01";

struct Check {
  const char* name;
  const char* outcome;  // ok, warning, failed, skipped
  std::string found;
  std::string advice;
};

// The checks so far, and what they leave for the answer.
struct Findings {
  std::vector<Check> checks;
  std::vector<absl::Status> failures;
  std::string server_version;
  std::string snapshot_id;

  void Ok(const char* name, const std::string& found) { checks.push_back({name, "ok", found, ""}); }
  void Warn(const char* name, const std::string& found, const std::string& advice) {
    checks.push_back({name, "warning", found, advice});
  }
  void Fail(const char* name, const absl::Status& status, const std::string& advice) {
    checks.push_back({name, "failed", std::string(MessageOf(status)), advice});
    failures.push_back(status);
  }
  void Skip(std::initializer_list<const char*> names) {
    for (const char* name : names) checks.push_back({name, "skipped", "", ""});
  }
};

std::string MillisecondsSince(Clock::time_point start) {
  return fmt::format("{:.1f} ms",
                     std::chrono::duration<double, std::milli>(Clock::now() - start).count());
}

bool IsUnreached(const absl::Status& status) {
  return status.code() == absl::StatusCode::kUnavailable ||
         status.code() == absl::StatusCode::kDeadlineExceeded;
}

// The host of host:port or [ipv6]:port; empty for a socket in the file system.
std::string HostOf(const std::string& address) {
  if (address.starts_with("unix:")) return "";
  const std::string host = address.substr(0, address.rfind(':'));
  return host.starts_with('[') ? host.substr(1, host.size() - 2) : host;
}

bool CheckName(const std::string& address, Findings& findings) {
  const std::string host = HostOf(address);
  if (host.empty()) {
    findings.Ok("name", "none to look up");
    return true;
  }
  const auto start = Clock::now();
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int error = getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (error != 0) {
    findings.Fail("name", Unavailable("cannot look up {}: {}", host, gai_strerror(error)),
                  "is it spelt right, and does this machine's DNS know it?");
    return false;
  }
  std::string addresses;
  for (const addrinfo* each = list; each != nullptr; each = each->ai_next) {
    char text[NI_MAXHOST];
    if (getnameinfo(each->ai_addr, each->ai_addrlen, text, sizeof(text), nullptr, 0,
                    NI_NUMERICHOST) != 0) {
      continue;
    }
    addresses += (addresses.empty() ? "" : ", ") + std::string(text);
  }
  freeaddrinfo(list);
  findings.Ok("name", fmt::format("{} is {}, in {}", host, addresses, MillisecondsSince(start)));
  return true;
}

// Connection and health by one call: gRPC connects when it is first asked.
bool CheckHealth(Connection& connection, Findings& findings) {
  const auto start = Clock::now();
  const absl::StatusOr<std::string> answer = connection.CallRaw(kHealthMethod, "");
  if (IsUnreached(answer.status())) {
    findings.Fail(
        "connection", answer.status(),
        "does peculiar-server run there, on this port, and does no firewall stand between?");
    return false;
  }
  findings.Ok("connection", "connected and answered in " + MillisecondsSince(start));
  if (answer.ok() && *answer == kServing) {
    findings.Ok("health", "serving");
  } else if (answer.ok()) {
    findings.Fail("health", FailedPrecondition("{} is not serving", connection.address()),
                  "no snapshot is published yet, or it is stopping: see the server's log");
  } else {
    findings.Warn("health", std::string(MessageOf(answer.status())),
                  "is it peculiar-server that listens there?");
  }
  return true;
}

// Asks every method of the service for a snapshot that there is not: cheap, and refused for that
// reason alone by a server that knows the method.
void CheckApi(Connection& connection, Findings& findings) {
  const auto* service =
      v1::GetSnapshotRequest::descriptor()->file()->FindServiceByName("QueryService");
  std::string missing;
  for (int i = 0; i < service->method_count(); ++i) {
    const google::protobuf::MethodDescriptor* method = service->method(i);
    const std::unique_ptr<google::protobuf::Message> request(
        google::protobuf::MessageFactory::generated_factory()
            ->GetPrototype(method->input_type())
            ->New());
    if (const auto* field = method->input_type()->FindFieldByName("snapshot_id")) {
      request->GetReflection()->SetString(request.get(), field, "peculiar-doctor");
    }
    const std::string name = fmt::format("/{}/{}", service->full_name(), method->name());
    const absl::Status status = connection.CallRaw(name, request->SerializeAsString()).status();
    if (IsUnreached(status)) return findings.Fail("api", status, "the connection was lost");
    if (status.code() == absl::StatusCode::kUnimplemented) {
      missing += (missing.empty() ? "" : ", ") + method->name();
    }
  }
  if (missing.empty()) {
    return findings.Ok("api", fmt::format("{}: all {} methods that this client knows",
                                          service->full_name(), service->method_count()));
  }
  findings.Fail("api",
                MakeStatus(absl::StatusCode::kUnimplemented,
                           fmt::format("{} lacks {}", service->full_name(), missing)),
                "the server is older than this client, or another program: upgrade it");
}

void CheckFreshness(const v1::GetSnapshotResponse& response, const DoctorOptions& options,
                    Findings& findings) {
  const std::int64_t age = SecondsSince(response.snapshot().create_time());
  const std::string published =
      fmt::format("published {} ago", AgeText(std::max<std::int64_t>(age, 0)));
  if (!response.reload_error().empty()) {
    findings.Warn("freshness",
                  "the newest snapshot could not be loaded: " + response.reload_error(),
                  "publish again, or roll back: peculiar-worker rollback");
  } else if (options.max_age_days && static_cast<double>(age) > *options.max_age_days * 86400) {
    findings.Warn("freshness",
                  fmt::format("{}, more than {:g} days", published, *options.max_age_days),
                  "publish a new snapshot: peculiar-worker run");
  } else {
    findings.Ok("freshness", published + ", and the newest");
  }
  if (age < -kClockSlack) {
    findings.Warn("clock", fmt::format("the snapshot was published {} from now", AgeText(-age)),
                  "this machine's clock is behind, or the publishing one's ahead");
  } else {
    findings.Ok("clock", "not before the snapshot");
  }
}

void CheckSnapshot(Connection& connection, const DoctorOptions& options, Findings& findings) {
  const absl::StatusOr<v1::GetSnapshotResponse> response =
      connection.GetSnapshot(v1::GetSnapshotRequest());
  if (!response.ok()) {
    findings.Fail("snapshot", response.status(), "publish one: peculiar-worker publish");
    return findings.Skip({"version", "freshness", "clock"});
  }
  const v1::Snapshot& snapshot = response->snapshot();
  findings.snapshot_id = snapshot.snapshot_id();
  findings.server_version = response->server_version();
  findings.Ok("snapshot", fmt::format("{}: {} galaxies, {} models", snapshot.snapshot_id(),
                                      snapshot.galaxy_count(), snapshot.models_size()));
  if (response->server_version() == PECULIAR_VERSION) {
    findings.Ok("version", "client and server are " PECULIAR_VERSION);
  } else {
    findings.Warn("version",
                  fmt::format("client " PECULIAR_VERSION ", server {}", response->server_version()),
                  "fine while the api check is; better have both of one version");
  }
  CheckFreshness(*response, options, findings);
}

Findings RunChecks(const Settings& settings, const DoctorOptions& options) {
  Findings findings;
  const std::string file = settings.config.empty() ? "none" : settings.config.string();
  absl::StatusOr<Connection> connection = Connection::Create(settings.connection());
  if (!connection.ok()) {
    findings.Fail("settings", connection.status(), "from " + settings.server_from);
    findings.Skip(
        {"name", "connection", "health", "api", "snapshot", "version", "freshness", "clock"});
    return findings;
  }
  findings.Ok("settings",
              fmt::format("{} (from {}), timeout {:g} s, configuration file: {}", settings.server,
                          settings.server_from, settings.timeout_seconds, file));
  if (!CheckName(settings.server, findings)) {
    findings.Skip({"connection", "health", "api", "snapshot", "version", "freshness", "clock"});
  } else if (!CheckHealth(*connection, findings)) {
    findings.Skip({"health", "api", "snapshot", "version", "freshness", "clock"});
  } else {
    CheckApi(*connection, findings);
    CheckSnapshot(*connection, options, findings);
  }
  return findings;
}

}  // namespace

Reply Examine(const Settings& settings, const DoctorOptions& options) {
  Findings findings = RunChecks(settings, options);
  Listing listing{.name = "checks"};
  listing.provenance = {{"server", settings.server},
                        {"client_version", PECULIAR_VERSION},
                        {"server_version", findings.server_version},
                        {"snapshot_id", findings.snapshot_id}};
  listing.table.columns = {{.name = "check"},
                           {.name = "outcome", .description = "ok, warning, failed or skipped"},
                           {.name = "found", .wraps = true},
                           {.name = "advice", .in_table = false}};
  for (const Check& check : findings.checks) {
    listing.table.rows.push_back({check.name, check.outcome, check.found, check.advice});
    if (!check.advice.empty()) {
      listing.notes.push_back(fmt::format("{}: {}", check.name, check.advice));
    }
  }
  if (listing.notes.empty()) listing.notes = {"all is well"};
  Reply reply(std::move(listing));
  reply.failures = std::move(findings.failures);
  return reply;
}

void AddDoctorCommand(CLI::App& app, ChosenCommand& chosen) {
  auto options = std::make_shared<DoctorOptions>();
  CLI::App& command = *app.add_subcommand(
      "doctor", "Checks the way to the server: name, connection, health, versions, snapshot");
  command.footer("Exit code 0 unless a check failed; warnings do not count.");
  command
      .add_option("--max-age", options->max_age_days,
                  "Warn of a snapshot older than this; without it any age will do")
      ->check(CLI::NonNegativeNumber)
      ->type_name("DAYS");
  command.callback([&chosen, options] {
    chosen.run = [options](const Settings& settings) {
      Reply reply = Examine(settings, *options);
      const absl::Status printed = Print(*reply.answer, settings);
      return printed.ok() ? std::move(reply.failures) : std::vector{printed};
    };
  });
}

}  // namespace peculiar::client
