#pragma once
// The sockets of every DC that is served: Kerberos and kpasswd by UDP and TCP, LDAP by TCP, netlogon pings by UDP. Each
// core has its own io_context and its own sockets (SO_REUSEPORT); a request stays on one core and takes no lock. Blocking work (keys
// from passwords, password changes) goes to a thread pool and its result comes back to the core.
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "kdc/directory/directory.h"
#include "sspi_shim/base/problem.h"

namespace stead::kdc {

struct ServedController {
  std::string realm;
  Controller controller;  // bind() chooses a port for each that is 0
};

struct ServerOptions {
  unsigned cores = 0;                           // 0: as many as the machine has
  std::size_t max_frame = 128 * 1024;           // bytes of one TCP message
  std::size_t max_connections = 1024;           // per core; the connection silent for longest is closed for a new one
  std::size_t max_blocking_jobs = 256;          // per core; further requests that need one are dropped
  std::chrono::seconds idle_timeout{30};        // from one TCP message to the next
  std::chrono::seconds ldap_idle_timeout{900};  // the same of LDAP (AD's MaxConnIdleTime)
  bool log_requests = false;                    // one line for each, at debug level
};

class Server {
 public:
  Server(Directory& directory, std::vector<ServedController> controllers, ServerOptions options = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Binds every socket. From here on SIGTERM and SIGINT end run(), also when they arrive before run() is called. The
  // problem names the DC, the address and the port.
  [[nodiscard]] Checked<void> bind();
  // With the ports that bind() chose.
  [[nodiscard]] const std::vector<ServedController>& controllers() const;

  // Serves until stop(), SIGTERM or SIGINT. Requests that arrive between bind() and run() wait.
  void run();
  // From any thread.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stead::kdc
