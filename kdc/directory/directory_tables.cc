#include "kdc/directory/directory_tables.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kdc/directory/sqlite.h"
#include "kdc/directory/stored_values.h"
#include "kdc/forest/account_flags.h"
#include "kdc/forest/forest_names.h"
#include "sspi_shim/base/hex.h"
#include "sspi_shim/base/text.h"

namespace stead::kdc {
namespace {

constexpr std::string_view kTables = R"sql(
CREATE TABLE IF NOT EXISTS domain (
  realm TEXT PRIMARY KEY, position INTEGER NOT NULL, netbios TEXT NOT NULL, sid TEXT NOT NULL, forest TEXT NOT NULL,
  enforce_forwardable_evidence INTEGER NOT NULL, allow_rc4 INTEGER NOT NULL,
  next_rid INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS account (
  realm TEXT NOT NULL, rid INTEGER NOT NULL, sAMAccountName TEXT NOT NULL, userPrincipalName TEXT NOT NULL, flags TEXT NOT NULL,
  "msDS-SupportedEncryptionTypes" INTEGER, kvno INTEGER NOT NULL, password TEXT NOT NULL, keys TEXT NOT NULL,
  previous_kvno INTEGER, previous_password TEXT, previous_keys TEXT, pwdLastSet INTEGER NOT NULL, salt_name TEXT NOT NULL,
  "msDS-AllowedToActOnBehalfOfOtherIdentity" BLOB,
  PRIMARY KEY (realm, rid));
CREATE TABLE IF NOT EXISTS account_group (
  realm TEXT NOT NULL, rid INTEGER NOT NULL, sAMAccountName TEXT NOT NULL, scope INTEGER NOT NULL, PRIMARY KEY (realm, rid));
CREATE TABLE IF NOT EXISTS value (
  realm TEXT NOT NULL, rid INTEGER NOT NULL, attribute TEXT NOT NULL, position INTEGER NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (realm, rid, attribute, position)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS trust (
  first TEXT NOT NULL, second TEXT NOT NULL, direction INTEGER NOT NULL, kind INTEGER NOT NULL, kvno INTEGER NOT NULL,
  password TEXT NOT NULL, sid_filtering INTEGER NOT NULL, tgt_delegation INTEGER NOT NULL, selective_authentication INTEGER NOT NULL,
  name_suffixes TEXT NOT NULL, PRIMARY KEY (first, second));
CREATE TABLE IF NOT EXISTS controller (
  realm TEXT NOT NULL, name TEXT NOT NULL, paused INTEGER NOT NULL, PRIMARY KEY (realm, name));
CREATE TABLE IF NOT EXISTS fault (
  realm TEXT NOT NULL, name TEXT NOT NULL, faults TEXT NOT NULL, PRIMARY KEY (realm, name));
)sql";

constexpr std::uint32_t kNoRid = 0;  // of the values that are the domain's own

std::string join(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out.append(out.empty() ? "" : " ").append(word);
  return out;
}

class Writer {
 public:
  explicit Writer(sqlite3* database)
      : delete_account_(database, "DELETE FROM account WHERE realm = ? AND rid = ?"),
        delete_group_(database, "DELETE FROM account_group WHERE realm = ? AND rid = ?"),
        delete_values_(database, "DELETE FROM value WHERE realm = ? AND rid = ?"),
        insert_account_(database, "INSERT INTO account VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"),
        insert_group_(database, "INSERT INTO account_group VALUES (?,?,?,?)"),
        insert_value_(database, "INSERT INTO value VALUES (?,?,?,?,?)"),
        insert_domain_(database, "INSERT OR REPLACE INTO domain VALUES (?,?,?,?,?,?,?,?)"),
        insert_trust_(database, "INSERT OR REPLACE INTO trust VALUES (?,?,?,?,?,?,?,?,?,?)"),
        insert_controller_(database, "INSERT OR REPLACE INTO controller VALUES (?,?,?)"),
        insert_fault_(database, "INSERT OR REPLACE INTO fault VALUES (?,?,?)") {}

  bool domain(const Domain& domain, std::size_t position) {
    return delete_values_.bind(domain.realm, kNoRid).run() &&
           values(domain.realm, kNoRid, policy_values(domain.policy)) &&
           insert_domain_
               .bind(domain.realm, position, domain.netbios, to_string(domain.sid), domain.forest,
                     domain.enforce_forwardable_evidence, domain.allow_rc4, domain.next_rid)
               .run();
  }

  bool remove(const std::string& realm, std::uint32_t rid) {
    return delete_account_.bind(realm, rid).run() && delete_group_.bind(realm, rid).run() &&
           delete_values_.bind(realm, rid).run();
  }

  bool account(const std::string& realm, const Account& account) {
    const auto& previous = account.previous_secret;
    std::optional<std::uint32_t> previous_kvno;
    std::optional<std::string> previous_password, previous_keys;
    if (previous) {
      previous_kvno = previous->kvno;
      previous_password = previous->password;
      previous_keys = join_keys(previous->keys);
    }
    std::optional<Buffer> act;
    if (account.allowed_to_act) act = encode(*account.allowed_to_act);
    std::vector<std::string> certificates;
    for (const auto& certificate : account.certificates) certificates.push_back(to_hex(certificate));
    std::vector<std::string> may_authenticate;
    for (const Sid& sid : account.allowed_to_authenticate) may_authenticate.push_back(to_string(sid));
    return remove(realm, account.rid) &&
           insert_account_
               .bind(realm, account.rid, account.name, account.upn, account_flag_names(account.flags),
                     account.supported_encryption_types, account.secret.kvno, account.secret.password,
                     join_keys(account.secret.keys), previous_kvno, previous_password, previous_keys,
                     account.password_last_set, account.salt_name, act)
               .run() &&
           values(realm, account.rid, kMemberOf, account.groups) && values(realm, account.rid, kSpn, account.spns) &&
           values(realm, account.rid, kDelegateTo, account.allowed_to_delegate_to) &&
           values(realm, account.rid, kCertificate, certificates) &&
           values(realm, account.rid, kMapping, account.alt_security_identities) &&
           values(realm, account.rid, kMayAuthenticate, may_authenticate) &&
           values(realm, account.rid, rare_values(*account.rare)) &&
           others(realm, account.rid, account.other_attributes);
  }

  bool group(const std::string& realm, const Group& group) {
    return remove(realm, group.rid) &&
           insert_group_.bind(realm, group.rid, group.name, static_cast<int>(group.scope)).run() &&
           values(realm, group.rid, kMemberOf, group.member_of);
  }

  bool trust(const Trust& trust) {
    return insert_trust_
        .bind(trust.first, trust.second, static_cast<int>(trust.direction), static_cast<int>(trust.kind),
              trust.secret.kvno, trust.secret.password, trust.sid_filtering, trust.tgt_delegation,
              trust.selective_authentication, join(trust.name_suffixes))
        .run();
  }

  bool controller(const std::string& realm, const Controller& controller) {
    return insert_controller_.bind(realm, controller.name, controller.paused).run();
  }

  bool faults(const std::string& realm, const Controller& controller) {
    return insert_fault_.bind(realm, controller.name, to_string(controller.faults)).run();
  }

 private:
  bool values(const std::string& realm, std::uint32_t rid, std::string_view attribute,
              const std::vector<std::string>& list) {
    for (std::size_t i = 0; i < list.size(); ++i)
      if (!insert_value_.bind(realm, rid, attribute, i, list[i]).run()) return false;
    return true;
  }

  bool others(const std::string& realm, std::uint32_t rid, const std::vector<StoredAttribute>& list) {
    std::size_t position = 1000;  // a client of LDAP may store one that also is a rare attribute
    for (const auto& [name, value] : list)
      if (!insert_value_.bind(realm, rid, name, position++, value).run()) return false;
    return true;
  }

  bool values(const std::string& realm, std::uint32_t rid, const AttributeValues& list) {
    for (std::size_t i = 0; i < list.size(); ++i)
      if (!insert_value_.bind(realm, rid, list[i].first, i, list[i].second).run()) return false;
    return true;
  }

  Statement delete_account_, delete_group_, delete_values_, insert_account_, insert_group_, insert_value_,
      insert_domain_, insert_trust_, insert_controller_, insert_fault_;
};

// Writes the entries of `after` that `before` lacks or that differ, and removes the RIDs that are gone.
template <class List, class Write, class Remove>
bool write_list(const List* before, const List& after, const Write& write, const Remove& remove) {
  std::map<std::uint32_t, const typename List::value_type*> old;
  if (before != nullptr)
    for (const auto& entry : *before) old.emplace(entry.rid, &entry);
  for (const auto& entry : after) {
    const auto found = old.find(entry.rid);
    const bool same = found != old.end() && *found->second == entry;
    if (found != old.end()) old.erase(found);
    if (!same && !write(entry)) return false;
  }
  for (const auto& [rid, entry] : old)
    if (!remove(rid)) return false;
  return true;
}

// Writes the controllers that an administrator has paused or resumed, and those whose faults were set; without `before`
// there are none.
bool write_controllers(Writer& writer, const Domain* before, const Domain& after) {
  if (before == nullptr) return true;
  for (const auto& controller : after.controllers) {
    const auto same = [&](const Controller& old) { return old.name == controller.name; };
    const auto old = std::find_if(before->controllers.begin(), before->controllers.end(), same);
    if (old == before->controllers.end()) continue;
    if (old->paused != controller.paused && !writer.controller(after.realm, controller)) return false;
    if (old->faults != controller.faults && !writer.faults(after.realm, controller)) return false;
  }
  return true;
}

Checked<void> end_of(const Statement& rows, sqlite3* database) {
  if (rows.ok()) return {};
  return Problem{sqlite3_errmsg(database), {}, {}};
}

Problem unreadable(std::string message) {
  return {std::move(message), {}, {}};
}

Checked<void> read_domains(sqlite3* database, Forest& forest) {
  Statement rows(database,
                 "SELECT realm, netbios, sid, forest, enforce_forwardable_evidence, allow_rc4, next_rid FROM domain "
                 "ORDER BY position, realm");
  while (rows.step()) {
    Domain domain;
    domain.realm = rows.text(0);
    domain.netbios = rows.text(1);
    const auto sid = parse_sid(rows.text(2));
    if (!sid) return unreadable("domain " + domain.realm + " has no SID");
    domain.sid = *sid;
    domain.forest = rows.text(3);
    domain.enforce_forwardable_evidence = rows.integer(4) != 0;
    domain.allow_rc4 = rows.integer(5) != 0;
    domain.next_rid = static_cast<std::uint32_t>(rows.integer(6));
    forest.domains.push_back(std::move(domain));
  }
  return end_of(rows, database);
}

// Column: kvno, then password and keys. False: the keys cannot be read.
bool read_secret(const Statement& row, int column, Secret& secret) {
  secret.kvno = static_cast<std::uint32_t>(row.integer(column));
  secret.password = row.text(column + 1);
  return parse_keys(row.text(column + 2), secret.keys);
}

Checked<void> read_accounts(sqlite3* database, Forest& forest) {
  Statement rows(database,
                 "SELECT realm, rid, sAMAccountName, userPrincipalName, flags, \"msDS-SupportedEncryptionTypes\", "
                 "kvno, password, keys, previous_kvno, "
                 "previous_password, previous_keys, pwdLastSet, salt_name, "
                 "\"msDS-AllowedToActOnBehalfOfOtherIdentity\" FROM account ORDER BY realm, rid");
  while (rows.step()) {
    auto* domain = find_domain(forest, rows.text(0));
    if (domain == nullptr) continue;
    Account account;
    account.rid = static_cast<std::uint32_t>(rows.integer(1));
    account.name = rows.text(2);
    account.upn = rows.text(3);
    for (const auto& flag : split_words(rows.text(4))) account.flags |= account_flag_by_name(flag);
    if (!rows.is_null(5)) account.supported_encryption_types = static_cast<std::uint32_t>(rows.integer(5));
    const auto who = "account " + account.name + " of " + domain->realm;
    if (!read_secret(rows, 6, account.secret) ||
        (!rows.is_null(9) && !read_secret(rows, 9, account.previous_secret.emplace())))
      return unreadable(who + " has keys that cannot be read");
    account.password_last_set = rows.integer(12);
    account.salt_name = rows.text(13);
    if (!rows.is_null(14)) {
      auto descriptor = decode_security_descriptor(rows.blob(14));
      if (!descriptor) return unreadable(who + " has a descriptor that cannot be read");
      account.allowed_to_act = std::move(*descriptor);
    }
    domain->accounts.push_back(std::move(account));
  }
  return end_of(rows, database);
}

Checked<void> read_groups(sqlite3* database, Forest& forest) {
  Statement rows(database, "SELECT realm, rid, sAMAccountName, scope FROM account_group ORDER BY realm, rid");
  while (rows.step()) {
    auto* domain = find_domain(forest, rows.text(0));
    const auto scope = rows.integer(3);
    if (domain == nullptr) continue;
    if (scope < 0 || scope > 2) return unreadable("group " + rows.text(2) + " has no scope");
    domain->groups.push_back(
        {rows.text(2), static_cast<std::uint32_t>(rows.integer(1)), static_cast<GroupScope>(scope), {}});
  }
  return end_of(rows, database);
}

Checked<void> read_values(sqlite3* database, Forest& forest) {
  std::map<std::pair<std::string, std::uint32_t>, Account*> accounts;
  std::map<std::pair<std::string, std::uint32_t>, Group*> groups;
  for (auto& domain : forest.domains) {
    for (auto& account : domain.accounts) accounts[{domain.realm, account.rid}] = &account;
    for (auto& group : domain.groups) groups[{domain.realm, group.rid}] = &group;
  }
  Statement rows(database, "SELECT realm, rid, attribute, value FROM value ORDER BY realm, rid, attribute, position");
  while (rows.step()) {
    const std::pair key{rows.text(0), static_cast<std::uint32_t>(rows.integer(1))};
    const auto attribute = rows.text(2);
    auto value = rows.text(3);
    if (key.second == kNoRid) {
      if (auto* domain = find_domain(forest, key.first)) take_policy_value(domain->policy, attribute, value);
    } else if (const auto found = accounts.find(key); found != accounts.end()) {
      if (!take_account_value(*found->second, attribute, std::move(value)))
        return unreadable("account " + found->second->name + " of " + key.first + " has a " + attribute +
                          " that cannot be read");
    } else if (const auto group = groups.find(key); group != groups.end() && attribute == kMemberOf) {
      group->second->member_of.push_back(std::move(value));
    }
  }
  return end_of(rows, database);
}

Controller* find_controller(Forest& forest, std::string_view realm, std::string_view name) {
  auto* domain = find_domain(forest, realm);
  if (domain == nullptr) return nullptr;
  for (auto& controller : domain->controllers)
    if (equal_ignoring_case(controller.name, name)) return &controller;
  return nullptr;
}

Checked<void> read_controllers(sqlite3* database, Forest& forest) {
  Statement rows(database, "SELECT realm, name, paused FROM controller");
  while (rows.step())
    if (auto* controller = find_controller(forest, rows.text(0), rows.text(1)))
      controller->paused = rows.integer(2) != 0;
  if (const auto ok = end_of(rows, database); !ok) return ok;
  Statement faults(database, "SELECT realm, name, faults FROM fault");
  while (faults.step()) {
    auto* controller = find_controller(forest, faults.text(0), faults.text(1));
    if (controller == nullptr) continue;
    const auto parsed = parse_faults(faults.text(2));
    if (!parsed) return parsed.error();
    controller->faults = *parsed;
  }
  return end_of(faults, database);
}

Checked<void> read_trusts(sqlite3* database, Forest& forest) {
  Statement rows(database,
                 "SELECT first, second, direction, kind, kvno, password, sid_filtering, tgt_delegation, "
                 "selective_authentication, name_suffixes FROM trust ORDER BY rowid");
  while (rows.step()) {
    Trust trust;
    trust.first = rows.text(0);
    trust.second = rows.text(1);
    if (rows.integer(2) < 0 || rows.integer(2) > 2 || rows.integer(3) < 0 || rows.integer(3) > 2)
      return unreadable("the trust of " + trust.first + " and " + trust.second + " has no direction or kind");
    trust.direction = static_cast<TrustDirection>(rows.integer(2));
    trust.kind = static_cast<TrustKind>(rows.integer(3));
    trust.secret.kvno = static_cast<std::uint32_t>(rows.integer(4));
    trust.secret.password = rows.text(5);
    trust.sid_filtering = rows.integer(6) != 0;
    trust.tgt_delegation = rows.integer(7) != 0;
    trust.selective_authentication = rows.integer(8) != 0;
    trust.name_suffixes = split_words(rows.text(9));
    forest.trusts.push_back(std::move(trust));
  }
  return end_of(rows, database);
}

}  // namespace

bool create_tables(sqlite3* database) {
  return sqlite3_exec(database, std::string(kTables).c_str(), nullptr, nullptr, nullptr) == SQLITE_OK;
}

Checked<Forest> read_forest(sqlite3* database, const Forest& controllers) {
  Forest forest;
  if (const auto ok = read_domains(database, forest); !ok) return ok.error();
  for (const auto& served : controllers.domains)
    if (auto* domain = find_domain(forest, served.realm)) domain->controllers = served.controllers;
  for (const auto read : {read_controllers, read_accounts, read_groups, read_values, read_trusts})
    if (const auto ok = read(database, forest); !ok) return ok.error();
  return forest;
}

bool write_changes(sqlite3* database, const Forest& before, const Forest& after) {
  Writer writer(database);
  for (std::size_t i = 0; i < after.domains.size(); ++i) {
    const auto& domain = after.domains[i];
    const auto* old = find_domain(before, domain.realm);
    if ((old == nullptr || old->next_rid != domain.next_rid || old->policy != domain.policy) &&
        !writer.domain(domain, i))
      return false;
    if (!write_controllers(writer, old, domain)) return false;
    const auto remove = [&](std::uint32_t rid) { return writer.remove(domain.realm, rid); };
    const auto account = [&](const Account& entry) { return writer.account(domain.realm, entry); };
    const auto group = [&](const Group& entry) { return writer.group(domain.realm, entry); };
    if (!write_list(old != nullptr ? &old->accounts : nullptr, domain.accounts, account, remove) ||
        !write_list(old != nullptr ? &old->groups : nullptr, domain.groups, group, remove))
      return false;
  }
  for (const auto& trust : after.trusts)
    if (std::find(before.trusts.begin(), before.trusts.end(), trust) == before.trusts.end() && !writer.trust(trust))
      return false;
  return true;
}

}  // namespace stead::kdc
