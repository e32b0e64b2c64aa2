#include "kdc/forest/forest_check.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kdc/forest/case_map.h"
#include "kdc/forest/controller_accounts.h"
#include "kdc/forest/forest_index.h"
#include "kdc/forest/forest_names.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/crypto/crypto.h"
#include "sspi_shim/protocol/crypto/enctype_rules.h"
#include "sspi_shim/protocol/security/sddl.h"

namespace stead::kdc {
namespace {

std::string in_quotes(std::string_view text) {
  return '"' + std::string(text) + '"';
}
std::string line_of(FilePosition at) {
  return "line " + std::to_string(at.line);
}

struct WellKnownGroup {
  std::string_view name;
  std::uint32_t rid;
  GroupScope scope;
  bool forest_root_only;
};
constexpr WellKnownGroup kWellKnownGroups[] = {
    {"Domain Admins", 512, GroupScope::global, false},       {"Domain Users", 513, GroupScope::global, false},
    {"Domain Guests", 514, GroupScope::global, false},       {"Domain Computers", 515, GroupScope::global, false},
    {"Domain Controllers", 516, GroupScope::global, false},  {"Schema Admins", 518, GroupScope::universal, true},
    {"Enterprise Admins", 519, GroupScope::universal, true}, {"Protected Users", 525, GroupScope::global, false},
};

// Remembers the position of each name, and reports the second one.
class Unique {
 public:
  Unique(FileErrors& errors, std::string what) : errors_(errors), what_(std::move(what)) {}
  bool add(std::string_view name, FilePosition at) {
    const auto [first, is_new] = seen_.try_emplace(std::string(name), at);
    if (!is_new) errors_.add(at, what_ + ' ' + in_quotes(name) + " is already at " + line_of(first->second));
    return is_new;
  }

 private:
  FileErrors& errors_;
  std::string what_;
  CaselessMap<FilePosition> seen_;
};

class ForestChecker {
 public:
  ForestChecker(ForestDraft& draft, FileErrors& errors, FileErrors& warnings)
      : draft_(draft), forest_(draft.forest), errors_(errors), warnings_(warnings) {}

  void run() {
    check_domains();
    check_controllers();
    for (std::size_t i = 0; i < forest_.domains.size(); ++i) complete_domain(forest_.domains[i], draft_.domains[i]);
    check_upns();
    check_spns();
    check_trusts();
    if (!errors_.none()) return;  // looking names up would repeat these errors
    ForestIndex names(forest_);
    for (std::size_t i = 0; i < forest_.domains.size(); ++i) make_named_groups(i, names);
    for (std::size_t i = 0; i < forest_.domains.size(); ++i) assign_rids(i);
    for (std::size_t i = 0; i < forest_.domains.size(); ++i) resolve_entries(i, names);
  }

 private:
  void check_domains() {
    Unique realms(errors_, "realm"), netbios(errors_, "NetBIOS name"), sids(errors_, "SID");
    for (std::size_t i = 0; i < forest_.domains.size(); ++i) {
      const auto& domain = forest_.domains[i];
      const auto& places = draft_.domains[i];
      if (!realms.add(domain.realm, places.realm_at)) continue;
      netbios.add(domain.netbios, places.netbios_at);
      sids.add(to_string(domain.sid), places.sid_at);
    }
  }

  void check_controllers() {
    Unique names(errors_, "controller"), sockets(errors_, "address and port");
    for (std::size_t i = 0; i < forest_.domains.size(); ++i) {
      const auto& domain = forest_.domains[i];
      for (std::size_t c = 0; c < domain.controllers.size(); ++c) {
        const auto& controller = domain.controllers[c];
        const auto& place = draft_.domains[i].controllers[c];
        names.add(controller.name, place.name_at);
        const auto socket = [&](std::uint16_t port) { return controller.address + ':' + std::to_string(port); };
        // One error for a controller is enough: its ports share the address.
        (void)(sockets.add(socket(controller.kerberos_port), place.kerberos_at) &&
               sockets.add(socket(controller.ldap_port), place.ldap_at) &&
               sockets.add(socket(controller.kpasswd_port), place.kpasswd_at));
        if (controller.level == Level::w2003 && !domain.allow_rc4)
          errors_.add(place.level_at, "a 2003 DC knows RC4 alone: say allow_rc4 = true in domain " + domain.realm);
      }
    }
  }

