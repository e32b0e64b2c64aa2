#include "sspi_shim/locate/ping/udp_exchange.h"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/deferred.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "sspi_shim/base/time_limit.h"

namespace stead {
namespace asio = boost::asio;
using asio::ip::udp;

namespace {
constexpr auto as_result = asio::as_tuple(asio::deferred);

// Reads what has arrived, without waiting. Fails with would_block if no answer is among it.
Result<Buffer> receive_answer(udp::socket& socket, const std::function<bool(Bytes)>& is_answer) {
  thread_local std::array<std::uint8_t, 65536> datagram;
  for (;;) {
    Error error;
    const std::size_t size = socket.receive(asio::buffer(datagram), 0, error);
    if (error) return error;
    const Bytes received(datagram.data(), size);
    if (is_answer(received)) return to_buffer(received);
  }
}
}  // namespace

asio::awaitable<Result<Buffer>> udp_exchange(std::shared_ptr<udp::socket> socket, udp::endpoint to, Buffer request,
                                             UdpTimes times, std::function<bool(Bytes)> is_answer) {
  Error error;
  socket->open(to.protocol(), error);
  if (!error) socket->non_blocking(true, error);
  if (!error) socket->connect(to, error);  // fixes the peer; nothing is sent
  if (error) co_return error;

  for (auto again = times.send_again;; again.reset()) {
    socket->send(asio::buffer(request), 0, error);
    if (error && error != asio::error::would_block) co_return error;  // a full buffer is a lost datagram
    TimeLimit limit(socket->get_executor(), again.value_or(times.until), [socket] {
      Error ignored;
      socket->cancel(ignored);
    });
    while (!limit.expired()) {
      const auto [waited] = co_await socket->async_wait(udp::socket::wait_read, as_result);
      if (waited && limit.expired()) break;
      if (waited) co_return waited;
      const Result<Buffer> answer = receive_answer(*socket, is_answer);
      if (answer || answer.error() != asio::error::would_block) co_return answer;
    }
    if (!again) co_return make_error_code(asio::error::timed_out);
  }
}

}  // namespace stead
