// The events that a DC would log of a request.
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "tests/kdc/support/scripted_client.h"
#include "tests/kdc/support/test_forests.h"

namespace stead::kdc::test {
namespace {

const char kDc[] = "n22.north.example";

class Events : public testing::Test {
 protected:
  TestForest forest{kTwoForests};

  // "CODE audit event"
  std::string as(const std::string& name, const std::string& password = "secret", AsAsk ask = {.name = {}}) {
    ask.name = {NameType::principal, {name}};
    ask.password = password;
    return seen(forest.as(kDc, ask));
  }
  std::string seen(const Got& got) {
    return got.text() + " " + std::to_string(forest.audit) + " " + std::to_string(forest.event);
  }
  std::string tgs(const Credential& header, const std::string& sname, TgsAsk ask = {.sname = {}}) {
    ask.sname = principal(sname);
    return seen(forest.tgs(kDc, header, ask));
  }
};

TEST_F(Events, OfTheSecurityLogTellProofsFromRequests) {
  EXPECT_EQ(as("olav"), "ticket 4768 0");
  EXPECT_EQ(as("nobody"), "KDC_ERR_C_PRINCIPAL_UNKNOWN 4768 0");
  EXPECT_EQ(as("olav", ""), "KDC_ERR_PREAUTH_REQUIRED 0 0");
  EXPECT_EQ(as("olav", "wrong"), "KDC_ERR_PREAUTH_FAILED 4771 0");
  EXPECT_EQ(as("stale"), "KDC_ERR_KEY_EXPIRED STATUS_PASSWORD_EXPIRED 4771 0");
  EXPECT_EQ(as("off"), "KDC_ERR_CLIENT_REVOKED STATUS_ACCOUNT_DISABLED 4768 0") << "refused before its proof";
  const Credential tgt = forest.sign_in(kDc, "olav");
  EXPECT_EQ(tgs(tgt, "HTTP/web.north.example"), "ticket 4769 0");
  EXPECT_EQ(tgs(tgt, "HTTP/nowhere.north.example"), "KDC_ERR_S_PRINCIPAL_UNKNOWN 4769 0");
  TgsAsk renew{.sname = {}};
  renew.options = kdc_option::renew;
  EXPECT_EQ(tgs(tgt, "krbtgt/NORTH.EXAMPLE", renew), "ticket 4770 0");
}

TEST_F(Events, OfTheSystemLogSayWhichEncryptionTypeIsMissing) {
  AsAsk rc4{.name = {}};
  rc4.etypes = rc4_only();
  EXPECT_EQ(as("olav", "secret", rc4), "KDC_ERR_ETYPE_NOSUPP 4768 14");
  TgsAsk ask{.sname = {}};
  ask.etypes = rc4_only();
  const Credential tgt = forest.sign_in(kDc, "olav");
  EXPECT_EQ(tgs(tgt, "HTTP/web.north.example", ask), "KDC_ERR_ETYPE_NOSUPP 4769 27");
  forest.change([](Forest& all) {
    for (Account& account : all.domains[0].accounts)
      if (account.name == "web$") account.supported_encryption_types = 0x8;  // AES128
  });
  ask.etypes = {EncType::aes256_cts_hmac_sha1_96};
  EXPECT_EQ(tgs(tgt, "HTTP/web.north.example", ask), "KDC_ERR_ETYPE_NOSUPP 4769 16");
}

TEST_F(Events, OfTheSystemLogSayWhatIsWrongWithATgt) {
  const Credential tgt = forest.sign_in(kDc, "olav"), other = forest.sign_in(kDc, "sensitive");
  const auto changed = [&](const std::function<void(EncTicketPart&, Pac&)>& change) {
    Credential out = tgt;
    out.ticket = forest.rewrite(tgt.ticket, change);
    return tgs(out, "HTTP/web.north.example");
  };
  const auto drop = [](PacType type) { return [type](EncTicketPart&, Pac& pac) { pac.remove(type); }; };
  forest.change([](Forest& all) {  // every DC writes PAC_REQUESTOR
    for (auto& domain : all.domains)
      for (Controller& dc : domain.controllers) dc.level = Level::w2022;
  });
  EXPECT_EQ(changed(drop(PacType::requestor_sid)), "KDC_ERR_TGT_REVOKED 4769 37");
  const Buffer sid = *forest.open(other.ticket).pac.find(PacType::requestor_sid);
  EXPECT_EQ(changed([&](EncTicketPart&, Pac& pac) { pac.set(PacType::requestor_sid, sid); }),
            "KDC_ERR_TGT_REVOKED 4769 38");
}

}  // namespace
}  // namespace stead::kdc::test
