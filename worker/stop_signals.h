// SIGTERM and SIGINT as a question that long work asks between its steps. A second signal ends the
// process at once, as without this.
#pragma once

#include <csignal>

namespace peculiar::worker {

// Catches both signals while it lives. One at a time in a process.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // True once a signal has come.
  bool asked() const;

 private:
  struct sigaction previous_terminate_ {};
  struct sigaction previous_interrupt_ {};
};

}  // namespace peculiar::worker
