// A file that holds the port of a server while it is ready, for whoever started it with port 0.
// Removed when the object goes.
#pragma once

#include <filesystem>
#include <string>

#include "core/base/status.h"

namespace peculiar::server {

class PortFile {
 public:
  // An empty path: no file. What an earlier run left there would mislead, so it is removed at once.
  explicit PortFile(std::filesystem::path path);
  ~PortFile();
  PortFile(const PortFile&) = delete;
  PortFile& operator=(const PortFile&) = delete;

  // Writes the port of HOST:PORT. Errors of AtomicFile.
  absl::Status Write(const std::string& address) const;
  void Remove() const;

 private:
  const std::filesystem::path path_;
};

}  // namespace peculiar::server
