// A file that holds the port of a server while it is ready, for whoever started it with port 0.
// What this object has written goes with it; what another server wrote there stays.
#pragma once

#include <filesystem>
#include <string>
#include <utility>

#include "core/base/status.h"

namespace peculiar::server {

class PortFile {
 public:
  // An empty path: no file.
  explicit PortFile(std::filesystem::path path) : path_(std::move(path)) {}
  ~PortFile() { Remove(); }
  PortFile(const PortFile&) = delete;
  PortFile& operator=(const PortFile&) = delete;

  // Removes what an earlier run left, which would mislead. For a server that has its port: one that
  // fails to get it must not touch the file of the one that has.
  void Claim();
  // Writes the port of HOST:PORT. Errors of AtomicFile.
  absl::Status Write(const std::string& address);
  // If it was claimed or written.
  void Remove();

 private:
  const std::filesystem::path path_;
  bool is_ours_ = false;
};

}  // namespace peculiar::server
