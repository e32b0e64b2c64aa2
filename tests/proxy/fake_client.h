#pragma once
// Fakes of the SDK's client and of a core's tickets, with a directory in maps.
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "proxy/tickets/backend_tickets.h"
#include "sspi_shim/krb5/credential.h"
#include "sspi_shim/protocol/errors/error.h"

namespace stead::proxy::test {

inline Failure refusal(KrbErrc code) {
  return {.kind = FailureKind::refused,
          .error = make_error_code(code),
          .nt_status = 0,
          .text = "the KDC said no",
          .trace = {}};
}
inline Failure silence() {
  return {.kind = FailureKind::unreachable, .error = {}, .nt_status = 0, .text = "no KDC answered", .trace = {}};
}

inline Principal principal_of(const std::string& text) {
  return parse_principal(text).value();
}

inline TicketPtr ticket_of(const std::string& user, const std::string& service,
                           std::chrono::seconds life = std::chrono::hours(1)) {
  Credential credential;
  const Principal client = principal_of(user), target = principal_of(service);
  credential.client = client.name;
  credential.client_realm = client.realm;
  credential.service = target.name;
  credential.service_realm = target.realm;
  credential.endtime = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) + life;
  return std::make_shared<IssuedTicket>(std::move(credential), Trace{});
}

inline Identity identity_of(const std::string& user, Ticket evidence = {}) {
  auto state = std::make_shared<Identity::State>();
  state->user = principal_of(user);
  state->evidence = std::make_shared<const Ticket>(std::move(evidence));
  state->endtime = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) + std::chrono::hours(1);
  return Identity(std::move(state));
}

// Scripted answers. Each call lets other work of its executor run first, as a call over the network would, and records
// its thread.
class FakeClient : public Client {
 public:
  std::map<std::string, Outcome<std::string>> passwords;                // "name password" -> principal
  std::map<std::string, Outcome<Identity>> users;                       // by name
  std::map<std::vector<std::uint8_t>, Outcome<Identity>> certificates;  // by DER
  std::map<std::vector<std::uint8_t>, std::string> tickets;             // evidence: its user
  std::map<std::vector<std::uint8_t>, std::string> forwarded;           // AP-REQs with a TGT: its user
  std::map<std::string, std::string> named;                             // a ticket requested for KEY names VALUE
  std::vector<std::string> calls;
  int tickets_read = 0;
  std::set<std::thread::id> threads;
  Outcome<std::string> unknown_password = refusal(KrbErrc::KDC_ERR_C_PRINCIPAL_UNKNOWN);
  Outcome<Identity> unknown_user = refusal(KrbErrc::KDC_ERR_C_PRINCIPAL_UNKNOWN);

