#include "sspi_shim/client/user_finder.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "tests/client/client_parts.h"

namespace stead {
namespace {

class UserFinderTest : public ClientPartTest {
 protected:
  OrRefusal<UserPlace> find(UserRequest user) { return run(finder_.find(context_->new_call(), std::move(user))); }
  OrRefusal<UserPlace> find(const std::string& name) { return find(UserRequest{name}); }
  std::uint64_t exchanges() { return context_->driver.statistics().as_exchanges; }

  ClientContextPtr context_ = new_context();
  UserFinder finder_{context_, std::make_shared<OwnTickets>(context_)};
};

TEST_F(UserFinderTest, ABareNameIsOfOurRealm) {
  const auto got = find("alice");
  ASSERT_TRUE(got);
  EXPECT_EQ(to_string(*got->name), "alice");
  EXPECT_EQ(got->realm, "A");
  EXPECT_FALSE(got->is_guess);
  EXPECT_EQ(exchanges(), 0u);
}

TEST_F(UserFinderTest, AUpnIsAskedForOnceAnHour) {
  for (int i = 0; i < 2; ++i) {
    const auto got = find("alice@a.example");
    ASSERT_TRUE(got);
    EXPECT_EQ(got->name->type, NameType::enterprise);
    EXPECT_EQ(got->realm, "A");
  }
  EXPECT_EQ(exchanges(), 1u);
  advance(std::chrono::minutes(61));
  ASSERT_TRUE(find("alice@a.example"));
  EXPECT_EQ(exchanges(), 2u);
  const auto other = find("ALICE@a.example");
  ASSERT_TRUE(other);
  EXPECT_EQ(other->name->components.at(0), "ALICE@a.example") << "some KDCs tell ALICE from alice";
}

TEST_F(UserFinderTest, ANetbiosNameThatIsTheRealmNeedsNoPing) {
  const auto got = find("a\\dave");
  ASSERT_TRUE(got);
  EXPECT_EQ(to_string(*got->name), "dave");
  EXPECT_EQ(got->realm, "A");
}

TEST_F(UserFinderTest, ACertificateAloneHasNoName) {
  const auto got = find(UserRequest{.name = {}, .certificate = {0x30}});
  ASSERT_TRUE(got);
  EXPECT_FALSE(got->name);
  EXPECT_EQ(got->realm, "A");
}

TEST_F(UserFinderTest, ACertificateIsOfTheAccountThatTheHintNames) {
  const auto got = find({.name = {}, .certificate = {0x30}, .hints = CertificateHints("bob")});
  ASSERT_TRUE(got);
  EXPECT_EQ(to_string(*got->name), "bob");
  EXPECT_EQ(exchanges(), 0u);
}

TEST_F(UserFinderTest, NoAnswerIsARefusalAndIsNotRemembered) {
  realm_->silent = true;
  ASSERT_FALSE(find("alice@a.example"));
  realm_->silent = false;
  EXPECT_TRUE(find("alice@a.example"));
}

TEST_F(UserFinderTest, AnEmptyNameIsAnUnknownUser) {
  EXPECT_EQ(find("").error().error, make_error_code(KrbErrc::KDC_ERR_C_PRINCIPAL_UNKNOWN));
}

TEST(UserRequestKey, TellsCertificatesAndHintsApart) {
  const auto key = [](CertificateHints hints) { return key_of({.name = {}, .certificate = {0x30}, .hints = hints}); };
  EXPECT_NE(key_of({"alice"}), key_of({"ALICE"}));
  EXPECT_NE(key_of({"alice"}), key(CertificateHints("alice")));
  EXPECT_NE(key(CertificateHints()), key(CertificateHints("alice")));
  EXPECT_NE(key(CertificateHints("alice")), key(CertificateHints("alice", "", true)));
  EXPECT_NE(key(CertificateHints("alice")), key(CertificateHints("", "alice")));
}

}  // namespace
}  // namespace stead
