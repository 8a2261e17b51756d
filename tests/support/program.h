// A program of this project that runs beside the test, for tests of signals and of what it prints
// while it runs. What it writes to standard output and standard error is read as one.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <vector>

namespace peculiar::testing {

// A program in a process of its own; killed at the end of the test if it still runs.
class Program {
 public:
  // environment: "NAME=value", before the test's own.
  Program(const char* path, std::vector<std::string> arguments,
          std::vector<std::string> environment = {}) {
    arguments.insert(arguments.begin(), path);
    for (char** variable = environ; *variable != nullptr; ++variable) {
      environment.emplace_back(*variable);
    }
    std::vector<char*> raw = Pointers(arguments);
    int ends[2];
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    EXPECT_EQ(
        posix_spawn(&pid_, raw[0], &actions, nullptr, raw.data(), Pointers(environment).data()), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    output_end_ = ends[0];
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    close(output_end_);
  }

  pid_t pid() const { return pid_; }
  const std::string& output() const { return output_; }

  // Reads what it prints until `text` has come; false when it ended first.
  bool WaitFor(std::string_view text) {
    char bytes[4096];
    while (output_.find(text) == std::string::npos) {
      const ssize_t n = read(output_end_, bytes, sizeof(bytes));
      if (n <= 0) return false;
      output_.append(bytes, static_cast<std::size_t>(n));
    }
    return true;
  }

  // Waits for its end; the exit code, or -signal.
  int ExitCode() {
    while (WaitFor("\x01never printed\x01")) {
    }
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

 private:
  static std::vector<char*> Pointers(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    for (std::string& text : texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
  }

  pid_t pid_ = -1;
  int output_end_ = -1;
  std::string output_;
};

}  // namespace peculiar::testing
