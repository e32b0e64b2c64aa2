#include <cstddef>
#include <string>
#include <string_view>

#include <gmock/gmock.h>

#include "sspi_shim/protocol/security/sddl.h"
#include "sspi_shim/protocol/security/sddl_writer.h"
#include "sspi_shim/protocol/security/security_descriptor.h"

namespace stead {
namespace {

const Sid kDomain{5, {21, 11, 22, 33}};

Ace first_entry(const char* text) {
  const auto parsed = parse_sddl(text, kDomain);
  if (!parsed || !parsed->dacl || parsed->dacl->entries.empty()) {
    ADD_FAILURE() << text;
    return {};
  }
  return parsed->dacl->entries[0];
}

TEST(Sddl, OfAllowedToAct) {
  const char* const text = "O:BAD:(A;;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;S-1-5-21-11-22-33-1108)";
  const SecurityDescriptor parsed = parse_sddl(text).value();
  EXPECT_EQ(parsed.owner, well_known_sid::builtin_administrators);
  EXPECT_FALSE(parsed.group);
  ASSERT_TRUE(parsed.dacl);
  EXPECT_EQ(parsed.dacl->revision, 2);
  ASSERT_EQ(parsed.dacl->entries.size(), 1u);
  EXPECT_EQ(parsed.dacl->entries[0].mask, access_right::ds_full_control);
  EXPECT_EQ(parsed.dacl->entries[0].sid, kDomain.with_rid(1108));
  EXPECT_EQ(to_sddl(parsed), text);
}

TEST(Sddl, ComesBackAsItWas) {
  for (const char* text : {
           "",
           "O:BA",
           "G:SY",
           "O:BAG:SY",
           "D:",
           "O:BAG:SYD:",
           "D:P",
           "D:PARAI(A;;CC;;;WD)",
           "D:(A;;GA;;;WD)",
           "D:(D;OICINPIOID;GXGWGR;;;AU)",
           "D:(A;;0x0;;;WD)",
           "D:(A;;0x2000001;;;WD)",
           "D:(AU;SAFA;CR;;;WD)",
           "O:S-1-5-21-11-22-33-500D:(A;;RP;;;S-1-5-21-11-22-33-500)(D;;WP;;;BA)",
           "D:(OA;;CR;00010203-0405-0607-0809-0a0b0c0d0e0f;;AU)",
           "D:(OD;;CR;;00010203-0405-0607-0809-0a0b0c0d0e0f;AU)",
           "D:(OA;CI;RPWP;00010203-0405-0607-0809-0a0b0c0d0e0f;f0e0d0c0-b0a0-9080-7060-504030201000;PS)",
           "D:(OA;;CC;;;WD)",
           "D:(XA;;CC;;;WD;(#61727478))",
           "D:(XD;;CC;;;WD;(#))",
           "D:(ZA;;CC;;;WD;(#61727478))",
           "D:(0xc;;CC;;;WD;(#61727478))",
           "D:(0x11;;;;;;(#0000000001020304))",
           "D:(A;;CC;;;S-1-0x123456789abc-1)",
           "D:(A;;CC;;;AS)(A;;CC;;;SS)",
       })
    EXPECT_EQ(to_sddl(parse_sddl(text).value()), text);
}

TEST(Sddl, TakesManySpellings) {
  EXPECT_EQ(first_entry("D:(A;;FA;;;WD)").mask, 0x1f01ffu);
  EXPECT_EQ(first_entry("D:(A;;FRFX;;;WD)").mask, 0x120089u | 0x1200a0u);
  EXPECT_EQ(first_entry("D:(A;;0xF01FF;;;WD)").mask, 0xf01ffu);
  EXPECT_EQ(first_entry("D:(A;;983551;;;WD)").mask, 0xf01ffu);
  EXPECT_EQ(first_entry("D:(A;;0xffffffff;;;WD)").mask, 0xffffffffu);
  EXPECT_EQ(first_entry("D:(A;;;;;WD)").mask, 0u);
  EXPECT_EQ(first_entry("D: (A;;CC;;;WD)\n (A;;CC;;;WD)").sid, well_known_sid::everyone);
  EXPECT_EQ(first_entry("D:(A;;CC;;;s-1-5-11)").sid, well_known_sid::authenticated_users);
  EXPECT_EQ(first_entry("D:(OA;;CR;00010203-0405-0607-0809-0A0B0C0D0E0F;;AU)").object_type,
            (Guid{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15}));
  EXPECT_EQ(parse_sddl("D:(A;;CC;;;WD)O:BA").value(), parse_sddl("O:BAD:(A;;CC;;;WD)").value());
  EXPECT_EQ(parse_sddl("O:BAS:PAI(AU;SA;CC;;;WD)").value(), parse_sddl("O:BA").value());
  EXPECT_FALSE(parse_sddl("D:NO_ACCESS_CONTROL").value().dacl);
}

TEST(Sddl, KnowsTheAliases) {
  struct Row {
    const char *alias, *sid;
  };
  for (const Row& row : {Row{"AO", "S-1-5-32-548"},
                         Row{"AN", "S-1-5-7"},
                         Row{"AS", "S-1-18-1"},
                         Row{"AU", "S-1-5-11"},
                         Row{"BA", "S-1-5-32-544"},
                         Row{"BG", "S-1-5-32-546"},
                         Row{"BO", "S-1-5-32-551"},
                         Row{"BU", "S-1-5-32-545"},
                         Row{"CA", "S-1-5-21-11-22-33-517"},
                         Row{"CG", "S-1-3-1"},
                         Row{"CO", "S-1-3-0"},
                         Row{"DA", "S-1-5-21-11-22-33-512"},
                         Row{"DC", "S-1-5-21-11-22-33-515"},
                         Row{"DD", "S-1-5-21-11-22-33-516"},
                         Row{"DG", "S-1-5-21-11-22-33-514"},
                         Row{"DU", "S-1-5-21-11-22-33-513"},
                         Row{"EA", "S-1-5-21-11-22-33-519"},
                         Row{"ED", "S-1-5-9"},
                         Row{"IU", "S-1-5-4"},
                         Row{"LA", "S-1-5-21-11-22-33-500"},
                         Row{"LG", "S-1-5-21-11-22-33-501"},
                         Row{"LS", "S-1-5-19"},
                         Row{"NS", "S-1-5-20"},
                         Row{"NU", "S-1-5-2"},
                         Row{"OW", "S-1-3-4"},
                         Row{"PO", "S-1-5-32-550"},
                         Row{"PS", "S-1-5-10"},
                         Row{"PU", "S-1-5-32-547"},
                         Row{"RC", "S-1-5-12"},
                         Row{"RD", "S-1-5-32-555"},
                         Row{"RE", "S-1-5-32-552"},
                         Row{"RU", "S-1-5-32-554"},
                         Row{"SA", "S-1-5-21-11-22-33-518"},
                         Row{"SO", "S-1-5-32-549"},
                         Row{"SS", "S-1-18-2"},
                         Row{"SU", "S-1-5-6"},
                         Row{"SY", "S-1-5-18"},
                         Row{"WD", "S-1-1-0"}}) {
    const auto parsed = parse_sddl(std::string("O:") + row.alias, kDomain);
    ASSERT_TRUE(parsed) << row.alias;
    EXPECT_EQ(to_string(*parsed->owner), row.sid) << row.alias;
  }
}

struct Refused {
  const char* text;
  std::size_t where;
  WireErrc why;
};
class SddlRefuses : public testing::TestWithParam<Refused> {};
TEST_P(SddlRefuses, AndSaysWhere) {
  std::size_t where = 9999;
  const auto parsed = parse_sddl(GetParam().text, {}, &where);
  ASSERT_FALSE(parsed) << GetParam().text;
  EXPECT_EQ(parsed.error(), GetParam().why) << GetParam().text;
  EXPECT_EQ(where, GetParam().where) << GetParam().text;
}
INSTANTIATE_TEST_SUITE_P(
    Texts, SddlRefuses,
    testing::Values(
        Refused{"X:BA", 0, WireErrc::bad_value}, Refused{"BA", 0, WireErrc::bad_value},
        Refused{"O", 0, WireErrc::bad_value}, Refused{"O:", 2, WireErrc::truncated},
        Refused{"O:ZZ", 2, WireErrc::bad_value}, Refused{"O:DA", 2, WireErrc::bad_value},
        Refused{"O:S-1-5-", 2, WireErrc::bad_value}, Refused{"O:BAO:BA", 4, WireErrc::bad_value},
        Refused{"D:D:", 2, WireErrc::bad_value}, Refused{"D:X", 2, WireErrc::bad_value},
        Refused{"D:(", 3, WireErrc::bad_value}, Refused{"D:()", 3, WireErrc::unsupported},
        Refused{"D:(A", 4, WireErrc::truncated}, Refused{"D:(Q;;CC;;;WD)", 3, WireErrc::unsupported},
        Refused{"D:(A;QQ;CC;;;WD)", 5, WireErrc::bad_value}, Refused{"D:(A;;QQ;;;WD)", 6, WireErrc::bad_value},
        Refused{"D:(A;;C;;;WD)", 6, WireErrc::bad_value}, Refused{"D:(A;;0x100000000;;;WD)", 6, WireErrc::bad_value},
        Refused{"D:(A;;0x;;;WD)", 6, WireErrc::bad_value}, Refused{"D:(A;;0xfg;;;WD)", 9, WireErrc::bad_value},
        Refused{"D:(A;;CC;;;)", 11, WireErrc::bad_value}, Refused{"D:(A;;CC;;;WD", 13, WireErrc::truncated},
        Refused{"D:(A;;CC;;WD)", 10, WireErrc::bad_value}, Refused{"D:(A;;CC;;;WDX)", 13, WireErrc::bad_value},
        Refused{"D:(A;;CC;;;WD)X", 14, WireErrc::bad_value},
        Refused{"D:(A;;CC;00010203-0405-0607-0809-0a0b0c0d0e0f;;WD)", 9, WireErrc::bad_value},
        Refused{"D:(OA;;CC;00010203-0405-0607-0809-0a0b0c0d0e0;;WD)", 10, WireErrc::bad_value},
        Refused{"D:(OA;;CC;0001020304050607-0809-0a0b0c0d0e0f00;;WD)", 10, WireErrc::bad_value},
        Refused{"D:(XA;;CC;;;WD)", 14, WireErrc::bad_value},
        Refused{"D:(XA;;CC;;;WD;(@User.clearance > 2))", 15, WireErrc::unsupported},
        Refused{"D:(XA;;CC;;;WD;(#6g))", 17, WireErrc::bad_value},
        Refused{"D:(XA;;CC;;;WD;(#616))", 17, WireErrc::bad_value},
        Refused{"D:(XA;;CC;;;WD;(#61)", 20, WireErrc::truncated}, Refused{"D:(5;;CC;;;WD)", 3, WireErrc::bad_value},
        Refused{"D:(256;;CC;;;WD)", 3, WireErrc::bad_value}));

TEST(Sddl, RefusesMoreEntriesThanAnAclHas) {
  std::string text = "D:";
  for (int i = 0; i < 3000; ++i) text += "(A;;CC;;;WD)";
  EXPECT_EQ(parse_sddl(text).error(), WireErrc::too_large);
}

TEST(Sddl, EveryPrefixIsAnswered) {
  const std::string text =
      "O:BAG:S-1-5-18D:PAI(OA;CI;RPWP0;00010203-0405-0607-0809-0a0b0c0d0e0f;;PS)(XA;;0x1;;;WD;(#61727478))S:(AU;SA;CC;;"
      ";WD)";
  for (std::size_t size = 0; size <= text.size(); ++size) {
    std::size_t where = 0;
    const auto parsed = parse_sddl(std::string_view(text).substr(0, size), {}, &where);
    EXPECT_TRUE(parsed || where <= size) << size;
  }
}

}  // namespace
}  // namespace stead
