#include "proxy/listener.h"

#include <sys/socket.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <string>
#include <vector>

#include "stead/result.h"

namespace stead::proxy {

using boost::asio::ip::tcp;

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

}  // namespace

Started<std::vector<tcp::acceptor>> listen_at(Endpoint& endpoint, const std::vector<boost::asio::io_context*>& loops) {
  Error error;
  const std::string& host = endpoint.address;
  tcp::endpoint at(boost::asio::ip::make_address(host.starts_with('[') ? host.substr(1, host.size() - 2) : host, error),
                   endpoint.port);
  if (!error && at.port() != 0) error = probe_port(at, *loops.front());
  if (error) return cannot_listen(endpoint, error);
  std::vector<tcp::acceptor> acceptors;
  for (boost::asio::io_context* loop : loops) {
    acceptors.emplace_back(*loop);
    if (error = bind_one(acceptors.back(), at, Sharing::with_other_cores); error) return cannot_listen(endpoint, error);
    if (at.port() == 0) at.port(acceptors.back().local_endpoint(error).port());
  }
  for (tcp::acceptor& acceptor : acceptors) {
    acceptor.listen(4096, error);
    if (error) return cannot_listen(endpoint, error);
    acceptor.non_blocking(true, error);
  }
  endpoint.port = at.port();
  return acceptors;
}

}  // namespace stead::proxy
