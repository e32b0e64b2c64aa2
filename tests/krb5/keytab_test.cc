#include "sspi_shim/krb5/keytab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/krb5/ticket_fixture.h"

namespace stead {
namespace {

class KeytabTest : public test::TicketFixture {};

TEST_F(KeytabTest, HasEveryKeyWithItsNumber) {
  const Key newer = Key::random(EncType::aes128_cts_hmac_sha1_96);
  add_key(service_, 4, newer);
  add_key(*parse_principal("web$@CORP.TEST"), 4, newer);
  const auto all = read_keytab(keytab_, message_);
  ASSERT_TRUE(all) << message_;
  EXPECT_EQ(all->size(), 3U);
  const auto keys = read_keys_of("FILE:" + keytab_, service_, message_);
  ASSERT_TRUE(keys) << message_;
  ASSERT_EQ(keys->size(), 2U);
  EXPECT_EQ((*keys)[0].kvno, 4U);
  EXPECT_EQ((*keys)[0].key.to_encryption_key(), newer.to_encryption_key());
  EXPECT_EQ((*keys)[1].key.to_encryption_key(), service_key_.to_encryption_key());
}

TEST_F(KeytabTest, NamesAreComparedWithoutCaseAndARealmMayBeLeftOut) {
  EXPECT_TRUE(read_keys_of(keytab_, *parse_principal("http/Web.Corp.Test"), message_)) << message_;
  EXPECT_FALSE(read_keys_of(keytab_, *parse_principal("HTTP/web.corp.test@OTHER.TEST"), message_));
}

TEST_F(KeytabTest, AMissingPrincipalIsSaidWithWhatIsThere) {
  add_key(*parse_principal("web$@CORP.TEST"), 1, service_key_);
  EXPECT_FALSE(read_keys_of(keytab_, *parse_principal("HTTP/other@CORP.TEST"), message_));
  EXPECT_EQ(message_, "keytab " + keytab_ +
                          " has no key for HTTP/other@CORP.TEST; it has HTTP/web.corp.test@CORP.TEST, web$@CORP.TEST");
}

TEST_F(KeytabTest, AFileThatIsNoneIsNamed) {
  const std::string none = (folder_ / "none.keytab").string();
  EXPECT_FALSE(read_keytab(none, message_));
  EXPECT_THAT(message_, testing::StartsWith("keytab " + none + " cannot be read: "));
  std::ofstream(none) << "this is no keytab";
  EXPECT_FALSE(read_keytab(none, message_));
}

}  // namespace
}  // namespace stead
