#include "kdc/commands/directory_commands.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kdc/commands/command_words.h"
#include "kdc/forest/forest_file.h"
#include "kdc/forest/forest_names.h"

namespace stead::kdc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class DirectoryCommands : public testing::Test {
 protected:
  DirectoryCommands() {
    std::string name = testing::TempDir() + "stead-commands-XXXXXX";
    folder = mkdtemp(name.data());
    const auto file = read_forest_file(STEAD_SAMPLES "/forest.toml");
    auto opened = DirectoryStore::open(folder, file.forest, file.digest);
    EXPECT_TRUE(opened) << to_string(opened.error());
    if (opened) store = std::move(opened->store);
  }
  ~DirectoryCommands() override { std::filesystem::remove_all(folder); }

  template <class... Words>
  CommandResult run(const Words&... words) {
    return run_directory_command(*store, {std::string(words)...});
  }
  template <class... Words>
  std::string ok(const Words&... words) {
    const auto result = run(words...);
    EXPECT_EQ(result.exit_status, 0) << result.error;
    EXPECT_THAT(result.error, IsEmpty());
    return result.output;
  }
  void load() {
    auto loaded = store->load();
    EXPECT_TRUE(loaded) << to_string(loaded.error());
    if (loaded) forest = std::move(*loaded);
  }
  Account account(std::string_view domain, std::string_view name) {
    load();
    const auto* found = find_account(*find_domain(forest, domain), name);
    return found == nullptr ? Account{} : *found;
  }
  Sid sid(std::string_view domain, std::string_view name) {
    const auto rid = account(domain, name).rid;  // loads the forest
    return find_domain(forest, domain)->sid.with_rid(rid);
  }

  std::filesystem::path folder;
  std::unique_ptr<DirectoryStore> store;
  Forest forest;
};

TEST_F(DirectoryCommands, ServicesOfAControllerArePausedAndResumed) {
  const auto paused = [&](const char* name) {
    load();
    for (const auto& domain : forest.domains)
      for (const auto& controller : domain.controllers)
        if (controller.name == name) return controller.paused;
    ADD_FAILURE() << name;
    return false;
  };
  EXPECT_FALSE(paused("dc12.root.fabrikam.com"));
  ok("Suspend-Service", "Netlogon", "-ComputerName", "DC12.root.fabrikam.com");
  EXPECT_TRUE(paused("dc12.root.fabrikam.com"));
  EXPECT_FALSE(paused("dc12.corp.contoso.com"));
  EXPECT_THAT(ok("Get-Service", "-Name", "netlogon", "-ComputerName", "dc12.root.fabrikam.com"),
              HasSubstr("Paused   Netlogon  dc12.root.fabrikam.com\n"));
  ok("suspend-service", "Netlogon", "-Server", "dc16");
  EXPECT_TRUE(paused("dc16.emea.root.fabrikam.com"));
  ok("Resume-Service", "Netlogon", "-Server", "dc16");
  EXPECT_FALSE(paused("dc16.emea.root.fabrikam.com"));
  EXPECT_EQ(run("Get-Service", "Netlogon", "-Server", "dc16").json,
            R"({"Status": "Running", "Name": "Netlogon", "MachineName": "dc16.emea.root.fabrikam.com"})");

  EXPECT_EQ(run("Suspend-Service", "Netlogon").exit_status, 2);
  EXPECT_EQ(run("Suspend-Service", "-ComputerName", "dc16").exit_status, 2);
  EXPECT_EQ(run("Suspend-Service", "kdc", "-ComputerName", "dc16").exit_status, 1);
  EXPECT_THAT(run("Suspend-Service", "Netlogon", "-ComputerName", "dc12").error, HasSubstr("Several domains"));
  const auto unknown = run("Suspend-Service", "Netlogon", "-ComputerName", "dc99.root.fabrikam.com");
  EXPECT_EQ(unknown.exit_status, 1);
  EXPECT_THAT(unknown.error, HasSubstr("dc08.root.fabrikam.com"));
}

