#include "server/snapshot_holder.h"

#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "core/base/stop.h"
#include "core/snapshot/current.h"

namespace peculiar::server {
namespace {

constexpr int kNiceness = 19;  // of the thread that opens snapshots: the lowest priority
constexpr std::chrono::milliseconds kLongestPause = std::chrono::minutes(5);

const std::string& IdOf(const EnginePointer& engine) { return engine->snapshot().id(); }

// WithoutFolders knows absolute paths: no part of a relative one may reach a client.
SnapshotHolderOptions WithAbsoluteFolder(SnapshotHolderOptions options) {
  std::error_code ignored;
  const auto absolute = std::filesystem::absolute(options.folder, ignored);
  if (!absolute.empty()) options.folder = absolute;
  return options;
}

}  // namespace

SnapshotHolder::SnapshotHolder(SnapshotHolderOptions options, std::function<void()> on_serving)
    : options_(WithAbsoluteFolder(std::move(options))),
      on_serving_(std::move(on_serving)),
      held_(std::make_shared<const Held>()) {}

std::shared_ptr<const SnapshotHolder::Held> SnapshotHolder::LoadHeld() const {
  const std::lock_guard lock(held_mutex_);
  return held_;
}

void SnapshotHolder::StoreHeld(std::shared_ptr<const Held> held) {
  const std::lock_guard lock(held_mutex_);
  held_.swap(held);  // what was held is let go of after the lock
}

SnapshotHolder::~SnapshotHolder() { StopPolling(); }

LookOutcome SnapshotHolder::Refresh(Retry retry) {
  const std::lock_guard lock(refresh_mutex_);
  const absl::StatusOr<LookOutcome> looked = RefreshHeld(retry);
  SetReloadError(looked.status());
  FreeRetired();
  const LookOutcome outcome = looked.value_or(LookOutcome::kFailed);
  looks_[static_cast<std::size_t>(outcome)].fetch_add(1, std::memory_order_relaxed);
  return outcome;
}

absl::StatusOr<LookOutcome> SnapshotHolder::RefreshHeld(Retry retry) {
  const std::shared_ptr<const Held> held = LoadHeld();
  const absl::StatusOr<std::string> id = ReadCurrent(options_.folder);
  if (!id.ok()) {
    // Nothing published yet is a state, not an error; a CURRENT that went away is one.
    const bool nothing_yet = absl::IsNotFound(id.status()) && held->engines.empty();
    if (!nothing_yet) return id.status();
    return LookOutcome::kUnchanged;
  }
  if (!held->engines.empty() && IdOf(held->engines.front()) == *id) {
    failed_id_.clear();
    return LookOutcome::kUnchanged;
  }
  const bool is_paused = std::chrono::steady_clock::now() < failed_retry_;
  if (*id == failed_id_ && is_paused && retry == Retry::kAfterPause) return failed_;
  absl::StatusOr<EnginePointer> engine = FindOrOpen(*id);
  if (!engine.ok()) {
    const bool again = *id == failed_id_;
    failed_id_ = *id;
    failed_pause_ = again ? std::min(2 * failed_pause_, kLongestPause) : options_.poll_interval;
    failed_retry_ = std::chrono::steady_clock::now() + failed_pause_;
    failed_ = Annotate(engine.status(), "snapshot " + *id);
    return failed_;
  }
  failed_id_.clear();
  Serve(*std::move(engine));
  return LookOutcome::kServed;
}

absl::StatusOr<EnginePointer> SnapshotHolder::FindOrOpen(const std::string& id) {
  const std::shared_ptr<const Held> held = LoadHeld();
  for (const EnginePointer& engine : held->engines) {
    if (IdOf(engine) == id) return engine;  // CURRENT went back to one that is still here
  }
  SetOpening(id);
  const auto begin = std::chrono::steady_clock::now();
  PECULIAR_ASSIGN_OR_RETURN(
      Snapshot snapshot, Snapshot::Open(options_.folder / id, options_.verify, stop_.get_token()));
  PECULIAR_RETURN_IF_ERROR(CheckStop(stop_.get_token()));
  auto engine =
      std::make_shared<const ServedEngine>(std::make_shared<const Snapshot>(std::move(snapshot)));
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
  spdlog::info("snapshot {}: opened in {:.0f} ms, {} galaxies, {} models", id, took.count(),
               engine->snapshot().size(), engine->snapshot().model_count());
  return engine;
}

void SnapshotHolder::Serve(EnginePointer engine) {
  const std::shared_ptr<const Held> before = LoadHeld();
  auto after = std::make_shared<Held>();
  after->engines.push_back(engine);
  for (const EnginePointer& previous : before->engines) {
    if (previous == engine) continue;
    const bool kept = after->engines.size() <= options_.keep;
    (kept ? after->engines : retired_).push_back(previous);
  }
  StoreHeld(std::move(after));
  spdlog::info("snapshot {}: serving", IdOf(engine));
  if (before->engines.empty()) on_serving_();
}

void SnapshotHolder::SetOpening(const std::string& id) {
  spdlog::info("snapshot {}: opening", id);
  const std::shared_ptr<const Held> before = LoadHeld();
  StoreHeld(std::make_shared<const Held>(Held{before->engines, before->reload_error, id}));
}

void SnapshotHolder::SetReloadError(const absl::Status& status) {
  const std::shared_ptr<const Held> before = LoadHeld();
  const std::string error = WithoutFolders(MessageOf(status));
  if (before->reload_error == error && before->opening_id.empty()) return;
  if (before->reload_error != error) {
    if (status.ok()) {
      spdlog::info("the snapshot that CURRENT names is served again");
    } else {
      const auto level = absl::IsCancelled(status) ? spdlog::level::info : spdlog::level::err;
      spdlog::log(level, "the snapshot that CURRENT names is not served: {}", error);
    }
  }
  StoreHeld(std::make_shared<const Held>(Held{before->engines, error, ""}));
}

void SnapshotHolder::FreeRetired() {
  // A count of one means that only this list holds it, and nobody can get it any more.
  std::erase_if(retired_, [](const EnginePointer& engine) { return engine.use_count() == 1; });
}

void SnapshotHolder::StartPolling(std::function<void()> on_looked) {
  thread_ = std::thread([this, on_looked = std::move(on_looked)] { Poll(on_looked); });
}

void SnapshotHolder::RequestStop() {
  {
    const std::lock_guard lock(stop_mutex_);
    stop_.request_stop();
  }
  stop_changed_.notify_all();
}

void SnapshotHolder::StopPolling() {
  RequestStop();
  if (thread_.joinable()) thread_.join();
}

void SnapshotHolder::RefreshSoon() {
  {
    const std::lock_guard lock(stop_mutex_);
    refresh_soon_ = true;
  }
  stop_changed_.notify_all();
}

void SnapshotHolder::Poll(const std::function<void()>& on_looked) {
  Refresh();
  if (!stop_.stop_requested()) on_looked();
  // Opening a snapshot is as much work as thousands of calls; from now on it takes what they leave.
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNiceness);
  std::unique_lock lock(stop_mutex_);
  while (true) {
    stop_changed_.wait_for(lock, options_.poll_interval,
                           [this] { return stop_.stop_requested() || refresh_soon_; });
    if (stop_.stop_requested()) return;
    const Retry retry = std::exchange(refresh_soon_, false) ? Retry::kNow : Retry::kAfterPause;
    lock.unlock();
    Refresh(retry);
    lock.lock();
  }
}

