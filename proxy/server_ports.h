#pragma once
// Everything that the process listens at: the ports of clients, of other proxies and of administrators, and the admin
// socket. A change of the configuration opens what is new before it closes what is old.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "proxy/admin/admin.h"
#include "proxy/admin/admin_api.h"
#include "proxy/admin/admin_socket.h"
#include "proxy/core/server_state.h"
#include "proxy/listeners.h"

namespace stead::proxy {

// Used on one thread: that of the first core, once it runs.
class ServerPorts {
 public:
  // What was opened and is not in use yet.
  struct Opened {
    Listeners::Ports clients, proxies, administrators;
    std::string socket_path;                // empty: the configuration names none
    std::unique_ptr<AdminSocket> socket{};  // null: there is none, or the one in use stays
  };

  // All outlive this.
  ServerPorts(const Cores& cores, Admin& admin, AdminApi& api);
  // With the sockets of the service manager, where they fit; called at the start.
  [[nodiscard]] Started<void> open_first(const Config& config);
  [[nodiscard]] Started<Opened> open(const Config& config);
  void use(Opened opened);
  void close_to_clients();  // and to other proxies
  void close_to_administrators();
  void drop();  // at once; after the loops have ended
  // In the file's order: those of `listen`, `admin`, `auth_listen`.
  [[nodiscard]] std::vector<std::uint16_t> numbers() const;
  [[nodiscard]] const Listeners::Ports& clients() const { return clients_.ports(); }

 private:
  const Cores& cores_;
  AdminApi& api_;
  Listeners clients_, proxies_, administrators_;
  std::unique_ptr<AdminSocket> socket_;
};

}  // namespace stead::proxy
