#include "proxy/doctor/checks/directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "proxy/doctor/directory/records.h"
#include "sspi_shim/protocol/security/security_descriptor.h"

namespace stead::doctor {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string octets(const Buffer& bytes) {
  return {bytes.begin(), bytes.end()};
}

const Sid kDomain = parse_sid("S-1-5-21-1-2-3").value();
const auto kNow = std::chrono::system_clock::time_point(std::chrono::seconds(1790000000));

std::string descriptor_for(std::initializer_list<std::uint32_t> rids) {
  SecurityDescriptor out;
  out.dacl.emplace();
  for (const std::uint32_t rid : rids) {
    Ace ace;
    ace.mask = access_right::ds_full_control;
    ace.sid = kDomain.with_rid(rid);
    out.dacl->entries.push_back(ace);
  }
  return octets(encode(out));
}

DirectoryEntry entry() {
  DirectoryEntry out;
  out.dn = "CN=flour,DC=mill,DC=example";
  out.attributes = {{"samaccountname", {"flour$"}},
                    {"objectsid", {octets(encode(kDomain.with_rid(1105)))}},
                    {"serviceprincipalname", {"HTTP/flour.mill.example", "HOST/flour"}},
                    {"msds-allowedtoactonbehalfofotheridentity", {descriptor_for({1110, 1111})}},
                    {"msds-allowedtodelegateto", {"HTTP/bread.mill.example"}},
                    {"useraccountcontrol", {"4096"}},
                    {"accountexpires", {"9223372036854775807"}},
                    {"pwdlastset", {"133000000000000000"}},
                    {"msds-supportedencryptiontypes", {"24"}},
                    {"msds-keyversionnumber", {"3"}}};
  return out;
}

TEST(AccountRecord, HasWhatTheDirectorySays) {
  const auto account = read_account(entry(), "MILL.EXAMPLE", kNow);
  ASSERT_TRUE(account);
  EXPECT_EQ(account->name, "flour$");
  EXPECT_EQ(account->sid, kDomain.with_rid(1105));
  EXPECT_TRUE(account->is_computer);
  EXPECT_THAT(account->allowed_to_act, ElementsAre(kDomain.with_rid(1110), kDomain.with_rid(1111)));
  EXPECT_TRUE(account->lists("http/BREAD.mill.example"));
  EXPECT_FALSE(account->lists("HTTP/other.mill.example"));
  EXPECT_EQ(account->encryption_types, 24u);
  EXPECT_EQ(account->kvno, 3u);
  EXPECT_FALSE(account->disabled || account->locked || account->expired || account->must_change_password ||
               account->password_expired || account->sensitive || account->trusted_to_auth || account->is_protected);
}

TEST(AccountRecord, KnowsStatesByFlagsAndTimes) {
  DirectoryEntry of = entry();
  // ACCOUNTDISABLE, NORMAL_ACCOUNT, NOT_DELEGATED, TRUSTED_TO_AUTH_FOR_DELEGATION
  of.attributes["useraccountcontrol"] = {std::to_string(0x2 | 0x200 | 0x100000 | 0x1000000)};
  of.attributes["msds-user-account-control-computed"] = {std::to_string(0x10 | 0x800000)};
  of.attributes["accountexpires"] = {"133000000000000000"};
  of.attributes["memberof"] = {"CN=Protected Users,CN=Users,DC=mill,DC=example"};
  const auto account = read_account(of, "MILL.EXAMPLE", kNow);
  EXPECT_TRUE(account->disabled && account->locked && account->expired && account->password_expired &&
              account->sensitive && account->trusted_to_auth && account->is_protected);
  EXPECT_FALSE(account->is_computer);
  of.attributes["pwdlastset"] = {"0"};
  EXPECT_TRUE(read_account(of, "MILL.EXAMPLE", kNow)->must_change_password);
  for (const char* never : {"0", "9223372036854775807", "nonsense", ""}) {
    of.attributes["accountexpires"] = {never};
    EXPECT_FALSE(read_account(of, "MILL.EXAMPLE", kNow)->expired) << never;
  }
}

TEST(AccountRecord, IsNotMadeOfWhatIsNone) {
  EXPECT_FALSE(read_account(DirectoryEntry{}, "MILL.EXAMPLE", kNow));
  DirectoryEntry bad = entry();
  bad.attributes["objectsid"] = {"nonsense"};
  bad.attributes["msds-allowedtoactonbehalfofotheridentity"] = {"nonsense"};
  EXPECT_TRUE(read_account(bad, "MILL.EXAMPLE", kNow)->allowed_to_act.empty());
}

TEST(TrustRecord, HasDirectionAndAttributes) {
  DirectoryEntry of;
  of.attributes = {{"trustpartner", {"bakery.example"}}, {"trustdirection", {"2"}}, {"trustattributes", {"24"}}};
  const auto trust = read_trust(of);
  ASSERT_TRUE(trust);
  EXPECT_TRUE(trust->outbound && trust->is_forest && trust->selective);
  EXPECT_FALSE(trust->inbound || trust->not_transitive);
  EXPECT_FALSE(read_trust(DirectoryEntry{}));
}

TEST(FilterValue, EscapesWhatAFilterReads) {
  EXPECT_EQ(filter_value("HTTP/a.b"), "HTTP/a.b");
  EXPECT_EQ(filter_value("*)(cn=*"), "\\2a\\29\\28cn=\\2a");
  EXPECT_EQ(filter_value(std::string("a\\b\0", 4)), "a\\5cb\\00");
}

class Findings : public testing::Test {
 protected:
  Findings() {
    AccountRecord holder;
    holder.name = "svc-flour";
    holder.realm = "MILL.EXAMPLE";
    facts_.holders = {holder};
  }
  Checks use(CheckId id, std::vector<std::string> fix) {
    Checks out{fault(id, "HTTP/flour.mill.example", "flour$ does not name gate$.", "p", std::move(fix))};
    use_directory(facts_, "HTTP/flour.mill.example@MILL.EXAMPLE", out);
    return out;
  }
  const std::vector<std::string> kRbcd{
      "Set-ADComputer flour$ -PrincipalsAllowedToDelegateToAccount gate$ -Server MILL.EXAMPLE"};
  DirectoryFacts facts_;
};

TEST_F(Findings, NameTheAccountThatHasTheSpn) {
  const Checks out = use(CheckId::D3, kRbcd);
  EXPECT_EQ(out[0].symptom, "svc-flour does not name gate$.");
  EXPECT_THAT(out[0].fix,
              ElementsAre("Set-ADUser svc-flour -PrincipalsAllowedToDelegateToAccount gate$ -Server MILL.EXAMPLE"));
}

TEST_F(Findings, AddToTheListThatIsThere) {
  facts_.holders[0].allowed_to_act = {kDomain.with_rid(1110), kDomain.with_rid(1111)};
  facts_.names = {{kDomain.with_rid(1110), "door$"}, {kDomain.with_rid(1111), "front ends"}};
  const Checks out = use(CheckId::D3, kRbcd);
  EXPECT_THAT(out[0].fix[0], HasSubstr("-PrincipalsAllowedToDelegateToAccount door$,'front ends',gate$ -Server"));
  EXPECT_EQ(out[0].list, PresentList::named);
  facts_.names.erase(kDomain.with_rid(1111));  // of another domain: the list is shown first
  EXPECT_EQ(use(CheckId::D3, kRbcd)[0].list, PresentList::unknown);
}

TEST_F(Findings, PreferTheFrontEndsListWhereItIsEnough) {
  facts_.front.emplace();
  facts_.front->name = "gate$";
  facts_.front->realm = "MILL.EXAMPLE";
  facts_.front->is_computer = true;
  EXPECT_EQ(use(CheckId::D3, kRbcd)[0].id, CheckId::D3) << "it may not change protocols";
  facts_.front->trusted_to_auth = true;
  const Checks out = use(CheckId::D3, kRbcd);
  EXPECT_EQ(out[0].id, CheckId::D2);
  EXPECT_THAT(out[0].fix,
              ElementsAre("Set-ADComputer gate$ -Add @{'msDS-AllowedToDelegateTo'='HTTP/flour.mill.example'} -Server "
                          "MILL.EXAMPLE"));
  facts_.holders[0].realm = "BAKERY.EXAMPLE";
  EXPECT_EQ(use(CheckId::D3, kRbcd)[0].id, CheckId::D3) << "a list does not reach other domains";
}

TEST_F(Findings, KnowWhatOldControllersLookAt) {
  facts_.front.emplace();
  facts_.front->name = "gatesvc";
  facts_.front->realm = "MILL.EXAMPLE";
  EXPECT_THAT(use(CheckId::D5, {"nltest"})[0].fix, testing::SizeIs(2)) << "the list, and any protocol";
  facts_.front->allowed_to_delegate_to = {"HTTP/flour.mill.example"};
  const Checks out = use(CheckId::D5, {"nltest"});
  EXPECT_EQ(out[0].id, CheckId::D1);
  EXPECT_THAT(out[0].fix,
              ElementsAre("Set-ADAccountControl gatesvc -TrustedToAuthForDelegation $true -Server MILL.EXAMPLE"));
  facts_.front->trusted_to_auth = true;
  EXPECT_EQ(use(CheckId::D5, {"nltest"})[0].id, CheckId::D5);
}

TEST_F(Findings, NameTheOnlyAccountThatTheServiceMayRunAs) {
  facts_.candidates = facts_.holders;
  facts_.holders.clear();
  EXPECT_THAT(use(CheckId::S1, {"setspn -S HTTP/flour.mill.example flour$"})[0].fix,
              ElementsAre("setspn -S HTTP/flour.mill.example svc-flour"));
}

TEST_F(Findings, TellThatTheTargetsAccountIsDisabled) {
  facts_.holders[0].disabled = true;
  Checks out{ok(CheckId::S1, "HTTP/flour.mill.example", "p")};
  use_directory(facts_, "HTTP/flour.mill.example", out);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].verdict, Verdict::fault);
  EXPECT_THAT(out[0].fix, ElementsAre("Enable-ADAccount svc-flour -Server MILL.EXAMPLE"));
}