  void complete_domain(Domain& domain, DomainDraft& places) {
    std::sort(places.entries.begin(), places.entries.end(),
              [](const EntryDraft& a, const EntryDraft& b) { return a.at < b.at; });
    Unique names(errors_, "account or group");
    std::map<std::uint32_t, FilePosition> rids;
    for (auto& entry : places.entries) {
      const auto& name = name_of(domain, entry);
      auto& rid = rid_of(domain, entry);
      names.add(name, entry.name_at);
      if (const auto fixed = fixed_rid(name, entry.is_group); fixed != 0) {
        if (entry.rid_given && rid != fixed)
          errors_.add(entry.rid_at, in_quotes(name) + " has RID " + std::to_string(fixed) + " in every domain");
        rid = fixed;
        entry.rid_given = true;
      } else if (entry.rid_given && is_reserved(rid)) {
        errors_.add(entry.rid_at, "RID " + std::to_string(rid) + " is that of a well-known group or of krbtgt");
      }
      if (entry.rid_given) {
        const auto [first, is_new] = rids.try_emplace(rid, entry.rid_at);
        if (!is_new)
          errors_.add(entry.rid_at, "RID " + std::to_string(rid) + " is already at " + line_of(first->second));
      }
      if (!entry.is_group) check_keys(domain, domain.accounts[entry.index], entry);
    }
    add_krbtgt(domain);
    add_well_known_groups(domain);
    add_controller_accounts(domain);
  }

  static const std::string& name_of(const Domain& domain, const EntryDraft& entry) {
    return entry.is_group ? domain.groups[entry.index].name : domain.accounts[entry.index].name;
  }
  static std::uint32_t& rid_of(Domain& domain, const EntryDraft& entry) {
    return entry.is_group ? domain.groups[entry.index].rid : domain.accounts[entry.index].rid;
  }
  static std::uint32_t fixed_rid(std::string_view name, bool is_group) {
    if (!is_group) return equal_ignoring_case(name, "krbtgt") ? well_known_rid::krbtgt : 0;
    for (const auto& group : kWellKnownGroups)
      if (equal_ignoring_case(group.name, name)) return group.rid;
    return 0;
  }
  static bool is_reserved(std::uint32_t rid) {
    if (rid == well_known_rid::krbtgt) return true;
    return std::any_of(std::begin(kWellKnownGroups), std::end(kWellKnownGroups),
                       [&](const auto& group) { return group.rid == rid; });
  }

  void check_keys(const Domain& domain, const Account& account, const EntryDraft& entry) {
    if (account.secret.keys.empty()) return;
    for (const auto& key : account.secret.keys)
      if (domain.allow_rc4 || !is_weak(key.type)) return;
    errors_.add(entry.keys_at, "account " + in_quotes(account.name) +
                                   " has an RC4 key alone: give it an AES key, or say allow_rc4 = true in domain " +
                                   domain.realm);
  }

  // Adds krbtgt if the file has none, with random keys, so that no one else can make its tickets.
  static void add_krbtgt(Domain& domain) {
    auto* krbtgt = find_account(domain, "krbtgt");
    if (krbtgt == nullptr) {
      Account made;
      made.name = made.salt_name = "krbtgt";
      made.rid = well_known_rid::krbtgt;
      for (const EncType type : directory_enctypes(domain.allow_rc4 ? Rc4::allowed : Rc4::refused))
        made.secret.keys.push_back(Key::random(type).to_encryption_key());
      domain.accounts.push_back(std::move(made));
      krbtgt = &domain.accounts.back();
    }
    if (std::find(krbtgt->spns.begin(), krbtgt->spns.end(), "kadmin/changepw") == krbtgt->spns.end())
      krbtgt->spns.emplace_back("kadmin/changepw");
  }

  static void add_well_known_groups(Domain& domain) {
    for (const auto& known : kWellKnownGroups) {
      if (known.forest_root_only && !equal_ignoring_case(domain.forest, domain.realm)) continue;
      if (find_group(domain, known.name) == nullptr)
        domain.groups.push_back({std::string(known.name), known.rid, known.scope, {}});
    }
  }

  void check_upns() {
    CaselessMap<std::pair<FilePosition, std::string>> seen;  // in one forest
    for (std::size_t i = 0; i < forest_.domains.size(); ++i) {
      for (const auto& entry : draft_.domains[i].entries) {
        if (entry.is_group) continue;
        const auto& account = forest_.domains[i].accounts[entry.index];
        if (account.upn.empty()) continue;
        const auto [first, is_new] =
            seen.try_emplace(forest_.domains[i].forest + '\n' + account.upn, entry.upn_at, account.name);
        if (!is_new)
          errors_.add(entry.upn_at, "UPN " + in_quotes(account.upn) + " is already " + first->second.second + "'s at " +
                                        line_of(first->second.first));
      }
    }
  }