absl::StatusOr<EnginePointer> SnapshotHolder::Find(std::string_view snapshot_id) const {
  if (snapshot_id.empty()) {  // most calls: one pointer is counted, not two
    const std::lock_guard lock(held_mutex_);
    if (!held_->engines.empty()) return held_->engines.front();
  }
  const std::shared_ptr<const Held> held = LoadHeld();
  if (held->engines.empty()) {
    return FailedPrecondition(
        "NO_SNAPSHOT: nothing is served yet; {}{}{}",
        held->opening_id.empty()
            ? "publish a snapshot with 'peculiar-worker publish'"
            : fmt::format("snapshot {} is being opened: ask again soon", held->opening_id),
        held->reload_error.empty() ? "" : "; the last try failed: ", held->reload_error);
  }
  if (snapshot_id.empty()) return held->engines.front();  // served between the looks
  std::string known;
  for (const EnginePointer& engine : held->engines) {
    if (IdOf(engine) == snapshot_id) return engine;
    known += (known.empty() ? "" : ", ") + IdOf(engine);
  }
  return NotFound("UNKNOWN_SNAPSHOT: no snapshot {} is held; held are: {}", Quoted(snapshot_id),
                  known);
}

std::string SnapshotHolder::reload_error() const { return LoadHeld()->reload_error; }

}  // namespace peculiar::server
