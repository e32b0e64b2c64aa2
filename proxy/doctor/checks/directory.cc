#include "proxy/doctor/checks/directory.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sspi_shim/base/text.h"
#include "sspi_shim/s4u/diagnosis/account_name.h"

namespace stead::doctor {
namespace {

using enum CheckId;

constexpr std::string_view kMayAct = " -PrincipalsAllowedToDelegateToAccount ";

bool is_word_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
         c == '$' || c == '.' || c == '/';
}

// Each `from` that stands as a word of its own.
void replace_word(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    const bool begins = at == 0 || !is_word_character(text[at - 1]);
    const std::size_t end = at + from.size();
    const bool ends =
        end >= text.size() || !is_word_character(text[end]) || (text[end] == '.' && end + 1 == text.size());
    if (!begins || !ends) {
      at = at + from.size() > to.size() ? at + from.size() - to.size() : 0;
      continue;
    }
    text.replace(at, from.size(), to);
  }
}

// The trust of the front end's domain with the domain that a name belongs to; null: none.
const TrustRecord* trust_of(const DirectoryFacts& directory, const std::string& name) {
  const std::string lower = to_lower(name);
  for (const TrustRecord& trust : directory.trusts) {
    const std::string partner = to_lower(trust.partner);
    if (lower.ends_with('.' + partner) || lower.ends_with('@' + partner)) return &trust;
  }
  return nullptr;
}

// Why the trust that the directory has does not carry what was asked: a ticket to a service of the other side needs that
// side's trust in us, a user of the other side our trust in it.
void judge_trust(const DirectoryFacts& directory, Check& check) {
  if ((check.id != D6 && check.id != D7 && check.id != U1) || directory.trusts.empty()) return;
  const TrustRecord* const trust = trust_of(directory, check.subject);
  if (trust == nullptr) return;
  const bool is_service = check.subject.find('/') != std::string::npos;
  const std::string& partner = trust->partner;
  std::string what;
  if (is_service && !trust->inbound)
    what = "is one-way: " + partner + " does not trust our domain, so that we get no tickets to its services";
  else if (!is_service && !trust->outbound)
    what = "is one-way: our domain does not trust " + partner + ", so that its users have no tickets to our services";
  else if (trust->selective && check.symptom.find("selective") == std::string::npos)
    what = "has selective authentication: the accounts that are asked for must be allowed to authenticate";
  else if (trust->not_transitive)
    what = "is not transitive: it carries neither further domains nor users of them";
  if (!what.empty()) check.symptom = "The trust with " + partner + " " + what + ". " + check.symptom;
}

std::string in_quotes(const std::string& name) {
  return name.find(' ') == std::string::npos ? name : "'" + name + "'";
}

// The account that has the SPN, in place of the one that the SPN suggests.
void use_holder(const AccountRecord& holder, const std::string& service, Check& check) {
  const std::string guess = account_guess(service);
  if (equal_ignoring_case(guess, holder.name)) return;
  replace_word(check.symptom, guess, holder.name);
  for (std::string& line : check.fix) {
    replace_word(line, guess, in_quotes(holder.name));
    if (!holder.is_computer && line.starts_with("Set-ADComputer " + in_quotes(holder.name)))
      line.replace(0, std::string_view("Set-ADComputer").size(), "Set-ADUser");
  }
}

// "-PrincipalsAllowedToDelegateToAccount FRONT" becomes the present list and FRONT.
void add_to_list(const DirectoryFacts& directory, const AccountRecord& holder, Check& check) {
  std::string present;
  for (const Sid& sid : holder.allowed_to_act) {
    const auto name = directory.names.find(sid);
    if (name == directory.names.end()) return;  // of another domain: the list cannot be written in full
    present += in_quotes(name->second) + ",";
  }
  for (std::string& line : check.fix) {
    const std::size_t at = line.find(kMayAct);
    if (at == std::string::npos) continue;
    line.insert(at + kMayAct.size(), present);
    check.list = PresentList::named;
  }
}

std::string cmdlet(const AccountRecord& account) {
  return (account.is_computer ? "Set-ADComputer " : "Set-ADUser ") + in_quotes(account.name);
}

bool lets_in(const AccountRecord& holder, const AccountRecord& front) {
  return std::find(holder.allowed_to_act.begin(), holder.allowed_to_act.end(), front.sid) !=
         holder.allowed_to_act.end();
}

