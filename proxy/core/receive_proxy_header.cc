#include "proxy/core/receive_proxy_header.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "proxy/core/proxy_protocol.h"
#include "stead/result.h"

namespace stead::proxy {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {
constexpr auto as_result = asio::as_tuple(asio::deferred);
}

asio::awaitable<ReceivedProxyHeader> receive_proxy_header(tcp::socket& socket, std::chrono::milliseconds time) {
  // The timer's handler may run after this coroutine has ended, so it knows by `open` whether the socket is still here.
  const auto open = std::make_shared<bool>(true);
  bool timed_out = false;
  asio::steady_timer timer(socket.get_executor(), time);
  timer.async_wait([open, &socket, &timed_out](const Error& error) {
    if (error || !*open) return;
    timed_out = true;
    Error ignored;
    socket.cancel(ignored);
  });
  ReceivedProxyHeader out;
  ProxyHeaderReader reader;
  std::string octets;
  auto state = ProxyHeaderReader::State::more;
  while (state == ProxyHeaderReader::State::more && !out.fault) {
    const std::size_t before = octets.size(), wanted = reader.wanted();
    octets.resize(before + wanted);
    const auto [error, n] = co_await asio::async_read(socket, asio::buffer(octets.data() + before, wanted), as_result);
    if (timed_out)
      out.fault = ProxyHeaderFault::timed_out;
    else if (error)
      out.fault = before + n == 0 ? ProxyHeaderFault::closed : ProxyHeaderFault::malformed;
    else
      state = reader.look_at(octets);
  }
  *open = false;
  timer.cancel();
  if (out.fault) co_return out;
  if (state == ProxyHeaderReader::State::malformed) {
    out.fault = ProxyHeaderFault::malformed;
    co_return out;
  }
  Error gone;
  out.client = reader.header().client ? reader.header().client->address() : socket.remote_endpoint(gone).address();
  if (gone) out.fault = ProxyHeaderFault::closed;
  co_return out;
}

}  // namespace stead::proxy
