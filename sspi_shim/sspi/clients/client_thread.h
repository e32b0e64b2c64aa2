#pragma once
// One thread runs the Clients of the C surface. These functions wait for it, so that any other thread may call them. A
// child of fork() gets a thread of its own at its first call (fork.cc).
#include <sys/types.h>

#include <boost/asio/any_io_executor.hpp>
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

// A Client and the options that it was opened with. In a child of fork() it is another Client, with the same keys: the
// parent's sockets and the thread that reads them are the parent's.
class OpenClient {
 public:
  using Make = std::function<std::shared_ptr<Client>(const boost::asio::any_io_executor& executor)>;
  OpenClient(ClientOptions opened_with, Make make);
  OpenClient(const OpenClient&) = delete;
  OpenClient& operator=(const OpenClient&) = delete;
  ~OpenClient();

  const ClientOptions options;
  [[nodiscard]] std::shared_ptr<Client> client() const;  // this process's

 private:
  const Make make_;
  mutable std::shared_ptr<Client> client_;
  mutable pid_t owner_;
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

// For fork.cc. pause_client_thread stops the thread between two pieces of work. Between hold_client_thread and
// release_client_thread no function above makes or opens anything; the latter lets the thread go on, where there is one.
void pause_client_thread();
void hold_client_thread();
void release_client_thread();

}  // namespace stead::sspi
