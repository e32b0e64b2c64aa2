// Lock-out by wrong passwords, and the other limits of an account's sign-ins.
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "kdc/directory/directory_edits.h"
#include "kdc/forest/forest_names.h"
#include "kdc/tickets/account_rules.h"
#include "tests/kdc/support/scripted_client.h"

namespace stead::kdc::test {
namespace {

using namespace std::chrono_literals;

const char kLimits[] = R"toml(
[[domain]]
realm = "LIMITS.EXAMPLE"
sid = "S-1-5-21-1-1-1"
lockout_threshold = 3
lockout_duration = "30m"
lockout_window = "10m"
password_max_age = "42d"
controller = [ { name = "dc.limits.example", address = "127.0.4.1", level = "2022" } ]
account = [
  { name = "ann", password = "secret" },
  { name = "Administrator", password = "secret", rid = 500 },
  { name = "temp", password = "secret", expires = 2026-11-18T15:00:00Z },
  { name = "day", password = "secret", logon_hours = ["Wed 10-15"] },
  { name = "desk", password = "secret", workstations = ["DESK1", "desk2"] },
  { name = "card", password = "secret", flags = ["smartcard_required"] },
  { name = "keeper", password = "secret", flags = ["password_never_expires"] },
  { name = "web$", password = "secret", spns = ["HTTP/web.limits.example"] },
]
)toml";

class AccountLimits : public testing::Test {
 protected:
  TestForest forest{kLimits};

  std::string sign_in(const std::string& name, const std::string& password = "secret", AsAsk ask = {.name = {}}) {
    ask.name = {NameType::principal, {name}};
    ask.password = password;
    return forest.as("dc.limits.example", ask).text();
  }
  void fail(const std::string& name, int times) {
    for (int i = 0; i < times; ++i) EXPECT_EQ(sign_in(name, "wrong"), "KDC_ERR_PREAUTH_FAILED") << i;
  }
  void change(const std::string& name, const std::function<void(const Domain&, Account&)>& edit) {
    forest.change([&](Forest& all) { edit(all.domains[0], *find_account(all.domains[0], name)); });
  }
  void set_password(const std::string& name, const std::string& password) {
    change(name, [&](const Domain& domain, Account& account) {
      edits::set_password(domain, account, password,
                          std::chrono::floor<std::chrono::seconds>(forest.now).time_since_epoch().count());
    });
  }
};

const char kLockedOut[] = "KDC_ERR_CLIENT_REVOKED STATUS_ACCOUNT_LOCKED_OUT";

TEST_F(AccountLimits, LockOutAfterWrongPasswords) {
  fail("ann", 2);
  EXPECT_EQ(forest.locked_out, "");
  fail("ann", 1);
  EXPECT_EQ(forest.locked_out, "ann");
  EXPECT_EQ(sign_in("ann"), kLockedOut);
  forest.now += 30min;
  EXPECT_EQ(sign_in("ann"), "ticket");
}

TEST_F(AccountLimits, ARightPasswordEndsTheCount) {
  fail("ann", 2);
  EXPECT_EQ(sign_in("ann"), "ticket");
  fail("ann", 2);
  EXPECT_EQ(sign_in("ann"), "ticket");
  fail("ann", 2);
  forest.now += 10min;
  fail("ann", 2);
  EXPECT_EQ(sign_in("ann"), "ticket");
}

// A phone that has the old password must not lock its user out.
TEST_F(AccountLimits, TheLastTwoPasswordsAreNotCounted) {
  for (const char* password : {"second", "third", "fourth"}) set_password("ann", password);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(sign_in("ann", "third"), "KDC_ERR_PREAUTH_FAILED");
    EXPECT_EQ(sign_in("ann", "second"), "KDC_ERR_PREAUTH_FAILED");
  }
  EXPECT_EQ(sign_in("ann", "fourth"), "ticket");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(sign_in("ann", "secret"), "KDC_ERR_PREAUTH_FAILED");
  EXPECT_EQ(sign_in("ann", "fourth"), kLockedOut);
}

// The count goes on over other changes of the directory. A lock-out that is written and then cleared ends it.
TEST_F(AccountLimits, OnlyAnAdministratorUnlocks) {
  fail("ann", 3);
  change("desk", [](const Domain&, Account& account) { account.upn = "desk@limits.example"; });
  EXPECT_EQ(sign_in("ann"), kLockedOut);
  const auto at = std::chrono::floor<std::chrono::seconds>(forest.now).time_since_epoch().count();
  forest.change(
      [&](Forest& all) { edits::lock_out(all, {{"LIMITS.EXAMPLE", find_account(all.domains[0], "ann")->rid, at}}); });
  EXPECT_EQ(sign_in("ann"), kLockedOut);
  change("ann", [](const Domain&, Account& account) {
    account.rare.edit([](RareAttributes& rare) { rare.lockout_time = 0; });
  });
  EXPECT_EQ(sign_in("ann"), "ticket");
}

