#include "sspi_shim/protocol/security/sid.h"

#include <cstddef>

#include <gmock/gmock.h>

#include "sspi_shim/base/hex.h"

namespace stead {
namespace {

const Sid kDomain{5, {21, 397955417, 626881126, 188441444}};

TEST(Sid, TextAndBinaryFormsOfKnownSids) {
  struct Row {
    Sid sid;
    const char *text, *hex;
  };
  for (const Row& row : {
           Row{well_known_sid::everyone, "S-1-1-0", "0101000000000001 00000000"},
           Row{well_known_sid::enterprise_domain_controllers, "S-1-5-9", "0101000000000005 09000000"},
           Row{well_known_sid::authenticated_users, "S-1-5-11", "0101000000000005 0b000000"},
           Row{well_known_sid::builtin_administrators, "S-1-5-32-544", "0102000000000005 20000000 20020000"},
           Row{well_known_sid::authentication_authority, "S-1-18-1", "0101000000000012 01000000"},
           Row{well_known_sid::service_asserted, "S-1-18-2", "0101000000000012 02000000"},
           Row{kDomain.with_rid(513), "S-1-5-21-397955417-626881126-188441444-513",
               "0105000000000005 15000000 59 51 b8 17 66725d25 64633b0b 01020000"},
           Row{{0x123456789abc, {1}}, "S-1-0x123456789abc-1", "0101123456789abc 01000000"},
           Row{{5, {}}, "S-1-5", "0100000000000005"},
       }) {
    EXPECT_EQ(to_string(row.sid), row.text);
    EXPECT_EQ(to_hex(encode(row.sid)), to_hex(from_hex(row.hex)));
    EXPECT_EQ(encoded_size(row.sid), from_hex(row.hex).size());
    EXPECT_EQ(parse_sid(row.text).value(), row.sid);
    EXPECT_EQ(decode_sid(from_hex(row.hex)).value(), row.sid);
  }
}

TEST(Sid, KnowsItsDomain) {
  const Sid user = kDomain.with_rid(1104);
  EXPECT_EQ(user.rid(), 1104u);
  EXPECT_EQ(user.domain(), kDomain);
  EXPECT_TRUE(user.is_in(kDomain));
  EXPECT_FALSE(kDomain.is_in(kDomain));
  EXPECT_FALSE(user.with_rid(1).is_in(kDomain));
  EXPECT_FALSE((Sid{5, {21, 1, 2, 3, 1104}}).is_in(kDomain));
  EXPECT_FALSE(user.is_in({}));
  EXPECT_EQ(Sid().rid(), 0u);
  EXPECT_TRUE(Sid().domain().empty());
}

TEST(Sid, RefusesTextThatIsNone) {
  for (const char* text : {"", "S", "S-1", "S-1-", "S-2-5-21", "S-1-5-", "S-1-5--21", "S-1-5-x", "S-1-5-4294967296",
                           "S-1-281474976710656-1", "S-1-5-21 ", " S-1-5-21", "S-1-5+21", "S-1-5-21-",
                           "S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16", "BA", "S-1--5"})
    EXPECT_EQ(parse_sid(text).error(), WireErrc::bad_value) << text;
  EXPECT_TRUE(parse_sid("S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15"));
}

TEST(Sid, RefusesMalformedBytes) {
  struct Refused {
    const char* hex;
    WireErrc why;
  };
  for (const Refused& row : {Refused{"", WireErrc::truncated}, Refused{"01010000000000", WireErrc::truncated},
                             Refused{"0101000000000005 090000", WireErrc::truncated},
                             Refused{"0201000000000005 09000000", WireErrc::unsupported},
                             Refused{"0110000000000005 09000000", WireErrc::too_large},
                             Refused{"01ff000000000005 09000000", WireErrc::too_large},
                             Refused{"0101000000000005 09000000 00", WireErrc::trailing_bytes}})
    EXPECT_EQ(decode_sid(from_hex(row.hex)).error(), row.why) << row.hex;
}

TEST(Sid, PrefixLeavesTheRest) {
  std::size_t used = 0;
  EXPECT_EQ(decode_sid_prefix(from_hex("0101000000000005 09000000 ffff"), used).value(), (Sid{5, {9}}));
  EXPECT_EQ(used, 12u);
}

}  // namespace
}  // namespace stead
