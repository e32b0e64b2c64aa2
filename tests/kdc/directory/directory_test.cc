#include "kdc/directory/directory.h"
#include "kdc/directory/account_enctypes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kdc/directory/directory_edits.h"
#include "kdc/forest/account_salt.h"
#include "kdc/forest/forest_file.h"
#include "kdc/forest/forest_names.h"

namespace stead::kdc {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr std::string_view kForest = R"(
[[domain]]
realm = "A.TEST"
netbios = "ALPHA"
sid = "S-1-5-21-1-1-1"
forest = "a.test"
[[domain.account]]
name = "User"
password = "secret"
upn = "someone@mail.example"
groups = ["inner", "local", 'BETA\wide']
[[domain.account]]
name = "Web$"
password = "secret"
spns = ["HTTP/web.a.test", "HTTP/both"]
supported_encryption_types = 0x18
[[domain.account]]
name = "other$"
password = "secret"
spns = ["HTTP/both"]
supported_encryption_types = 4
[[domain.account]]
name = "guarded"
password = "secret"
groups = ["Protected Users"]
[[domain.group]]
name = "inner"
member_of = ["outer", "local parent"]
[[domain.group]]
name = "outer"
member_of = ["inner"]
[[domain.group]]
name = "local"
scope = "domain-local"
member_of = ["local top"]
[[domain.group]]
name = "local parent"
scope = "domain-local"
[[domain.group]]
name = "local top"
scope = "domain-local"

[[domain]]
realm = "B.A.TEST"
netbios = "BETA"
sid = "S-1-5-21-2-2-2"
forest = "a.test"
[[domain.account]]
name = "user"
password = "secret"
[[domain.group]]
name = "wide"
scope = "universal"

[[domain]]
realm = "C.TEST"
sid = "S-1-5-21-3-3-3"
forest = "c.test"

[[trust]]
domains = ["A.TEST", "C.TEST"]
direction = "outbound"
password = "between"
)";

Forest test_forest() {
  auto file = parse_forest(kForest, "f.toml", ".");
  EXPECT_THAT(file.errors, IsEmpty());
  return std::move(file.forest);
}

class SnapshotLooksUp : public testing::Test {
 protected:
  Snapshot snapshot{test_forest()};
  const DomainEntry& a = *snapshot.domain("a.test");
  const DomainEntry& b = *snapshot.domain("beta");
  const DomainEntry& c = *snapshot.domain("C.TEST");
  const AccountEntry* user = snapshot.account(a, "user");
  const AccountEntry* web = snapshot.account(a, "WEB");
};

TEST_F(SnapshotLooksUp, DomainsAndAccountsInAnyCase) {
  EXPECT_EQ(a.domain->realm, "A.TEST");
  EXPECT_EQ(snapshot.domain("D.TEST"), nullptr);
  ASSERT_NE(user, nullptr);
  ASSERT_NE(web, nullptr);
  EXPECT_EQ(web, snapshot.account(a, "web$"));
  EXPECT_EQ(snapshot.account(a, "user$"), nullptr);
  EXPECT_EQ(snapshot.account(a, std::string(5000, 'x')), nullptr);
  EXPECT_NE(snapshot.account(b, "user"), user);
  EXPECT_EQ(a.krbtgt->account->rid, 502u);
  EXPECT_EQ(snapshot.by_sid(user->sid), user);
  EXPECT_EQ(snapshot.by_sid(*parse_sid("S-1-5-21-9-9-9-1103")), nullptr);
}

