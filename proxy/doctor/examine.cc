#include "proxy/doctor/examine.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <exception>
#include <initializer_list>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "proxy/doctor/checks/account.h"
#include "proxy/doctor/checks/back_end.h"
#include "proxy/doctor/checks/causes.h"
#include "proxy/doctor/checks/configuration.h"
#include "proxy/doctor/checks/delegation.h"
#include "proxy/doctor/checks/directory.h"
#include "proxy/doctor/checks/fact_text.h"
#include "proxy/doctor/checks/front.h"
#include "proxy/doctor/checks/network.h"
#include "proxy/doctor/checks/running.h"
#include "proxy/doctor/checks/service.h"
#include "proxy/doctor/checks/user.h"
#include "proxy/doctor/facts/proxy_file.h"
#include "proxy/doctor/gather/account.h"
#include "proxy/doctor/gather/back_end.h"
#include "proxy/doctor/gather/configuration.h"
#include "proxy/doctor/gather/directory.h"
#include "proxy/doctor/gather/front.h"
#include "proxy/doctor/gather/network.h"
#include "proxy/doctor/gather/running.h"
#include "proxy/doctor/gather/user.h"
#include "sspi_shim/base/text.h"

namespace stead::doctor {
namespace {

namespace asio = boost::asio;
using enum CheckId;

constexpr std::initializer_list<CheckId> kUserChecks{U1, U2, A7, U3, U4}, kDelegationChecks{D6, D7, D8, D1, D2, D3, D4};

// Everything that was seen.
struct Facts {
  ConfigurationFacts configuration;
  std::vector<RealmFacts> realms;  // ours first
  AccountFacts account;
  std::vector<ServiceFacts> services;
  std::optional<UserFacts> user;
  std::optional<DelegationFacts> delegation;
  std::vector<BackEndFacts> back_ends;
  std::vector<PublicNameFacts> names;
  DirectoryFacts directory;
  std::optional<RunningFacts> running;
};

class Examination : public std::enable_shared_from_this<Examination> {
 public:
  Examination(asio::any_io_executor executor, proxy::Config config, DelegationQuery query)
      : tools_(std::make_shared<Tools>(executor, std::move(config))), query_(std::move(query)) {
    facts_.configuration = check_files(tools_->config);
    read_account_files(*tools_, facts_.account);
  }

  Awaitable<void> run();
  void ask_proxy(const std::string& socket) { facts_.running = ask_running(tools_->config, socket); }
  [[nodiscard]] Report report() const;

 private:
  Awaitable<void> probe_realms(std::vector<std::string> names);
  Awaitable<void> ask_as_ourselves();
  Awaitable<void> ask_one(CredentialPtr tgt, std::string spn, ServiceFacts& out);
  Awaitable<void> ask_other_realms();
  Awaitable<void> look_up_names();
  Awaitable<void> look_up_name(PublicNameFacts& out);
  Awaitable<void> ask_behind_names();
  Awaitable<void> act_for_user();
  Awaitable<void> probe_back_ends();
  Awaitable<void> read_the_directories();
  [[nodiscard]] std::vector<std::string> new_realms() const;
  [[nodiscard]] BrokenCheck broken() const;
  void judge_query(Report& out) const;
  [[nodiscard]] Check judge_silent_sign_on() const;

  ToolsPtr tools_;
  DelegationQuery query_;
  Facts facts_;
  CredentialPtr tgt_;
  TicketPtr ticket_;
};

bool knows(const std::vector<std::string>& names, const std::string& name) {
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& other) { return equal_ignoring_case(other, name); });
}

// The realms on the tickets' way that are not probed yet. A realm that the configuration names and no ticket passes does
// not matter.
std::vector<std::string> Examination::new_realms() const {
  std::vector<std::string> probed, out;
  for (const RealmFacts& realm : facts_.realms) probed.push_back(realm.realm);
  const auto add = [&](const std::string& realm) {
    if (!realm.empty() && !knows(probed, realm) && !knows(out, realm)) out.push_back(to_upper(realm));
  };
  for (const ServiceFacts& service : facts_.services) {
    std::for_each(service.way.begin(), service.way.end(), add);
    for (const TraceStep& step : service.question.steps) add(step.realm);
  }
  if (facts_.user) {
    for (const TraceStep& step : facts_.user->steps) add(step.realm);
  }
  return out;
}