  Awaitable<Outcome<Identity>> user(std::string name) override {
    co_await note("user " + name);
    const auto found = users.find(name);
    co_return found == users.end() ? unknown_user : found->second;
  }
  Awaitable<Outcome<Identity>> user_by_certificate(std::vector<std::uint8_t> der, CertificateHints) override {
    co_await note("user_by_certificate");
    const auto found = certificates.find(der);
    co_return found == certificates.end() ? unknown_user : found->second;
  }
  Awaitable<Outcome<Identity>> user_within_logon_hours(std::string name, std::vector<std::uint8_t> der,
                                                       CertificateHints) override {
    const std::string call = der.empty() ? "user_within_logon_hours " + name : "certificate_within_logon_hours";
    co_await note(call);
    if (der.empty()) {
      const auto found = users.find(name);
      co_return found == users.end() ? unknown_user : found->second;
    }
    const auto found = certificates.find(der);
    co_return found == certificates.end() ? unknown_user : found->second;
  }
  Result<Identity> from_ticket(std::vector<std::uint8_t> der) override {
    threads.insert(std::this_thread::get_id());
    ++tickets_read;
    const auto found = tickets.find(der);
    if (found == tickets.end()) return make_error_code(WireErrc::integrity);
    return identity_of(found->second);
  }
  Outcome<Identity> from_forwarded_tgt(std::vector<std::uint8_t> der) override {
    const auto found = forwarded.find(der);
    return found == forwarded.end() ? Outcome<Identity>(refusal(KrbErrc::KDC_ERR_BADOPTION))
                                    : Outcome<Identity>(identity_of(found->second));
  }
  Awaitable<Outcome<std::string>> check_password(std::string name, std::string password) override {
    co_await note("check_password " + name);
    const auto found = passwords.find(name + " " + password);
    co_return found == passwords.end() ? unknown_password : found->second;
  }
  Awaitable<Outcome<Identity>> user_by_password(std::string, std::string) override { co_return unknown_user; }
  Awaitable<Outcome<Identity>> self() override { co_return unknown_user; }
  Awaitable<Outcome<ProxyCredentialPtr>> proxy_credential(Identity) override {
    co_return refusal(KrbErrc::KDC_ERR_BADOPTION);
  }
  Awaitable<Outcome<TicketPtr>> ticket_for(Identity identity, std::string spn) override {
    co_await note("ticket_for " + identity.principal() + " " + spn);
    co_return ticket_of(in_name_of(identity.principal()), spn);
  }
  Awaitable<Outcome<TicketPtr>> ticket_for_user(std::string name, std::string spn) override {
    co_await note("ticket_for_user " + name + " " + spn);
    co_return ticket_of(in_name_of(name), spn);
  }
  Awaitable<Outcome<LocatedController>> locate(std::string, std::string) override { co_return silence(); }
  Awaitable<Outcome<LocatedController>> find_controller(std::string, ControllerRequirements) override {
    co_return silence();
  }
  void forget_user(std::string_view principal) override {
    threads.insert(std::this_thread::get_id());
    calls.push_back("forget_user " + std::string(principal));
  }
  [[nodiscard]] Statistics statistics() const override { return {}; }
  [[nodiscard]] CacheView cache_view(std::string_view) const override { return {}; }

 private:
  Awaitable<void> note(std::string call) {
    threads.insert(std::this_thread::get_id());
    calls.push_back(std::move(call));
    co_await boost::asio::post(boost::asio::use_awaitable);
  }
  [[nodiscard]] std::string in_name_of(const std::string& user) const {
    const auto found = named.find(user);
    return found == named.end() ? user : found->second;
  }
};

// One core's tickets, with evidence in a map.
class FakeTickets : public BackendTickets {
 public:
  explicit FakeTickets(std::shared_ptr<FakeClient> client) : client_(std::move(client)) {}
  std::map<std::string, std::string> evidence;  // session id -> user
  std::vector<std::string> forgotten;
  std::string evidence_names;  // empty: the session's user

  boost::asio::awaitable<Outcome<TicketPtr>> get(Session session, std::string spn) override {
    co_return ticket_of(session.user, spn);
  }
  void drop(const Session&, const std::string&) override {}
  boost::asio::awaitable<Outcome<std::string>> keep_evidence(Session session, std::vector<std::uint8_t>) override {
    evidence[session.id] = session.user;
    co_return evidence_names.empty() ? session.user : evidence_names;
  }
  boost::asio::awaitable<bool> has_evidence(Session session) override { co_return evidence.contains(session.id); }
  bool knows_evidence(const Session& session) override { return evidence.contains(session.id); }
  void forget(const Session& session) override {
    evidence.erase(session.id);
    forgotten.push_back(session.id);
  }
  boost::asio::awaitable<Outcome<std::string>> ask_for_user(Session session) override {
    const Outcome<Identity> identity = co_await client_->user(session.user);
    if (!identity) co_return identity.error();
    co_return identity->principal();
  }
  boost::asio::any_io_executor executor() override { return executor_of_checks; }
  boost::asio::any_io_executor executor_of_checks;
  [[nodiscard]] Client& client() override { return *client_; }

 private:
  std::shared_ptr<FakeClient> client_;
};

}  // namespace stead::proxy::test
