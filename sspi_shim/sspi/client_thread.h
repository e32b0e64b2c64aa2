#pragma once
// The thread on which the Clients of the C surface work, and calls that wait for it. Each may be called from any thread
// but that one.
#include <functional>
#include <memory>
#include <string>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/problem.h"
#include "sspi_shim/locate/controller_search.h"
#include "stead/s4u.h"

namespace stead::sspi {

// A Client with what it was opened with.
struct OpenClient {
  std::shared_ptr<Client> client;
  ClientOptions options;
};
using ClientPtr = std::shared_ptr<const OpenClient>;

// Reads the keytab.
[[nodiscard]] Checked<ClientPtr> open_client(ClientOptions options);

// One without keys, for wait_for_password alone. `realm`: of bare names.
[[nodiscard]] ClientPtr open_keyless_client(ClientOptions options, const std::string& realm);

// By certificate where one is given, with these hints. `within_logon_hours`: refused outside them.
[[nodiscard]] Outcome<Identity> wait_for_user(ClientPtr client, std::string name, bool within_logon_hours = false,
                                              std::vector<std::uint8_t> certificate = {},
                                              CertificateHints hints = CertificateHints());
[[nodiscard]] Outcome<Identity> wait_for_password(ClientPtr client, std::string name, SecretBuffer password);
[[nodiscard]] Outcome<Identity> wait_for_self(ClientPtr client);
[[nodiscard]] Outcome<ProxyCredentialPtr> wait_for_proxy_credential(ClientPtr client, Identity identity);
[[nodiscard]] Result<Identity> wait_for_evidence(ClientPtr client, std::vector<std::uint8_t> ticket_der);
[[nodiscard]] Outcome<TicketPtr> wait_for_ticket(ClientPtr client, Identity identity, std::string spn);
// `done` runs on the thread.
void start_ticket(ClientPtr client, Identity identity, std::string spn,
                  std::function<void(const Outcome<TicketPtr>&)> done);

// With the locator of these options, which is kept for the next search.
[[nodiscard]] Result<FoundController> wait_for_controller(const LocatorOptions& options, ControllerWish wish);

}  // namespace stead::sspi
