#include "proxy/sign_in/certificate_sign_in.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "tests/proxy/certificates.h"
#include "tests/proxy/evidence.h"
#include "tests/proxy/fake_client.h"

namespace stead::proxy {
namespace {

namespace asio = boost::asio;

constexpr const char* kSid = "S-1-5-21-1-2-3-1104";

TEST(CertificateFault, IsToldFromTheWordsOfTls) {
  const auto fault = [](int code) { return fault_of(std::string_view(X509_verify_cert_error_string(code))); };
  EXPECT_EQ(fault_of(std::string_view()), CertificateFault::none_sent);
  EXPECT_EQ(fault(X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE), CertificateFault::wrong_ca);
  EXPECT_EQ(fault(X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT), CertificateFault::wrong_ca);
  EXPECT_EQ(fault(X509_V_ERR_CERT_HAS_EXPIRED), CertificateFault::expired);
  EXPECT_EQ(fault(X509_V_ERR_CERT_NOT_YET_VALID), CertificateFault::not_yet_valid);
  EXPECT_EQ(fault(X509_V_ERR_CERT_REVOKED), CertificateFault::revoked);
  EXPECT_EQ(fault(X509_V_ERR_UNABLE_TO_GET_CRL), CertificateFault::revocation_unknown);
  EXPECT_EQ(fault(X509_V_ERR_INVALID_PURPOSE), CertificateFault::unacceptable);
}

TEST(CertificatePage, IsAnotherOneForEachFault) {
  std::set<std::string> pages;
  int count = 0;
  for (int i = 0; i <= int(CertificateFault::directory_silent); ++i, ++count) {
    const OwnResponse response = certificate_page(CertificateFault(i), "r1");
    EXPECT_EQ(response.status, CertificateFault(i) == CertificateFault::directory_silent ? 503 : 403);
    EXPECT_NE(response.body.find("r1"), std::string::npos);
    pages.insert(response.body);
  }
  EXPECT_EQ(int(pages.size()), count);
}

Ticket evidence(const Key& key, std::uint32_t rid, bool forged = false) {
  return test::evidence(key, rid, forged ? Key::random(EncType::aes256_cts_hmac_sha1_96) : key);
}

class CertificateSignInTest : public testing::Test {
 protected:
  CertificateSignInTest() {
    state->own_keys = std::make_shared<OwnKeys>(std::vector<Key>{Key::random(EncType::aes256_cts_hmac_sha1_96), key});
  }
  std::variant<CertificateUser, CertificateRefused> user_of(const Buffer& der) {
    const Sessions sessions(state);
    CertificateSignIn sign_in(state, tickets, sessions);
    auto answer = asio::co_spawn(loop, sign_in.user_of(der), asio::use_future);
    loop.restart();
    loop.run();
    return answer.get();
  }
  CertificateFault fault(const Buffer& der) {
    const auto answer = user_of(der);
    const auto* refused = std::get_if<CertificateRefused>(&answer);
    EXPECT_TRUE(refused) << std::get<CertificateUser>(answer).principal;
    if (!refused) return CertificateFault::none_sent;
    EXPECT_FALSE(refused->detail.empty());
    return refused->fault;
  }
  void believe_upns_of(std::vector<std::string> realms) {
    Config config;
    config.certificate_mapping = CertificateMapping::upn;
    config.certificate_upn_realms = std::move(realms);
    state = std::make_shared<SignInState>(config, SessionKeys(SecretBuffer(kSessionKeySize, 1)), make_sign_in_memory());
    state->own_keys = std::make_shared<OwnKeys>(std::vector<Key>{key});
  }
  const Key key = Key::random(EncType::aes256_cts_hmac_sha1_96);
  std::shared_ptr<SignInState> state =
      std::make_shared<SignInState>(Config{}, SessionKeys(SecretBuffer(kSessionKeySize, 1)), make_sign_in_memory());
  std::shared_ptr<test::FakeClient> client = std::make_shared<test::FakeClient>();
  std::shared_ptr<test::FakeTickets> tickets = std::make_shared<test::FakeTickets>(client);
  asio::io_context loop;
  const Buffer with_upn = test::make_certificate({{test::upn_name("alice@root.example")}, ""});
  const Buffer with_sid =
      test::make_certificate({{test::upn_name("alice@root.example"), test::sid_extension()}, test::sid_sections(kSid)});
  const Buffer nameless = test::make_certificate({});
};

TEST_F(CertificateSignInTest, AsksTheDirectoryWhoseItIs) {
  client->certificates.emplace(nameless, test::identity_of("alice@ROOT.EXAMPLE"));
  EXPECT_EQ(std::get<CertificateUser>(user_of(nameless)).principal, "alice@ROOT.EXAMPLE");
  EXPECT_EQ(client->calls, std::vector<std::string>{"certificate_within_logon_hours"});
}

TEST_F(CertificateSignInTest, AsksTheDirectoryEachTime) {
  client->certificates.emplace(nameless, test::identity_of("alice@ROOT.EXAMPLE"));
  EXPECT_EQ(std::get<CertificateUser>(user_of(nameless)).principal, "alice@ROOT.EXAMPLE");
  client->certificates.insert_or_assign(nameless, test::refusal(KrbErrc::KDC_ERR_CLIENT_REVOKED));
  EXPECT_EQ(fault(nameless), CertificateFault::account_refused);
  client->certificates.clear();
  EXPECT_EQ(fault(nameless), CertificateFault::unmapped);
}

TEST_F(CertificateSignInTest, BelievesNoUpnByItself) {
  client->users.emplace("alice@root.example", test::identity_of("alice@ROOT.EXAMPLE"));
  for (const KrbErrc why :
       {KrbErrc::KDC_ERR_C_PRINCIPAL_UNKNOWN, KrbErrc::KDC_ERR_PADATA_TYPE_NOSUPP, KrbErrc::KRB_ERR_GENERIC}) {
    client->certificates.insert_or_assign(with_upn, test::refusal(why));
    EXPECT_EQ(fault(with_upn), CertificateFault::unmapped);
  }
  client->certificates.insert_or_assign(with_upn, test::refusal(kCertificateMismatch));
  EXPECT_EQ(fault(with_upn), CertificateFault::weakly_mapped);
  EXPECT_EQ(std::count(client->calls.begin(), client->calls.end(), "user_within_logon_hours alice@root.example"), 0);
}

TEST_F(CertificateSignInTest, BelievesAUpnInTheRealmsThatTheFileNames) {
  believe_upns_of({"ROOT.EXAMPLE"});
  client->users.emplace("alice@root.example", test::identity_of("al@ROOT.EXAMPLE"));
  EXPECT_EQ(std::get<CertificateUser>(user_of(with_upn)).principal, "al@ROOT.EXAMPLE");
  client->certificates.insert_or_assign(with_upn, test::refusal(kCertificateMismatch));
  EXPECT_EQ(std::get<CertificateUser>(user_of(with_upn)).principal, "al@ROOT.EXAMPLE") << "a KDC that believes no UPN";
  EXPECT_EQ(fault(nameless), CertificateFault::unmapped);
  client->users.insert_or_assign("alice@root.example", test::identity_of("alice@OTHER.EXAMPLE"));
  EXPECT_EQ(fault(with_upn), CertificateFault::other_account) << "a UPN of another forest";
  client->users.insert_or_assign("alice@root.example", test::refusal(KrbErrc::KDC_ERR_CLIENT_REVOKED));
  EXPECT_EQ(fault(with_upn), CertificateFault::account_refused);
}

TEST_F(CertificateSignInTest, AMappingThatIsNotOneUserEndsThere) {
  believe_upns_of({"ROOT.EXAMPLE"});
  client->users.emplace("alice@root.example", test::identity_of("alice@ROOT.EXAMPLE"));
  client->certificates.emplace(with_upn, test::refusal(KrbErrc::KDC_ERR_PRINCIPAL_NOT_UNIQUE));
  EXPECT_EQ(fault(with_upn), CertificateFault::mapped_twice);
  client->certificates.insert_or_assign(with_upn, test::refusal(KrbErrc::KDC_ERR_CLIENT_REVOKED));
  EXPECT_EQ(fault(with_upn), CertificateFault::account_refused);
  client->certificates.insert_or_assign(with_upn, test::silence());
  EXPECT_EQ(fault(with_upn), CertificateFault::directory_silent);
  EXPECT_EQ(std::count(client->calls.begin(), client->calls.end(), "user_within_logon_hours alice@root.example"), 0);
  EXPECT_EQ(fault({1, 2, 3}), CertificateFault::unreadable);
}

TEST_F(CertificateSignInTest, ASidIsGoodForItsAccountOnly) {
  const auto answers = [&](Ticket ticket) {
    client->certificates.insert_or_assign(with_sid, test::identity_of("alice@ROOT.EXAMPLE", std::move(ticket)));
  };
  answers(evidence(key, 1104));
  EXPECT_EQ(std::get<CertificateUser>(user_of(with_sid)).principal, "alice@ROOT.EXAMPLE");
  answers(evidence(key, 1105));
  EXPECT_EQ(fault(with_sid), CertificateFault::other_account);
  answers(evidence(key, 1104, true));
  EXPECT_EQ(fault(with_sid), CertificateFault::other_account) << "a PAC that nobody signed";
  answers(evidence(Key::random(EncType::aes256_cts_hmac_sha1_96), 1104));
  EXPECT_EQ(fault(with_sid), CertificateFault::other_account) << "a ticket that is not ours";
  client->certificates.insert_or_assign(with_sid, test::refusal(kCertificateMismatch));
  EXPECT_EQ(fault(with_sid), CertificateFault::other_account);
  client->certificates.clear();
  believe_upns_of({"ROOT.EXAMPLE"});
  client->users.insert_or_assign("alice@root.example", test::identity_of("alice@ROOT.EXAMPLE", evidence(key, 1105)));
  EXPECT_EQ(fault(with_sid), CertificateFault::other_account) << "found by the name";
}

}  // namespace
}  // namespace stead::proxy