TEST_F(DirectoryCommands, SetspnListsAddsAndRemoves) {
  EXPECT_EQ(ok("setspn", "-L", "frontend"),
            "Registered ServicePrincipalNames for "
            "CN=frontend,CN=Computers,DC=root,DC=fabrikam,DC=com:\n\tHTTP/frontend.root.fabrikam.com\n");
  EXPECT_THAT(ok("setspn", "-S", "HTTP/new.root.fabrikam.com", "ROOT\\frontend$"), HasSubstr("Updated object"));
  EXPECT_THAT(account("ROOT", "frontend").spns,
              ElementsAre("HTTP/frontend.root.fabrikam.com", "HTTP/new.root.fabrikam.com"));
  EXPECT_THAT(ok("setspn", "-D", "http/NEW.root.fabrikam.com", "frontend"),
              StartsWith("Unregistering ServicePrincipalNames for CN=frontend,"));
  EXPECT_THAT(account("ROOT", "frontend").spns, ElementsAre("HTTP/frontend.root.fabrikam.com"));
  EXPECT_EQ(run("setspn", "-D", "HTTP/new.root.fabrikam.com", "frontend").exit_status, 1);
}

TEST_F(DirectoryCommands, SetspnRefusesADuplicateInTheForest) {
  const auto result = run("setspn", "-S", "http/FRONTEND.root.fabrikam.com", "EMEA\\ledger$");
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_EQ(result.error, "Duplicate SPN found, aborting operation!");
  EXPECT_THAT(account("EMEA", "ledger").spns, testing::SizeIs(1));
  EXPECT_EQ(run("setspn", "-S", "no-spn", "ledger").exit_status, 2);
  EXPECT_EQ(run("setspn", "-S", "HTTP/x").exit_status, 2);
  EXPECT_EQ(run("setspn", "-S", "HTTP/x", "nobody").exit_status, 1);
  EXPECT_EQ(run("setspn").exit_status, 2);
}

TEST_F(DirectoryCommands, SetspnFindsSpnsAndDuplicates) {
  EXPECT_THAT(ok("setspn", "-Q", "HTTP/ledger.EMEA.root.fabrikam.com"), HasSubstr("Existing SPN found!"));
  EXPECT_THAT(ok("setspn", "-Q", "*/ledger*"),
              HasSubstr("CN=ledger,CN=Computers,DC=emea,DC=root,DC=fabrikam,DC=com\n"));
  EXPECT_THAT(ok("setspn", "-Q", "HTTP/nowhere"), HasSubstr("No such SPN found."));
  EXPECT_THAT(ok("setspn", "-X"), HasSubstr("found 0 groups of duplicate SPNs."));
  EXPECT_TRUE(store->change([](Forest& all) -> Checked<void> {
    find_account(all.domains[1], "ledger")->spns.push_back("http/REPORTS.root.fabrikam.com");
    return {};
  }));
  EXPECT_THAT(ok("setspn", "-X"), testing::AllOf(HasSubstr("found 1 group of duplicate SPNs."),
                                                 HasSubstr("is registered on these accounts:\n\tCN=reports,")));
}

