#include "proxy/doctor/examine.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <set>

#include "proxy/doctor/checks.h"
#include "proxy/doctor/gather.h"

namespace stead::doctor {
namespace {

namespace asio = boost::asio;

// Everything that was seen.
struct Facts {
  std::vector<RealmFacts> realms;  // ours first
  AccountFacts account;
  std::vector<ServiceFacts> services;
  std::optional<UserFacts> user;
  std::optional<DelegationFacts> delegation;
  std::vector<BackEndFacts> back_ends;
  std::vector<PublicNameFacts> names;
};

class Examination : public std::enable_shared_from_this<Examination> {
 public:
  Examination(asio::any_io_executor executor, proxy::Config config, Patient patient)
      : tools_(std::make_shared<Instruments>(executor, std::move(config))), patient_(std::move(patient)) {
    read_files(*tools_, facts_.account);
  }

  Awaitable<void> run();
  [[nodiscard]] Report report() const;

 private:
  Awaitable<void> look_at_realms(std::vector<std::string> names);
  Awaitable<void> ask_as_ourselves();
  Awaitable<void> ask_one(CredentialPtr tgt, std::string spn, ServiceFacts& out);
  Awaitable<void> look_up_names();
  Awaitable<void> look_up_name(PublicNameFacts& out);
  Awaitable<void> ask_behind_names();
  Awaitable<void> act_for_user();
  Awaitable<void> knock_at_back_ends();
  [[nodiscard]] std::vector<std::string> known_realms() const;
  [[nodiscard]] std::vector<std::string> new_realms() const;
  [[nodiscard]] bool asked_as_ourselves() const;
  [[nodiscard]] std::string broken() const;
  void judge_patient(Report& out) const;

  InstrumentsPtr tools_;
  Patient patient_;
  Facts facts_;
  CredentialPtr tgt_;
  TicketPtr ticket_;
};

bool knows(const std::vector<std::string>& names, const std::string& name) {
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& other) { return equal_ignoring_case(other, name); });
}

std::vector<std::string> Examination::known_realms() const {
  std::vector<std::string> out{to_upper(tools_->self.realm)};
  for (const auto& [realm, controllers] : tools_->config.client.locator.realms) {
    if (!knows(out, realm)) out.push_back(realm);
  }
  return out;
}

// Those that the tickets' way passed and that nobody looked at yet.
std::vector<std::string> Examination::new_realms() const {
  std::vector<std::string> looked_at, out;
  for (const RealmFacts& realm : facts_.realms) looked_at.push_back(realm.realm);
  const auto add = [&](const std::string& realm) {
    if (!realm.empty() && !knows(looked_at, realm) && !knows(out, realm)) out.push_back(to_upper(realm));
  };
  for (const ServiceFacts& service : facts_.services) std::for_each(service.way.begin(), service.way.end(), add);
  if (facts_.user) {
    for (const TraceStep& step : facts_.user->steps) add(step.realm);
  }
  return out;
}

Awaitable<void> Examination::look_at_realms(std::vector<std::string> names) {
  std::vector<RealmFacts> found(names.size());
  std::vector<Task> tasks;
  for (std::size_t i = 0; i < names.size(); ++i) {
    tasks.push_back([self = this, name = names[i], &out = found[i]]() -> Awaitable<void> {
      out = co_await look_at_realm(self->tools_, name);
    });
  }
  if (!tasks.empty()) co_await together(tools_->executor, std::move(tasks));
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
  if (!patient_.service.empty()) targets.push_back(patient_.service);
  for (const proxy::Route& route : tools_->config.routes) {
    const std::string spn = delegated_spn(route);
    if (patient_.service.empty() && !spn.empty() && !knows(targets, spn)) targets.push_back(spn);
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
  co_await together(tools_->executor, std::move(tasks));
}

Awaitable<void> Examination::look_up_name(PublicNameFacts& out) {
  out.aliases = co_await aliases_of(tools_, out.host);
}

Awaitable<void> Examination::look_up_names() {
  std::vector<std::string> hosts;
  for (const proxy::Route& route : tools_->config.routes) {
    if (route.allows(proxy::SignInMethod::kerberos) && !route.host.empty() && !knows(hosts, route.host))
      hosts.push_back(route.host);
  }
  facts_.names.resize(hosts.size());
  std::vector<Task> tasks;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    facts_.names[i].host = hosts[i];
    tasks.push_back([this, i] { return look_up_name(facts_.names[i]); });
  }
  if (!tasks.empty()) co_await together(tools_->executor, std::move(tasks));
}

