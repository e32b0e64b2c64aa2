#include "sspi_shim/protocol/messages/s4u_messages.h"

#include <cstdint>

#include <gtest/gtest.h>

#include "sspi_shim/base/hex.h"
#include "tests/protocol/samples.h"

namespace stead {
namespace {

TEST(PaForUser, ChecksumIsOverTheNamesWithoutSeparators) {
  PaForUser value;
  value.user_name = {NameType::enterprise, {"al", "ice"}};
  value.user_realm = "A.EXAMPLE";
  EXPECT_EQ(to_hex(checksum_input(value)), "0a000000" + to_hex(as_bytes("aliceA.EXAMPLEKerberos")));
}

TEST(PaS4uX509User, KeepsItsUserIdAsReceived) {
  // A padded options string and a field we do not know: the checksum is over these bytes.
  const Buffer user_id =
      from_hex("3024 a003020105 a1123010a003020101a10930071b05616c696365 a2031b0141 a404 03020020 a5020500");
  Buffer fixed = user_id;
  fixed[1] = std::uint8_t(user_id.size() - 2);
  Buffer der = from_hex("3000a000");
  append(der, fixed);
  der[3] = std::uint8_t(fixed.size());
  append(der, from_hex("a10e300ca003020110a1050403aabbcc"));
  der[1] = std::uint8_t(der.size() - 2);

  const Result<PaS4uX509User> decoded = decode_pa_s4u_x509_user(der);
  ASSERT_TRUE(decoded.has_value()) << decoded.error().message();
  EXPECT_EQ(decoded->user_id.cname, samples::alice());
  EXPECT_EQ(decoded->user_id.options, s4u_option::use_reply_key_usage);
  EXPECT_EQ(to_hex(decoded->user_id_der), to_hex(fixed));
  EXPECT_EQ(to_hex(encode(*decoded)), to_hex(der));
  EXPECT_NE(to_hex(encode(decoded->user_id)), to_hex(fixed));
}

TEST(PaS4uX509User, MayNameACertificateAlone) {
  PaS4uX509User value;
  value.user_id.nonce = 0x80000001;
  value.user_id.crealm = "A.EXAMPLE";
  value.user_id.subject_certificate = Buffer(1000, 0x30);
  const PaS4uX509User decoded = decode_pa_s4u_x509_user(encode(value)).value();
  EXPECT_TRUE(decoded == value);
  EXPECT_FALSE(decoded.user_id.cname);
  EXPECT_FALSE(decoded.user_id.options);
}

}  // namespace
}  // namespace stead