TEST_F(DirectoryCommands, SetAdComputerWritesTheDescriptor) {
  ok("Set-ADComputer", "denied", "-PrincipalsAllowedToDelegateToAccount", "ROOT\\frontend$,'CORP\\frank'");
  EXPECT_THAT(principals_allowed_to_act(*account("CORP", "denied").allowed_to_act),
              ElementsAre(sid("ROOT", "frontend"), sid("CORP", "frank")));
  EXPECT_THAT(ok("get-adcomputer", "denied$", "-Properties", "PrincipalsAllowedToDelegateToAccount"),
              HasSubstr("PrincipalsAllowedToDelegateToAccount : {CN=frontend,CN=Computers,DC=root,DC=fabrikam,DC=com, "
                        "CN=frank,CN=Users,DC=corp,DC=contoso,DC=com}\n"));
  ok("Set-ADServiceAccount", "-Identity", "denied", "-PrincipalsAllowedToDelegateToAccount",
     "frontend$");  // one domain only has it
  EXPECT_THAT(principals_allowed_to_act(*account("CORP", "denied").allowed_to_act),
              ElementsAre(sid("ROOT", "frontend")));
  ok("Set-ADComputer", "denied", "-PrincipalsAllowedToDelegateToAccount", "$null");
  EXPECT_FALSE(account("CORP", "denied").allowed_to_act);
  EXPECT_EQ(run("Set-ADComputer", "denied", "-PrincipalsAllowedToDelegateToAccount", "ROOT\\nobody").exit_status, 1);
  EXPECT_EQ(run("Set-ADComputer", "alice", "-Enabled", "$true").exit_status, 1);
  EXPECT_EQ(run("Set-ADComputer", "denied").exit_status, 2);
}

TEST_F(DirectoryCommands, WhatDescribesAnAccountIsTakenAndNotKept) {
  ok("New-ADComputer", "web7", "-AccountPassword", "Passw0rd!", "-Server", "CORP.CONTOSO.COM", "-DNSHostName",
     "web7.corp.contoso.com", "-Path", "OU=Web,DC=corp,DC=contoso,DC=com", "-Description", "the seventh");
  EXPECT_EQ(account("CORP.CONTOSO.COM", "web7$").name, "web7$");
}

TEST_F(DirectoryCommands, NothingChangesWhereAParameterIsUnknownOrItsValueIsLost) {
  const auto before = account("CORP.CONTOSO.COM", "backend$").allowed_to_act;
  ASSERT_TRUE(before);
  const auto lost =
      run("Set-ADComputer", "backend$", "-PrincipalsAllowedToDelegateToAccount");  // as a shell leaves $null
  EXPECT_EQ(lost.exit_status, 2);
  EXPECT_THAT(lost.error, HasSubstr("'$null'"));
  for (const auto& command : std::vector<std::vector<std::string>>{
           {"Set-ADComputer", "backend$", "-PrincipalsAllowedToDelegateToAccount", "$null", "-WhatIf"},
           {"Set-ADComputer", "backend$", "-Clear", "msDS-AllowedToActOnBehalfOfOtherIdentity", "-Servr",
            "CORP.CONTOSO.COM"},
           {"Set-ADAccountControl", "alice", "-Enabled", "$false", "-TrustedToAuth", "$true"},
           {"New-ADUser", "greta", "-AccountPassword", "(ConvertTo-SecureString", "-AsPlainText", "x)"},
           {"Add-ADGroupMember", "staff", "-Members", "alice", "-Group", "x"},
           {"Get-ADUser", "alice", "-Prop", "*"}}) {
    const auto refused = run_directory_command(*store, command);
    EXPECT_EQ(refused.exit_status, 2) << command.front();
    EXPECT_THAT(refused.error, HasSubstr("cannot be found")) << command.front();
  }
  EXPECT_EQ(account("CORP.CONTOSO.COM", "backend$").allowed_to_act, before);
  EXPECT_EQ(account("ROOT.FABRIKAM.COM", "alice").flags & account_flag::disabled, 0U);
  EXPECT_THAT(account("ROOT.FABRIKAM.COM", "greta").name, IsEmpty());
}

