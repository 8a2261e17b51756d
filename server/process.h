// The process around the server: log lines to standard error, signals. Acts on the whole
// process, so only main calls it.
#pragma once

#include <string>
#include <vector>

namespace peculiar::server {

// Log lines of spdlog and of gRPC go to standard error from `level` (debug, info, warning, error)
// up. The logger "requests" writes its lines bare: they are JSON.
void SetUpLog(const std::string& level);

// Debian builds Abseil's mutexes, which gRPC locks many times a call, to look for deadlocks: a tool
// for tests, and some 6 % of a call's processor time.
void SkipDeadlockDetection();

// SIGTERM, SIGINT and SIGHUP wait for WaitForSignal instead of ending the process, and a closed
// pipe is an error, not an end. Call before any thread starts: threads inherit it.
void HoldSignals();

// As many open files as the system lets this process have: a connection is one, and the usual
// 1024 are soon taken.
void RaiseDescriptorLimit();

// gRPC takes no more connections, and has told the process to stop as SIGTERM does.
bool HasLostListener();

// All of the above that a server wants before it starts.
void SetUpProcess(const std::string& log_level);

// The environment, NAME=VALUE each.
std::vector<std::string> Environment();

// Returns the signal's name when one has come: "SIGTERM", "SIGINT" or "SIGHUP".
std::string WaitForSignal();

}  // namespace peculiar::server
