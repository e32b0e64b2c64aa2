#include "kdc/ldap/changes/directory_change.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "kdc/forest/forest_file.h"
#include "kdc/forest/forest_names.h"
#include "sspi_shim/base/unicode.h"

namespace stead::kdc {
namespace {

constexpr std::string_view kForest = R"(
[[domain]]
realm = "LDAP.EXAMPLE"
netbios = "LDAP"
sid = "S-1-5-21-1-2-3"
[[domain.controller]]
name = "dc1.ldap.example"
address = "127.0.0.1"
[[domain.account]]
name = "admin"
password = "secret"
groups = ["Domain Admins"]
[[domain.account]]
name = "alice"
password = "secret"
[[domain.account]]
name = "web$"
password = "secret"
spns = ["HTTP/web.ldap.example"]
[[domain.account]]
name = "db$"
password = "secret"
spns = ["HTTP/db.ldap.example"]
[[domain.group]]
name = "staff"
)";

using Operation = Modification::Operation;

SecretBuffer value(std::string_view text) {
  return to_secret(as_bytes(text));
}
SecretBuffer quoted(std::string_view password) {
  return to_secret(to_utf16le('"' + std::string(password) + '"'));
}
Modification change(Operation operation, std::string attribute, std::vector<SecretBuffer> values) {
  return {operation, {std::move(attribute), std::move(values)}};
}

class DirectoryChange : public testing::Test {
 protected:
  DirectoryChange() {
    auto file = parse_forest(kForest, "forest.toml", ".");
    EXPECT_TRUE(file.errors.empty());
    forest = std::move(file.forest);
  }

  Domain& domain() { return forest.domains.front(); }
  Account& account(std::string_view name) { return *find_account(domain(), name); }
  LdapCaller caller(std::string_view name) {
    const Snapshot snapshot{Forest(forest)};
    return caller_of(snapshot, *snapshot.account(*snapshot.domain("LDAP"), name));
  }
  LdapCode apply(std::string_view who, LdapOperation operation) {
    ChangeRequest request{
        who.empty() ? LdapCaller{} : caller(who), "LDAP.EXAMPLE", confidential, permissive, 1000, std::move(operation)};
    Forest copy = forest;
    const auto result = change_forest(copy, request);
    if (result.ok()) forest = std::move(copy);
    message = result.message;
    return result.code;
  }
  LdapCode modify(std::string_view who, const std::string& object, std::vector<Modification> changes) {
    return apply(who, ModifyRequest{object + ",DC=ldap,DC=example", std::move(changes)});
  }
  LdapCode add_computer(std::string_view who, const std::string& name) {
    return apply(who, AddRequest{"CN=" + name + ",CN=Computers,DC=ldap,DC=example",
                                 {{"objectClass", {value("top"), value("computer")}},
                                  {"sAMAccountName", {value(name + '$')}},
                                  {"userAccountControl", {value("4096")}},
                                  {"servicePrincipalName", {value("HOST/" + name + ".ldap.example")}},
                                  {"dNSHostName", {value(name + ".ldap.example")}},
                                  {"unicodePwd", {quoted("new")}}}});
  }

