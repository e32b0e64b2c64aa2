#pragma once
// Our own tickets, those of the service itself: its TGT, its referral TGTs by realm, and the way to each target
// service. They are the same for every user. Belongs to the context's executor.
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "sspi_shim/client/cache/fetch_once.h"
#include "sspi_shim/client/client_context.h"
#include "sspi_shim/s4u/s4u2proxy_exchange.h"

namespace stead {

class OwnTickets : public std::enable_shared_from_this<OwnTickets> {
 public:
  explicit OwnTickets(ClientContextPtr context);

  // Our TGT. Concurrent calls share one AS exchange. In the last fifth of its life the TGT is renewed in the
  // background, or at once for a call that renews.
  Awaitable<OrRefusal<CredentialPtr>> own_tgt(CallPtr call);
  // Our TGT for another realm, along the trusts.
  Awaitable<OrRefusal<CredentialPtr>> tgt_for(CallPtr call, std::string realm);

  // The target that an earlier S4U2Proxy found for this service, while its TGT is usable for `call`.
  [[nodiscard]] std::optional<KnownTarget> target(const Principal& service, const Call& call) const;
  void remember_target(const Principal& service, KnownTarget target);
  void forget_target(const Principal& service);

  // True if there is any ticket of ours that a KDC could call stale.
  [[nodiscard]] bool any() const { return !tgts_.empty(); }
  // After a KDC called one of them stale: all are requested again.
  void drop_all();

  // True if the ticket lives for some minutes more.
  [[nodiscard]] bool is_fresh(const Credential& ticket) const;
  // True in the last fifth of the ticket's life.
  [[nodiscard]] bool is_aged(const Credential& ticket) const;

 private:
  Awaitable<OrRefusal<CredentialPtr>> fetch_own_tgt(CallPtr call);

  ClientContextPtr context_;
  std::map<std::string, CredentialPtr> tgts_;   // by realm, upper case
  std::map<std::string, KnownTarget> targets_;  // by SPN, lower case
  FetchOnce<OrRefusal<CredentialPtr>> fetches_;
  std::chrono::system_clock::time_point renew_not_before_{};
};

// A ticket is replaced this long before it ends.
constexpr std::chrono::minutes kTicketReserve{5};

// True if the refusal says that a ticket of ours is no longer valid: the KDC's keys changed, or it was revoked.
[[nodiscard]] bool is_stale_ticket(const Refusal& refusal);

}  // namespace stead