Awaitable<void> Examination::ask_behind_names() {
  for (PublicNameFacts& name : facts_.names) {
    name.account = account_name(facts_.account);
    if (tgt_ && !name.aliases.empty()) name.behind = co_await ask_service(tools_, tgt_, "HTTP/" + name.aliases.back());
  }
}

// What the proxy would do for the user, as far as the links before it hold.
Awaitable<void> Examination::act_for_user() {
  if (!broken().empty()) co_return;
  ClientOptions options = tools_->config.client;
  options.learn_levels = true;
  std::string what;
  auto client = Client::open(tools_->executor, std::move(options), what);
  if (!client) co_return;  // the keytab's faults are told already
  facts_.user.emplace();
  const std::optional<Identity> who = co_await ask_user(tools_, *client, patient_.user, *facts_.user);
  if (!who || !facts_.services.front().question.granted()) co_return;
  facts_.delegation.emplace();
  ticket_ = co_await ask_delegation(*client, *who, patient_.service, *facts_.delegation);
}

Awaitable<void> Examination::knock_at_back_ends() {
  const std::string wanted = patient_.service.substr(0, patient_.service.find('@'));
  std::vector<std::pair<proxy::Route, proxy::Upstream>> doors;
  std::set<std::string> seen;
  for (const proxy::Route& route : tools_->config.routes) {
    const std::string spn = delegated_spn(route);
    if (!wanted.empty() && !equal_ignoring_case(spn.substr(0, spn.find('@')), wanted)) continue;
    for (const proxy::Upstream& back_end : route.upstreams) {
      if (seen.insert(to_string(back_end) + ' ' + route.path + ' ' + route.host + ' ' + spn).second)
        doors.emplace_back(route, back_end);
    }
  }
  facts_.back_ends.resize(doors.size());
  std::vector<Task> tasks;
  for (std::size_t i = 0; i < doors.size(); ++i) {
    tasks.push_back([this, i, door = doors[i]] {
      const bool by_user = door.first.delegation == proxy::Delegation::s4u;
      return knock(tools_, door.first, door.second, by_user ? ticket_ : nullptr, facts_.back_ends[i]);
    });
  }
  if (!tasks.empty()) co_await together(tools_->executor, std::move(tasks));
}

Awaitable<void> Examination::run() {
  std::vector<Task> first;
  first.push_back([this] { return look_at_realms(known_realms()); });
  first.push_back([this] { return ask_as_ourselves(); });
  first.push_back([this] { return look_up_names(); });
  if (patient_.user.empty()) first.push_back([this] { return knock_at_back_ends(); });
  co_await together(tools_->executor, std::move(first));
  if (!patient_.user.empty()) co_await act_for_user();
  std::vector<Task> last;
  last.push_back([this] { return look_at_realms(new_realms()); });
  last.push_back([this] { return ask_behind_names(); });
  if (!patient_.user.empty()) last.push_back([this] { return knock_at_back_ends(); });
  co_await together(tools_->executor, std::move(last));
}

bool Examination::asked_as_ourselves() const {
  return tgt_ != nullptr;
}

