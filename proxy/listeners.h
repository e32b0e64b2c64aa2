#pragma once
// The listening ports of the process. All cores share a port: each has a socket of its own (SO_REUSEPORT), and the kernel
// distributes the connections.
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "proxy/config/values/end_point.h"
#include "proxy/start_failure.h"

namespace stead::proxy {

// Used on one thread. open() and use() change the set of ports without a moment at which a port that stays is closed.
class Listeners {
 public:
  struct Socket : boost::asio::ip::tcp::acceptor {
    Socket(boost::asio::io_context& loop, Endpoint endpoint)
        : boost::asio::ip::tcp::acceptor(loop), asked(std::move(endpoint)) {}
    const Endpoint asked;  // as the configuration has it
    bool ending = false;   // set in its loop, before cancel()
  };
  using Acceptor = std::shared_ptr<Socket>;
  // Called in the loop of the numbered core for each port that comes into use. It has to accept until `ending`, then to
  // take the connections that are in the queue, and to close the socket.
  using Accept = std::function<void(Acceptor, std::size_t core)>;
  struct Port {
    Endpoint asked;                   // as the configuration has it: port 0 is any free port
    std::uint16_t number = 0;         // of the port
    std::vector<Acceptor> acceptors;  // one for each loop
    int adopted = -1;                 // the socket of adopt() that they share; negative: none
    bool kept = false;                // it was open before
  };
  using Ports = std::vector<Port>;

  Listeners(std::vector<boost::asio::io_context*> loops, Accept accept)
      : loops_(std::move(loops)), accept_(std::move(accept)) {}

  // Sockets that listen already, as those of the service manager: used for addresses that they have, in place of new ones.
  void adopt(std::vector<int> sockets) { adopted_ = std::move(sockets); }
  [[nodiscard]] static bool uses(int socket, const Ports& ports);
  // The ports of these addresses. Those that are not open yet are bound and listen, and nobody accepts from them yet.
  [[nodiscard]] Started<Ports> open(const std::vector<Endpoint>& wanted);
  // Begins to accept from the new ones, and closes those that `ports` does not have.
  void use(Ports ports);
  void close() { use({}); }
  void drop() { ports_.clear(); }  // at once; after the loops have ended
  [[nodiscard]] const Ports& ports() const { return ports_; }

 private:
  [[nodiscard]] bool has_port(std::uint16_t number) const;
  [[nodiscard]] Started<Port> open_one(const Endpoint& endpoint);
  [[nodiscard]] Started<Port> take_adopted(int socket, const Endpoint& endpoint);

  std::vector<boost::asio::io_context*> loops_;
  Accept accept_;
  std::vector<int> adopted_;
  Ports ports_;
};

// "127.0.0.1:8443", of a socket.
[[nodiscard]] std::string name_of(int socket);

}  // namespace stead::proxy
