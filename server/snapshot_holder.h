// The snapshots that are being served: the current one and a few before it. Looks at CURRENT from a
// thread of its own; opens, checks and frees snapshots there, never on the path of a request. Find
// and reload_error may be called from any thread and wait for no file.
#pragma once

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/base/status.h"
#include "core/query/engine.h"

namespace peculiar::server {

// Holding it keeps its snapshot whole for as long as a request needs it.
using EnginePointer = std::shared_ptr<const QueryEngine>;

struct SnapshotHolderOptions {
  std::filesystem::path folder;  // of published snapshots; need not exist yet
  VerifyMode verify = VerifyMode::kFull;
  std::chrono::milliseconds poll_interval = std::chrono::seconds(1);
  std::size_t keep = 2;  // previous snapshots that Find still knows
};

class SnapshotHolder {
 public:
  // on_serving is called, from the thread that refreshes, when there is a snapshot to answer from
  // for the first time.
  SnapshotHolder(SnapshotHolderOptions options, std::function<void()> on_serving);
  ~SnapshotHolder();  // StopPolling
  SnapshotHolder(const SnapshotHolder&) = delete;
  SnapshotHolder& operator=(const SnapshotHolder&) = delete;

  // Looks at CURRENT now and serves what it names when that opens whole; else keeps what there is,
  // logs why (once for the same cause) and gives the reason in reload_error. A snapshot that failed
  // is tried again after a growing pause. Also frees retired snapshots that no request holds.
  void Refresh();

  void StartPolling();
  void StopPolling();  // waits for a Refresh that is under way

  // The snapshot with this id, or the current one when it is empty. FAILED_PRECONDITION
  // `NO_SNAPSHOT:` when there is none yet; NOT_FOUND `UNKNOWN_SNAPSHOT:` with the ids held.
  absl::StatusOr<EnginePointer> Find(std::string_view snapshot_id) const;

  // Why what CURRENT names is not served; empty when it is. Names files without their folders.
  std::string reload_error() const;

 private:
  // What requests see; replaced as a whole.
  struct Held {
    std::vector<EnginePointer> engines;  // the current one first, then newest first
    std::string reload_error;
  };

  std::shared_ptr<const Held> LoadHeld() const;
  void StoreHeld(std::shared_ptr<const Held> held);
  absl::Status RefreshHeld();
  absl::StatusOr<EnginePointer> FindOrOpen(const std::string& id);
  void Serve(EnginePointer engine);
  void SetReloadError(const std::string& error);
  void FreeRetired();
  void Poll();

  const SnapshotHolderOptions options_;
  const std::function<void()> on_serving_;

  // Locked only while the pointer is copied. Not std::atomic<std::shared_ptr>: GCC 12's load lets
  // go of its inner lock without release order, a data race.
  mutable std::mutex held_mutex_;
  std::shared_ptr<const Held> held_;

  std::mutex refresh_mutex_;            // guards what follows, up to stop_mutex_
  std::vector<EnginePointer> retired_;  // kept here so that a request never frees one
  std::string failed_id_;               // the snapshot that did not open,
  absl::Status failed_;                 // why,
  std::chrono::milliseconds failed_pause_{0};
  std::chrono::steady_clock::time_point failed_retry_;  // and when to try again

  std::mutex stop_mutex_;
  std::condition_variable stop_changed_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace peculiar::server
