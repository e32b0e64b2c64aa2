#include "sspi_shim/client/password_logon.h"

#include <memory>
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
