// Runs a program of this project to its end, for tests of what a user sees.
// Errors of the machinery itself (no such program) throw, which fails the test.
#pragma once

#include <string>
#include <vector>

namespace peculiar::testing {

struct ProcessResult {
  int exit_code = -1;  // -1 when a signal ended it
  int signal = 0;
  std::string out;  // standard output
  std::string err;  // standard error
  double seconds = 0;
};

struct ProcessOptions {
  std::vector<std::string> environment;  // "NAME=value", added to the test's own
  // Standard output is a pipe without a reader instead of being kept.
  bool out_is_broken = false;
  // A signal to send after so many seconds, 0 = none. A program that outlives `kill_after` seconds
  // is killed.
  int signal = 0;
  double signal_after = 0;
  double kill_after = 60;
};

// `arguments[0]` is the program's path.
ProcessResult RunProcess(const std::vector<std::string>& arguments,
                         const ProcessOptions& options = {});

}  // namespace peculiar::testing
