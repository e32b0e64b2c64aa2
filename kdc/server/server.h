#pragma once
// The sockets of every DC served: Kerberos and kpasswd by UDP and TCP, netlogon pings by UDP. Each core has an
// io_context and sockets of its own (SO_REUSEPORT); a request lives and dies on one core, nothing on its way takes a
// lock. What blocks (keys from passwords, password changes) goes to a thread pool and comes back.
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "kdc/directory/directory.h"

namespace stead::kdc {

struct ServedController {
  std::string realm;
  Controller controller;  // ports that are 0 are chosen by bind()
};

struct ServerOptions {
  unsigned cores = 0;                     // 0: as many as the machine has
  std::size_t max_frame = 128 * 1024;     // bytes of one TCP message
  std::size_t max_connections = 1024;     // a core
  std::size_t max_blocking_jobs = 256;    // a core; what comes on top is dropped
  std::chrono::seconds idle_timeout{30};  // from one TCP message to the next
  bool log_requests = false;              // a line for each, at debug level
};

class Server {
 public:
  Server(Directory& directory, std::vector<ServedController> controllers, ServerOptions options = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Binds every socket, and takes SIGTERM and SIGINT from here on: one that comes before run() is heard by it, which
  // ends at once. On failure `what_failed` says which address and port, and why.
  [[nodiscard]] Result<void> bind(std::string& what_failed);
  // As bound: ports filled in.
  [[nodiscard]] const std::vector<ServedController>& controllers() const;

  // Serves until stop(), SIGTERM or SIGINT. bind() first: requests and signals that come between the two wait.
  void run();
  void stop();  // from any thread

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stead::kdc
