#pragma once
// The process's life: sockets, one thread and one loop for each core, signals and the end.
#include <memory>
#include <string>
#include <vector>

#include "proxy/config/config.h"

namespace stead::proxy {

// What went wrong before anything was served: a line for standard error and the exit status.
struct StartFailure {
  int status = 2;
  std::string message;
};

class Server {
 public:
  // Reads keytab, certificates, keys and CAs, and binds every port. Serves nothing yet.
  [[nodiscard]] static std::unique_ptr<Server> open(Config config, StartFailure& failure);
  virtual ~Server() = default;
  // Serves until SIGTERM or SIGINT, then lets requests in flight end; a second signal ends it at once. Returns the exit
  // status.
  [[nodiscard]] virtual int run() = 0;
  // The ports that are listened at, in the file's order; for tests, which ask for port 0.
  [[nodiscard]] virtual std::vector<std::uint16_t> ports() const = 0;
  virtual void stop() = 0;  // as SIGTERM; from any thread
};

}  // namespace stead::proxy