TEST_F(DirectoryCommands, SetAdUserChangesTheDelegationList) {
  ok("Set-ADUser", "alice", "-Add", "@{'msDS-AllowedToDelegateTo'='HTTP/a','HTTP/b'}");
  EXPECT_THAT(account("ROOT", "alice").allowed_to_delegate_to, ElementsAre("HTTP/a", "HTTP/b"));
  ok("Set-ADUser", "alice", "-Remove", "@{msDS-AllowedToDelegateTo=http/A}");  // a shell took the quotes
  EXPECT_THAT(account("ROOT", "alice").allowed_to_delegate_to, ElementsAre("HTTP/b"));
  ok("Set-ADUser", "alice", "-Replace", "@{\"msDS-AllowedToDelegateTo\" = @('HTTP/c')}");
  EXPECT_THAT(account("ROOT", "alice").allowed_to_delegate_to, ElementsAre("HTTP/c"));
  ok("Set-ADUser", "alice", "-Clear", "msDS-AllowedToDelegateTo");
  EXPECT_THAT(account("ROOT", "alice").allowed_to_delegate_to, IsEmpty());
  ok("Set-ADUser", "frontend$", "-Add", "@{'msDS-AllowedToDelegateTo'='HTTP/d'}");  // a computer, named in full
  EXPECT_EQ(run("Set-ADUser", "alice", "-Add", "@{'msDS-AllowedToDelegateTo'='HTTP'}").exit_status, 1);
  EXPECT_EQ(run("Set-ADUser", "alice", "-Add", "msDS-AllowedToDelegateTo").exit_status, 2);
  EXPECT_EQ(run("Set-ADUser", "alice", "-Add", "@{'cn'='x'}").exit_status, 1);
}

TEST_F(DirectoryCommands, SetAdAccountControlSwitchesFlags) {
  ok("Set-ADAccountControl", "alice", "-TrustedToAuthForDelegation", "$true", "-AccountNotDelegated", "true");
  EXPECT_TRUE(account("ROOT", "alice").has(account_flag::trusted_to_auth_for_delegation));
  EXPECT_TRUE(account("ROOT", "alice").has(account_flag::not_delegated));
  ok("Set-ADAccountControl", "alice", "-AccountNotDelegated:$false");
  EXPECT_FALSE(account("ROOT", "alice").has(account_flag::not_delegated));
  EXPECT_TRUE(account("ROOT", "alice").has(account_flag::trusted_to_auth_for_delegation));
  EXPECT_THAT(run("Set-ADAccountControl", "alice", "-AccountNotDelegated").error, HasSubstr("needs $true or $false"));
  EXPECT_EQ(run("Set-ADAccountControl", "alice").exit_status, 2);
  ok("Disable-ADAccount", "alice");
  EXPECT_TRUE(account("ROOT", "alice").has(account_flag::disabled));
  ok("Enable-ADAccount", "alice");
  EXPECT_FALSE(account("ROOT", "alice").has(account_flag::disabled));
}

TEST_F(DirectoryCommands, WhatMendsAnAccountTakesItsStateAway) {
  ok("Set-ADUser", "alice", "-KerberosEncryptionType", "AES128,AES256");
  EXPECT_EQ(account("ROOT", "alice").supported_encryption_types, 24U);
  ok("Set-ADUser", "alice", "-KerberosEncryptionType", "RC4");
  EXPECT_EQ(account("ROOT", "alice").supported_encryption_types, 4U);
  EXPECT_EQ(run("Set-ADUser", "alice", "-KerberosEncryptionType", "ROT13").exit_status, 2);
  EXPECT_EQ(account("ROOT", "alice").supported_encryption_types, 4U);
  const auto broken = store->change([](Forest& changed) -> Checked<void> {
    for (auto& domain : changed.domains)
      for (auto& one : domain.accounts)
        if (one.name == "alice")
          one.flags |=
              account_flag::account_expired | account_flag::password_expired | account_flag::logon_hours_denied;
    return {};
  });
  ASSERT_TRUE(broken);
  ok("Set-ADUser", "alice", "-PasswordNeverExpires", "$false", "-Enabled", "$true");  // says nothing of when
  EXPECT_TRUE(account("ROOT", "alice").has(account_flag::password_expired));
  ok("Clear-ADAccountExpiration", "alice");
  ok("Set-ADUser", "alice", "-PasswordNeverExpires", "$true");
  ok("Set-ADUser", "alice", "-Clear", "logonHours");
  EXPECT_FALSE(account("ROOT", "alice").has(account_flag::account_expired));
  EXPECT_FALSE(account("ROOT", "alice").has(account_flag::password_expired));
  EXPECT_FALSE(account("ROOT", "alice").has(account_flag::logon_hours_denied));
}

