#include "proxy/listener.h"

#include <sys/socket.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/v6_only.hpp>

#include "stead/result.h"

namespace stead::proxy {

using boost::asio::ip::tcp;

namespace {

bool bind_one(tcp::acceptor& acceptor, const tcp::endpoint& at, bool share, Error& error) {
  acceptor.open(at.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  const int one = 1;
  if (!error && share && ::setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) != 0)
    error = Error(errno, boost::system::system_category());
  if (!error && at.address().is_v6()) acceptor.set_option(boost::asio::ip::v6_only(true), error);
  if (!error) acceptor.bind(at, error);
  return !error;
}

}  // namespace

std::optional<std::vector<tcp::acceptor>> listen_at(Endpoint& endpoint,
                                                    const std::vector<boost::asio::io_context*>& loops,
                                                    ListenFailure& failure) {
  Error error;
  const std::string& host = endpoint.address;
  tcp::endpoint at(boost::asio::ip::make_address(host.starts_with('[') ? host.substr(1, host.size() - 2) : host, error),
                   endpoint.port);
  const auto fail = [&] {
    failure.taken = error == boost::asio::error::address_in_use;
    failure.message = "cannot listen at " + host + ':' + std::to_string(endpoint.port) + ": " + error.message();
    if (failure.taken) failure.message += "; is the proxy running already?";
    return std::nullopt;
  };
  if (error) return fail();
  if (at.port() != 0) {
    // Sharing a port also means sharing it with another process of ours: without sharing, the kernel says whether
    // somebody has it.
    tcp::acceptor probe(*loops.front());
    if (!bind_one(probe, at, false, error)) return fail();
    probe.listen(1, error);
    if (error) return fail();
  }
  std::vector<tcp::acceptor> acceptors;
  for (boost::asio::io_context* loop : loops) {
    acceptors.emplace_back(*loop);
    if (!bind_one(acceptors.back(), at, true, error)) return fail();
    if (at.port() == 0) at.port(acceptors.back().local_endpoint(error).port());
  }
  for (tcp::acceptor& acceptor : acceptors) {
    acceptor.listen(4096, error);
    if (error) return fail();
    acceptor.non_blocking(true, error);
  }
  endpoint.port = at.port();
  return acceptors;
}

}  // namespace stead::proxy