TEST_F(AccountLimits, TheBuiltInAdministratorIsNotLockedOut) {
  fail("Administrator", 10);
  EXPECT_EQ(sign_in("Administrator"), "ticket");
}

// A wrong clock or a request without a proof is no wrong password.
TEST_F(AccountLimits, OnlyWrongPasswordsAreCounted) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(sign_in("ann", ""), "KDC_ERR_PREAUTH_REQUIRED");
    AsAsk late{.name = {}};
    late.clock_offset = -301s;
    EXPECT_EQ(sign_in("ann", "secret", late), "KRB_AP_ERR_SKEW");
  }
  EXPECT_EQ(sign_in("ann"), "ticket");
}

// S4U2Self asks for the user, not for their password.
TEST_F(AccountLimits, LockedOutUsersHaveNoS4u2Self) {
  const Credential web = forest.sign_in("dc.limits.example", "web$");
  EXPECT_EQ(forest.self("dc.limits.example", web, "HTTP/web.limits.example", "ann").text(), "ticket");
  fail("ann", 3);
  EXPECT_EQ(forest.self("dc.limits.example", web, "HTTP/web.limits.example", "ann").text(), kLockedOut);
}

TEST_F(AccountLimits, AccountsExpireAtTheirDate) {
  forest.now = Instant{1795014000s - 1s};  // 2026-11-18, 14:59:59
  EXPECT_EQ(sign_in("temp"), "ticket");
  forest.now += 1s;
  EXPECT_EQ(sign_in("temp"), "KDC_ERR_CLIENT_REVOKED STATUS_ACCOUNT_EXPIRED");
}

TEST_F(AccountLimits, LogonHoursAreInUtc) {
  forest.now = Instant{1795014000s - 1s};  // a Wednesday
  EXPECT_EQ(sign_in("day"), "ticket");
  forest.now += 1s;
  EXPECT_EQ(sign_in("day"), "KDC_ERR_CLIENT_REVOKED STATUS_INVALID_LOGON_HOURS");
  forest.now += 23h;
  EXPECT_EQ(sign_in("day"), "KDC_ERR_CLIENT_REVOKED STATUS_INVALID_LOGON_HOURS");
}

TEST_F(AccountLimits, WorkstationsAreNamedByANetbiosAddress) {
  const auto from = [&](const std::optional<std::string>& workstation) {
    AsAsk ask{.name = {}};
    if (workstation) ask.addresses = {{20, to_buffer(as_bytes(*workstation))}};
    return sign_in("desk", "secret", ask);
  };
  EXPECT_EQ(from("DESK1           "), "ticket");
  EXPECT_EQ(from("DESK2"), "ticket");
  EXPECT_EQ(from("DESK3           "), "KDC_ERR_POLICY STATUS_INVALID_WORKSTATION");
  EXPECT_EQ(from(std::nullopt), "KDC_ERR_POLICY STATUS_INVALID_WORKSTATION");
}

TEST_F(AccountLimits, APasswordIsNoSmartCard) {
  EXPECT_EQ(sign_in("card"), "KDC_ERR_POLICY STATUS_SMARTCARD_LOGON_REQUIRED");
  EXPECT_EQ(sign_in("card", "wrong"), "KDC_ERR_PREAUTH_FAILED");
}

// A ticket to kadmin/changepw is given all the same. Passwords of computers do not expire.
TEST_F(AccountLimits, PasswordsExpireByTheirAge) {
  for (const char* name : {"ann", "keeper", "web$"}) set_password(name, "next");
  forest.now += std::chrono::days(42) - 1s;
  EXPECT_EQ(sign_in("ann", "next"), "ticket");
  forest.now += 1s;
  EXPECT_EQ(sign_in("ann", "next"), "KDC_ERR_KEY_EXPIRED STATUS_PASSWORD_EXPIRED");
  AsAsk changepw{.name = {}};
  changepw.sname = principal("kadmin/changepw");
  EXPECT_EQ(sign_in("ann", "next", changepw), "ticket");
  for (const char* name : {"keeper", "web$"}) EXPECT_EQ(sign_in(name, "next"), "ticket") << name;
}

TEST_F(AccountLimits, ThePacSaysWhenThePasswordEnds) {
  set_password("ann", "next");
  const auto got = forest.as("dc.limits.example", {.name = {NameType::principal, {"ann"}}, .password = "next"});
  ASSERT_TRUE(got.ok()) << got.text();
  const auto seen = forest.open(got.reply.ticket);
  EXPECT_EQ(seen.logon.password_must_change,
            to_filetime(std::chrono::floor<std::chrono::seconds>(forest.now) + std::chrono::days(42)));
}

}  // namespace
}  // namespace stead::kdc::test