TEST_F(DirectoryCommands, AUpnIsUniqueWhateverWayItIsWritten) {
  const char* taken = "@{'userPrincipalName'='SHARED@mail.example'}";
  ok("Set-ADUser", "alice", "-UserPrincipalName", "shared@mail.example");
  for (const char* way : {"-Replace", "-Add"}) {
    EXPECT_THAT(run("Set-ADUser", "dave", way, taken).error, HasSubstr("is not unique forest-wide")) << way;
    EXPECT_THAT(account("ROOT", "dave").upn, testing::Not(testing::StrCaseEq("shared@mail.example")));
  }
  EXPECT_EQ(run("Set-ADUser", "dave", "-UserPrincipalName", "Shared@mail.example").exit_status, 1);
  EXPECT_EQ(run("New-ADUser", "zed", "-AccountPassword", "x", "-UserPrincipalName", "Shared@mail.example").exit_status,
            1);
  ok("Set-ADUser", "alice", "-Replace", taken);  // her own, in another case
  EXPECT_EQ(account("ROOT", "alice").upn, "SHARED@mail.example");
}

TEST_F(DirectoryCommands, SingleValuedAttributesTakeOneValue) {
  const auto upn = [](const char* value) { return std::string("@{'userPrincipalName'='") + value + "'}"; };
  ok("Set-ADUser", "dave", "-Clear", "userPrincipalName");
  ok("Set-ADUser", "dave", "-Add", upn("d@mail.example"));
  EXPECT_EQ(account("ROOT", "dave").upn, "d@mail.example");
  EXPECT_THAT(run("Set-ADUser", "dave", "-Add", upn("e@mail.example")).error, HasSubstr("only one value"));
  EXPECT_THAT(run("Set-ADUser", "dave", "-Replace", "@{'userPrincipalName'='a@b','c@d'}").error,
              HasSubstr("only one value"));
  EXPECT_THAT(run("Set-ADUser", "dave", "-Remove", upn("e@mail.example")).error, HasSubstr("does not exist"));
  EXPECT_EQ(account("ROOT", "dave").upn, "d@mail.example");
  ok("Set-ADUser", "dave", "-Remove", upn("D@mail.example"));
  EXPECT_EQ(account("ROOT", "dave").upn, "");
  ok("Set-ADComputer", "reports$", "-Replace", "@{'msDS-SupportedEncryptionTypes'='0x18'}");
  EXPECT_EQ(account("ROOT", "reports$").supported_encryption_types, 0x18u);
  EXPECT_EQ(run("Set-ADComputer", "reports$", "-Replace", "@{'msDS-SupportedEncryptionTypes'='AES'}").exit_status, 1);
  ok("Set-ADComputer", "reports$", "-Remove", "@{'msDS-SupportedEncryptionTypes'='24'}");
  EXPECT_FALSE(account("ROOT", "reports$").supported_encryption_types);
  ok("Set-ADComputer", "reports$", "-Replace",
     "@{'msDS-AllowedToActOnBehalfOfOtherIdentity'='O:BAD:(A;;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;S-1-5-21-9-9-9-1200)'}");
  EXPECT_TRUE(account("ROOT", "reports$").allowed_to_act);
  ok("Set-ADComputer", "reports$", "-Clear", "msDS-AllowedToActOnBehalfOfOtherIdentity");
  EXPECT_FALSE(account("ROOT", "reports$").allowed_to_act);
}

