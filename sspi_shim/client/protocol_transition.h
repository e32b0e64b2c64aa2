#pragma once
// Protocol transition (MS-SFU §1.3.1, S4U2Self): a ticket to this service in the name of a user who signed in without
// Kerberos. No cache but that of our own tickets. Belongs to the context's executor.
#include <memory>
#include <string>

#include "sspi_shim/client/failures.h"
#include "sspi_shim/client/user_finder.h"
#include "sspi_shim/s4u/s4u2self_exchange.h"

namespace stead {

enum class LogonHours { ignored, checked };

class ProtocolTransition {
 public:
  ProtocolTransition(ClientContextPtr context, std::shared_ptr<OwnTickets> tickets, std::shared_ptr<UserFinder> finder);

  // Finds the user and gets the evidence. If a KDC calls one of our own tickets stale, tries once more with new ones.
  // `checked`: the KDC refuses a user who may not sign in at this hour (MS-SFU §2.2.2).
  Awaitable<Fetched<Identity>> fetch(UserRequest user, Freshness freshness, LogonHours hours = LogonHours::ignored);

  // Evidence for a user whose realm is known. This service itself is refused as a user (FailureKind::unusable): tickets
  // in its own name are not bounded by any delegation list.
  Awaitable<OrRefusal<Identity>> evidence_for(CallPtr call, UserPlace place, Buffer certificate);

 private:
  Awaitable<OrRefusal<Identity>> find_and_ask(CallPtr call, UserRequest user);
  [[nodiscard]] OrRefusal<OpenedTicket> open_evidence(const S4u2SelfExchange& exchange);
  [[nodiscard]] bool is_ourselves(const PrincipalName& name, const std::string& realm) const;

  ClientContextPtr context_;
  std::shared_ptr<OwnTickets> tickets_;
  std::shared_ptr<UserFinder> finder_;
};

}  // namespace stead
