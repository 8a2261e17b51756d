#include "server/port_file.h"

#include <span>
#include <utility>

namespace peculiar::server {

absl::Status PortFile::Claim(const std::string& address) {
  if (path_.empty()) return absl::OkStatus();
  is_ours_ = true;
  Remove();
  if (address.empty()) return absl::OkStatus();
  PECULIAR_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path_));
  const std::string text = address.substr(address.rfind(':') + 1) + "\n";
  PECULIAR_RETURN_IF_ERROR(file.Write(std::as_bytes(std::span(text))));
  hidden_.emplace(std::move(file));
  return absl::OkStatus();
}

absl::Status PortFile::Show() {
  if (!hidden_) return absl::OkStatus();
  is_ours_ = true;
  const absl::Status status = hidden_->Commit();
  hidden_.reset();
  return status;
}

void PortFile::Remove() {
  hidden_.reset();
  std::error_code ignored;
  if (std::exchange(is_ours_, false)) std::filesystem::remove(path_, ignored);
}

}  // namespace peculiar::server