TEST_F(DirectoryCommands, AccountsComeAndGoAndTheirRidsDoNotComeBack) {
  ok("New-ADUser", "zoe", "-AccountPassword", "pw one", "-UserPrincipalName", "zoe@mail.example");
  const auto first = account("ROOT", "zoe");
  EXPECT_EQ(first.secret.password, "pw one");
  EXPECT_EQ(first.upn, "zoe@mail.example");
  EXPECT_EQ(run("New-ADUser", "ZOE", "-AccountPassword", "x").exit_status, 1);
  EXPECT_EQ(run("New-ADUser", "zed", "-AccountPassword", "x", "-UserPrincipalName", "ZOE@mail.example").exit_status, 1);
  EXPECT_EQ(run("New-ADUser", "zed").exit_status, 2);
  ok("Remove-ADUser", "zoe", "-Confirm:$false");
  EXPECT_EQ(account("ROOT", "zoe").rid, 0u);
  ok("New-ADUser", "zoe", "-AccountPassword", "x");
  EXPECT_GT(account("ROOT", "zoe").rid, first.rid);
  ok("New-ADComputer", "web", "-Server", "SALES", "-AccountPassword", "x", "-ServicePrincipalNames",
     "HTTP/web.sales,HTTP/web");
  EXPECT_THAT(account("SALES", "web$").spns, ElementsAre("HTTP/web.sales", "HTTP/web"));
  EXPECT_EQ(
      run("New-ADComputer", "web2", "-Server", "SALES", "-AccountPassword", "x", "-ServicePrincipalNames", "HTTP/web")
          .exit_status,
      1);
  EXPECT_EQ(run("Remove-ADComputer", "zoe").exit_status, 1);
  EXPECT_EQ(run("Remove-ADUser", "ROOT\\krbtgt").exit_status, 1);
}

TEST_F(DirectoryCommands, SetAdAccountPasswordKeepsTheOldOne) {
  ok("Set-ADAccountPassword", "alice", "-Reset", "-NewPassword", "next");
  const auto alice = account("ROOT", "alice");
  EXPECT_EQ(alice.secret.password, "next");
  EXPECT_EQ(alice.secret.kvno, 2u);
  ASSERT_TRUE(alice.previous_secret);
  EXPECT_EQ(alice.previous_secret->password, "Passw0rd!");
  EXPECT_EQ(run("Set-ADAccountPassword", "alice", "-NewPassword", "x").exit_status, 2);
  EXPECT_EQ(run("Set-ADAccountPassword", "alice", "-OldPassword", "wrong", "-NewPassword", "x").exit_status, 1);
}

TEST_F(DirectoryCommands, GroupsTakeMembers) {
  ok("Add-ADGroupMember", "Domain Admins", "-Server", "ROOT", "-Members", "alice,bob");
  EXPECT_THAT(account("ROOT", "bob").groups, ElementsAre("staff", "Domain Admins"));
  ok("Remove-ADGroupMember", "ROOT\\Domain Admins", "-Members", "bob");
  EXPECT_THAT(account("ROOT", "bob").groups, ElementsAre("staff"));
  EXPECT_EQ(run("Add-ADGroupMember", "Domain Admins", "-Members", "alice").exit_status, 1);
  EXPECT_EQ(run("Add-ADGroupMember", "ROOT\\staff", "-Members", "CORP\\frank").exit_status, 1);
}

TEST_F(DirectoryCommands, SaysWhichDomainsHaveAName) {
  ok("New-ADUser", "CORP\\alice", "-AccountPassword", "x");
  EXPECT_EQ(run("Get-ADUser", "alice").error,
            "Several domains have 'alice': name one of ROOT\\alice, CORP\\alice, or say -Server REALM");
  EXPECT_THAT(ok("Get-ADUser", "alice", "-Server", "corp.contoso.com"), HasSubstr("DC=corp,DC=contoso,DC=com"));
  EXPECT_EQ(run("Get-ADUser", "NOWHERE\\alice").exit_status, 1);
  EXPECT_EQ(run("Get-ADUser", "alice", "-Server", "NOWHERE").exit_status, 1);
  EXPECT_EQ(run("Get-ADUser", "bob", "-Properties", "shoeSize").exit_status, 1);
  EXPECT_EQ(run("Get-ADUser").exit_status, 2);
  EXPECT_EQ(run("Frob-ADUser", "alice").exit_status, 2);
  EXPECT_EQ(run("frob").exit_status, 2);
}

