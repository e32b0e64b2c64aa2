#include "sspi_shim/client/password_logon.h"

#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/client/client_parts.h"

namespace stead {
namespace {

class PasswordLogonTest : public ClientPartTest {
 protected:
  explicit PasswordLogonTest() { open({key_}); }
  void open(std::vector<Key> keys) {
    context_ = new_context(std::move(keys));
    logon_ = std::make_unique<PasswordLogon>(
        context_, std::make_shared<UserFinder>(context_, std::make_shared<OwnTickets>(context_)));
  }
  Fetched<Identity> sign_in(const std::string& name, const std::string& password) {
    return run(logon_->sign_in(name, to_secret(as_bytes(password))));
  }

  ClientContextPtr context_;
  std::unique_ptr<PasswordLogon> logon_;
};

TEST_F(PasswordLogonTest, GivesTheUsersTgt) {
  const auto got = sign_in("alice", OneRealm::kPassword);
  ASSERT_TRUE(got) << got.error().failure.text;
  EXPECT_EQ(got->principal(), "alice@A");
  ASSERT_TRUE(got->state().forwarded_tgt);
  EXPECT_EQ(got->state().forwarded_tgt->tgt_realm(), "A");
  EXPECT_EQ(context_->driver.statistics().tgs_exchanges, 1u) << "the KDC is verified";
}

TEST_F(PasswordLogonTest, RefusesAWrongPassword) {
  const auto got = sign_in("alice", "another");
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().failure.error, make_error_code(KrbErrc::KDC_ERR_PREAUTH_FAILED));
  EXPECT_EQ(logon_->refused(), 1u);
}

TEST_F(PasswordLogonTest, RefusesAKdcThatDoesNotHaveOurKey) {
  open({Key::random(EncType::aes256_cts_hmac_sha1_96)});
  const auto got = sign_in("alice", OneRealm::kPassword);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().failure.kind, FailureKind::rejected);
  EXPECT_NE(got.error().failure.text.find("keytab"), std::string::npos);
}

// A false KDC makes the AS-REP and the TGS-REP under a password it chose, and replays a real ticket that it once saw.
TEST_F(PasswordLogonTest, RefusesARecordedTicketOfTheUser) {
  const Ticket recorded = realm_->evidence_of("alice");
  realm_->swap = [&](Ticket& ticket) { ticket = recorded; };
  const auto got = sign_in("alice", OneRealm::kPassword);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().failure.kind, FailureKind::rejected);
  EXPECT_NE(got.error().failure.text.find("session key"), std::string::npos) << got.error().failure.text;
}

TEST_F(PasswordLogonTest, RefusesATicketThatIsNotInOrder) {
  struct Row {
    const char* name;
    std::function<void(EncTicketPart&)> spoil;
    std::function<void(Ticket&)> swap;
    const char* says;
  };
  const Row rows[] = {
      {"expired", [](EncTicketPart& part) { part.endtime = part.authtime - std::chrono::seconds(1); }, {}, "expired"},
      {"not_yet",
       [](EncTicketPart& part) { part.starttime = part.authtime + std::chrono::minutes(6); },
       {},
       "not valid before"},
      {"invalid", [](EncTicketPart& part) { part.flags |= ticket_flag::invalid; }, {}, "INVALID"},
      {"of_bob", [](EncTicketPart& part) { part.cname.components = {"bob"}; }, {}, "bob"},
      {"of_another_realm", [](EncTicketPart& part) { part.crealm = "B"; }, {}, "alice@B"},
      {"key_of_another_type",
       [](EncTicketPart& part) { part.key = Key::random(EncType::aes128_cts_hmac_sha1_96).to_encryption_key(); },
       {},
       "session key"},
      {"key_shorter", [](EncTicketPart& part) { part.key.value.pop_back(); }, {}, "session key"},
      {"no_key", [](EncTicketPart& part) { part.key.value.clear(); }, {}, "session key"},
      {"realm_of_the_ticket", {}, [](Ticket& ticket) { ticket.realm = "B"; }, ""},
      {"service_of_the_ticket", {}, [](Ticket& ticket) { ticket.sname = service_name("HTTP/other.a"); }, ""},
  };
  for (const Row& row : rows) {
    open({key_});
    realm_->spoil = row.spoil;
    realm_->swap = row.swap;
    const auto got = sign_in("alice", OneRealm::kPassword);
    ASSERT_FALSE(got) << row.name;
    EXPECT_EQ(got.error().failure.kind, FailureKind::rejected) << row.name;
    EXPECT_NE(got.error().failure.text.find(row.says), std::string::npos) << row.name << got.error().failure.text;
  }
}

TEST_F(PasswordLogonTest, TakesATicketThatBeginsInAMoment) {
  realm_->spoil = [](EncTicketPart& part) { part.starttime = part.authtime + std::chrono::minutes(4); };
  EXPECT_TRUE(sign_in("alice", OneRealm::kPassword));
}

// The KDC that is asked gets proof of the password.
TEST_F(PasswordLogonTest, AsksNoRealmThatOnlyTheVisitorNamed) {
  realm_->unknown = {"mallory@evil.com", "mallory@EVIL.COM", "mallory@b.example"};
  realm_->trusts = {"B.EXAMPLE"};
  const auto got = sign_in("mallory@evil.com", OneRealm::kPassword);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().failure.error, make_error_code(KrbErrc::KDC_ERR_C_PRINCIPAL_UNKNOWN));
  EXPECT_EQ(sign_in("EVIL.COM\\mallory", OneRealm::kPassword).error().failure.error,
            make_error_code(KrbErrc::KDC_ERR_C_PRINCIPAL_UNKNOWN));
  EXPECT_EQ(realm_->asked, std::set<std::string>{"A"});

  (void)sign_in("mallory@b.example", OneRealm::kPassword);
  EXPECT_TRUE(realm_->asked.contains("B.EXAMPLE")) << "our KDC has a trust with it";

  options_.locator.realms["EVIL.COM"] = {};
  open({key_});
  (void)sign_in("mallory@evil.com", OneRealm::kPassword);
  EXPECT_TRUE(realm_->asked.contains("EVIL.COM")) << "the configuration names it";
}

TEST_F(PasswordLogonTest, AsksNoRealmThatTheVisitorNamedWithoutAKeytabEither) {
  open({});
  realm_->unknown = {"mallory@evil.com"};
  EXPECT_EQ(sign_in("mallory@evil.com", OneRealm::kPassword).error().failure.error,
            make_error_code(KrbErrc::KDC_ERR_C_PRINCIPAL_UNKNOWN));
  EXPECT_EQ(realm_->asked, std::set<std::string>{"A"});
}

TEST_F(PasswordLogonTest, CannotVerifyTheKdcWithoutAKeytab) {
  open({});
  ASSERT_TRUE(sign_in("alice", OneRealm::kPassword));
  EXPECT_EQ(context_->driver.statistics().tgs_exchanges, 0u);
}

TEST_F(PasswordLogonTest, SaysThatNoKdcAnswers) {
  realm_->silent = true;
  const auto got = sign_in("alice", OneRealm::kPassword);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().kind, RefusalClass::no_answer);
  EXPECT_EQ(logon_->refused(), 0u);
}

}  // namespace
}  // namespace stead