TEST(Snapshot, FindsNamesOfAnyScriptInAnyCase) {
  auto file = parse_forest(R"(
[[domain]]
realm = "A.TEST"
sid = "S-1-5-21-1-1-1"
[[domain.account]]
name = "MÜLLER"
password = "secret"
upn = "Jörg.Müller@büro.example"
spns = ["HTTP/ÄPFEL"]
)",
                           "f.toml", ".");
  EXPECT_THAT(file.errors, IsEmpty());
  const Snapshot snapshot(std::move(file.forest));
  const auto& domain = *snapshot.domain("A.TEST");
  const auto* found = snapshot.account(domain, "müller");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(snapshot.by_upn(domain, "JÖRG.MÜLLER@BÜRO.EXAMPLE"), found);
  EXPECT_EQ(snapshot.by_spn(domain, "http/äpfel"), found);
  EXPECT_EQ(snapshot.account(domain, "muller"), nullptr);
  EXPECT_EQ(snapshot.account(domain, "m\xfcller"), nullptr);  // Latin-1
}

// In a directory the object's class counts, which may disagree with the name.
TEST(Snapshot, GivesTheSaltOfTheObjectsClass) {
  auto file = parse_forest(R"(
[[domain]]
realm = "A.TEST"
sid = "S-1-5-21-1-1-1"
[[domain.account]]
name = "cash$"
password = "secret"
upn = "cash$@a.test"
flags = ["user"]
[[domain.account]]
name = "Box"
password = "secret"
flags = ["computer"]
)",
                           "f.toml", ".");
  const auto& domain = file.forest.domains.at(0);
  EXPECT_EQ(salt_of(domain, *find_account(domain, "cash$")), "A.TESTcash$");
  EXPECT_EQ(salt_of(domain, *find_account(domain, "Box")), "A.TESThostbox.a.test");
  const Snapshot snapshot(file.forest);
  const auto* home = snapshot.domain("A.TEST");
  EXPECT_EQ(snapshot.account(*home, "cash$")->primary_group_rid, well_known_rid::domain_users);
  EXPECT_EQ(snapshot.account(*home, "Box")->primary_group_rid, well_known_rid::domain_computers);
}

TEST(Snapshot, KeepsTheSaltUntilThePasswordIsSet) {
  auto file = parse_forest(R"(
[[domain]]
realm = "A.TEST"
sid = "S-1-5-21-1-1-1"
[[domain.account]]
name = "jdoe"
password = "secret"
upn = "john/doe@x@mail.example"
[[domain.account]]
name = "plain"
password = "secret"
[[domain.account]]
name = "web$"
password = "secret"
upn = "HTTP/web@A.TEST"
)",
                           "f.toml", ".");
  auto& domain = file.forest.domains.at(0);
  const auto salt = [&](const char* name) { return salt_of(domain, *find_account(domain, name)); };
  EXPECT_EQ(salt("jdoe"), "A.TESTjohndoe@x");
  EXPECT_EQ(salt("plain"), "A.TESTplain");
  EXPECT_EQ(salt("web$"), "A.TESThostweb.a.test");
  auto& plain = *find_account(domain, "plain");
  plain.upn = "other@mail.example";
  EXPECT_EQ(salt("plain"), "A.TESTplain");
  edits::set_password(domain, plain, "next", 1);
  EXPECT_EQ(salt("plain"), "A.TESTother");
  // Tickets that the old password's keys encrypted are still read.
  const Snapshot snapshot(file.forest);
  const auto* entry = snapshot.account(*snapshot.domain("A.TEST"), "plain");
  const auto* before = entry->previous_keys->find(EncType::aes256_cts_hmac_sha1_96);
  ASSERT_NE(before, nullptr);
  EXPECT_EQ(before->to_encryption_key().value,
            Key::from_password(EncType::aes256_cts_hmac_sha1_96, "secret", "A.TESTplain")->to_encryption_key().value);
}

