#include "server/port_file.h"

#include <utility>

#include "core/base/file.h"

namespace peculiar::server {

void PortFile::Claim() {
  is_ours_ = !path_.empty();
  Remove();
}

absl::Status PortFile::Write(const std::string& address) {
  if (path_.empty()) return absl::OkStatus();
  is_ours_ = true;
  return WriteFileAtomically(path_, address.substr(address.rfind(':') + 1) + "\n");
}

void PortFile::Remove() {
  std::error_code ignored;
  if (std::exchange(is_ours_, false)) std::filesystem::remove(path_, ignored);
}

}  // namespace peculiar::server
