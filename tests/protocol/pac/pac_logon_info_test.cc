#include "sspi_shim/protocol/pac/pac_logon_info.h"

#include <gmock/gmock.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "sspi_shim/base/hex.h"
#include "sspi_shim/protocol/types/numbers.h"
#include "tests/protocol/pac/pac_vectors.h"

namespace stead {
namespace {

const Sid kDomain{5, {21, 11, 22, 33}};

PacLogonInfo alice() {
  PacLogonInfo out;
  out.logon_time = 0x01d0000012345678;
  out.effective_name = "alice";
  out.full_name = "Alice Ångström";
  out.home_directory_drive = "H:";
  out.logon_count = 7;
  out.bad_password_count = 1;
  out.user_id = 1104;
  out.primary_group_id = 513;
  out.groups = {{513, 7}, {1201, 7}};
  out.user_flags = logon_user_flag::extra_sids | logon_user_flag::resource_groups;
  out.logon_server = "DC1";
  out.logon_domain_name = "CORP";
  out.logon_domain_id = kDomain;
  out.user_account_control = samr_uac::normal_account | samr_uac::not_delegated;
  out.extra_sids = {{well_known_sid::service_asserted, 7}, {{5, {21, 9, 9, 9, 1500}}, 7}};
  out.resource_group_domain_sid = Sid{5, {21, 44, 55, 66}};
  out.resource_groups = {{1301, 0x20000007}};
  return out;
}

TEST(PacLogonInfo, OfTheWorkedExampleInMsPac) {
  const auto info = decode_pac_logon_info(pac_vector("ms_pac_logon_info"));
  ASSERT_TRUE(info) << info.error().message();
  EXPECT_EQ(info->logon_time, 0x01c66a650f6686d1u);
  EXPECT_EQ(info->logoff_time, kFileTimeNever);
  EXPECT_EQ(info->password_must_change, 0x01c6817a97245417u);
  EXPECT_EQ(info->effective_name, "lzhu");
  EXPECT_EQ(info->full_name, "Liqiang(Larry) Zhu");
  EXPECT_EQ(info->logon_script, "ntds2.bat");
  EXPECT_EQ(info->profile_path, "");
  EXPECT_EQ(info->logon_count, 4180);
  EXPECT_EQ(info->user_id, 2914711u);
  EXPECT_EQ(info->primary_group_id, 513u);
  ASSERT_EQ(info->groups.size(), 26u);
  EXPECT_EQ(info->groups[0], (GroupMembership{3392609, 7}));
  EXPECT_EQ(info->user_flags, logon_user_flag::extra_sids);
  EXPECT_EQ(info->logon_server, "NTDEV-DC-05");
  EXPECT_EQ(info->logon_domain_name, "NTDEV");
  EXPECT_EQ(to_string(info->logon_domain_id), "S-1-5-21-397955417-626881126-188441444");
  EXPECT_EQ(info->user_account_control, samr_uac::normal_account);
  ASSERT_EQ(info->extra_sids.size(), 13u);
  EXPECT_EQ(to_string(info->extra_sids[0].sid), "S-1-5-21-773533881-1816936887-355810188-513");
  EXPECT_EQ(info->extra_sids[1].attributes, 0x20000007u);
  EXPECT_TRUE(info->resource_groups.empty());
  EXPECT_TRUE(info->has_sid(parse_sid("S-1-5-21-397955417-626881126-188441444-3101812").value()));
  EXPECT_EQ(info->all_sids().size(), 1u + 26 + 13);
}

TEST(PacLogonInfo, OfAUserFromATrustedDomain) {
  const auto info = decode_pac_logon_info(pac_vector("gokrb5_logon_info_trust"));
  ASSERT_TRUE(info) << info.error().message();
  EXPECT_EQ(info->effective_name, "testuser1");
  EXPECT_EQ(info->user_flags, logon_user_flag::extra_sids | logon_user_flag::resource_groups);
  EXPECT_TRUE(info->has_sid(well_known_sid::authentication_authority));
  EXPECT_FALSE(info->has_sid(well_known_sid::service_asserted));
  EXPECT_EQ(to_string(info->resource_group_domain_sid), "S-1-5-21-3062750306-1230139592-1973306805");
  EXPECT_EQ(info->resource_groups, (std::vector<GroupMembership>{{1107, 0x20000007}, {1108, 0x20000007}}));
}

TEST(PacLogonInfo, EncodesAsDomainControllersDo) {
  // Our encoding differs only where MaximumLength exceeds Length, so what has none of that comes out the same.
  for (const char* name : {"ms_pac_logon_info", "gokrb5_logon_info", "gokrb5_logon_info_trust"}) {
    const Buffer theirs = pac_vector(name);
    const auto info = decode_pac_logon_info(theirs);
    ASSERT_TRUE(info) << name;
    const Buffer ours = encode(*info);
    EXPECT_EQ(ours.size(), theirs.size()) << name;
    EXPECT_EQ(decode_pac_logon_info(ours).value(), *info) << name;
    EXPECT_EQ(to_hex(Bytes(ours).first(72)), to_hex(Bytes(theirs).first(72))) << name;
  }
}

TEST(PacLogonInfo, SurvivesTheRoundTrip) {
  EXPECT_EQ(decode_pac_logon_info(encode(alice())).value(), alice());
  EXPECT_EQ(decode_pac_logon_info(encode(PacLogonInfo())).value(), PacLogonInfo());
}

TEST(PacLogonInfo, TheFixedPartIs216Bytes) {
  // The two headers, the referent and 216 bytes; then eight empty strings of three numbers each.
  EXPECT_EQ(encode(PacLogonInfo()).size(), (16u + 4 + 216 + 8 * 12 + 7) / 8 * 8);
}

TEST(PacLogonInfo, AnswersForEverySidInIt) {
  const PacLogonInfo info = alice();
  EXPECT_EQ(info.user_sid(), kDomain.with_rid(1104));
  EXPECT_THAT(info.all_sids(), testing::ElementsAre(kDomain.with_rid(1104), kDomain.with_rid(513),
                                                    kDomain.with_rid(1201), well_known_sid::service_asserted,
                                                    Sid({5, {21, 9, 9, 9, 1500}}), Sid({5, {21, 44, 55, 66, 1301}})));
  for (const Sid& sid : info.all_sids()) EXPECT_TRUE(info.has_sid(sid)) << to_string(sid);
  for (const Sid& sid :
       {kDomain, kDomain.with_rid(1301), Sid{5, {21, 44, 55, 66, 513}}, well_known_sid::everyone, Sid{}})
    EXPECT_FALSE(info.has_sid(sid)) << to_string(sid);
}

TEST(PacLogonInfo, RefusesEveryPrefix) {
  const Buffer whole = encode(alice());
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(decode_pac_logon_info(Bytes(whole).first(size))) << size;
}

TEST(PacLogonInfo, RefusesWhatIsNotNdr) {
  EXPECT_EQ(decode_pac_logon_info(from_hex("01020304")).error(), WireErrc::truncated);
  EXPECT_EQ(decode_pac_logon_info(Buffer(600, 0x41)).error(), WireErrc::unsupported);
}

// One number of the encoding changed, at its offset from the buffer's start.
struct Changed {
  const char* name;
  std::size_t offset;
  std::uint32_t value;
  WireErrc why;
};
class PacLogonInfoRefuses : public testing::TestWithParam<Changed> {};
TEST_P(PacLogonInfoRefuses, WithTheRightError) {
  Buffer bytes = encode(alice());
  store_le32(&bytes[GetParam().offset], GetParam().value);
  EXPECT_EQ(decode_pac_logon_info(bytes).error(), GetParam().why);
}
INSTANTIATE_TEST_SUITE_P(Changes, PacLogonInfoRefuses,
                         testing::Values(Changed{"more_groups_than_the_array", 128, 3, WireErrc::bad_value},
                                         Changed{"groups_without_array", 132, 0, WireErrc::bad_value},
                                         Changed{"extra_sids_without_array", 220, 0, WireErrc::bad_value},
                                         Changed{"four_g_extra_sids", 216, 0xffffffff, WireErrc::bad_value},
                                         Changed{"resource_groups_without_array", 232, 0, WireErrc::bad_value},
                                         Changed{"name_longer_than_maximum", 68, 0x0004000a, WireErrc::bad_value},
                                         Changed{"name_of_odd_length", 68, 0x00090009, WireErrc::bad_length}),
                         [](const auto& test) { return std::string(test.param.name); });

// A second opinion: impacket's decoder. Skipped where python3-impacket is not installed.
TEST(PacLogonInfo, ImpacketReadsOurs) {
  const char* const kPython = "/usr/bin/python3";
  if (!std::filesystem::exists(kPython) ||
      std::system("/usr/bin/python3 -c 'import impacket.krb5.pac' >/dev/null 2>&1") != 0)
    GTEST_SKIP() << "python3-impacket is not installed for " << kPython;
  const std::string script =
      "from impacket.krb5.pac import VALIDATION_INFO\n"
      "b = bytes.fromhex('" +
      to_hex(encode(alice())) +
      "')\n"
      "v = VALIDATION_INFO(); v.fromString(b); v.fromStringReferents(b[len(v.getData()):])\n"
      "d = v['Data']\n"
      "print(d['EffectiveName'], d['HomeDirectoryDrive'], d['LogonDomainName'], d['UserId'], d['UserAccountControl'],\n"
      "      d['LogonDomainId'].formatCanonical(), [g['RelativeId'] for g in d['GroupIds']],\n"
      "      [s['Sid'].formatCanonical() for s in d['ExtraSids']], d['ResourceGroupDomainSid'].formatCanonical(),\n"
      "      [(g['RelativeId'], g['Attributes']) for g in d['ResourceGroupIds']])\n";
  FILE* pipe = popen((std::string(kPython) + " - <<'END'\n" + script + "END\n").c_str(), "r");
  ASSERT_TRUE(pipe);
  std::string said(1000, '\0');
  said.resize(std::fread(said.data(), 1, said.size(), pipe));
  EXPECT_EQ(pclose(pipe), 0);
  EXPECT_EQ(said,
            "alice H: CORP 1104 16400 S-1-5-21-11-22-33 [513, 1201] ['S-1-18-2', 'S-1-5-21-9-9-9-1500'] "
            "S-1-5-21-44-55-66 [(1301, 536870919)]\n");
}

}  // namespace
}  // namespace stead
