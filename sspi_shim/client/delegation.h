#pragma once
// A ticket to a service in an identity's name, without any cache but that of our own tickets: by S4U2Proxy with the
// user's evidence, or with the user's own TGT. Belongs to the context's executor.
#include <memory>

#include "sspi_shim/client/protocol_transition.h"

namespace stead {

class Delegation {
 public:
  Delegation(ClientContextPtr context, std::shared_ptr<OwnTickets> tickets,
             std::shared_ptr<ProtocolTransition> transition);

  // Evidence by S4U2Self that is about to end is fetched again first; evidence that the user presented is used as it
  // is. If a KDC calls a ticket of ours stale, tries once more with new ones.
  Awaitable<Fetched<TicketPtr>> fetch(Identity identity, Principal service, Freshness freshness);

  // MIT's proxy credential: the user's evidence with our own TGT.
  Awaitable<Fetched<ProxyCredentialPtr>> proxy_credential(Identity identity);

 private:
  Awaitable<OrRefusal<TicketPtr>> by_evidence(CallPtr call, Identity identity, Principal service);
  Awaitable<OrRefusal<TicketPtr>> by_own_tgt(CallPtr call, Identity identity, Principal service);
  [[nodiscard]] CallPtr new_call(const Identity& identity, const Principal& service, Freshness freshness) const;
  [[nodiscard]] bool must_renew(const Identity& identity, Freshness freshness) const;
  [[nodiscard]] ClassifiedFailure failed(const Refusal& refusal, const Call& call) const;

  ClientContextPtr context_;
  std::shared_ptr<OwnTickets> tickets_;
  std::shared_ptr<ProtocolTransition> transition_;
};

}  // namespace stead
