// Certificates and keys of tests, made where they are needed: self-signed, for localhost, on
// elliptic curves because those are made at once.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

namespace peculiar::testing {

// Writes `folder`/NAME.pem and NAME.key; the certificate is valid from now on for so many seconds,
// fewer than 0 = no more.
inline void WriteCertificate(const std::filesystem::path& folder, const std::string& name,
                             long seconds = 3600) {
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<X509, void (*)(X509*)> certificate(X509_new(), X509_free);
  X509* const x = certificate.get();
  X509_gmtime_adj(X509_getm_notBefore(x), -7200);
  X509_gmtime_adj(X509_getm_notAfter(x), seconds);
  X509_set_pubkey(x, key.get());
  X509_NAME* const subject = X509_get_subject_name(x);
  const std::string common = "localhost";
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(common.data()), -1, -1, 0);
  X509_set_issuer_name(x, subject);
  X509_sign(x, key.get(), EVP_sha256());
  const auto open = [&](const char* ending) {
    return std::unique_ptr<std::FILE, int (*)(std::FILE*)>(
        std::fopen((folder / (name + ending)).c_str(), "we"), std::fclose);
  };
  const bool is_written = PEM_write_X509(open(".pem").get(), x) == 1 &&
                          PEM_write_PrivateKey(open(".key").get(), key.get(), nullptr, nullptr, 0,
                                               nullptr, nullptr) == 1;
  if (!is_written) std::abort();
  std::filesystem::permissions(folder / (name + ".key"), std::filesystem::perms::owner_read |
                                                             std::filesystem::perms::owner_write);
}

}  // namespace peculiar::testing