// In one domain: what the front end's list, its flag and the back end's list say. The front end's list is enough where it
// may also change protocols, and takes nothing from anybody. A controller before 2012 knows nothing else.
void judge_permissions(const DirectoryFacts& directory, const std::string& service, Check& check) {
  if (check.id != D1 && check.id != D2 && check.id != D3 && check.id != D5) return;
  if (!directory.front || directory.holders.empty()) return;
  const AccountRecord& front = *directory.front;
  const AccountRecord& holder = directory.holders.front();
  const bool listed = front.lists(service);
  if (!equal_ignoring_case(front.realm, holder.realm) || lets_in(holder, front)) return;
  const std::string change_protocols =
      "Set-ADAccountControl " + in_quotes(front.name) + " -TrustedToAuthForDelegation $true -Server " + front.realm;
  if (listed && !front.trusted_to_auth) {
    check.id = D1;
    check.symptom = front.name + " lists " + service +
                    ", but is not trusted for any protocol (\"use any authentication protocol\"): it may pass on only "
                    "tickets that users send it.";
    check.fix = {change_protocols};
    return;
  }
  const bool old_controllers = check.id == D5 || check.id == D2;
  if (listed || (!front.trusted_to_auth && !old_controllers)) return;
  check.id = D2;
  check.symptom = "msDS-AllowedToDelegateTo of " + front.name + " does not have " + service +
                  ", and msDS-AllowedToActOnBehalfOfOtherIdentity of " + holder.name + " does not name " + front.name +
                  ": one of the two is needed.";
  check.fix = {cmdlet(front) + " -Add @{'msDS-AllowedToDelegateTo'='" + service + "'} -Server " + front.realm};
  if (!front.trusted_to_auth) check.fix.push_back(change_protocols);
}

// The account that has an SPN of the front end's.
void name_other_account(const DirectoryFacts& directory, Check& check) {
  const auto holder = directory.own_spns.find(check.subject);
  if (holder == directory.own_spns.end()) return;
  for (std::string& line : check.fix) replace_word(line, "THAT-ACCOUNT", in_quotes(holder->second));
  check.symptom += " It is on " + holder->second + ".";
}

void use_user(const AccountRecord& user, Check& check) {
  const std::string any = " " + in_quotes(user.name) + " -Server " + user.realm;
  const std::pair<bool, std::pair<std::string_view, std::string>> states[] = {
      {user.disabled, {"is disabled", "Enable-ADAccount" + any}},
      {user.locked, {"is locked after too many wrong passwords", "Unlock-ADAccount" + any}},
      {user.expired, {"has expired", "Clear-ADAccountExpiration" + any}},
  };
  for (const auto& [applies, words] : states) {
    if (!applies) continue;
    check.id = U2;
    check.symptom = "The account of " + user.name + " " + std::string(words.first) + ".";
    check.fix = {words.second};
    return;
  }
}

Check judge_duplicates(const std::vector<AccountRecord>& holders, const std::string& service) {
  std::string proof;
  std::vector<std::string> fix{"setspn -Q " + service};
  for (const AccountRecord& holder : holders) {
    proof += (proof.empty() ? "" : "; ") + holder.name + " of " + holder.realm + " (" + holder.dn + ")";
    if (&holder != &holders.front()) fix.push_back("setspn -D " + service + " " + in_quotes(holder.name));
  }
  return fault(
      S2, service,
      std::to_string(holders.size()) +
          " accounts have this SPN: which of them gets a ticket depends on the controller that is asked. Leave it "
          "on the one that runs the service.",
      "LDAP: " + proof, std::move(fix));
}

// Some controllers issue tickets to a disabled account all the same.
void judge_disabled(const AccountRecord& holder, const std::string& service, Checks& checks) {
  std::erase_if(checks, [&](const Check& check) { return check.id == S1 && check.verdict != Verdict::fault; });
  const bool told = std::any_of(checks.begin(), checks.end(), [](const Check& check) { return check.id == S1; });
  if (told) return;
  checks.push_back(fault(S1, service, "The account that has this SPN, " + holder.name + ", is disabled.",
                         "LDAP: userAccountControl of " + holder.dn,
                         {"Enable-ADAccount " + in_quotes(holder.name) + " -Server " + holder.realm}));
}

}  // namespace

Checks judge_directories(const DirectoryFacts& directory) {
  Checks out;
  for (const std::string& realm : directory.read) out.push_back(ok(N9, realm, "its directory was read by LDAP"));
  for (const auto& [realm, why] : directory.closed)
    out.push_back(unjudged(N9, realm, "its directory was not read, and account names are guessed from SPNs: " + why));
  return out;
}

void use_directory(const DirectoryFacts& directory, const std::string& service, Checks& checks) {
  const std::string spn = service.substr(0, service.find('@'));
  for (Check& check : checks) {
    if (check.verdict != Verdict::fault) continue;
    judge_trust(directory, check);
    if (check.id == A5) name_other_account(directory, check);
    const bool about_user = check.id == U2 || check.id == D7 || check.id == D6;
    if (about_user && directory.user) use_user(*directory.user, check);
    if (check.id == S1 && directory.holders.empty() && directory.candidates.size() == 1)
      use_holder(directory.candidates.front(), spn, check);
    if (spn.empty() || directory.holders.empty()) continue;
    judge_permissions(directory, spn, check);
    use_holder(directory.holders.front(), spn, check);
    add_to_list(directory, directory.holders.front(), check);
  }
  if (directory.holders.size() == 1 && directory.holders.front().disabled)
    judge_disabled(directory.holders.front(), spn, checks);
  if (directory.holders.size() > 1) {
    std::erase_if(checks, [&](const Check& check) { return check.id == S2; });
    checks.push_back(judge_duplicates(directory.holders, spn));
  }
}

}  // namespace stead::doctor