TEST_F(Findings, NameTheAccountThatHasTheFrontEndsSpn) {
  facts_.own_spns = {{"HTTP/flour.mill.example", "thief$"}};
  EXPECT_THAT(use(CheckId::A5, {"setspn -D HTTP/flour.mill.example THAT-ACCOUNT"})[0].fix,
              ElementsAre("setspn -D HTTP/flour.mill.example thief$"));
}

TEST_F(Findings, TellWhatATrustDoesNotCarry) {
  TrustRecord trust;
  trust.partner = "mill.example";
  trust.outbound = true;
  facts_.trusts = {trust};
  EXPECT_THAT(use(CheckId::D7, {"f"})[0].symptom, HasSubstr("mill.example does not trust our domain"));
  facts_.trusts[0].inbound = facts_.trusts[0].not_transitive = true;
  EXPECT_THAT(use(CheckId::D7, {"f"})[0].symptom, HasSubstr("not transitive"));
  facts_.trusts[0].selective = true;
  EXPECT_THAT(use(CheckId::D7, {"f"})[0].symptom, HasSubstr("selective authentication"));
  facts_.trusts[0].partner = "other.example";
  EXPECT_EQ(use(CheckId::D7, {"f"})[0].symptom, "svc-flour does not name gate$.");
}

TEST_F(Findings, TellOfASecondAccountWithTheSpn) {
  AccountRecord other;
  other.name = "old-flour$";
  other.realm = "BAKERY.EXAMPLE";
  facts_.holders.push_back(other);
  Checks out;
  use_directory(facts_, "HTTP/flour.mill.example", out);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].id, CheckId::S2);
  EXPECT_THAT(out[0].fix,
              ElementsAre("setspn -Q HTTP/flour.mill.example", "setspn -D HTTP/flour.mill.example old-flour$"));
}

TEST_F(Findings, SayWhatIsWrongWithTheUser) {
  facts_.user.emplace();
  facts_.user->name = "otto";
  facts_.user->realm = "MILL.EXAMPLE";
  facts_.user->locked = true;
  const Checks out = use(CheckId::U2, {"Enable-ADAccount otto"});
  EXPECT_THAT(out[0].symptom, HasSubstr("is locked"));
  EXPECT_THAT(out[0].fix, ElementsAre("Unlock-ADAccount otto -Server MILL.EXAMPLE"));
}

}  // namespace
}  // namespace stead::doctor