  // A DC issues no ticket for an SPN that two accounts of a forest have. `setspn -X` finds them in a real one.
  void check_spns() {
    struct First {
      FilePosition at;
      const Account* account;
    };
    std::map<std::string, CaselessMap<First>> seen;  // by forest
    for (std::size_t i = 0; i < forest_.domains.size(); ++i) {
      auto& in_forest = seen[forest_.domains[i].forest];
      for (const auto& entry : draft_.domains[i].entries) {
        if (entry.is_group) continue;
        const auto& account = forest_.domains[i].accounts[entry.index];
        for (std::size_t s = 0; s < entry.spns_at.size(); ++s) {
          const auto [first, is_new] = in_forest.try_emplace(account.spns[s], First{entry.spns_at[s], &account});
          if (!is_new)
            warnings_.add(entry.spns_at[s], "SPN " + in_quotes(account.spns[s]) + " is already " +
                                                first->second.account->name + "'s at " + line_of(first->second.at) +
                                                ": no ticket is issued for it");
        }
      }
    }
  }

  void check_trusts() {
    std::map<std::pair<std::string, std::string>, FilePosition> seen;
    for (std::size_t i = 0; i < forest_.trusts.size(); ++i) {
      auto& trust = forest_.trusts[i];
      const auto& place = draft_.trusts[i];
      std::array<const Domain*, 2> ends{};
      for (std::size_t end = 0; end < 2; ++end) {
        const auto& name = place.domains[end];
        ends[end] = find_domain(forest_, name.text);
        if (ends[end] == nullptr)
          errors_.add(name.at, "the trust names " + in_quotes(name.text) + ", which is not a [[domain]] of this file");
      }
      if (ends[0] == nullptr || ends[1] == nullptr) continue;
      if (ends[0] == ends[1]) {
        errors_.add(place.domains[1].at, "a trust is between two domains, this one names " + ends[0]->realm + " twice");
        continue;
      }
      trust.first = ends[0]->realm;
      trust.second = ends[1]->realm;
      const auto [first, is_new] = seen.try_emplace(std::minmax(trust.first, trust.second), place.at);
      if (!is_new)
        errors_.add(place.at, "a trust between " + trust.first + " and " + trust.second + " is already at " +
                                  line_of(first->second));
      const bool same_forest = equal_ignoring_case(ends[0]->forest, ends[1]->forest);
      if (!place.has_kind) trust.kind = same_forest ? TrustKind::parent_child : TrustKind::forest;
      if (trust.kind == TrustKind::parent_child && !same_forest)
        errors_.add(place.kind_at, trust.first + " and " + trust.second +
                                       " are in different forests: kind is \"forest\" or \"external\"");
      if (trust.kind == TrustKind::forest && same_forest)
        errors_.add(place.kind_at,
                    trust.first + " and " + trust.second + " are in one forest: kind is \"parent-child\"");
      if (!place.has_sid_filtering) trust.sid_filtering = trust.kind != TrustKind::parent_child;
    }
  }

  // Adds the groups that exist only because an account or group is in them. They get their RIDs after the file's own.
  void make_named_groups(std::size_t index, ForestIndex& names) {
    for (const auto& entry : draft_.domains[index].entries) {
      for (const auto& [text, at] : entry.groups) {
        const auto split = split_name(forest_, text);
        if (!split) {
          errors_.add(at, "group " + in_quotes(text) + " names a domain that is not in this file: write NETBIOS\\name");
          continue;
        }
        auto& domain = split->domain == nullptr ? forest_.domains[index] : *find_domain(forest_, split->domain->realm);
        if (names.group(domain, split->name) != nullptr) continue;
        if (const auto fault = account_name_fault(split->name); !fault.empty()) {
          errors_.add(at, fault);
          continue;
        }
        if (names.account(domain, split->name) != nullptr) {
          errors_.add(at, in_quotes(text) + " is an account, not a group");
          continue;
        }
        Group made;
        made.name = std::string(split->name);
        if (&domain != &forest_.domains[index])
          made.scope = equal_ignoring_case(domain.forest, forest_.domains[index].forest) ? GroupScope::universal
                                                                                         : GroupScope::domain_local;
        domain.groups.push_back(std::move(made));
        names.add_group(domain);
      }
    }
  }

