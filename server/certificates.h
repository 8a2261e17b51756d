// The certificate and the key that TLS presents, and the certificates that clients must come from:
// PEM files that may be replaced while the server runs. What does not belong together or cannot be
// read never takes the place of what does.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

#include "core/base/status.h"

namespace peculiar::server {

struct CertificateFiles {
  std::filesystem::path certificate;  // the server's, then those between it and its root
  std::filesystem::path key;
  std::filesystem::path client_ca;  // roots of clients' certificates; empty = none is asked for
};

// What the files held, checked: the key is the certificate's.
struct CertificateTexts {
  std::string certificate;
  std::string key;
  std::string client_ca;
  std::chrono::system_clock::time_point expiry;  // of the server's certificate
};

// FAILED_PRECONDITION when a file holds no certificate or key, or one that is locked by a
// passphrase, or when key and certificate are not of each other; errors of ReadPrivateFile for the
// key.
absl::StatusOr<CertificateTexts> ReadCertificates(const CertificateFiles& files);

// Safe from any thread.
class Certificates {
 public:
  // Errors of ReadCertificates.
  static absl::StatusOr<std::unique_ptr<Certificates>> Open(const CertificateFiles& files);

  // Reads the files again, whether or not they changed. On failure what was read before stays.
  absl::Status Reload();

  // What is valid now. Looks for changed files at most once a second; what it finds wrong is logged
  // once. Never null.
  std::shared_ptr<const CertificateTexts> Current();

  bool asks_clients() const { return !files_.client_ca.empty(); }

 private:
  explicit Certificates(CertificateFiles files) : files_(std::move(files)) {}
  absl::Status ReloadLocked();

  const CertificateFiles files_;
  std::mutex mutex_;
  std::shared_ptr<const CertificateTexts> current_;
  std::string state_of_files_;  // when they were last read
  std::chrono::steady_clock::time_point next_look_;
};

}  // namespace peculiar::server
