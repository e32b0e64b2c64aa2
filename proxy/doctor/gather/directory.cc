#include "proxy/doctor/gather/directory.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "proxy/doctor/gather/account.h"
#include "proxy/doctor/gather/ldap.h"
#include "sspi_shim/base/text.h"

namespace stead::doctor {
namespace {

namespace asio = boost::asio;

struct Job {
  std::string realm;
  bool is_ours = false;
  ControllerAddress where;
  std::shared_ptr<const ServiceTicket> ticket;
  DirectoryQuestions questions;
};

struct Reading {
  std::string realm, closed;
  std::optional<AccountRecord> front, user;
  std::vector<AccountRecord> holders, candidates;
  std::map<std::string, std::string> own_spns;
  std::map<Sid, std::string> names;
  std::vector<TrustRecord> trusts;
};

std::vector<AccountRecord> find_accounts(const Ldap& ldap, const std::string& filter, const Job& job, Reading& out) {
  std::vector<AccountRecord> found;
  const auto entries = ldap.search(filter, account_attributes());
  if (!entries) {
    out.closed = entries.error().message;
    return found;
  }
  for (const DirectoryEntry& entry : *entries)
    if (auto account = read_account(entry, job.realm, std::chrono::system_clock::now()))
      found.push_back(std::move(*account));
  return found;
}

std::optional<AccountRecord> the_only(std::vector<AccountRecord> found) {
  return found.size() == 1 ? std::optional(std::move(found.front())) : std::nullopt;
}

// Names of those whom the holders' lists let in.
void find_names(const Ldap& ldap, const Job& job, Reading& out) {
  std::vector<Sid> asked;
  for (const AccountRecord& holder : out.holders)
    asked.insert(asked.end(), holder.allowed_to_act.begin(), holder.allowed_to_act.end());
  constexpr std::size_t kMaxNames = 20;
  if (asked.size() > kMaxNames) asked.resize(kMaxNames);
  for (const Sid& sid : asked) {
    for (const AccountRecord& one : find_accounts(ldap, "(objectSid=" + to_string(sid) + ")", job, out))
      out.names[sid] = one.name;
  }
}

// Accounts that the service might run as, by the host of its SPN: hall.mill.example is hall$, or svc-hall.
std::vector<AccountRecord> find_candidates(const Ldap& ldap, const Job& job, Reading& out) {
  const std::string& spn = job.questions.service;
  std::string host = spn.substr(spn.find('/') + 1);
  host = host.substr(0, host.find_first_of(":/"));
  const std::string label = host.substr(0, host.find('.'));
  if (label.empty()) return {};
  return find_accounts(ldap,
                       "(|(dNSHostName=" + filter_value(host) + ")(sAMAccountName=" + filter_value(label) +
                           "$)(sAMAccountName=*" + filter_value(label) + "))",
                       job, out);
}

Reading read(const Job& job) {
  Reading out;
  out.realm = job.realm;
  const auto ldap = Ldap::open(job.where, *job.ticket);
  if (!ldap) {
    out.closed = ldap.error().message;
    return out;
  }
  const DirectoryQuestions& asked = job.questions;
  if (!asked.service.empty()) {
    out.holders = find_accounts(**ldap, "(servicePrincipalName=" + filter_value(asked.service) + ")", job, out);
    if (out.holders.empty()) out.candidates = find_candidates(**ldap, job, out);
    find_names(**ldap, job, out);
  }
  if (!asked.user.empty() && equal_ignoring_case(asked.user_realm, job.realm))
    out.user = the_only(find_accounts(**ldap, "(sAMAccountName=" + filter_value(asked.user) + ")", job, out));
  if (!job.is_ours) return out;
  out.front = the_only(find_accounts(**ldap, "(sAMAccountName=" + filter_value(asked.front) + ")", job, out));
  for (const std::string& spn : asked.own_spns) {
    if (const auto holder =
            the_only(find_accounts(**ldap, "(servicePrincipalName=" + filter_value(spn) + ")", job, out)))
      out.own_spns[spn] = holder->name;
  }
  if (const auto trusts = (*ldap)->search("(objectClass=trustedDomain)", trust_attributes())) {
    for (const DirectoryEntry& entry : *trusts)
      if (auto trust = read_trust(entry)) out.trusts.push_back(std::move(*trust));
  }
  return out;
}

Awaitable<Reading> read_there(std::shared_ptr<const Job> job) {
  co_return read(*job);
}

// The controller that answered; null: none did.
const ControllerFacts* controller_of(const RealmFacts& realm) {
  const auto found = std::find_if(realm.controllers.begin(), realm.controllers.end(), [](const ControllerFacts& dc) {
    return dc.answers() && !dc.where.name.empty() && !dc.wrong_realm;
  });
  return found == realm.controllers.end() ? nullptr : &*found;
}

void merge(Reading&& reading, DirectoryFacts& out) {
  if (!reading.closed.empty())
    out.closed[reading.realm] = reading.closed;
  else
    out.read.push_back(reading.realm);
  if (reading.front) out.front = std::move(reading.front);
  if (reading.user) out.user = std::move(reading.user);
  for (AccountRecord& holder : reading.holders) out.holders.push_back(std::move(holder));
  for (AccountRecord& one : reading.candidates) out.candidates.push_back(std::move(one));
  out.own_spns.merge(reading.own_spns);
  out.names.merge(reading.names);
  if (!reading.trusts.empty()) out.trusts = std::move(reading.trusts);
}

}  // namespace

Awaitable<void> read_directories(ToolsPtr tools, CredentialPtr tgt, std::vector<RealmFacts> realms,
                                 DirectoryQuestions questions, DirectoryFacts& out) {
  asio::thread_pool threads(1);
  for (const RealmFacts& realm : realms) {
    const ControllerFacts* const dc = controller_of(realm);
    if (dc == nullptr) continue;
    ServiceFacts asked;
    const std::string spn = "ldap/" + dc->where.name + "@" + realm.realm;
    const CredentialPtr ticket = co_await get_ticket(tools, tgt, spn, asked);
    if (!ticket) {
      const auto& steps = asked.question.steps;
      out.closed[realm.realm] =
          "no ticket to ldap/" + dc->where.name + (steps.empty() ? "" : ": " + steps.back().answer);
      continue;
    }
    auto job = std::make_shared<Job>();
    job->realm = realm.realm;
    job->is_ours = &realm == &realms.front();
    job->where = dc->where;
    job->ticket = std::make_shared<IssuedTicket>(ticket, Trace{});
    job->questions = questions;
    Reading reading = co_await asio::co_spawn(threads.get_executor(), read_there(job), asio::use_awaitable);
    merge(std::move(reading), out);
  }
}

}  // namespace stead::doctor