  void assign_rids(std::size_t index) {
    auto& domain = forest_.domains[index];
    FreeRids free(domain);
    for (const auto& entry : draft_.domains[index].entries)
      if (auto& rid = rid_of(domain, entry); rid == 0) rid = free.take();
    for (auto& group : domain.groups)
      if (group.rid == 0) group.rid = free.take();
    for (const auto& account : domain.accounts) domain.next_rid = std::max(domain.next_rid, account.rid + 1);
    for (const auto& group : domain.groups) domain.next_rid = std::max(domain.next_rid, group.rid + 1);
  }

  void resolve_entries(std::size_t index, const ForestIndex& names) {
    auto& domain = forest_.domains[index];
    for (const auto& entry : draft_.domains[index].entries) {
      auto& member_of = entry.is_group ? domain.groups[entry.index].member_of : domain.accounts[entry.index].groups;
      for (const auto& group : entry.groups)
        if (check_membership(domain, entry, group, names)) member_of.push_back(group.text);
      if (entry.is_group) continue;
      auto& account = domain.accounts[entry.index];
      if (!entry.allowed_to_act.empty()) resolve_allowed_to_act(domain, account, entry.allowed_to_act, names);
      account.allowed_to_authenticate =
          resolve_principals(domain, "allowed_to_authenticate", entry.allowed_to_authenticate, names);
    }
  }

  bool check_membership(const Domain& domain, const EntryDraft& entry, const PlacedText& text,
                        const ForestIndex& names) {
    const auto split = split_name(forest_, text.text);
    if (!split) return false;
    const Domain& home = split->domain != nullptr ? *split->domain : domain;
    const auto* group = names.group(home, split->name);
    if (group == nullptr) return false;
    const bool same_domain = &home == &domain;
    const bool same_forest = equal_ignoring_case(home.forest, domain.forest);
    const auto member = entry.is_group ? domain.groups[entry.index].scope : GroupScope::global;
    std::string why;
    if (group->scope == GroupScope::global && (!same_domain || member != GroupScope::global))
      why = "is global: it takes accounts and global groups of its own domain only";
    else if (group->scope == GroupScope::universal && (!same_forest || member == GroupScope::domain_local))
      why = "is universal: it takes accounts, global and universal groups of its own forest only";
    else if (group->scope == GroupScope::domain_local && member == GroupScope::domain_local && !same_domain)
      why = "is domain-local: it takes no domain-local group of another domain";
    if (why.empty()) return true;
    errors_.add(text.at, "group " + in_quotes(text.text) + ' ' + why);
    return false;
  }

  // The SIDs of accounts and groups. An unknown name is an error.
  std::vector<Sid> resolve_principals(const Domain& domain, std::string_view key, const std::vector<PlacedText>& texts,
                                      const ForestIndex& names) {
    std::vector<Sid> out;
    for (const auto& [text, at] : texts) {
      if (const auto found = names.principal(domain, text))
        out.push_back(found->sid);
      else
        errors_.add(at, in_quotes(key) + " names " + in_quotes(text) +
                            ", which is not an account or group here: write NETBIOS\\name for another domain's");
    }
    return out;
  }

  void resolve_allowed_to_act(const Domain& domain, Account& account, const std::vector<PlacedText>& texts,
                              const ForestIndex& names) {
    const auto is_sddl = [](std::string_view text) {
      return text.size() > 2 && text[1] == ':' && std::string_view("OGDS").find(text[0]) != std::string_view::npos;
    };
    if (is_sddl(texts[0].text)) {
      if (texts.size() > 1) return errors_.add(texts[1].at, "\"allowed_to_act\" has names, or one SDDL string alone");
      std::size_t where = 0;
      auto parsed = parse_sddl(texts[0].text, domain.sid, &where);
      if (!parsed)
        return errors_.add(texts[0].at, "\"allowed_to_act\" is not SDDL from character " + std::to_string(where + 1) +
                                            " on: " + in_quotes(std::string_view(texts[0].text).substr(where)));
      account.allowed_to_act = *parsed;
      return;
    }
    for (const auto& [text, at] : texts)
      if (is_sddl(text)) return errors_.add(at, "\"allowed_to_act\" has names, or one SDDL string alone");
    account.allowed_to_act = allowed_to_act_descriptor(resolve_principals(domain, "allowed_to_act", texts, names));
  }

  ForestDraft& draft_;
  Forest& forest_;
  FileErrors& errors_;
  FileErrors& warnings_;
};

}  // namespace

void check_and_resolve(ForestDraft& draft, FileErrors& errors, FileErrors& warnings) {
  ForestChecker(draft, errors, warnings).run();
}

}  // namespace stead::kdc
