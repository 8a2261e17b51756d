#include "server/certificates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/file.h"
#include "tests/support/certificate_files.h"
#include "tests/support/test_folder.h"

namespace peculiar::server {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class CertificatesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"a", "b"}) testing::WriteCertificate(folder_, name);
  }
  std::string ErrorOf(const CertificateFiles& files) const {
    return std::string(MessageOf(ReadCertificates(files).status()));
  }

  const fs::path folder_ = TestFolder();
  const CertificateFiles files_{folder_ / "a.pem", folder_ / "a.key", folder_ / "b.pem"};
};

TEST_F(CertificatesTest, WhatBelongsTogetherIsRead) {
  const auto texts = ReadCertificates(files_);
  ASSERT_TRUE(texts.ok()) << texts.status();
  EXPECT_EQ(texts->certificate, *ReadFile(folder_ / "a.pem"));
  EXPECT_EQ(texts->key, *ReadFile(folder_ / "a.key"));
  EXPECT_EQ(texts->client_ca, *ReadFile(folder_ / "b.pem"));
  const auto left = texts->expiry - std::chrono::system_clock::now();
  EXPECT_LT(left, std::chrono::seconds(3601));
  EXPECT_GT(left, std::chrono::seconds(3500));
  EXPECT_EQ(ReadCertificates({folder_ / "a.pem", folder_ / "a.key", ""})->client_ca, "");
}

TEST_F(CertificatesTest, OtherFilesAreRefusedByName) {
  EXPECT_THAT(ErrorOf({folder_ / "a.pem", folder_ / "b.key", ""}), HasSubstr("is not the key of"));
  EXPECT_THAT(ErrorOf({folder_ / "a.key", folder_ / "a.key", ""}),
              HasSubstr("a.key: expected one or more certificates"));
  EXPECT_THAT(ErrorOf({folder_ / "a.pem", folder_ / "none", ""}), HasSubstr("none"));
  EXPECT_THAT(ErrorOf({folder_ / "a.pem", folder_ / "a.key", folder_ / "none"}), HasSubstr("none"));
  const std::string whole = *ReadFile(folder_ / "a.pem");
  ASSERT_TRUE(WriteTestFile(folder_ / "cut.pem", whole + whole.substr(0, whole.size() / 2)));
  EXPECT_THAT(ErrorOf({folder_ / "cut.pem", folder_ / "a.key", ""}),
              HasSubstr("cut.pem: expected"));
  EXPECT_THAT(ErrorOf({folder_ / "a.pem", folder_ / "a.key", folder_ / "cut.pem"}),
              HasSubstr("cut.pem: expected"));
  fs::permissions(folder_ / "a.key", fs::perms::others_read, fs::perm_options::add);
  EXPECT_THAT(ErrorOf(files_), HasSubstr("others may"));
}

TEST_F(CertificatesTest, AKeyWithAPassphraseIsRefusedWithoutAsking) {
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  std::FILE* const file = std::fopen((folder_ / "locked.key").c_str(), "we");
  ASSERT_EQ(
      PEM_write_PrivateKey(file, key.get(), EVP_aes_128_cbc(),
                           reinterpret_cast<const unsigned char*>("word"), 4, nullptr, nullptr),
      1);
  std::fclose(file);
  fs::permissions(folder_ / "locked.key", fs::perms::owner_read);
  EXPECT_THAT(ErrorOf({folder_ / "a.pem", folder_ / "locked.key", ""}),
              HasSubstr("without a passphrase"));
}

TEST_F(CertificatesTest, AReloadTakesWhatIsGoodAndKeepsItOtherwise) {
  const auto certificates = Certificates::Open(files_);
  ASSERT_TRUE(certificates.ok()) << certificates.status();
  const auto first = (*certificates)->Current();
  fs::rename(folder_ / "b.pem", folder_ / "a.pem");  // its key is not there yet
  EXPECT_FALSE((*certificates)->Reload().ok());
  EXPECT_EQ((*certificates)->Current(), first);
  fs::rename(folder_ / "b.key", folder_ / "a.key");
  EXPECT_FALSE((*certificates)->Reload().ok()) << "the roots of clients are gone";
  EXPECT_EQ((*certificates)->Current(), first);
  fs::copy(folder_ / "a.pem", folder_ / "b.pem");
  EXPECT_TRUE((*certificates)->Reload().ok());
  EXPECT_EQ((*certificates)->Current()->certificate, *ReadFile(folder_ / "a.pem"));
}

}  // namespace
}  // namespace peculiar::server
