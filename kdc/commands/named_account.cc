#include "kdc/commands/named_account.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "kdc/forest/forest_names.h"
#include "kdc/forest/name_case.h"
#include "sspi_shim/base/text.h"

namespace stead::kdc {
namespace {

bool is_of_kind(const Account& account, AccountKind kind) {
  return kind == AccountKind::any || account.is_computer() == (kind == AccountKind::computer);
}

}  // namespace

FoundAccount find_named_account(CommandContext& context, const std::string& name, AccountKind kind) {
  if (name.empty()) {
    context.misunderstood(context.words.name + ": name an account");
    return {};
  }
  auto* server = context.server();
  if (!context.fault.empty()) return {};
  const auto split = split_name(context.forest, name);
  std::vector<FoundAccount> found;
  if (split) {
    for (auto& domain : context.forest.domains) {
      if (split->domain != nullptr ? &domain != split->domain : server != nullptr && &domain != server) continue;
      auto* account = find_account(domain, split->name);
      // A user and a computer may share a name but for the $.
      if (account != nullptr && !is_of_kind(*account, kind))
        account = find_account(domain, std::string(split->name) + '$');
      if (account != nullptr && is_of_kind(*account, kind)) found.push_back({&domain, account});
    }
  }
  if (found.size() == 1) return found.front();
  if (found.empty()) {
    context.refuse(context.words.name + " : Cannot find an object with identity: '" + name + "' under: '" +
                   domain_dn(server != nullptr                   ? *server
                             : split && split->domain != nullptr ? *split->domain
                                                                 : context.forest.domains.front()) +
                   "'.");
    return {};
  }
  std::string where;
  for (const auto& each : found)
    where += (where.empty() ? "" : ", ") + each.domain->netbios + '\\' + each.account->name;
  context.refuse("Several domains have '" + name + "': name one of " + where + ", or say -Server REALM");
  return {};
}

std::string domain_dn(const Domain& domain) {
  std::string out;
  const auto zone = to_lower(domain.realm);
  for (std::size_t begin = 0; begin < zone.size();) {
    const auto dot = std::min(zone.find('.', begin), zone.size());
    out.append(out.empty() ? "DC=" : ",DC=").append(zone, begin, dot - begin);
    begin = dot + 1;
  }
  return out;
}

std::string account_dn(const Domain& domain, const Account& account) {
  const bool computer = account.is_computer();
  const auto name = computer ? account.name.substr(0, account.name.size() - 1) : account.name;
  return "CN=" + name + (computer ? ",CN=Computers," : ",CN=Users,") + domain_dn(domain);
}

std::string principal_dn(const Forest& forest, const Sid& sid) {
  for (const auto& domain : forest.domains) {
    if (!sid.is_in(domain.sid)) continue;
    for (const auto& account : domain.accounts)
      if (account.rid == sid.rid()) return account_dn(domain, account);
    for (const auto& group : domain.groups)
      if (group.rid == sid.rid()) return "CN=" + group.name + ",CN=Users," + domain_dn(domain);
  }
  return to_string(sid);
}

std::vector<FoundAccount> accounts_with_spn(Forest& forest, std::string_view spn, std::string_view forest_name) {
  std::vector<FoundAccount> out;
  for (auto& domain : forest.domains) {
    if (!equal_ignoring_case(domain.forest, forest_name)) continue;
    for (auto& account : domain.accounts)
      for (const auto& has : account.spns)
        if (is_same_name(has, spn)) out.push_back({&domain, &account});
  }
  return out;
}

}  // namespace stead::kdc
