#pragma once
// The thread on which the Clients of the C surface work, and calls that wait for it. Each may be called from any thread but that one.
#include <functional>
#include <memory>
#include <string>

#include "sspi_shim/s4u/controller_search.h"
#include "stead/s4u.h"

namespace stead::sspi {

// A Client with what it was opened with.
struct OpenClient {
  std::shared_ptr<Client> client;
  ClientOptions options;
};
using ClientPtr = std::shared_ptr<const OpenClient>;

// Reads the keytab. Nothing where it does not hold: `message` says why in one line.
[[nodiscard]] ClientPtr open_client(ClientOptions options, std::string& message);

[[nodiscard]] Outcome<Identity> wait_for_user(ClientPtr client, std::string name);
[[nodiscard]] Outcome<Identity> wait_for_certificate(ClientPtr client, std::vector<std::uint8_t> der);
[[nodiscard]] Result<Identity> wait_for_evidence(ClientPtr client, std::vector<std::uint8_t> ticket_der);
[[nodiscard]] Outcome<TicketPtr> wait_for_ticket(ClientPtr client, Identity identity, std::string spn);
// `done` runs on the thread.
void start_ticket(ClientPtr client, Identity identity, std::string spn, std::function<void(const Outcome<TicketPtr>&)> done);

// With the locator of these options, which is kept for the next search.
[[nodiscard]] Result<FoundController> wait_for_controller(const LocatorOptions& options, ControllerWish wish);

}  // namespace stead::sspi
