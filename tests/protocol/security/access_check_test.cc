#include "sspi_shim/protocol/security/access_check.h"

#include <cstdint>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "sspi_shim/protocol/security/sddl.h"

namespace stead {
namespace {

// S-1-5-21-1-2-3-1001 asks; groups -513 and -600, Everyone, Authenticated Users.
const Sid kDomain{5, {21, 1, 2, 3}};
const std::vector<Sid> kToken{kDomain.with_rid(1001), kDomain.with_rid(513), kDomain.with_rid(600),
                              well_known_sid::everyone, well_known_sid::authenticated_users};
const Guid kType{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};

struct Row {
  const char* name;
  const char* sddl;
  std::uint32_t desired;
  bool granted;
  bool with_object_type = false;
};

class AccessCheck : public testing::TestWithParam<Row> {};
TEST_P(AccessCheck, Decides) {
  const auto descriptor = parse_sddl(GetParam().sddl, kDomain);
  ASSERT_TRUE(descriptor) << GetParam().sddl;
  EXPECT_EQ(access_check(*descriptor, kToken, GetParam().desired, kDirectoryObjectMapping,
                         GetParam().with_object_type ? &kType : nullptr),
            GetParam().granted);
  // The same after a trip through the binary form.
  const auto again = decode_security_descriptor(encode(*descriptor));
  ASSERT_TRUE(again);
  EXPECT_EQ(access_check(*again, kToken, GetParam().desired, kDirectoryObjectMapping,
                         GetParam().with_object_type ? &kType : nullptr),
            GetParam().granted);
}

constexpr std::uint32_t kCc = access_right::ds_create_child, kDc = access_right::ds_delete_child,
                        kRp = access_right::ds_read_prop, kCr = access_right::ds_control_access,
                        kRc = access_right::read_control, kWd = access_right::write_dac,
                        kAll = access_right::ds_full_control;
#define ME "S-1-5-21-1-2-3-1001"
#define TYPE "00010203-0405-0607-0809-0a0b0c0d0e0f"
#define OTHER_TYPE "10010203-0405-0607-0809-0a0b0c0d0e0f"

INSTANTIATE_TEST_SUITE_P(
    Rows, AccessCheck,
    testing::Values(
        Row{"no_dacl_grants_all", "O:BA", kAll, true},
        Row{"null_dacl_grants_all", "O:BAD:NO_ACCESS_CONTROL", kAll, true},
        Row{"empty_dacl_grants_nothing", "O:BAD:", kCc, false},
        Row{"empty_dacl_grants_not_even_read", "O:BAD:", kRc, false},
        Row{"nothing_asked_of_an_empty_dacl", "O:BAD:", 0, true},
        Row{"allowed_by_name", "D:(A;;CC;;;" ME ")", kCc, true},
        Row{"another_user", "D:(A;;CC;;;S-1-5-21-1-2-3-1002)", kCc, false},
        Row{"the_same_rid_of_another_domain", "D:(A;;CC;;;S-1-5-21-1-2-4-1001)", kCc, false},
        Row{"allowed_by_group", "D:(A;;CC;;;DU)", kCc, true},
        Row{"a_group_not_in_the_token", "D:(A;;CC;;;DA)", kCc, false},
        Row{"allowed_to_everyone", "D:(A;;CC;;;WD)", kCc, true}, Row{"another_right", "D:(A;;DC;;;WD)", kCc, false},
        Row{"half_of_the_rights", "D:(A;;CC;;;WD)", kCc | kDc, false},
        Row{"both_halves_by_two_entries", "D:(A;;CC;;;DU)(A;;DC;;;WD)", kCc | kDc, true},
        Row{"deny_before_allow", "D:(D;;CC;;;DU)(A;;CC;;;" ME ")", kCc, false},
        Row{"allow_before_deny", "D:(A;;CC;;;" ME ")(D;;CC;;;DU)", kCc, true},
        Row{"deny_between_the_halves", "D:(A;;CC;;;WD)(D;;DC;;;WD)(A;;DC;;;WD)", kCc | kDc, false},
        Row{"deny_of_what_is_granted_already", "D:(A;;CC;;;WD)(D;;CC;;;WD)(A;;DC;;;WD)", kCc | kDc, true},
        Row{"deny_of_another_right", "D:(D;;DC;;;WD)(A;;CC;;;WD)", kCc, true},
        Row{"deny_of_another_user", "D:(D;;CC;;;S-1-5-21-1-2-3-1002)(A;;CC;;;WD)", kCc, true},
        Row{"generic_all_of_the_entry", "D:(A;;GA;;;WD)", kAll, true},
        Row{"generic_read_of_the_entry", "D:(A;;GR;;;WD)", kRp | kRc, true},
        Row{"generic_read_does_not_write", "D:(A;;GR;;;WD)", access_right::ds_write_prop, false},
        Row{"generic_write_of_the_entry", "D:(A;;GW;;;WD)", access_right::ds_write_prop | access_right::ds_self, true},
        Row{"generic_execute_of_the_entry", "D:(A;;GX;;;WD)", access_right::ds_list, true},
        Row{"generic_all_asked_for", "D:(A;;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;WD)", access_right::generic_all, true},
        Row{"generic_all_asked_for_one_short", "D:(A;;CCDCLCSWRPWPDTLOSDRCWDWO;;;WD)", access_right::generic_all,
            false},
        Row{"generic_read_asked_for", "D:(A;;LCRPLORC;;;WD)", access_right::generic_read, true},
        Row{"generic_deny", "D:(D;;GA;;;" ME ")(A;;GA;;;WD)", kCr, false},
        Row{"inherit_only_allow", "D:(A;CIIO;CC;;;WD)", kCc, false},
        Row{"inherit_only_deny", "D:(D;CIIO;CC;;;WD)(A;;CC;;;WD)", kCc, true},
        Row{"inherited_entries_count", "D:(A;CIID;CC;;;WD)", kCc, true},
        Row{"audit_entries_grant_nothing", "D:(AU;SA;CC;;;WD)", kCc, false},
        Row{"the_owner_reads_and_changes_the_dacl", "O:" ME "D:", kRc | kWd, true},
        Row{"the_owner_may_no_more", "O:" ME "D:", kRc | kCc, false}, Row{"an_owner_by_group", "O:DUD:", kWd, true},
        Row{"not_the_owner", "O:BAD:", kWd, false}, Row{"the_group_is_no_owner", "G:" ME "D:", kRc, false},
        Row{"the_owner_is_not_denied_them", "O:" ME "D:(D;;RCWD;;;" ME ")", kRc, true},
        Row{"owner_rights_replace_the_owners", "O:" ME "D:(A;;RP;;;OW)", kWd, false},
        Row{"owner_rights_are_the_owners", "O:" ME "D:(A;;RP;;;OW)", kRp, true},
        Row{"owner_rights_of_another", "O:BAD:(A;;RP;;;OW)", kRp, false},
        Row{"inherit_only_owner_rights_replace_nothing", "O:" ME "D:(A;IOCI;RP;;;OW)", kWd, true},
        Row{"object_entry_without_type", "D:(OA;;CR;;;WD)", kCr, true},
        Row{"object_entry_unasked", "D:(OA;;CR;" TYPE ";;WD)", kCr, false},
        Row{"object_entry_of_the_type", "D:(OA;;CR;" TYPE ";;WD)", kCr, true, true},
        Row{"object_entry_of_another_type", "D:(OA;;CR;" OTHER_TYPE ";;WD)", kCr, false, true},
        Row{"plain_entry_with_a_type_asked", "D:(A;;CR;;;WD)", kCr, true, true},
        Row{"object_deny_of_the_type", "D:(OD;;CR;" TYPE ";;WD)(A;;CR;;;WD)", kCr, false, true},
        Row{"object_deny_of_another_type", "D:(OD;;CR;" OTHER_TYPE ";;WD)(A;;CR;;;WD)", kCr, true, true},
        Row{"object_deny_without_type", "D:(OD;;CR;;;WD)(A;;CR;;;WD)", kCr, false},
        Row{"inherited_object_type_does_not_matter", "D:(OA;CI;CR;;" TYPE ";WD)", kCr, true},
        Row{"conditional_allow", "D:(XA;;CC;;;WD;(#61727478))", kCc, false},
        Row{"conditional_deny", "D:(XD;;CC;;;WD;(#61727478))(A;;CC;;;WD)", kCc, false},
        Row{"conditional_deny_of_another", "D:(XD;;CC;;;DA;(#61727478))(A;;CC;;;WD)", kCc, true},
        Row{"conditional_object_allow", "D:(ZA;;CC;;;WD;(#61727478))", kCc, false},
        Row{"conditional_object_deny", "D:(0xc;;CC;;;WD;(#61727478))(A;;CC;;;WD)", kCc, false},
        Row{"unknown_entries_do_not_count", "D:(0x11;;;;;;(#ffffffff010100000000000100000000))", kCc, false}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(AccessCheck, AnEmptyTokenGetsNothing) {
  EXPECT_FALSE(access_check(parse_sddl("O:BAD:(A;;CC;;;WD)").value(), {}, kCc));
  EXPECT_FALSE(access_check(parse_sddl("D:(A;;CC;;;WD)").value(), {}, kCc));
}

TEST(AccessCheck, WithAnotherMapping) {
  const GenericMapping mapping{1, 2, 4, 7};
  EXPECT_TRUE(access_check(parse_sddl("D:(A;;GR;;;WD)").value(), kToken, 1, mapping));
  EXPECT_FALSE(access_check(parse_sddl("D:(A;;GR;;;WD)").value(), kToken, 2, mapping));
  EXPECT_TRUE(access_check(parse_sddl("D:(A;;0x7;;;WD)").value(), kToken, access_right::generic_all, mapping));
}

}  // namespace
}  // namespace stead
