#include "kdc/forest/controller_accounts.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "kdc/forest/case_map.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/crypto/crypto.h"
#include "sspi_shim/protocol/crypto/enctype_rules.h"

namespace stead::kdc {
namespace {

constexpr std::uint32_t kFirstControllerRid = 1000;
constexpr std::size_t kMaxNetbiosName = 15;

// HOST is what most services of a DC are asked for as; the aliases of HOST do not include ldap.
std::vector<std::string> spns_of(const Domain& domain, const Controller& controller) {
  const auto short_name = controller.name.substr(0, controller.name.find('.'));
  const auto zone = to_lower(domain.realm);
  std::vector<std::string> out;
  for (const char* service : {"HOST/", "ldap/"}) {
    out.push_back(service + controller.name);
    out.push_back(service + controller.name + '/' + zone);
    out.push_back(service + controller.name + '/' + domain.netbios);
    out.push_back(service + to_upper(short_name));
  }
  out.push_back("GC/" + controller.name + '/' + domain.forest);
  return out;
}

// What the accounts and groups of a domain have of names, SPNs and RIDs that controllers want.
struct Taken {
  CaselessMap<Account*> accounts;  // of the controllers
  CaselessMap<bool> spns;          // true: an account has it
  std::unordered_set<std::uint32_t> rids;
};

Taken find_taken(Domain& domain) {
  Taken out;
  for (const auto& controller : domain.controllers) {
    out.accounts.emplace(controller_account_name(controller), nullptr);
    for (auto& spn : spns_of(domain, controller)) out.spns.emplace(std::move(spn), false);
  }
  for (auto& account : domain.accounts) {
    out.rids.insert(account.rid);
    if (const auto found = out.accounts.find(account.name); found != out.accounts.end()) found->second = &account;
    for (const auto& spn : account.spns)
      if (const auto found = out.spns.find(spn); found != out.spns.end()) found->second = true;
  }
  for (const auto& group : domain.groups) out.rids.insert(group.rid);
  return out;
}

Account make_account(const Domain& domain, std::string name, std::uint32_t rid) {
  Account out;
  out.name = out.salt_name = std::move(name);
  out.rid = rid;
  out.groups = {"Domain Controllers"};
  out.flags = account_flag::trusted_for_delegation;
  for (const EncType type : directory_enctypes(domain.allow_rc4 ? Rc4::allowed : Rc4::refused))
    out.secret.keys.push_back(Key::random(type).to_encryption_key());
  return out;
}

}  // namespace

std::string controller_account_name(const Controller& controller) {
  const auto label = controller.name.substr(0, controller.name.find('.'));
  return to_upper(label.substr(0, std::min(label.size(), kMaxNetbiosName))) + '$';
}

bool add_controller_accounts(Domain& domain) {
  if (domain.controllers.empty()) return false;
  Taken taken = find_taken(domain);
  std::vector<Account> made;
  made.reserve(domain.controllers.size());
  std::uint32_t rid = kFirstControllerRid;
  bool changed = false;
  for (const auto& controller : domain.controllers) {
    Account*& account = taken.accounts[controller_account_name(controller)];
    if (account == nullptr) {
      while (taken.rids.contains(rid)) ++rid;
      account = &made.emplace_back(make_account(domain, controller_account_name(controller), rid++));
      changed = true;
    }
    for (auto& spn : spns_of(domain, controller)) {
      bool& has_owner = taken.spns[spn];
      if (std::exchange(has_owner, true)) continue;
      account->spns.push_back(std::move(spn));
      changed = true;
    }
  }
  domain.accounts.insert(domain.accounts.end(), std::make_move_iterator(made.begin()),
                         std::make_move_iterator(made.end()));
  return changed;
}

}  // namespace stead::kdc
