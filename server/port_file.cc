#include "server/port_file.h"

#include <utility>

#include "core/base/file.h"

namespace peculiar::server {

PortFile::PortFile(std::filesystem::path path) : path_(std::move(path)) { Remove(); }

PortFile::~PortFile() { Remove(); }

absl::Status PortFile::Write(const std::string& address) const {
  if (path_.empty()) return absl::OkStatus();
  return WriteFileAtomically(path_, address.substr(address.rfind(':') + 1) + "\n");
}

void PortFile::Remove() const {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove(path_, ignored);
}

}  // namespace peculiar::server
