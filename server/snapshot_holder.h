// The snapshots that are being served: the current one and a few before it. Looks at CURRENT from a
// thread of its own; opens, checks and frees snapshots there, never on the path of a request. Find
// and reload_error may be called from any thread and wait for no file.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/base/status.h"
#include "server/served_engine.h"

namespace peculiar::server {

// Holding it keeps its snapshot whole for as long as a request needs it.
using EnginePointer = std::shared_ptr<const ServedEngine>;

struct SnapshotHolderOptions {
  std::filesystem::path folder;  // of published snapshots; need not exist yet
  VerifyMode verify = VerifyMode::kFull;
  std::chrono::milliseconds poll_interval = std::chrono::seconds(1);
  std::size_t keep = 2;  // previous snapshots that Find still knows
};

// When a snapshot that failed to open is tried again: after a growing pause, or at once.
enum class Retry { kAfterPause, kNow };

// What a look at CURRENT came to: it names what is served already; a snapshot that is served from
// now on; or one that is not served, reload_error says why.
enum class LookOutcome { kUnchanged, kServed, kFailed };
inline constexpr std::size_t kLookOutcomeCount = 3;

class SnapshotHolder {
 public:
  // on_serving is called, from the thread that refreshes, when there is a snapshot to answer from
  // for the first time.
  SnapshotHolder(SnapshotHolderOptions options, std::function<void()> on_serving);
  ~SnapshotHolder();  // StopPolling
  SnapshotHolder(const SnapshotHolder&) = delete;
  SnapshotHolder& operator=(const SnapshotHolder&) = delete;

  // Looks at CURRENT now and serves what it names when that opens whole; else keeps what there is,
  // logs why (once for the same cause) and gives the reason in reload_error. Takes as long as
  // opening does. Also frees retired snapshots that no request holds.
  LookOutcome Refresh(Retry retry = Retry::kAfterPause);

  // Has the polling thread Refresh(kNow) at once; does not wait for it.
  void RefreshSoon();

  // Looks at CURRENT at once, then calls on_looked, then looks again after every poll_interval; all
  // from a thread of its own. on_looked is not called when the end is asked for first.
  void StartPolling(std::function<void()> on_looked);
  // Asks for the end of polling and of a Refresh that is under way, for good; does not wait.
  void RequestStop();
  // RequestStop, and waits until it has come: about a second where a snapshot of 300,000
  // galaxies is being opened.
  void StopPolling();

  // The snapshot with this id, or the current one when it is empty. FAILED_PRECONDITION
  // `NO_SNAPSHOT:` when there is none yet, with the id of one that is being opened; NOT_FOUND
  // `UNKNOWN_SNAPSHOT:` with the ids held.
  absl::StatusOr<EnginePointer> Find(std::string_view snapshot_id) const;

  // The snapshots that Find knows: the current one first, then newest first.
  std::vector<EnginePointer> held() const { return LoadHeld()->engines; }

  // The folder of all snapshots, absolute.
  const std::filesystem::path& folder() const { return options_.folder; }

  // Looks at CURRENT so far that came to this.
  std::int64_t looks(LookOutcome outcome) const {
    return looks_[static_cast<std::size_t>(outcome)].load(std::memory_order_relaxed);
  }

  // Why what CURRENT names is not served; empty when it is. Names files without their folders.
  std::string reload_error() const;

 private:
  // What requests see; replaced as a whole.
  struct Held {
    std::vector<EnginePointer> engines;  // the current one first, then newest first
    std::string reload_error;
    std::string opening_id;  // of the snapshot that is being opened
  };

  std::shared_ptr<const Held> LoadHeld() const;
  void StoreHeld(std::shared_ptr<const Held> held);
  absl::StatusOr<LookOutcome> RefreshHeld(Retry retry);
  absl::StatusOr<EnginePointer> FindOrOpen(const std::string& id);
  void Serve(EnginePointer engine);
  void SetOpening(const std::string& id);
  void SetReloadError(const absl::Status& status);
  void FreeRetired();
  void Poll(const std::function<void()>& on_looked);

  const SnapshotHolderOptions options_;
  const std::function<void()> on_serving_;

  // Locked only while the pointer is copied. Not std::atomic<std::shared_ptr>: GCC 12's load lets
  // go of its inner lock without release order, a data race.
  mutable std::mutex held_mutex_;
  std::shared_ptr<const Held> held_;

  std::array<std::atomic<std::int64_t>, kLookOutcomeCount> looks_{};

  std::mutex refresh_mutex_;            // guards what follows, up to stop_mutex_
  std::vector<EnginePointer> retired_;  // kept here so that a request never frees one
  std::string failed_id_;               // the snapshot that did not open,
  absl::Status failed_;                 // why,
  std::chrono::milliseconds failed_pause_{0};
  std::chrono::steady_clock::time_point failed_retry_;  // and when to try again

  std::stop_source stop_;
  std::mutex stop_mutex_;
  std::condition_variable stop_changed_;
  bool refresh_soon_ = false;
  std::thread thread_;
};

}  // namespace peculiar::server
