#include "kdc/ldap/ntlm_bind.h"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "kdc/forest/forest_file.h"
#include "kdc/ldap/password_check.h"
#include "sspi_shim/base/hex.h"

namespace stead::kdc {
namespace {

constexpr std::string_view kForest = R"(
[[domain]]
realm = "LDAP.EXAMPLE"
netbios = "LDAP"
sid = "S-1-5-21-1-2-3"
[[domain.controller]]
name = "dc1.ldap.example"
address = "127.0.0.1"
[[domain.account]]
name = "alice"
password = "Passw0rd!"
upn = "alice@elsewhere"
[[domain.account]]
name = "safe"
password = "Passw0rd!"
flags = ["protected_user"]
[[domain.account]]
name = "off"
password = "Passw0rd!"
flags = ["disabled"]
[[domain.account]]
name = "aes"
key = "aes128-cts-hmac-sha1-96:000102030405060708090a0b0c0d0e0f"
)";

// MS-NLMP §4.2.4.
TEST(NtlmMessages, AgreeWithTheSpecification) {
  NtlmAuthenticate message{"Domain", "User", {}};
  const NtlmNonce nonce = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
  const auto hash = from_hex("a4f49c406510bdcab6824ee7c30fd852");  // of "Password"
  const auto data = from_hex(
      "01010000000000000000000000000000aaaaaaaaaaaaaaaa0000000002000c0044006f006d00610069006e0001000c005300650072007600"
      "65007200000000000000"
      "0000");
  message.nt_response = ntlm_v2_response(message, nonce, hash, data);
  EXPECT_EQ(to_hex(Bytes(message.nt_response).first(16)), "68cd0ab851e51c96aabc927bebef6a1c");
  EXPECT_TRUE(is_ntlm_v2_response(message, nonce, hash));
  message.nt_response.back() ^= 1;
  EXPECT_FALSE(is_ntlm_v2_response(message, nonce, hash));
}

TEST(NtlmMessages, AreTheSameAfterWriting) {
  const NtlmAuthenticate message{"LDAP", "älice", Buffer(60, 7)};
  const auto encoded = encode(message);
  EXPECT_EQ(decode_ntlm_authenticate(encoded).value(), message);
  for (std::size_t size = 0; size < encoded.size(); ++size)
    EXPECT_FALSE(decode_ntlm_authenticate(Bytes(encoded).first(size))) << size;
  EXPECT_FALSE(decode_ntlm_negotiate(encoded));
}

class NtlmBinding : public testing::Test {
 protected:
  LdapResult bind(const std::string& domain, const std::string& user, const std::string& password) {
    const NtlmBind server(*ldap.domain, ldap.domain->controllers.front());
    const auto challenge = server.challenge(from_hex("4e544c4d535350000100000007820820"));
    EXPECT_TRUE(challenge);
    NtlmNonce nonce{};
    std::copy_n(challenge->begin() + 24, nonce.size(), nonce.begin());
    NtlmAuthenticate message{domain, user, {}};
    Account typed;
    typed.secret.password = password;
    message.nt_response = ntlm_v2_response(message, nonce, nt_hash_of(typed), Buffer(28, 1));
    account = nullptr;
    const auto verdict = server.verify(snapshot, ldap, encode(message), now, account);
    locks_out = verdict.locks_out;
    return verdict.result;
  }

  Snapshot snapshot{parse_forest(kForest, "forest.toml", ".").forest};
  const DomainEntry& ldap = *snapshot.domain("LDAP");
  const AccountEntry* account = nullptr;
  Time now{std::chrono::seconds(1790000000)};
  bool locks_out = false;
};

TEST_F(NtlmBinding, TakesTheRightPassword) {
  for (const auto& [domain, user] :
       {std::pair{"LDAP", "alice"}, {"ldap.example", "ALICE"}, {"", "alice"}, {"", "alice@elsewhere"}}) {
    EXPECT_TRUE(bind(domain, user, "Passw0rd!").ok()) << user;
    ASSERT_NE(account, nullptr);
    EXPECT_EQ(account->account->name, "alice");
  }
}

TEST_F(NtlmBinding, RefusesTheRest) {
  const auto data = [&](const char* user, const char* password) {
    const auto result = bind("LDAP", user, password);
    EXPECT_FALSE(result.ok());
    return result.message.substr(result.message.size() - 3);
  };
  EXPECT_EQ(data("alice", "wrong"), "52e");
  EXPECT_EQ(data("nobody", "Passw0rd!"), "52e");
  EXPECT_EQ(data("safe", "Passw0rd!"), "52e");
  EXPECT_EQ(data("aes", "Passw0rd!"), "52e");
  EXPECT_EQ(data("off", "Passw0rd!"), "533");
  EXPECT_EQ(bind("OTHER", "alice", "Passw0rd!").code, LdapCode::invalid_credentials);
}

TEST(NtlmLockout, CountsWrongPasswords) {
  std::string toml(kForest);
  toml.insert(toml.find("[[domain.controller]]"), "lockout_threshold = 2\n");
  const Snapshot snapshot{parse_forest(toml, "forest.toml", ".").forest};
  const AccountEntry* alice = snapshot.account(*snapshot.domain("LDAP"), "alice");
  const Time now{std::chrono::seconds(1790000000)};
  EXPECT_FALSE(check_password(alice, as_bytes("wrong"), now).locks_out);
  EXPECT_TRUE(check_password(alice, as_bytes("Passw0rd!"), now).result.ok());
  EXPECT_FALSE(check_password(alice, as_bytes("wrong"), now).locks_out);
  EXPECT_TRUE(check_password(alice, as_bytes("wrong"), now).locks_out);
  const auto locked = check_password(alice, as_bytes("Passw0rd!"), now);
  EXPECT_TRUE(locked.result.message.ends_with("775")) << locked.result.message;
}

}  // namespace
}  // namespace stead::kdc
