#include "sspi_shim/protocol/security/security_descriptor.h"

#include <gmock/gmock.h>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "sspi_shim/base/hex.h"

namespace stead {
namespace {

const Guid kGuid{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

// Owner BUILTIN\Administrators; one entry: full control of a directory object for a computer. What PowerShell's
// Set-ADComputer -PrincipalsAllowedToDelegateToAccount stores, in the order of fields of RtlAbsoluteToSelfRelativeSD.
const char* const kAllowedToAct =
    "01000480 40000000 00000000 00000000 14000000"
    "0200 2c00 01000000 0000 2400 ff010f00 0105000000000005 15000000 0b000000 16000000 21000000 54040000"
    "0102000000000005 20000000 20020000";

SecurityDescriptor allowed_to_act() {
  SecurityDescriptor out;
  out.owner = well_known_sid::builtin_administrators;
  out.dacl = Acl{2,
                 {{.mask = access_right::ds_full_control,
                   .object_type = {},
                   .inherited_object_type = {},
                   .sid = Sid{5, {21, 11, 22, 33, 1108}},
                   .opaque = {}}}};
  return out;
}

TEST(SecurityDescriptor, OfAllowedToActOnBehalfOfOtherIdentity) {
  EXPECT_EQ(decode_security_descriptor(from_hex(kAllowedToAct)).value(), allowed_to_act());
  EXPECT_EQ(to_hex(encode(allowed_to_act())), to_hex(from_hex(kAllowedToAct)));
}

TEST(SecurityDescriptor, SurvivesTheRoundTrip) {
  SecurityDescriptor all;
  all.control = descriptor_control::dacl_protected | descriptor_control::dacl_auto_inherited;
  all.owner = well_known_sid::everyone;
  all.group = Sid{5, {18}};
  all.dacl = Acl{4, {}};
  for (int type = 0; type < 20; ++type) {
    Ace ace;
    ace.type = AceType(type);
    ace.flags = std::uint8_t(type);
    if (is_known_ace(ace.type)) {
      ace.mask = 0x80000001u + std::uint32_t(type);
      ace.sid = Sid{5, {32, 544}};
      if (is_object_ace(ace.type) && type != 5) ace.object_type = kGuid;
      if (is_object_ace(ace.type) && type != 6) ace.inherited_object_type = kGuid;
    }
    if (type % 3 == 0) ace.opaque = Buffer(4, 0x61);
    all.dacl->entries.push_back(ace);
  }
  EXPECT_EQ(decode_security_descriptor(encode(all)).value(), all);
  EXPECT_EQ(decode_security_descriptor(encode(SecurityDescriptor())).value(), SecurityDescriptor());
}

TEST(SecurityDescriptor, AnEmptyDaclIsNotAnAbsentOne) {
  SecurityDescriptor empty;
  empty.dacl = Acl{};
  EXPECT_EQ(decode_security_descriptor(encode(empty)).value(), empty);
  EXPECT_NE(encode(empty), encode(SecurityDescriptor()));
  // Present but null, and an offset without the bit: no DACL.
  EXPECT_FALSE(decode_security_descriptor(from_hex("01000480 00000000 00000000 00000000 00000000")).value().dacl);
  EXPECT_FALSE(decode_security_descriptor(from_hex("01000080 00000000 00000000 00000000 14000000 0200080000000000"))
                   .value()
                   .dacl);
}

TEST(SecurityDescriptor, LeavesASaclOut) {
  const auto read =
      decode_security_descriptor(from_hex("01001080 00000000 00000000 14000000 00000000 0200080000000000"));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, SecurityDescriptor());
}

struct Refused {
  const char* name;
  const char* hex;
  WireErrc why;
};
class SecurityDescriptorRefuses : public testing::TestWithParam<Refused> {};
TEST_P(SecurityDescriptorRefuses, WithTheRightError) {
  EXPECT_EQ(decode_security_descriptor(from_hex(GetParam().hex)).error(), GetParam().why);
}
INSTANTIATE_TEST_SUITE_P(
    Bytes, SecurityDescriptorRefuses,
    testing::Values(
        Refused{"empty", "", WireErrc::truncated},
        Refused{"nineteen_bytes", "01000480 00000000 00000000 00000000 140000", WireErrc::truncated},
        Refused{"revision_2", "02000480 00000000 00000000 00000000 00000000", WireErrc::unsupported},
        Refused{"absolute_form", "01000400 00000000 00000000 00000000 00000000", WireErrc::unsupported},
        Refused{"owner_in_the_header", "01000080 04000000 00000000 00000000 00000000", WireErrc::bad_value},
        Refused{"owner_outside", "01000080 ffffffff 00000000 00000000 00000000", WireErrc::truncated},
        Refused{"owner_cut", "01000080 14000000 00000000 00000000 00000000 0102000000000005 20000000",
                WireErrc::truncated},
        Refused{"group_outside", "01000080 00000000 15000000 00000000 00000000", WireErrc::truncated},
        Refused{"dacl_outside", "01000480 00000000 00000000 00000000 0d000080", WireErrc::truncated},
        Refused{"dacl_in_the_header", "01000480 00000000 00000000 00000000 10000000", WireErrc::bad_value},
        Refused{"dacl_header_cut", "01000480 00000000 00000000 00000000 14000000 02000800", WireErrc::truncated},
        Refused{"dacl_larger_than_the_rest", "01000480 00000000 00000000 00000000 14000000 02000900 00000000",
                WireErrc::bad_length},
        Refused{"dacl_smaller_than_its_header", "01000480 00000000 00000000 00000000 14000000 02000700 00000000",
                WireErrc::bad_length},
        Refused{"acl_revision_3", "01000480 00000000 00000000 00000000 14000000 03000800 00000000",
                WireErrc::unsupported},
        Refused{"more_entries_than_fit", "01000480 00000000 00000000 00000000 14000000 02000800 01000000",
                WireErrc::too_large},
        Refused{"entry_of_size_0", "01000480 00000000 00000000 00000000 14000000 02000c00 01000000 00000000",
                WireErrc::bad_length},
        Refused{"entry_beyond_the_acl",
                "01000480 00000000 00000000 00000000 14000000 02000c00 01000000 00000800 ffffffff",
                WireErrc::bad_length},
        Refused{"entry_of_size_6", "01000480 00000000 00000000 00000000 14000000 02001000 01000000 00000600 ffffffff",
                WireErrc::bad_length},
        Refused{"entry_without_mask", "01000480 00000000 00000000 00000000 14000000 02000c00 01000000 00000400",
                WireErrc::truncated},
        Refused{"entry_without_sid", "01000480 00000000 00000000 00000000 14000000 02001000 01000000 00000800 ffffffff",
                WireErrc::truncated},
        Refused{"object_entry_without_guid",
                "01000480 00000000 00000000 00000000 14000000 04001400 01000000 05000c00 ffffffff 01000000",
                WireErrc::truncated},
        Refused{"sacl_outside", "01001080 00000000 00000000 14000000 00000000", WireErrc::truncated},
        Refused{"sacl_lies", "01001080 00000000 00000000 14000000 00000000 0200ff0000000000", WireErrc::bad_length}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(SecurityDescriptor, RefusesEveryPrefix) {
  const Buffer whole = from_hex(kAllowedToAct);
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(decode_security_descriptor(Bytes(whole).first(size))) << size;
}

TEST(SecurityDescriptor, HasAtMost1820Entries) {
  SecurityDescriptor many;
  many.dacl = Acl{2, std::vector<Ace>(kMaxAces + 1)};
  for (Ace& ace : many.dacl->entries) ace.sid = well_known_sid::everyone;
  EXPECT_EQ(decode_security_descriptor(encode(many)).error(), WireErrc::too_large);
  many.dacl->entries.pop_back();
  EXPECT_EQ(decode_security_descriptor(encode(many)).value().dacl->entries.size(), kMaxAces);
  many.dacl->entries.assign(
      4000, Ace{.object_type = {}, .inherited_object_type = {}, .sid = well_known_sid::everyone, .opaque = {}});
  EXPECT_THROW((void)encode(many), std::length_error);
}

}  // namespace
}  // namespace stead