Awaitable<void> Examination::probe_realms(std::vector<std::string> names) {
  std::vector<RealmFacts> found(names.size());
  std::vector<Task> tasks;
  for (std::size_t i = 0; i < names.size(); ++i) {
    tasks.push_back([self = this, name = names[i], &out = found[i]]() -> Awaitable<void> {
      out = co_await probe_realm(self->tools_, name);
    });
  }
  if (!tasks.empty()) co_await run_all(tools_->executor, std::move(tasks));
  for (RealmFacts& realm : found) facts_.realms.push_back(std::move(realm));
}

Awaitable<void> Examination::ask_one(CredentialPtr tgt, std::string spn, ServiceFacts& out) {
  out = co_await ask_service(tools_, tgt, spn);
}

Awaitable<void> Examination::ask_as_ourselves() {
  tgt_ = co_await sign_on(tools_, facts_.account);
  const CredentialPtr tgt = tgt_;
  std::vector<std::string> published = published_spns(tools_->config);
  const auto own = to_string(tools_->self.name);
  if (!knows(published, own)) published.insert(published.begin(), own);
  std::vector<std::string> targets;
  if (!query_.service.empty()) targets.push_back(query_.service);
  for (const proxy::Route& route : tools_->config.routes) {
    const std::string spn = delegated_spn(route);
    if (query_.service.empty() && !spn.empty() && !knows(targets, spn)) targets.push_back(spn);
  }
  facts_.account.published.resize(published.size());
  facts_.services.resize(targets.size());
  for (std::size_t i = 0; i < targets.size(); ++i) facts_.services[i].spn = targets[i];
  if (!tgt) co_return;
  std::vector<Task> tasks;
  for (std::size_t i = 0; i < published.size(); ++i) {
    tasks.push_back([this, tgt, spn = published[i], i] { return ask_one(tgt, spn, facts_.account.published[i]); });
  }
  for (std::size_t i = 0; i < targets.size(); ++i) {
    tasks.push_back([this, tgt, spn = targets[i], i] { return ask_one(tgt, spn, facts_.services[i]); });
  }
  co_await run_all(tools_->executor, std::move(tasks));
}

// Whether other realms that are known have the service's SPN too. A realm that the SPN names was asked already.
Awaitable<void> Examination::ask_other_realms() {
  ServiceFacts& service = facts_.services.front();
  const auto& refusal = service.question.refusal;
  const bool unknown = refusal && refusal->error == KrbErrc::KDC_ERR_S_PRINCIPAL_UNKNOWN;
  if (!tgt_ || service.spn.find('@') != std::string::npos || (refusal && !unknown)) co_return;
  for (const auto& [realm, controllers] : tools_->config.client.locator.realms) {
    if (!equal_ignoring_case(realm, service.realm) && !equal_ignoring_case(realm, tools_->self.realm))
      service.elsewhere.push_back({realm, false, false});
  }
  const CredentialPtr tgt = tgt_;
  std::vector<Task> tasks;
  for (ServiceFacts::Elsewhere& other : service.elsewhere)
    tasks.push_back([this, tgt, &other, spn = service.spn] { return ask_elsewhere(tools_, tgt, spn, other); });
  if (!tasks.empty()) co_await run_all(tools_->executor, std::move(tasks));
}

Awaitable<void> Examination::look_up_name(PublicNameFacts& out) {
  out.aliases = co_await aliases_of(tools_, out.host);
}

Awaitable<void> Examination::look_up_names() {
  std::vector<std::string> hosts;
  for (const proxy::Route& route : tools_->config.routes) {
    if (route.allows(proxy::SignInMethod::kerberos) && route.has_one_host() && !knows(hosts, route.host))
      hosts.push_back(route.host);
  }
  facts_.names.resize(hosts.size());
  std::vector<Task> tasks;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    facts_.names[i].host = hosts[i];
    tasks.push_back([this, i] { return look_up_name(facts_.names[i]); });
  }
  if (!tasks.empty()) co_await run_all(tools_->executor, std::move(tasks));
}

Awaitable<void> Examination::ask_behind_names() {
  for (PublicNameFacts& name : facts_.names) {
    name.account = account_name(facts_.account);
    if (tgt_ && !name.aliases.empty()) name.behind = co_await ask_service(tools_, tgt_, "HTTP/" + name.aliases.back());
  }
}

