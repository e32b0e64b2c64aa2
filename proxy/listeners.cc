#include "proxy/listeners.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "stead/result.h"

namespace stead::proxy {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

enum class Sharing { none, with_other_cores };

Error bind_one(tcp::acceptor& acceptor, const tcp::endpoint& at, Sharing sharing) {
  Error error;
  acceptor.open(at.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  const int one = 1;
  if (!error && sharing == Sharing::with_other_cores &&
      ::setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) != 0)
    error = Error(errno, boost::system::system_category());
  if (!error && at.address().is_v6()) acceptor.set_option(boost::asio::ip::v6_only(true), error);
  if (!error) acceptor.bind(at, error);
  return error;
}

// SO_REUSEPORT would also share the port with another process of this user. A socket without it fails if the port is in
// use.
Error probe_port(const tcp::endpoint& at, boost::asio::io_context& loop) {
  tcp::acceptor probe(loop);
  Error error = bind_one(probe, at, Sharing::none);
  if (!error) probe.listen(1, error);
  return error;
}

StartFailure cannot_listen(const Endpoint& endpoint, const Error& error) {
  const bool in_use = error == boost::asio::error::address_in_use;
  return {in_use ? StartFailure::kSystem : StartFailure::kConfiguration,
          Problem{.message = "cannot listen at " + endpoint.address + ':' + std::to_string(endpoint.port) + ": " +
                             error.message(),
                  .where = {},
                  .fix = in_use ? "is the proxy running already?" : ""}};
}

// Nothing: no TCP socket.
std::optional<tcp::endpoint> address_of(int socket) {
  tcp::endpoint out;
  auto size = static_cast<socklen_t>(out.capacity());
  if (::getsockname(socket, out.data(), &size) != 0 || size > out.capacity()) return std::nullopt;
  const int family = out.data()->sa_family;
  if (family != AF_INET && family != AF_INET6) return std::nullopt;
  out.resize(size);
  return out;
}

}  // namespace

std::string name_of(int socket) {
  const auto at = address_of(socket);
  if (!at) return "descriptor " + std::to_string(socket);
  const std::string address = at->address().to_string();
  return (at->address().is_v6() ? '[' + address + ']' : address) + ':' + std::to_string(at->port());
}

bool Listeners::uses(int socket, const Ports& ports) {
  return std::any_of(ports.begin(), ports.end(), [socket](const Port& port) { return port.adopted == socket; });
}

// The loops share one queue: each gets a descriptor of its own for the same socket.
Started<Listeners::Port> Listeners::take_adopted(int socket, const Endpoint& endpoint) {
  Port port{.asked = endpoint, .number = endpoint.port, .acceptors = {}, .adopted = socket, .kept = false};
  const auto at = address_of(socket);
  for (asio::io_context* const loop : loops_) {
    auto acceptor = std::make_shared<Socket>(*loop, endpoint);
    Error error;
    const int copy = ::fcntl(socket, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
      error = Error(errno, boost::system::system_category());
    else
      acceptor->assign(at->protocol(), copy, error);
    if (!error) acceptor->non_blocking(true, error);
    if (error) return cannot_listen(endpoint, error);
    port.acceptors.push_back(std::move(acceptor));
  }
  return port;
}

bool Listeners::has_port(std::uint16_t number) const {
  return std::any_of(ports_.begin(), ports_.end(), [number](const Port& port) { return port.number == number; });
}

Started<Listeners::Port> Listeners::open_one(const Endpoint& endpoint) {
  Error error;
  const std::string& host = endpoint.address;
  tcp::endpoint at(asio::ip::make_address(host.starts_with('[') ? host.substr(1, host.size() - 2) : host, error),
                   endpoint.port);
  for (const int socket : adopted_)
    if (!error && address_of(socket) == at) return take_adopted(socket, endpoint);
  // A port of ours may be open at another address, as at 127.0.0.1 beside 0.0.0.0.
  if (!error && at.port() != 0 && !has_port(at.port())) error = probe_port(at, *loops_.front());
  if (error) return cannot_listen(endpoint, error);
  Port port;
  port.asked = endpoint;
  for (asio::io_context* const loop : loops_) {
    auto acceptor = std::make_shared<Socket>(*loop, endpoint);
    if (error = bind_one(*acceptor, at, Sharing::with_other_cores); error) return cannot_listen(endpoint, error);
    if (at.port() == 0) at.port(acceptor->local_endpoint(error).port());
    port.acceptors.push_back(std::move(acceptor));
  }
  for (const Acceptor& acceptor : port.acceptors) {
    acceptor->listen(4096, error);
    if (error) return cannot_listen(endpoint, error);
    acceptor->non_blocking(true, error);
  }
  port.number = at.port();
  return port;
}

Started<Listeners::Ports> Listeners::open(const std::vector<Endpoint>& wanted) {
  Ports out, known = ports_;
  for (const Endpoint& endpoint : wanted) {
    const auto open =
        std::find_if(known.begin(), known.end(), [&](const Port& port) { return port.asked == endpoint; });
    if (open != known.end()) {
      out.push_back(std::move(*open));
      out.back().kept = true;
      known.erase(open);
      continue;
    }
    auto made = open_one(endpoint);
    if (!made) return made.error();
    out.push_back(std::move(*made));
  }
  return out;
}

void Listeners::use(Ports ports) {
  for (std::size_t core = 0; core < loops_.size(); ++core) {
    for (const Port& port : ports)
      if (!port.kept)
        asio::post(*loops_[core], [this, acceptor = port.acceptors[core], core] { accept_(acceptor, core); });
    for (const Port& port : ports_) {
      const bool stays = std::any_of(ports.begin(), ports.end(), [&](const Port& other) {
        return other.acceptors.front() == port.acceptors.front();
      });
      if (!stays)
        asio::post(*loops_[core], [acceptor = port.acceptors[core]] {
          Error ignored;
          acceptor->ending = true;
          acceptor->cancel(ignored);
        });
    }
  }
  ports_ = std::move(ports);
}

}  // namespace stead::proxy
