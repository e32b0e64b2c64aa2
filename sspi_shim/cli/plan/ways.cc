#include "sspi_shim/cli/plan/ways.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kdc/forest/forest_names.h"
#include "kdc/forest/functional_level.h"
#include "kdc/forest/name_case.h"
#include "sspi_shim/s4u/s4u2proxy_exchange.h"
#include "sspi_shim/s4u/s4u2self_exchange.h"

namespace stead::plan {
namespace {

constexpr const char* kAnotherSpn = "rehearsal/another.service";

PrincipalName service_name(const std::string& text) {
  const auto parsed = parse_principal(text);
  return parsed ? parsed->name : PrincipalName{NameType::principal, {text}};
}

const std::string& realm_of(const kdc::AccountEntry* account) {
  return account->domain->domain->realm;
}

// The front end's ticket to itself in the user's name.
CredentialPtr evidence_by_transition(Rehearsal& kdcs, const Parties& who, const CredentialPtr& tgt, Obstacle& why) {
  CredentialPtr header = tgt;
  if (who.user->domain != who.front->domain) header = kdcs.walk(tgt, krbtgt_name(realm_of(who.user)), why);
  if (!header) return nullptr;
  S4u2SelfExchange exchange(kdcs.context(), {.tgt = header,
                                             .service = {service_name(who.front_name), realm_of(who.front)},
                                             .user = PrincipalName{NameType::principal, {who.user->account->name}},
                                             .user_realm = realm_of(who.user),
                                             .certificate = {},
                                             .detail = {}});
  if (auto refused = kdcs.run(exchange)) {
    why = std::move(*refused);
    return nullptr;
  }
  return exchange.evidence();
}

// S4U2Proxy at the front end's own KDC, which is not asked for resource-based delegation.
bool by_list(Rehearsal& kdcs, const Parties& who, const CredentialPtr& tgt, const CredentialPtr& evidence,
             Obstacle& why) {
  const TgsQuestion question{
      .header = tgt,
      .sname = service_name(who.back),
      .options = kdc_option::cname_in_addl_tkt | kdc_option::canonicalize | kdc_option::forwardable,
      .additional_ticket = ticket_of(evidence),
      .subject = {}};
  const auto answer = kdcs.ask(question, why);
  if (answer && !answer->referral().empty()) why.reason = "the target is in another domain";
  return answer && answer->referral().empty();
}

bool transition(Rehearsal& kdcs, const Parties& who, Obstacle& why) {
  const auto tgt = kdcs.sign_in(*who.front, why);
  const auto evidence = tgt ? evidence_by_transition(kdcs, who, tgt, why) : nullptr;
  return evidence && by_list(kdcs, who, tgt, evidence, why);
}

bool own_ticket(Rehearsal& kdcs, const Parties& who, Obstacle& why) {
  const auto user = kdcs.sign_in(*who.user, why);
  const auto evidence = user ? kdcs.walk(user, service_name(who.front_name), why) : nullptr;
  const auto tgt = evidence ? kdcs.sign_in(*who.front, why) : nullptr;
  return tgt && by_list(kdcs, who, tgt, evidence, why);
}

// `without_list`: the directory in which the front end's list does not name the target, so that the target's account
// alone decides.
bool resource_based(Rehearsal& kdcs, const kdc::Snapshot& without_list, const Parties& who, Obstacle& why) {
  const auto tgt = kdcs.sign_in(*who.front, why);
  const auto evidence = tgt ? evidence_by_transition(kdcs, who, tgt, why) : nullptr;
  if (!evidence) return false;
  kdcs.serve(without_list);
  S4u2ProxyExchange exchange(
      kdcs.context(), {.tgt = tgt,
                       .evidence = ticket_of(evidence),
                       .user = {PrincipalName{NameType::principal, {who.user->account->name}}, realm_of(who.user)},
                       .service = {service_name(who.back), {}},
                       .target = {}});
  if (auto refused = kdcs.run(exchange)) {
    why = std::move(*refused);
    return false;
  }
  return true;
}

bool forwarded_tgt(Rehearsal& kdcs, const Parties& who, Obstacle& why) {
  const auto tgt = kdcs.sign_in(*who.user, why);
  const auto ticket = tgt ? kdcs.walk(tgt, service_name(who.front_name), why) : nullptr;
  if (!ticket) return false;
  if (!(ticket->flags & ticket_flag::ok_as_delegate)) {
    why.reason = "the user's ticket to the front end lacks OK_AS_DELEGATE: clients give it no TGT";
    return false;
  }
  const TgsQuestion question{.header = tgt,
                             .sname = krbtgt_name(realm_of(who.user)),
                             .options = kdc_option::forwarded | kdc_option::forwardable | kdc_option::canonicalize,
                             .additional_ticket = {},
                             .subject = {}};
  const auto forwarded = kdcs.ask(question, why);
  return forwarded && kdcs.walk(forwarded->credential, service_name(who.back), why) != nullptr;
}

// The account's list with another SPN in the place of the target.
kdc::Forest without_target(const kdc::Snapshot& snapshot, const Parties& who) {
  kdc::Forest out = snapshot.forest();
  auto* domain = kdc::find_domain(out, realm_of(who.front));
  for (auto& spn : kdc::find_account(*domain, who.front->account->name)->allowed_to_delegate_to)
    if (kdc::is_same_name(spn, who.back)) spn = kAnotherSpn;
  return out;
}

bool lists_target(const Parties& who) {
  return std::ranges::any_of(who.front->account->allowed_to_delegate_to,
                             [&](const std::string& spn) { return kdc::is_same_name(spn, who.back); });
}

class Judge {
 public:
  Judge(const kdc::Snapshot& snapshot, const Parties& who) : snapshot_(snapshot), who_(who) {
    if (lists_target(who)) changed_.emplace(without_target(snapshot, who), &snapshot);
  }