// The exchanges that the proxy would make for the user; none if the front end itself has a fault.
Awaitable<void> Examination::act_for_user() {
  if (broken()) co_return;
  ClientOptions options = tools_->config.client;
  options.learn_levels = true;
  std::string what;
  auto client = Client::open(tools_->executor, std::move(options), what);
  if (!client) co_return;  // judge_account reports the keytab's faults
  facts_.user.emplace();
  const std::optional<Identity> who = co_await ask_user(tools_, *client, query_.user, *facts_.user);
  if (!who || !facts_.services.front().question.granted()) co_return;
  facts_.delegation.emplace();
  ticket_ = co_await ask_delegation(*client, *who, query_.service, *facts_.delegation);
}

Awaitable<void> Examination::probe_back_ends() {
  const std::string wanted = query_.service.substr(0, query_.service.find('@'));
  std::vector<std::pair<proxy::Route, proxy::Upstream>> targets;
  std::set<std::string> seen;
  for (const proxy::Route& route : tools_->config.routes) {
    const std::string spn = delegated_spn(route);
    if (!wanted.empty() && !equal_ignoring_case(spn.substr(0, spn.find('@')), wanted)) continue;
    for (const proxy::Upstream& back_end : route.upstreams) {
      if (seen.insert(to_string(back_end) + ' ' + route.path + ' ' + route.host + ' ' + spn).second)
        targets.emplace_back(route, back_end);
    }
  }
  facts_.back_ends.resize(targets.size());
  std::vector<Task> tasks;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    tasks.push_back([this, i, target = targets[i]] {
      const bool by_user = target.first.delegation == proxy::Delegation::s4u;
      return probe_back_end(tools_, target.first, target.second, by_user ? ticket_ : nullptr, facts_.back_ends[i]);
    });
  }
  if (!tasks.empty()) co_await run_all(tools_->executor, std::move(tasks));
}

Awaitable<void> Examination::run() {
  std::vector<Task> first;
  first.push_back([this] { return probe_realms(std::vector<std::string>(1, to_upper(tools_->self.realm))); });
  first.push_back([this] { return ask_as_ourselves(); });
  first.push_back([this] { return look_up_names(); });
  if (query_.user.empty()) first.push_back([this] { return probe_back_ends(); });
  co_await run_all(tools_->executor, std::move(first));
  if (!query_.service.empty()) co_await ask_other_realms();
  if (!query_.user.empty()) co_await act_for_user();
  std::vector<Task> last;
  last.push_back([this] { return probe_realms(new_realms()); });
  last.push_back([this] { return ask_behind_names(); });
  if (!query_.user.empty()) last.push_back([this] { return probe_back_ends(); });
  co_await run_all(tools_->executor, std::move(last));
  if (tgt_) co_await read_the_directories();
}

Awaitable<void> Examination::read_the_directories() {
  DirectoryQuestions questions;
  questions.front = account_name(facts_.account);
  questions.service = query_.service.substr(0, query_.service.find('@'));
  constexpr std::size_t kMaxNames = 20;
  for (const ServiceFacts& own : facts_.account.published)
    if (questions.own_spns.size() < kMaxNames) questions.own_spns.push_back(own.spn);
  if (facts_.user) {
    const std::string& name = facts_.user->principal.empty() ? query_.user : facts_.user->principal;
    const std::string account = name.substr(name.find('\\') + 1);
    questions.user = account.substr(0, account.find('@'));
    questions.user_realm = facts_.user->steps.empty() ? tools_->self.realm : facts_.user->steps.back().realm;
  }
  std::vector<RealmFacts> realms = facts_.realms;
  if (query_.service.empty()) realms.resize(1);
  co_await read_directories(tools_, tgt_, std::move(realms), questions, facts_.directory);
}

// The first fault of the front end itself; nothing: it has none.
BrokenCheck Examination::broken() const {
  const bool signed_on = facts_.account.sign_on && facts_.account.sign_on->granted();
  if (signed_on) {
    const auto own = std::find_if(
        facts_.account.published.begin(), facts_.account.published.end(),
        [&](const ServiceFacts& service) { return equal_ignoring_case(service.spn, to_string(tools_->self.name)); });
    if (!own->question.granted()) return A4;
    if (!own->opened_by) return A5;
    return std::nullopt;
  }
  for (const Check& check : judge_account(facts_.account)) {
    if (check.verdict == Verdict::fault && check.id != A6) return check.id;
  }
  // No fault of the account: signing on failed by the network or by the clocks.
  const bool is_network = !facts_.account.sign_on || facts_.account.sign_on->refusal->kind == FailureKind::unreachable;
  return is_network ? N2 : N3;
}

