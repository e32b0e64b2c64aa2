#include "proxy/shared/shared_evidence.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sspi_shim/base/bytes.h"

namespace stead::proxy {
namespace {

namespace asio = boost::asio;

// A session may have a ticket to us and a forwarded TGT.
std::string name_of(const Session& session) {
  return session.id + (session.forwarded_tgt ? ":forwarded" : ":ticket");
}

class SharedEvidence : public BackendTickets {
 public:
  SharedEvidence(std::shared_ptr<BackendTickets> here, std::shared_ptr<SharedState> others)
      : here_(std::move(here)), others_(std::move(others)) {}

  asio::awaitable<Outcome<TicketPtr>> get(Session session, std::string spn) override {
    return here_->get(std::move(session), std::move(spn));
  }
  void drop(const Session& session, const std::string& spn) override { here_->drop(session, spn); }
  asio::awaitable<Outcome<std::string>> keep_evidence(Session session, std::vector<std::uint8_t> der) override;
  asio::awaitable<bool> has_evidence(Session session) override;
  bool knows_evidence(const Session& session) override { return here_->knows_evidence(session); }
  void forget(const Session& session) override;
  asio::awaitable<Outcome<std::string>> ask_for_user(Session session) override {
    return here_->ask_for_user(std::move(session));
  }
  asio::any_io_executor executor() override { return here_->executor(); }
  Client& client() override { return here_->client(); }

 private:
  std::shared_ptr<BackendTickets> here_;
  std::shared_ptr<SharedState> others_;
};

asio::awaitable<Outcome<std::string>> SharedEvidence::keep_evidence(Session session, std::vector<std::uint8_t> der) {
  const Buffer copy = der;
  auto kept = co_await here_->keep_evidence(session, std::move(der));
  const auto life = std::chrono::floor<std::chrono::seconds>(session.expires - std::chrono::system_clock::now());
  if (kept && *kept == session.user) others_->put(name_of(session), copy, life);
  co_return kept;
}

asio::awaitable<bool> SharedEvidence::has_evidence(Session session) {
  const bool is_here = co_await here_->has_evidence(session);
  if (is_here || session.method != SignInMethod::kerberos) co_return is_here;
  auto der = co_await others_->get(name_of(session));
  if (!der || (!session.forwarded_tgt && evidence_digest(*der) != session.evidence)) co_return false;
  const auto kept = co_await here_->keep_evidence(session, std::move(*der));
  if (kept && *kept == session.user) co_return true;
  if (kept) here_->forget(session);
  co_return false;
}

void SharedEvidence::forget(const Session& session) {
  here_->forget(session);
  Session each = session;
  for (const bool forwarded : {false, true}) {
    each.forwarded_tgt = forwarded;
    others_->erase(name_of(each));
  }
}

}  // namespace

std::shared_ptr<BackendTickets> with_shared_evidence(std::shared_ptr<BackendTickets> here,
                                                     std::shared_ptr<SharedState> others) {
  return std::make_shared<SharedEvidence>(std::move(here), std::move(others));
}

}  // namespace stead::proxy
