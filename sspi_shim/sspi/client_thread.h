#pragma once
// One thread runs the Clients of the C surface. These functions wait for it, so that any other thread may call them.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/problem.h"
#include "sspi_shim/locate/controller_wish.h"
#include "stead/s4u.h"

namespace stead::sspi {

// A Client and the options that it was opened with.
struct OpenClient {
  std::shared_ptr<Client> client;
  ClientOptions options;
};
using ClientPtr = std::shared_ptr<const OpenClient>;

// Reads the keytab.
[[nodiscard]] Checked<ClientPtr> open_client(ClientOptions options);

// A Client without keys, for wait_for_password only. `realm`: of names without one.
[[nodiscard]] ClientPtr open_keyless_client(ClientOptions options, const std::string& realm);

enum class LogonHours { ignored, checked };  // checked: the KDC refuses users outside their hours

// By certificate where one is given, with these hints, else by name.
[[nodiscard]] Outcome<Identity> wait_for_user(ClientPtr client, std::string name,
                                              LogonHours hours = LogonHours::ignored,
                                              std::vector<std::uint8_t> certificate = {},
                                              CertificateHints hints = CertificateHints());
[[nodiscard]] Outcome<Identity> wait_for_password(ClientPtr client, std::string name, SecretBuffer password);
[[nodiscard]] Outcome<Identity> wait_for_self(ClientPtr client);
[[nodiscard]] Outcome<ProxyCredentialPtr> wait_for_proxy_credential(ClientPtr client, Identity identity);
[[nodiscard]] Result<Identity> wait_for_evidence(ClientPtr client, std::vector<std::uint8_t> ticket_der);
[[nodiscard]] Outcome<TicketPtr> wait_for_ticket(ClientPtr client, Identity identity, std::string spn);
// `done` is called on the Clients' thread, where functions of this header would wait for themselves.
void start_ticket(ClientPtr client, Identity identity, std::string spn,
                  std::function<void(const Outcome<TicketPtr>&)> done);

// Keeps the locator of these options for the next search.
[[nodiscard]] Result<FoundController> wait_for_controller(const LocatorOptions& options, ControllerWish wish);

}  // namespace stead::sspi