TEST(Snapshot, HasHostStandForTheServicesOfSpnMappings) {
  auto file = parse_forest(R"(
[[domain]]
realm = "A.TEST"
sid = "S-1-5-21-1-1-1"
[[domain.account]]
name = "box$"
password = "secret"
spns = ["HOST/box.a.test", "HOST/box"]
[[domain.account]]
name = "app"
password = "secret"
spns = ["HTTP/box.a.test", "HTTP/twice", "HOST/twice"]
[[domain.account]]
name = "other"
password = "secret"
spns = ["HTTP/twice"]
)",
                           "f.toml", ".");
  ASSERT_THAT(file.errors, IsEmpty());
  const Snapshot snapshot(std::move(file.forest));
  const auto& a = *snapshot.domain("A.TEST");
  const auto* box = snapshot.account(a, "box");
  for (const char* spn : {"cifs/box.a.test", "CIFS/BOX", "http/box", "Spooler/box.a.test", "dcom/box"})
    EXPECT_EQ(snapshot.by_host_alias(a, spn), box) << spn;
  EXPECT_EQ(snapshot.by_host_alias(a, "HTTP/box.a.test"), nullptr) << "app's own";
  EXPECT_EQ(snapshot.by_host_alias(a, "HTTP/twice"), nullptr) << "a duplicate is nobody's";
  for (const char* spn : {"MSSQLSvc/box", "HOST/box", "ldap/box", "cifs/elsewhere", "cifs", "cifs/", "/box", ""})
    EXPECT_EQ(snapshot.by_host_alias(a, spn), nullptr) << spn;
}

TEST_F(SnapshotLooksUp, SpnsThatOneAccountHas) {
  EXPECT_EQ(snapshot.by_spn(a, "http/WEB.a.test"), web);
  EXPECT_EQ(snapshot.by_spn(a, "HTTP/both"), nullptr);
  EXPECT_EQ(a.by_spn.find("http/BOTH")->second.size(), 2u);
  EXPECT_EQ(snapshot.by_spn(b, "HTTP/web.a.test"), nullptr);
  EXPECT_EQ(snapshot.by_spn(a, "kadmin/changepw"), a.krbtgt);
}

TEST_F(SnapshotLooksUp, UpnsAcrossTheForest) {
  EXPECT_EQ(snapshot.by_upn(a, "SOMEONE@mail.example"), user);
  EXPECT_EQ(snapshot.by_upn(b, "someone@mail.example"), user);
  EXPECT_EQ(snapshot.by_upn(b, "user@a.test"), user);
  EXPECT_EQ(snapshot.by_upn(a, "user@b.a.test"), snapshot.account(b, "user"));
  EXPECT_EQ(snapshot.by_upn(c, "someone@mail.example"), nullptr);
  EXPECT_EQ(snapshot.by_upn(c, "user@a.test"), nullptr);
  EXPECT_EQ(snapshot.by_upn(a, "user"), nullptr);
  EXPECT_EQ(snapshot.by_upn(a, "@a.test"), nullptr);
}

TEST_F(SnapshotLooksUp, NestedGroups) {
  EXPECT_EQ(user->primary_group_rid, 513u);
  EXPECT_EQ(web->primary_group_rid, 515u);
  const auto rid = [&](std::string_view name) {
    for (const auto& group : a.domain->groups)
      if (group.name == name) return group.rid;
    return 0u;
  };
  EXPECT_THAT(user->global_group_rids, UnorderedElementsAre(rid("inner"), rid("outer")));
  EXPECT_THAT(user->other_group_sids, ElementsAre(b.domain->sid.with_rid(1104)));
  const auto sid = [&](std::string_view name) { return a.domain->sid.with_rid(rid(name)); };
  const std::vector<Sid> token{user->sid, sid("inner"), sid("outer")};
  EXPECT_THAT(snapshot.domain_local_groups(a, token),
              UnorderedElementsAre(sid("local"), sid("local top"), sid("local parent")));
  EXPECT_THAT(snapshot.domain_local_groups(b, token), IsEmpty());
  EXPECT_THAT(snapshot.domain_local_groups(a, std::vector<Sid>{sid("inner")}), ElementsAre(sid("local parent")));
}

TEST_F(SnapshotLooksUp, ProtectedUsersByMembership) {
  const auto* guarded = snapshot.account(a, "guarded");
  EXPECT_THAT(guarded->global_group_rids, testing::Contains(well_known_rid::protected_users));
  EXPECT_FALSE(guarded->account->has(account_flag::protected_user)) << "the forest stays as it is";
  EXPECT_THAT(guarded->global_group_rids, ElementsAre(525u));
}

