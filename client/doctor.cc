#include "client/doctor.h"

#include <netdb.h>

#include <chrono>
#include <cmath>
#include <limits>

#include "client/age.h"
#include "client/health.h"
#include "peculiar/v1/admin_service.pb.h"

namespace peculiar::client {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kListSnapshotsMethod = "/peculiar.v1.AdminService/ListSnapshots";

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
bool CheckReached(Connection& connection, Findings& findings) {
  const auto start = Clock::now();
  const absl::Status health = CheckHealth(connection);
  if (IsUnreached(health)) {
    findings.Fail(
        "connection", health,
        "does peculiar-server run there, on this port, and does no firewall stand between?");
    return false;
  }
  findings.Ok("connection", "connected and answered in " + MillisecondsSince(start));
  if (health.ok()) {
    findings.Ok("health", "serving");
  } else if (absl::IsFailedPrecondition(health)) {
    findings.Fail("health", health, "see the next line, or the server's log");
  } else {
    findings.Warn("health", std::string(MessageOf(health)),
                  "is it peculiar-server that listens there?");
  }
  return true;
}

// Whether the service is there and answers a question of galaxies: one of those that a client asks
// all day. A question that only a newer server knows shows when it is asked.
void CheckApi(Connection& connection, Findings& findings) {
  v1::ListAnomaliesRequest request;
  request.set_page_size(1);
  const auto start = Clock::now();
  const auto response = connection.ListAnomalies(request);
  if (!response.ok()) {
    return findings.Fail("api", response.status(), "see the server's log for what it lacks");
  }
  findings.Ok("api", fmt::format("peculiar.v1.QueryService: {} ranked galaxies, asked in {}",
                                 response->total_count(), MillisecondsSince(start)));
}

void CheckFreshness(const v1::GetSnapshotResponse& response, const DoctorOptions& options,
                    Findings& findings) {
  const std::int64_t age = SecondsSince(response.snapshot().create_time());
  const std::string published = "published " + AgoText(age);
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
    findings.Warn("clock", "the snapshot was published " + AgoText(age),
                  "this machine's clock is behind, or the publishing one's ahead");
  } else {
    findings.Ok("clock", "not before the snapshot");
  }
}

std::string AdviceOnSnapshot(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnimplemented:
      return "another program listens there, or a server of another generation";
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
      return "give the token that the server wants: --token-file";
    case absl::StatusCode::kFailedPrecondition:
      return "wait where one is being opened, else publish one: peculiar-worker publish";
    default:
      return "see the server's log";
  }
}

void CheckSnapshot(Connection& connection, const DoctorOptions& options, Findings& findings) {
  const absl::StatusOr<v1::GetSnapshotResponse> response =
      connection.GetSnapshot(v1::GetSnapshotRequest());
  if (!response.ok()) {
    findings.Fail("snapshot", response.status(), AdviceOnSnapshot(response.status()));
    return findings.Skip({"api", "version", "freshness", "clock"});
  }
  const v1::Snapshot& snapshot = response->snapshot();
  findings.snapshot_id = snapshot.snapshot_id();
  findings.server_version = response->server_version();
  findings.Ok("snapshot", fmt::format("{}: {} galaxies, {} models", snapshot.snapshot_id(),
                                      snapshot.galaxy_count(), snapshot.models_size()));
  CheckApi(connection, findings);
  if (response->server_version() == PECULIAR_VERSION) {
    findings.Ok("version", "client and server are " PECULIAR_VERSION);
  } else {
    findings.Warn("version",
                  fmt::format("client " PECULIAR_VERSION ", server {}", response->server_version()),
                  "what only one of them knows is refused; better have both of one version");
  }
  CheckFreshness(*response, options, findings);
}

// Which snapshots are held besides the served one, for those who roll back or ask for an old one.
void CheckHeld(const Settings& settings, const DoctorOptions& options, Findings& findings) {
  ConnectionOptions where = settings.connection();
  where.address = options.admin;
  absl::StatusOr<Connection> connection = Connection::Create(where);
  v1::ListSnapshotsRequest request;
  request.set_page_size(1000);
  const absl::StatusOr<std::string> answer =
      connection.ok() ? connection->CallRaw(kListSnapshotsMethod, request.SerializeAsString())
                      : connection.status();
  v1::ListSnapshotsResponse response;
  if (!answer.ok() || !response.ParseFromString(*answer)) {
    return findings.Fail("held", answer.ok() ? Internal("not an answer") : answer.status(),
                         "is --admin the server's admin address, and has it one?");
  }
  std::string names;
  for (const v1::StoredSnapshot& snapshot : response.stored_snapshots()) {
    if (!snapshot.held() || snapshot.snapshot_id() == response.snapshot_id()) continue;
    names += (names.empty() ? "" : ", ") + snapshot.snapshot_id();
  }
  findings.Ok("held", fmt::format("besides the served one: {}; {} on disk",
                                  names.empty() ? "none" : names, response.total_count()));
}

Findings RunChecks(const Settings& settings, const DoctorOptions& options) {
  Findings findings;
  const std::string file = settings.config.empty() ? "none" : settings.config.string();
  absl::StatusOr<Connection> connection = Connection::Create(settings.connection());
  if (!connection.ok()) {
    findings.Fail("settings", connection.status(), "from " + settings.server_from);
    findings.Skip(
        {"name", "connection", "health", "snapshot", "api", "version", "freshness", "clock"});
    return findings;
  }
  findings.Ok("settings",
              fmt::format("{} (from {}), timeout {:g} s, configuration file: {}", settings.server,
                          settings.server_from, settings.timeout_seconds, file));
  if (!CheckName(settings.server, findings)) {
    findings.Skip({"connection", "health", "snapshot", "api", "version", "freshness", "clock"});
  } else if (!CheckReached(*connection, findings)) {
    findings.Skip({"health", "snapshot", "api", "version", "freshness", "clock"});
  } else {
    CheckSnapshot(*connection, options, findings);
    if (!options.admin.empty()) CheckHeld(settings, options, findings);
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
      ->check(NumberFrom(0, std::numeric_limits<double>::infinity()))
      ->type_name("DAYS");
  command
      .add_option("--admin", options->admin,
                  "Address of the server's AdminService: also say which snapshots are held")
      ->type_name("ADDR");
  command.callback([&chosen, options] {
    chosen.run = [options](const Settings& settings) {
      Reply reply = Examine(settings, *options);
      const absl::Status printed = Print(*reply.answer, settings);
      return printed.ok() ? std::move(reply.failures) : std::vector{printed};
    };
  });
}

}  // namespace peculiar::client
