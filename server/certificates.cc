#include "server/certificates.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <utility>

#include "core/base/file.h"
#include "server/private_file.h"

namespace peculiar::server {
namespace {

using Clock = std::chrono::system_clock;

constexpr std::chrono::seconds kLookInterval{1};

struct Freed {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
template <typename T>
using Owned = std::unique_ptr<T, Freed>;

Owned<BIO> ReaderOf(const std::string& text) {
  return Owned<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Instead of asking on the terminal.
int NoPassphrase(char* /*text*/, int /*size*/, int /*writing*/, void* /*data*/) { return 0; }

// The first of one or more.
absl::StatusOr<Owned<X509>> ParseCertificates(const std::string& text,
                                              const std::filesystem::path& file) {
  const Owned<BIO> reader = ReaderOf(text);
  ERR_clear_error();
  Owned<X509> first(PEM_read_bio_X509(reader.get(), nullptr, NoPassphrase, nullptr));
  bool whole = first != nullptr;
  while (whole) {
    const Owned<X509> next(PEM_read_bio_X509(reader.get(), nullptr, NoPassphrase, nullptr));
    if (next == nullptr) break;
  }
  // Nothing more to read is an "error" too, the only one that is none.
  whole = whole && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (whole) return first;
  return FailedPrecondition("{}: expected one or more certificates in PEM form", file.string());
}

absl::StatusOr<Owned<EVP_PKEY>> ParseKey(const std::string& text,
                                         const std::filesystem::path& file) {
  const Owned<BIO> reader = ReaderOf(text);
  Owned<EVP_PKEY> key(PEM_read_bio_PrivateKey(reader.get(), nullptr, NoPassphrase, nullptr));
  ERR_clear_error();
  if (key != nullptr) return key;
  return FailedPrecondition("{}: expected a private key in PEM form without a passphrase",
                            file.string());
}

Clock::time_point ExpiryOf(const X509& certificate) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(&certificate), &parts) != 1) return {};
  return Clock::from_time_t(timegm(&parts));
}

void WarnOfExpiry(const CertificateTexts& texts, const CertificateFiles& files) {
  constexpr std::chrono::hours kSoon{24 * 14};
  const auto left = std::chrono::duration_cast<std::chrono::hours>(texts.expiry - Clock::now());
  if (left < std::chrono::hours(0)) {
    spdlog::warn("{} has expired: clients will refuse it", files.certificate.string());
  } else if (left < kSoon) {
    spdlog::warn("{} expires in {} hours", files.certificate.string(), left.count());
  }
}

// Changes whenever one of the files is replaced or written.
std::string StateOf(const CertificateFiles& files) {
  std::string state;
  for (const auto* file : {&files.certificate, &files.key, &files.client_ca}) {
    struct stat found {};
    if (file->empty() || stat(file->c_str(), &found) != 0) {
      state += "none ";
      continue;
    }
    state += fmt::format("{}:{}:{}.{} ", found.st_ino, found.st_size, found.st_mtim.tv_sec,
                         found.st_mtim.tv_nsec);
  }
  return state;
}

}  // namespace

absl::StatusOr<CertificateTexts> ReadCertificates(const CertificateFiles& files) {
  CertificateTexts texts;
  PECULIAR_ASSIGN_OR_RETURN(texts.certificate, ReadFile(files.certificate, kMaxPrivateFileBytes));
  PECULIAR_ASSIGN_OR_RETURN(texts.key, ReadPrivateFile(files.key));
  PECULIAR_ASSIGN_OR_RETURN(const Owned<X509> certificate,
                            ParseCertificates(texts.certificate, files.certificate));
  PECULIAR_ASSIGN_OR_RETURN(const Owned<EVP_PKEY> key, ParseKey(texts.key, files.key));
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    ERR_clear_error();
    return FailedPrecondition("{} is not the key of {}", files.key.string(),
                              files.certificate.string());
  }
  texts.expiry = ExpiryOf(*certificate);
  if (files.client_ca.empty()) return texts;
  PECULIAR_ASSIGN_OR_RETURN(texts.client_ca, ReadFile(files.client_ca, kMaxPrivateFileBytes));
  PECULIAR_RETURN_IF_ERROR(ParseCertificates(texts.client_ca, files.client_ca).status());
  return texts;
}

absl::StatusOr<std::unique_ptr<Certificates>> Certificates::Open(const CertificateFiles& files) {
  std::unique_ptr<Certificates> certificates(new Certificates(files));
  PECULIAR_RETURN_IF_ERROR(certificates->Reload());
  return certificates;
}

absl::Status Certificates::Reload() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return ReloadLocked();
}

absl::Status Certificates::ReloadLocked() {
  next_look_ = std::chrono::steady_clock::now() + kLookInterval;
  state_of_files_ = StateOf(files_);  // before reading: what changes meanwhile is seen next time
  absl::StatusOr<CertificateTexts> texts = ReadCertificates(files_);
  if (!texts.ok()) return Annotate(texts.status(), "TLS");
  WarnOfExpiry(*texts, files_);
  current_ = std::make_shared<const CertificateTexts>(*std::move(texts));
  return absl::OkStatus();
}

std::shared_ptr<const CertificateTexts> Certificates::Current() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (std::chrono::steady_clock::now() < next_look_) return current_;
  next_look_ = std::chrono::steady_clock::now() + kLookInterval;
  if (StateOf(files_) == state_of_files_) return current_;
  const absl::Status status = ReloadLocked();
  if (status.ok()) {
    spdlog::info("TLS: new certificates");
  } else {
    spdlog::error("{}; the certificates read before stay in use", MessageOf(status));
  }
  return current_;
}

}  // namespace peculiar::server
