// A file that holds the port of a server while it is ready, for whoever started it with port 0.
// What this object has written goes with it; what another server wrote there stays.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "core/base/file.h"
#include "core/base/status.h"

namespace peculiar::server {

class PortFile {
 public:
  // An empty path: no file.
  explicit PortFile(std::filesystem::path path) : path_(std::move(path)) {}
  ~PortFile() { Remove(); }
  PortFile(const PortFile&) = delete;
  PortFile& operator=(const PortFile&) = delete;

  // Removes what an earlier run left, which would mislead, and writes the port of HOST:PORT where
  // nobody looks yet, so that a full disk shows now; of an empty address it only removes. For a
  // server that has its port: one that fails
  // to get it must not touch the file of the one that has. Errors of AtomicFile.
  absl::Status Claim(const std::string& address);
  // What was claimed appears under its name; once. Errors of AtomicFile.
  absl::Status Show();
  // If it was claimed.
  void Remove();

 private:
  const std::filesystem::path path_;
  std::optional<AtomicFile> hidden_;  // from Claim to Show
  bool is_ours_ = false;
};

}  // namespace peculiar::server