void Examination::judge_query(Report& out) const {
  const auto skip = [&](std::initializer_list<CheckId> ids, const std::string& subject, CheckId broken_check) {
    for (const CheckId id : ids) out.add({skipped_by(broken_check, id, subject)});
  };
  if (!facts_.user) {
    const CheckId earlier = broken().value_or(A2);
    skip(kUserChecks, query_.user, earlier);
    skip(kDelegationChecks, query_.service, earlier);
    return;
  }
  Checks user = judge_user(*facts_.user, facts_.account);
  const auto fault_of_user =
      std::find_if(user.begin(), user.end(), [](const Check& check) { return check.verdict == Verdict::fault; });
  const CheckId broken_check = fault_of_user == user.end() ? S1 : fault_of_user->id;
  out.add(std::move(user));
  if (facts_.delegation)
    out.add(judge_delegation(*facts_.user, *facts_.delegation, facts_.account));
  else
    skip(kDelegationChecks, query_.service, broken_check);
}

// Signing on failed by the network or the clocks, and their checks found nothing.
Check Examination::judge_silent_sign_on() const {
  const std::string proof = last_step_text(facts_.account.sign_on->steps);
  const std::string& relay = facts_.realms.front().kdc_proxy;
  if (!relay.empty() && facts_.account.sign_on->refusal->kind == FailureKind::unreachable)
    return fault(N2, relay, "The KDC proxy " + relay + " does not answer, or its certificate is not accepted.", proof,
                 {"curl -v " + relay});
  const Diagnosis diagnosis = diagnosis_of(*facts_.account.sign_on, facts_.account, {});
  return fault(broken().value_or(N2), tools_->self.realm, diagnosis.summary, proof, diagnosis.fix);
}

Report Examination::report() const {
  Report out;
  out.reached = std::any_of(facts_.realms.front().controllers.begin(), facts_.realms.front().controllers.end(),
                            [](const auto& dc) { return dc.answers(); }) ||
                (facts_.account.sign_on && facts_.account.sign_on->granted());
  std::vector<std::chrono::milliseconds> back_end_clocks;
  for (const BackEndFacts& back_end : facts_.back_ends)
    if (back_end.anonymous.clock) back_end_clocks.emplace_back(*back_end.anonymous.clock);
  out.add(judge_configuration(facts_.configuration));
  out.add(judge_network(tools_->self, facts_.realms, back_end_clocks));
  out.add(judge_account(facts_.account));
  out.add(judge_services(facts_.services, facts_.account, tgt_ ? std::nullopt : broken()));
  out.add(judge_levels(tools_->self, facts_.realms, facts_.services));
  if (!query_.user.empty()) judge_query(out);
  for (const BackEndFacts& back_end : facts_.back_ends) {
    out.add(judge_back_end(back_end));
    const bool wanted = !query_.user.empty() && !ticket_ && back_end.anonymous.stage == HttpStage::done;
    for (const CheckId id : {B2, B3, S4, B4, B6, B8}) {
      if (wanted) out.add({skipped(id, back_end.url, "there is no ticket to send")});
    }
  }
  if (out.healthy() && !tgt_ && facts_.account.sign_on) out.add({judge_silent_sign_on()});
  const bool front_token = facts_.user && !facts_.user->failure;
  out.add(judge_front(facts_.names, tools_->config.limits.header_bytes,
                      front_token ? std::optional(facts_.user->evidence_bytes / 3 * 4 + 600) : std::nullopt));
  if (const auto certificate = read_certificate(tools_->config)) out.add({judge_certificate(*certificate)});
  out.add(judge_directories(facts_.directory));
  if (facts_.running) out.add(judge_running(*facts_.running));
  use_directory(facts_.directory, query_.service, out.checks);
  leave_out_follow_ups(out.checks);
  return out;
}

}  // namespace

Report examine(proxy::Config config, DelegationQuery query, const std::optional<std::string>& running) {
  asio::io_context io(1);
  const auto examination = std::make_shared<Examination>(io.get_executor(), std::move(config), std::move(query));
  if (running) examination->ask_proxy(*running);
  asio::co_spawn(io, examination->run(), [&io](std::exception_ptr failed) {
    io.stop();
    if (failed) std::rethrow_exception(failed);
  });
  io.run();
  return examination->report();
}

}  // namespace stead::doctor