TEST_F(DirectoryCommands, GivesWhatItFoundAsJson) {
  EXPECT_EQ(
      run("setspn", "-L", "reports").json,
      R"({"account": "CN=reports,CN=Computers,DC=root,DC=fabrikam,DC=com", "spns": ["HTTP/reports.root.fabrikam.com"]})");
  EXPECT_EQ(run("setspn", "-Q", "HTTP/nowhere").json, R"({"accounts": []})");
  EXPECT_EQ(run("setspn", "-X").json, R"({"duplicates": []})");
  EXPECT_THAT(
      run("Get-ADComputer", "backend", "-Properties", "PrincipalsAllowedToDelegateToAccount").json,
      HasSubstr(R"("PrincipalsAllowedToDelegateToAccount": ["CN=frontend,CN=Computers,DC=root,DC=fabrikam,DC=com"])"));
  EXPECT_EQ(run("Disable-ADAccount", "alice").json, "{}");
  EXPECT_EQ(json_string("a\"\\\n"), R"("a\"\\\u000a")");
}

TEST(CommandWords, ReadsValuesAsPowerShellWritesThem) {
  EXPECT_THAT(list_value("@('a, b',\"c\", d )"), ElementsAre("a, b", "c", "d"));
  EXPECT_THAT(list_value(""), IsEmpty());
  const auto table = table_value("@{ 'A-b' = 'x','y'; c=z }");
  ASSERT_TRUE(table);
  EXPECT_THAT(table->at("a-b"), ElementsAre("x", "y"));
  EXPECT_THAT(table->at("c"), ElementsAre("z"));
  EXPECT_FALSE(table_value("a=b"));
  EXPECT_FALSE(table_value("@{a}"));
  EXPECT_EQ(boolean_value("$FALSE"), false);
  EXPECT_FALSE(boolean_value("maybe"));
}

TEST_F(DirectoryCommands, PolicyIsThatOfADomain) {
  ok("Set-ADDefaultDomainPasswordPolicy", "ROOT.FABRIKAM.COM", "-LockoutThreshold", "5", "-LockoutDuration", "01:00:00",
     "-LockoutObservationWindow", "00:15:00", "-MaxPasswordAge", "42.00:00:00", "-ComplexityEnabled", "$true",
     "-PasswordHistoryCount", "24", "-MinPasswordLength", "7");
  load();
  const AccountPolicy& policy = find_domain(forest, "ROOT.FABRIKAM.COM")->policy;
  EXPECT_EQ(policy.lockout_threshold, 5u);
  EXPECT_EQ(policy.lockout_duration, std::chrono::hours(1));
  EXPECT_EQ(policy.lockout_window, std::chrono::minutes(15));
  EXPECT_EQ(policy.password_max_age, std::chrono::days(42));
  EXPECT_TRUE(policy.password_complexity);
  EXPECT_EQ(policy.password_history, 24u);
  EXPECT_EQ(find_domain(forest, "CORP.CONTOSO.COM")->policy, AccountPolicy{});
  EXPECT_THAT(ok("Get-ADDefaultDomainPasswordPolicy", "ROOT.FABRIKAM.COM"),
              testing::AllOf(HasSubstr("LockoutDuration          : 01:00:00"),
                             HasSubstr("MaxPasswordAge           : 42.00:00:00")));
  EXPECT_THAT(
      run("Set-ADDefaultDomainPasswordPolicy", "ROOT.FABRIKAM.COM", "-LockoutObservationWindow", "02:00:00").error,
      HasSubstr("longer than LockoutDuration"));
  EXPECT_EQ(run("Set-ADDefaultDomainPasswordPolicy", "ROOT.FABRIKAM.COM", "-LockoutDuration", "soon").exit_status, 2);
  EXPECT_EQ(run("Set-ADDefaultDomainPasswordPolicy", "ROOT.FABRIKAM.COM").exit_status, 2);
  EXPECT_THAT(run("Set-ADAccountPassword", "alice", "-Reset", "-NewPassword", "short").error,
              HasSubstr("does not meet the length, complexity, or history requirement"));
  ok("Set-ADAccountPassword", "alice", "-Reset", "-NewPassword", "Long-enough-1");
  EXPECT_THAT(run("New-ADUser", "ROOT\\new", "-AccountPassword", "short").error, HasSubstr("length"));
}

