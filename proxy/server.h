#pragma once
// The process from start to end: listening sockets, one thread and one event loop for each core, signals.
#include <cstdint>
#include <memory>
#include <vector>

#include "proxy/config/config.h"
#include "proxy/start_failure.h"

namespace stead::proxy {

class Server {
 public:
  // Reads keytab, certificates, keys and CAs, and binds every port. Serves nothing yet.
  [[nodiscard]] static Started<std::unique_ptr<Server>> open(Config config);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  // Serves until SIGTERM or SIGINT, then lets requests in flight end; a second signal ends the process at once. Returns
  // the exit status.
  [[nodiscard]] int run();
  // The listening ports, in the file's order, then the admin port, then those of auth_listen. For tests, which ask for port 0.
  [[nodiscard]] std::vector<std::uint16_t> ports() const;
  void stop();  // as SIGTERM; from any thread

 private:
  class Parts;
  explicit Server(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace stead::proxy
