#include "worker/stop_signals.h"

namespace peculiar::worker {
namespace {

volatile std::sig_atomic_t stop_asked = 0;

}  // namespace

StopSignals::StopSignals() {
  stop_asked = 0;
  struct sigaction action {};
  action.sa_handler = [](int) { stop_asked = 1; };
  action.sa_flags = SA_RESTART | static_cast<int>(SA_RESETHAND);
  sigaction(SIGTERM, &action, &previous_terminate_);
  sigaction(SIGINT, &action, &previous_interrupt_);
}

StopSignals::~StopSignals() {
  sigaction(SIGTERM, &previous_terminate_, nullptr);
  sigaction(SIGINT, &previous_interrupt_, nullptr);
}

bool StopSignals::asked() const { return stop_asked != 0; }

}  // namespace peculiar::worker