TEST_F(DirectoryCommands, LimitsOfAnAccountAreSetShownAndCleared) {
  const auto shown = [&](const char* property) { return ok("Get-ADUser", "ROOT\\alice", "-Properties", property); };
  ok("Set-ADUser", "alice", "-LogonWorkstations", "DESK1,DESK2", "-SmartcardLogonRequired", "$true",
     "-PasswordNeverExpires", "$true", "-AccountExpirationDate", "2027-01-31");
  EXPECT_THAT(shown("LogonWorkstations"), HasSubstr("DESK1,DESK2"));
  EXPECT_THAT(shown("AccountExpirationDate"), HasSubstr("2027-01-31T00:00:00Z"));
  EXPECT_TRUE(account("ROOT", "alice").has(account_flag::smartcard_required));
  EXPECT_TRUE(account("ROOT", "alice").has(account_flag::password_never_expires));
  ok("Clear-ADAccountExpiration", "alice");
  ok("Set-ADUser", "alice", "-Clear", "userWorkstations");
  EXPECT_EQ(*account("ROOT", "alice").rare, RareAttributes{});
  ok("Set-ADUser", "alice", "-Replace", "@{logonHours='" + std::string(42, 'f') + "'}");
  EXPECT_THAT(shown("LogonHours"), HasSubstr("{Sun-Sat 00-24}"));
  EXPECT_EQ(run("Set-ADUser", "alice", "-Replace", "@{logonHours='ff'}").exit_status, 1);
  EXPECT_EQ(run("Set-ADAccountExpiration", "alice", "-DateTime", "tomorrow").exit_status, 2);
}

TEST_F(DirectoryCommands, LockOutIsShownAndCleared) {
  ok("Set-ADDefaultDomainPasswordPolicy", "ROOT.FABRIKAM.COM", "-LockoutThreshold", "5");
  const auto lock = [&](std::int64_t since) {
    EXPECT_TRUE(store->change([&](Forest& all) -> Checked<void> {
      find_account(*find_domain(all, "ROOT"), "alice")->rare.edit([&](RareAttributes& rare) {
        rare.lockout_time = since;
      });
      return {};
    }));
  };
  const auto shown = [&] { return ok("Get-ADUser", "ROOT\\alice", "-Properties", "LockedOut"); };
  lock(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()));
  EXPECT_THAT(shown(), testing::ContainsRegex("LockedOut *: True"));
  ok("Unlock-ADAccount", "ROOT\\alice");
  EXPECT_EQ(account("ROOT", "alice").rare->lockout_time, 0);
  EXPECT_THAT(shown(), testing::ContainsRegex("LockedOut *: False"));
  lock(1);  // its duration is over
  EXPECT_THAT(shown(), testing::ContainsRegex("LockedOut *: False"));
  ok("Set-ADUser", "ROOT\\alice", "-Replace", "@{lockoutTime=0}");
  EXPECT_EQ(account("ROOT", "alice").rare->lockout_time, 0);
}

}  // namespace
}  // namespace stead::kdc