  bool attempt(Way way, Obstacle& why, const kdc::DomainEntry* domain = nullptr, const kdc::Controller* dc = nullptr) {
    Rehearsal kdcs(snapshot_);
    if (dc) kdcs.pin(*domain, *dc);
    switch (way) {
      case Way::transition:
        return transition(kdcs, who_, why);
      case Way::own_ticket:
        return own_ticket(kdcs, who_, why);
      case Way::resource_based:
        return resource_based(kdcs, changed_ ? *changed_ : snapshot_, who_, why);
      case Way::forwarded_tgt:
        return forwarded_tgt(kdcs, who_, why);
    }
    return false;
  }

  void try_each(WayResult& result, const kdc::DomainEntry& domain) {
    for (const kdc::Controller& dc : domain.domain->controllers) {
      Trial trial{.controller = dc.name, .level = std::string(kdc::to_string(dc.level)), .obstacle = {}};
      trial.works = attempt(result.way, trial.obstacle, &domain, &dc);
      result.trials.push_back(std::move(trial));
    }
  }

 private:
  const kdc::Snapshot& snapshot_;
  const Parties& who_;
  std::optional<kdc::Snapshot> changed_;
};

const kdc::AccountEntry* find_account_entry(const kdc::Snapshot& snapshot, const std::string& text) {
  const auto split = kdc::split_name(snapshot.forest(), text);
  std::vector<const kdc::AccountEntry*> found;
  const auto note = [&](const kdc::AccountEntry* one) {
    if (one && std::ranges::find(found, one) == found.end()) found.push_back(one);
  };
  for (const kdc::Domain& each : snapshot.forest().domains) {
    const auto& domain = *snapshot.domain(each.realm);
    if (!split || !split->domain) {
      note(snapshot.by_upn(domain, text));
      note(snapshot.by_spn(domain, text));
    }
    if (split && (!split->domain || split->domain->realm == each.realm)) {
      note(snapshot.account(domain, split->name));
      note(snapshot.by_spn(domain, split->name));
      note(snapshot.by_upn(domain, text));
    }
  }
  return found.size() == 1 ? found.front() : nullptr;
}

}  // namespace

std::string_view to_string(Way way) {
  switch (way) {
    case Way::transition:
      return "protocol transition";
    case Way::own_ticket:
      return "user's own ticket";
    case Way::resource_based:
      return "resource-based";
    case Way::forwarded_tgt:
      break;
  }
  return "forwarded TGT";
}

bool WayResult::works() const {
  return std::ranges::any_of(trials, &Trial::works);
}

std::vector<const kdc::DomainEntry*> homes_of(const kdc::Snapshot& snapshot, const std::string& spn) {
  std::vector<const kdc::DomainEntry*> out;
  for (const kdc::Domain& each : snapshot.forest().domains) {
    const auto* domain = snapshot.domain(each.realm);
    if (snapshot.by_spn(*domain, spn) || snapshot.by_host_alias(*domain, spn)) out.push_back(domain);
  }
  return out;
}

Parties find_parties(const kdc::Snapshot& snapshot, const std::string& user, const std::string& front,
                     const std::string& back, std::string& fault) {
  Parties out{.user = find_account_entry(snapshot, user),
              .front = find_account_entry(snapshot, front),
              .front_name = {},
              .back = back.substr(0, back.find('@'))};
  if (!out.user) {
    fault = "--user " + user + ": no account, or several, have this name in the forest file";
  } else if (!out.front) {
    fault = "--front " + front + ": no account, or several, have this name in the forest file";
  } else if (!kdc::is_spn(out.back)) {
    fault = "--back " + back + " is no SPN: write SERVICE/HOST";
  } else {
    const auto& spns = out.front->account->spns;
    out.front_name = spns.empty() ? out.front->account->name : spns.front();
  }
  return out;
}

std::vector<WayResult> judge(const kdc::Snapshot& snapshot, const Parties& parties) {
  Judge judge(snapshot, parties);
  std::vector<WayResult> out;
  for (const Way way : kWays) {
    WayResult result{.way = way, .trials = {}};
    judge.try_each(result, way == Way::forwarded_tgt ? *parties.user->domain : *parties.front->domain);
    if (way == Way::resource_based && result.works())
      for (const auto* domain : homes_of(snapshot, parties.back))
        if (domain != parties.front->domain) judge.try_each(result, *domain);
    out.push_back(std::move(result));
  }
  return out;
}

std::array<bool, kWays.size()> judge_briefly(const kdc::Snapshot& snapshot, const Parties& parties) {
  Judge judge(snapshot, parties);
  std::array<bool, kWays.size()> out{};
  for (std::size_t i = 0; i < kWays.size(); ++i) {
    const Way way = kWays[i];
    Obstacle ignored;
    out[i] = judge.attempt(way, ignored);
    // Classic delegation has one request to one DC: another may answer otherwise.
    if (out[i] || way == Way::resource_based) continue;
    const auto& domain = way == Way::forwarded_tgt ? *parties.user->domain : *parties.front->domain;
    for (const kdc::Controller& dc : domain.domain->controllers)
      out[i] = out[i] || judge.attempt(way, ignored, &domain, &dc);
  }
  return out;
}

}  // namespace stead::plan
