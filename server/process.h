// The process around the server: log lines to standard error, stop signals.
// Set up once by main, before any other thread runs.
#pragma once

#include <string>

namespace peculiar::server {

// Log lines of spdlog and of gRPC go to standard error from `level` (debug, info, warning, error)
// up.
void SetUpLog(const std::string& level);

// SIGTERM and SIGINT wait for WaitForStopSignal instead of ending the process, and a closed pipe is
// an error, not an end. Call before any thread starts: threads inherit it.
void HoldStopSignals();

// Returns the signal's name when one has come.
std::string WaitForStopSignal();

}  // namespace peculiar::server