// The first broken link of the front end's own; empty: it holds.
std::string Examination::broken() const {
  const bool signed_on = facts_.account.sign_on && facts_.account.sign_on->granted();
  if (signed_on) {
    const auto own = std::find_if(
        facts_.account.published.begin(), facts_.account.published.end(),
        [&](const ServiceFacts& service) { return equal_ignoring_case(service.spn, to_string(tools_->self.name)); });
    return !own->question.granted() ? "A4" : !own->opened_by ? "A5" : "";
  }
  for (const Check& check : judge_account(facts_.account)) {
    if (check.verdict == Verdict::fault && check.id != "A6") return check.id;
  }
  const bool in_time = !facts_.account.sign_on || facts_.account.sign_on->refusal->kind == FailureKind::unreachable;
  return in_time ? "N2" : "N3";
}

void Examination::judge_patient(Report& out) const {
  const auto skip = [&](std::initializer_list<const char*> ids, const std::string& subject, const std::string& why) {
    for (const char* id : ids) out.add({skipped(id, subject, why + " is broken")});
  };
  if (!facts_.user) {
    skip({"U1", "U2", "A7", "U3", "U4"}, patient_.user, broken());
    skip({"D6", "D7", "D8", "D1", "D2", "D3", "D4"}, patient_.service, broken());
    return;
  }
  Checks user = judge_user(*facts_.user, facts_.account);
  const auto link =
      std::find_if(user.begin(), user.end(), [](const Check& check) { return check.verdict == Verdict::fault; });
  const std::string user_link = link == user.end() ? "S1" : link->id;
  out.add(std::move(user));
  if (facts_.delegation)
    out.add(judge_delegation(*facts_.user, *facts_.delegation, facts_.account));
  else
    skip({"D6", "D7", "D8", "D1", "D2", "D3", "D4"}, patient_.service, user_link);
}

Report Examination::report() const {
  Report out;
  out.reached = std::any_of(facts_.realms.front().controllers.begin(), facts_.realms.front().controllers.end(),
                            [](const auto& dc) { return dc.answers(); });
  out.add(judge_network(tools_->self, facts_.realms));
  out.add(judge_account(facts_.account));
  out.add(judge_services(facts_.services, facts_.account, asked_as_ourselves() ? "" : broken()));
  out.add(judge_levels(tools_->self, facts_.realms, facts_.services));
  if (!patient_.user.empty()) judge_patient(out);
  for (const BackEndFacts& back_end : facts_.back_ends) {
    out.add(judge_back_end(back_end));
    const bool wanted = !patient_.user.empty() && !ticket_ && back_end.anonymous.stage == HttpStage::done;
    for (const char* id : {"B2", "B3", "S4", "B4", "B6", "B8"}) {
      if (wanted) out.add({skipped(id, back_end.url, "there is no ticket to send")});
    }
  }
  // Signing on failed by the network or the clocks, and their own checks saw nothing.
  if (out.healthy() && !tgt_ && facts_.account.sign_on) {
    const Diagnosis diagnosis = diagnosis_of(*facts_.account.sign_on, facts_.account, {});
    out.add({fault(broken(), tools_->self.realm, diagnosis.summary, last_of(facts_.account.sign_on->steps),
                   diagnosis.fix)});
  }
  const bool front_token = facts_.user && !facts_.user->failure;
  out.add(judge_front(facts_.names, tools_->config.limits.header_bytes,
                      front_token ? std::optional(facts_.user->evidence_bytes / 3 * 4 + 600) : std::nullopt));
  if (const auto certificate = read_certificate(tools_->config)) out.add({judge_certificate(*certificate)});
  return out;
}

}  // namespace

Report examine(proxy::Config config, Patient patient) {
  asio::io_context io(1);
  const auto examination = std::make_shared<Examination>(io.get_executor(), std::move(config), std::move(patient));
  asio::co_spawn(io, examination->run(), [&io](std::exception_ptr failed) {
    io.stop();
    if (failed) std::rethrow_exception(failed);
  });
  io.run();
  return examination->report();
}

}  // namespace stead::doctor
