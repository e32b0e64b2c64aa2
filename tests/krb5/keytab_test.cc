#include "sspi_shim/krb5/keytab.h"

#include <fstream>
#include <string>

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
  const auto all = read_keytab(keytab_);
  ASSERT_TRUE(all) << to_string(all.error());
  EXPECT_EQ(all->size(), 3U);
  const auto keys = read_keys_of("FILE:" + keytab_, service_);
  ASSERT_TRUE(keys) << to_string(keys.error());
  ASSERT_EQ(keys->size(), 2U);
  EXPECT_EQ((*keys)[0].kvno, 4U);
  EXPECT_EQ((*keys)[0].key.to_encryption_key(), newer.to_encryption_key());
  EXPECT_EQ((*keys)[1].key.to_encryption_key(), service_key_.to_encryption_key());
}

TEST_F(KeytabTest, NamesAreComparedWithoutCaseAndARealmMayBeLeftOut) {
  EXPECT_TRUE(read_keys_of(keytab_, *parse_principal("http/Web.Corp.Test")));
  EXPECT_FALSE(read_keys_of(keytab_, *parse_principal("HTTP/web.corp.test@OTHER.TEST")));
}

TEST_F(KeytabTest, AMissingPrincipalIsSaidWithWhatIsThere) {
  add_key(*parse_principal("web$@CORP.TEST"), 1, service_key_);
  const auto keys = read_keys_of(keytab_, *parse_principal("HTTP/other@CORP.TEST"));
  ASSERT_FALSE(keys);
  EXPECT_EQ(to_string(keys.error()),
            "keytab " + keytab_ +
                " has no key for HTTP/other@CORP.TEST; it has HTTP/web.corp.test@CORP.TEST, web$@CORP.TEST");
}

TEST_F(KeytabTest, AFileThatIsNoneIsNamed) {
  const std::string none = (folder_ / "none.keytab").string();
  const auto missing = read_keytab(none);
  ASSERT_FALSE(missing);
  EXPECT_THAT(to_string(missing.error()), testing::StartsWith("keytab " + none + " cannot be read: "));
  std::ofstream(none) << "this is no keytab";
  EXPECT_FALSE(read_keytab(none));
}

}  // namespace
}  // namespace stead