  Forest forest;
  bool confidential = true, permissive = false;
  std::string message;
};

const std::string kWeb = "CN=web,CN=Computers", kDb = "CN=db,CN=Computers", kAlice = "CN=alice,CN=Users";

TEST_F(DirectoryChange, AdministratorsChangeLists) {
  EXPECT_EQ(modify("admin", kWeb, {change(Operation::add, "servicePrincipalName", {value("HTTP/www.ldap.example")})}),
            LdapCode::success);
  EXPECT_EQ(account("web$").spns.size(), 2u);
  EXPECT_EQ(modify("admin", kWeb, {change(Operation::add, "servicePrincipalName", {value("http/WWW.ldap.example")})}),
            LdapCode::attribute_or_value_exists);
  EXPECT_EQ(modify("admin", kWeb, {change(Operation::add, "servicePrincipalName", {value("HTTP/db.ldap.example")})}),
            LdapCode::constraint_violation);
  EXPECT_EQ(modify("admin", kWeb, {change(Operation::remove, "servicePrincipalName", {value("HTTP/none")})}),
            LdapCode::no_such_attribute);
  EXPECT_EQ(modify("admin", kWeb, {change(Operation::remove, "servicePrincipalName", {})}), LdapCode::success);
  EXPECT_TRUE(account("web$").spns.empty());
  EXPECT_EQ(modify("admin", kWeb,
                   {change(Operation::replace, "msDS-AllowedToDelegateTo",
                           {value("HTTP/db.ldap.example"), value("HTTP/db")})}),
            LdapCode::success);
  EXPECT_EQ(account("web$").allowed_to_delegate_to.size(), 2u);
  permissive = true;
  EXPECT_EQ(modify("admin", kWeb, {change(Operation::remove, "servicePrincipalName", {value("HTTP/none")})}),
            LdapCode::success);
}

TEST_F(DirectoryChange, ControlBecomesFlags) {
  EXPECT_EQ(modify("admin", kWeb, {change(Operation::replace, "userAccountControl", {value("16781312")})}),
            LdapCode::success);
  EXPECT_TRUE(account("web$").has(account_flag::trusted_to_auth_for_delegation));
  EXPECT_EQ(modify("web$", kWeb, {change(Operation::replace, "userAccountControl", {value("4096")})}),
            LdapCode::insufficient_access_rights);
  EXPECT_EQ(modify("web$", kWeb, {change(Operation::replace, "userAccountControl", {value("17829888")})}),
            LdapCode::success);
  EXPECT_TRUE(account("web$").has(account_flag::not_delegated));
  EXPECT_EQ(modify("admin", kWeb, {change(Operation::replace, "userAccountControl", {value("512")})}),
            LdapCode::constraint_violation);
}

TEST_F(DirectoryChange, ResourceBasedDelegationIsTheAccountsOwn) {
  const auto descriptor = encode(allowed_to_act_descriptor(std::vector{domain().sid.with_rid(account("db$").rid)}));
  const std::string attribute = "msDS-AllowedToActOnBehalfOfOtherIdentity";
  EXPECT_EQ(modify("web$", kWeb, {change(Operation::replace, attribute, {to_secret(descriptor)})}), LdapCode::success);
  EXPECT_EQ(principals_allowed_to_act(*account("web$").allowed_to_act),
            std::vector{domain().sid.with_rid(account("db$").rid)});
  EXPECT_EQ(modify("web$", kDb, {change(Operation::replace, attribute, {to_secret(descriptor)})}),
            LdapCode::insufficient_access_rights);
  EXPECT_EQ(modify("alice", kWeb, {change(Operation::remove, attribute, {})}), LdapCode::insufficient_access_rights);
  EXPECT_EQ(modify("web$", kWeb, {change(Operation::replace, attribute, {value("nonsense")})}),
            LdapCode::invalid_attribute_syntax);
  EXPECT_EQ(modify("web$", kWeb, {change(Operation::remove, attribute, {})}), LdapCode::success);
  EXPECT_FALSE(account("web$").allowed_to_act);
}

TEST_F(DirectoryChange, ComputersWriteTheirOwnNamesOnly) {
  const auto spn = [&](const char* text) {
    return modify("web$", kWeb, {change(Operation::add, "servicePrincipalName", {value(text)})});
  };
  EXPECT_EQ(spn("HOST/web.ldap.example"), LdapCode::success);
  EXPECT_EQ(spn("HOST/WEB"), LdapCode::success);
  EXPECT_EQ(spn("HOST/dc1.ldap.example"), LdapCode::constraint_violation);
  EXPECT_EQ(spn("HOST/web.ldap.example.evil"), LdapCode::constraint_violation);
  const auto host = [&](const char* text) {
    return modify("web$", kWeb, {change(Operation::replace, "dNSHostName", {value(text)})});
  };
  EXPECT_EQ(host("web.ldap.example"), LdapCode::success);
  EXPECT_EQ(host("dc1.ldap.example"), LdapCode::constraint_violation);  // CVE-2022-26923
  EXPECT_EQ(modify("web$", kWeb, {change(Operation::replace, "msDS-AllowedToDelegateTo", {value("HTTP/db")})}),
            LdapCode::insufficient_access_rights);
}

TEST_F(DirectoryChange, PasswordsAreSetInConfidenceOnly) {
  EXPECT_EQ(modify("admin", kAlice, {change(Operation::replace, "unicodePwd", {quoted("next")})}), LdapCode::success);
  EXPECT_EQ(account("alice").secret.password, "next");
  EXPECT_EQ(account("alice").secret.kvno, 2u);
  EXPECT_EQ(modify("alice", kAlice, {change(Operation::replace, "unicodePwd", {quoted("own")})}),
            LdapCode::insufficient_access_rights);
  EXPECT_EQ(modify("alice", kAlice,
                   {change(Operation::remove, "unicodePwd", {quoted("wrong")}),
                    change(Operation::add, "unicodePwd", {quoted("own")})}),
            LdapCode::constraint_violation);
  EXPECT_EQ(modify("alice", kAlice,
                   {change(Operation::remove, "unicodePwd", {quoted("next")}),
                    change(Operation::add, "unicodePwd", {quoted("own")})}),
            LdapCode::success);
  EXPECT_EQ(account("alice").secret.password, "own");
  EXPECT_EQ(modify("admin", kAlice, {change(Operation::replace, "unicodePwd", {value("not quoted")})}),
            LdapCode::unwilling_to_perform);
  confidential = false;
  EXPECT_EQ(modify("admin", kAlice, {change(Operation::replace, "unicodePwd", {quoted("read by all")})}),
            LdapCode::unwilling_to_perform);
  EXPECT_EQ(account("alice").secret.password, "own");
}

TEST_F(DirectoryChange, PasswordsKeepToThePolicyAndAdministratorsUnlock) {
  domain().policy.password_min_length = 7;
  const auto set = [&](const char* password) {
    return modify("admin", kAlice, {change(Operation::replace, "unicodePwd", {quoted(password)})});
  };
  EXPECT_EQ(set("short"), LdapCode::constraint_violation);
  EXPECT_EQ(set("long enough"), LdapCode::success);
  account("alice").flags |= account_flag::locked_out;
  account("alice").rare.edit([](RareAttributes& rare) { rare.lockout_time = 900; });
  const auto unlock = [&](const char* who, const char* time) {
    return modify(who, kAlice, {change(Operation::replace, "lockoutTime", {value(time)})});
  };
  EXPECT_EQ(unlock("alice", "0"), LdapCode::insufficient_access_rights);
  EXPECT_EQ(unlock("admin", "1"), LdapCode::unwilling_to_perform);
  EXPECT_EQ(unlock("admin", "0"), LdapCode::success);
  EXPECT_EQ(account("alice").rare->lockout_time, 0);
  EXPECT_FALSE(account("alice").has(account_flag::locked_out));
}

TEST_F(DirectoryChange, EverybodyMakesTenComputers) {
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(add_computer("alice", "new" + std::to_string(i)), LdapCode::success) << message;
  EXPECT_EQ(add_computer("alice", "eleventh"), LdapCode::unwilling_to_perform);
  EXPECT_EQ(add_computer("admin", "eleventh"), LdapCode::success);
  EXPECT_EQ(account("new3$").secret.password, "new");
  EXPECT_EQ(account("new3$").secret.kvno, 1u);
  EXPECT_NE(account("new3$").rid, account("new4$").rid);
  EXPECT_EQ(modify("alice", "CN=new3,CN=Computers", {change(Operation::replace, "unicodePwd", {quoted("later")})}),
            LdapCode::success);
  EXPECT_EQ(modify("alice", "CN=eleventh,CN=Computers", {change(Operation::replace, "unicodePwd", {quoted("later")})}),
            LdapCode::insufficient_access_rights);
  EXPECT_EQ(add_computer("", "anonymous"), LdapCode::insufficient_access_rights);
  EXPECT_EQ(add_computer("admin", "new3"), LdapCode::entry_already_exists);
}

TEST_F(DirectoryChange, WhatAddingRefuses) {
  const auto add = [&](const char* who, const std::string& dn, std::vector<LdapAttributeValues> attributes) {
    return apply(who, AddRequest{dn, std::move(attributes)});
  };
  const LdapAttributeValues user{"objectClass", {value("user")}}, group{"objectClass", {value("group")}},
      unit{"objectClass", {value("organizationalUnit")}};
  EXPECT_EQ(add("alice", "CN=x,CN=Users,DC=ldap,DC=example", {user}), LdapCode::insufficient_access_rights);
  EXPECT_EQ(add("alice", "CN=x,CN=Users,DC=ldap,DC=example", {group}), LdapCode::insufficient_access_rights);
  EXPECT_EQ(add("admin", "OU=x,DC=ldap,DC=example", {unit}), LdapCode::object_class_violation);
  EXPECT_EQ(add("admin", "CN=x,CN=Computers,DC=ldap,DC=example", {user}), LdapCode::naming_violation);
  EXPECT_EQ(add("admin", "CN=x,CN=Users,DC=other,DC=example", {user}), LdapCode::no_such_object);
  EXPECT_EQ(add("admin", "nonsense", {user}), LdapCode::invalid_dn_syntax);
  EXPECT_EQ(add("admin", "CN=x,CN=Users,DC=ldap,DC=example", {user, {"sAMAccountName", {value("y")}}}),
            LdapCode::unwilling_to_perform);
  EXPECT_EQ(add("admin", "CN=x,CN=Users,DC=ldap,DC=example", {user}), LdapCode::success);
  EXPECT_TRUE(account("x").has(account_flag::disabled));
  EXPECT_EQ(add("admin", "CN=team,CN=Users,DC=ldap,DC=example",
                {group, {"groupType", {value("-2147483644")}}, {"member", {value(kAlice + ",DC=ldap,DC=example")}}}),
            LdapCode::success);
  EXPECT_EQ(find_group(domain(), "team")->scope, GroupScope::domain_local);
  EXPECT_EQ(account("alice").groups, std::vector<std::string>{"team"});
}

TEST_F(DirectoryChange, GroupsGetAndLoseMembers) {
  const auto member = [&](Operation operation, std::vector<SecretBuffer> values) {
    return modify("admin", "CN=staff,CN=Users", {change(operation, "member", std::move(values))});
  };
  const auto alice = value(kAlice + ",DC=ldap,DC=example"), web = value(kWeb + ",DC=ldap,DC=example");
  EXPECT_EQ(member(Operation::add, {alice}), LdapCode::success);
  EXPECT_EQ(member(Operation::add, {alice}), LdapCode::entry_already_exists);
  EXPECT_EQ(account("alice").groups, std::vector<std::string>{"staff"});
  EXPECT_EQ(member(Operation::replace, {web}), LdapCode::success);
  EXPECT_TRUE(account("alice").groups.empty());
  EXPECT_EQ(member(Operation::remove, {alice}), LdapCode::unwilling_to_perform);
  EXPECT_EQ(member(Operation::remove, {web}), LdapCode::success);
  EXPECT_EQ(member(Operation::add, {value("CN=nobody,CN=Users,DC=ldap,DC=example")}), LdapCode::no_such_object);
  EXPECT_EQ(modify("alice", "CN=staff,CN=Users", {change(Operation::add, "member", {alice})}),
            LdapCode::insufficient_access_rights);
}

TEST_F(DirectoryChange, OnlyAdministratorsDelete) {
  EXPECT_EQ(apply("web$", DeleteRequest{kWeb + ",DC=ldap,DC=example"}), LdapCode::insufficient_access_rights);
  EXPECT_EQ(apply("admin", DeleteRequest{kWeb + ",DC=ldap,DC=example"}), LdapCode::success);
  EXPECT_EQ(apply("admin", DeleteRequest{kWeb + ",DC=ldap,DC=example"}), LdapCode::no_such_object);
  EXPECT_EQ(apply("admin", DeleteRequest{"CN=krbtgt,CN=Users,DC=ldap,DC=example"}), LdapCode::unwilling_to_perform);
  EXPECT_EQ(apply("admin", DeleteRequest{"CN=Domain Admins,CN=Users,DC=ldap,DC=example"}),
            LdapCode::unwilling_to_perform);
  EXPECT_EQ(apply("admin", DeleteRequest{"CN=staff,CN=Users,DC=ldap,DC=example"}), LdapCode::success);
}

TEST_F(DirectoryChange, DescriptionsAreKept) {
  EXPECT_EQ(modify("alice", kAlice, {change(Operation::replace, "TELEPHONENUMBER", {value("17")})}), LdapCode::success);
  EXPECT_EQ(account("alice").other_attributes, (std::vector<StoredAttribute>{{"telephoneNumber", "17"}}));
  EXPECT_EQ(modify("alice", kAlice, {change(Operation::remove, "telephoneNumber", {value("18")})}),
            LdapCode::no_such_attribute);
  EXPECT_EQ(modify("alice", kAlice, {change(Operation::remove, "telephoneNumber", {})}), LdapCode::success);
  EXPECT_EQ(modify("admin", kAlice, {change(Operation::replace, "objectSid", {value("x")})}),
            LdapCode::unwilling_to_perform);
  EXPECT_EQ(apply("admin", ModifyDnRequest{kAlice, "CN=eve", true, {}}), LdapCode::unwilling_to_perform);
}

}  // namespace
}  // namespace stead::kdc
