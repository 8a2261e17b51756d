#include "core/base/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <new>
#include <thread>
#include <vector>

namespace peculiar {
namespace {

// An exception out of a thread would end the process.
absl::Status RunPiece(const std::function<absl::Status(std::size_t)>& work, std::size_t i) {
  try {
    return work(i);
  } catch (const std::bad_alloc&) {
    return ResourceExhausted("out of memory");
  } catch (const std::exception& error) {
    return Internal("{}", error.what());
  }
}

}  // namespace

int HardwareThreads() { return std::max(1u, std::thread::hardware_concurrency()); }

absl::Status ParallelFor(std::size_t n, int threads,
                         const std::function<absl::Status(std::size_t)>& work) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::size_t failed_index = n;
  absl::Status failure;
  auto run = [&] {
    for (std::size_t i = next.fetch_add(1); i < n; i = next.fetch_add(1)) {
      absl::Status status = RunPiece(work, i);
      if (status.ok()) continue;
      next.store(n);
      const std::lock_guard lock(mutex);
      if (i < failed_index) {
        failed_index = i;
        failure = std::move(status);
      }
    }
  };
  if (threads < 1) threads = HardwareThreads();
  const std::size_t helpers = std::min<std::size_t>(threads, n);
  std::vector<std::jthread> pool;
  try {
    for (std::size_t t = 1; t < helpers; ++t) pool.emplace_back(run);
  } catch (const std::exception&) {
    // No more threads to be had: those that are there do the work.
  }
  run();
  pool.clear();  // joins
  return failure;
}

}  // namespace peculiar
