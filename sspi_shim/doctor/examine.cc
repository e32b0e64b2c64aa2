#include "sspi_shim/doctor/examine.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <set>

#include "sspi_shim/doctor/checks.h"
#include "sspi_shim/doctor/gather.h"

namespace stead::doctor {
namespace {

namespace asio = boost::asio;

// Everything that was seen.
struct Facts {
  std::vector<RealmFacts> realms;  // ours first
  AccountFacts account;
  std::vector<ServiceFacts> services;
};

class Examination : public std::enable_shared_from_this<Examination> {
 public:
  Examination(asio::any_io_executor executor, ProxyFile file, Patient patient)
      : tools_(std::make_shared<Instruments>(executor, std::move(file))), patient_(std::move(patient)) {
    read_files(*tools_, facts_.account);
  }

  Awaitable<void> run();
  [[nodiscard]] Report report() const;

 private:
  Awaitable<void> look_at_realms(std::vector<std::string> names);
  Awaitable<void> ask_as_ourselves();
  Awaitable<void> ask_one(CredentialPtr tgt, std::string spn, ServiceFacts& out);
  [[nodiscard]] std::vector<std::string> known_realms() const;
  [[nodiscard]] std::vector<std::string> new_realms() const;
  [[nodiscard]] std::string broken() const;

  InstrumentsPtr tools_;
  Patient patient_;
  Facts facts_;
};

bool knows(const std::vector<std::string>& names, const std::string& name) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& other) { return equal_ignoring_case(other, name); });
}

std::vector<std::string> Examination::known_realms() const {
  std::vector<std::string> out{to_upper(tools_->self.realm)};
  for (const auto& [realm, controllers] : tools_->file.client.locator.realms) {
    if (!knows(out, realm)) out.push_back(realm);
  }
  return out;
}

// Those that the tickets' way passed and that nobody looked at yet.
std::vector<std::string> Examination::new_realms() const {
  std::vector<std::string> looked_at, out;
  for (const RealmFacts& realm : facts_.realms) looked_at.push_back(realm.realm);
  for (const ServiceFacts& service : facts_.services) {
    for (const auto& realm : service.way) {
      if (!knows(looked_at, realm) && !knows(out, realm)) out.push_back(to_upper(realm));
    }
  }
  return out;
}

Awaitable<void> Examination::look_at_realms(std::vector<std::string> names) {
  std::vector<RealmFacts> found(names.size());
  std::vector<Task> tasks;
  for (std::size_t i = 0; i < names.size(); ++i) {
    tasks.push_back([self = this, name = names[i], &out = found[i]]() -> Awaitable<void> { out = co_await look_at_realm(self->tools_, name); });
  }
  if (!tasks.empty()) co_await together(tools_->executor, std::move(tasks));
  for (RealmFacts& realm : found) facts_.realms.push_back(std::move(realm));
}

Awaitable<void> Examination::ask_one(CredentialPtr tgt, std::string spn, ServiceFacts& out) { out = co_await ask_service(tools_, tgt, spn); }

Awaitable<void> Examination::ask_as_ourselves() {
  const CredentialPtr tgt = co_await sign_on(tools_, facts_.account);
  std::vector<std::string> published = published_spns(tools_->file);
  const auto own = to_string(tools_->self.name);
  if (!knows(published, own)) published.insert(published.begin(), own);
  std::vector<std::string> targets;
  if (!patient_.service.empty()) targets.push_back(patient_.service);
  for (const ProxyRoute& route : tools_->file.routes) {
    if (patient_.service.empty() && !route.spn.empty() && !knows(targets, route.spn)) targets.push_back(route.spn);
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

Awaitable<void> Examination::run() {
  std::vector<Task> first;
  first.push_back([this] { return look_at_realms(known_realms()); });
  first.push_back([this] { return ask_as_ourselves(); });
  co_await together(tools_->executor, std::move(first));
  co_await look_at_realms(new_realms());
}

// The first broken link of the front end's own; empty: it holds.
std::string Examination::broken() const {
  const Checks checks = judge_account(facts_.account);
  const bool signed_on = facts_.account.sign_on && facts_.account.sign_on->granted();
  if (signed_on) return {};
  for (const Check& check : checks) {
    if (check.verdict == Verdict::fault && check.id != "A6") return check.id;
  }
  return "N2";
}

Report Examination::report() const {
  Report out;
  out.reached = std::any_of(facts_.realms.front().controllers.begin(), facts_.realms.front().controllers.end(), [](const auto& dc) { return dc.answers(); });
  out.add(judge_network(tools_->self, facts_.realms));
  out.add(judge_account(facts_.account));
  const bool asked = facts_.account.other || (facts_.account.sign_on && facts_.account.sign_on->granted());
  out.add(judge_services(facts_.services, facts_.account, asked ? "" : broken()));
  return out;
}

}  // namespace

Report examine(ProxyFile file, Patient patient) {
  asio::io_context io(1);
  const auto examination = std::make_shared<Examination>(io.get_executor(), std::move(file), std::move(patient));
  asio::co_spawn(io, examination->run(), [&io](std::exception_ptr failed) {
    io.stop();
    if (failed) std::rethrow_exception(failed);
  });
  io.run();
  return examination->report();
}

}  // namespace stead::doctor