TEST_F(SnapshotLooksUp, TrustsFromBothEnds) {
  ASSERT_EQ(a.trusts.size(), 1u);
  ASSERT_EQ(c.trusts.size(), 1u);
  // A trusts C: C's users may come to A.
  EXPECT_TRUE(a.trusts[0].we_trust_partner);
  EXPECT_FALSE(a.trusts[0].partner_trusts_us);
  EXPECT_TRUE(c.trusts[0].partner_trusts_us);
  EXPECT_FALSE(c.trusts[0].we_trust_partner);
  EXPECT_EQ(c.trusts[0].outgoing, a.trusts[0].incoming);
  EXPECT_EQ(c.trusts[0].outgoing->salt(), "C.TESTkrbtgtA.TEST");
  EXPECT_EQ(c.trusts[0].incoming->salt(), "A.TESTkrbtgtC.TEST");
}

TEST_F(SnapshotLooksUp, KeysWithAdsSalts) {
  EXPECT_EQ(user->keys->salt(), "A.TESTsomeone") << "of the UPN, not of the account's name";
  EXPECT_EQ(web->keys->salt(), "A.TESThostweb.a.test");
  EXPECT_EQ(web->keys->find(EncType::aes256_cts_hmac_sha1_96), nullptr);
  EXPECT_TRUE(web->keys->can_have(EncType::aes256_cts_hmac_sha1_96));
  web->keys->derive(EncType::aes256_cts_hmac_sha1_96);
  const auto* key = web->keys->find(EncType::aes256_cts_hmac_sha1_96);
  ASSERT_NE(key, nullptr);
  web->keys->derive(EncType::aes256_cts_hmac_sha1_96);
  EXPECT_EQ(web->keys->find(EncType::aes256_cts_hmac_sha1_96), key);
  EXPECT_FALSE(a.krbtgt->keys->can_have(EncType::rc4_hmac));
  EXPECT_NE(a.krbtgt->keys->find(EncType::aes256_cts_hmac_sha1_96), nullptr);
}

TEST_F(SnapshotLooksUp, TheStrongestEnctypesTheDomainAllows) {
  EXPECT_THAT(ticket_enctypes(*web), ElementsAre(EncType::aes256_cts_hmac_sha1_96, EncType::aes128_cts_hmac_sha1_96));
  EXPECT_THAT(ticket_enctypes(*snapshot.account(a, "other")), IsEmpty());
  EXPECT_EQ(supported_encryption_types(*user), 0x18u);
}

TEST(Directory, KeepsTheOldSecretForOnePasswordChange) {
  Directory directory(test_forest());
  std::shared_ptr<const Snapshot> cached;
  const auto* before = &directory.snapshot(cached);
  EXPECT_EQ(&directory.snapshot(cached), before);
  const auto old = directory.snapshot();
  const auto* old_user = old->account(*old->domain("A.TEST"), "user");
  ASSERT_TRUE(directory.set_password("A.TEST", "user", "next"));
  const auto& now = directory.snapshot(cached);
  EXPECT_NE(&now, before);
  const auto* user = now.account(*now.domain("A.TEST"), "user");
  EXPECT_EQ(user->keys->kvno(), 2u);
  EXPECT_EQ(user->previous_keys, old_user->keys);
  EXPECT_GT(user->account->password_last_set, 0);
  // What did not change keeps its keys, made or not.
  EXPECT_EQ(now.account(*now.domain("A.TEST"), "web")->keys, old->account(*old->domain("A.TEST"), "web")->keys);
  EXPECT_EQ(now.domain("A.TEST")->trusts[0].outgoing, old->domain("A.TEST")->trusts[0].outgoing);
  EXPECT_FALSE(directory.set_password("A.TEST", "nobody", "next"));
  EXPECT_FALSE(directory.set_password("X.TEST", "user", "next"));
}

}  // namespace
}  // namespace stead::kdc
