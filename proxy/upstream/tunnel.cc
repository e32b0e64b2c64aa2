#include "proxy/upstream/tunnel.h"

#include <boost/asio/error.hpp>
#include <cstdint>
#include <exception>
#include <string_view>

namespace stead::proxy {

namespace asio = boost::asio;

// After an end in order, plain TCP can stay half open for the other direction. TLS cannot.
void Tunnel::end_direction(DirectionEnd end, Stream& from, Stream& to) {
  if (end == DirectionEnd::in_order && !to.tls() && !from.tls()) {
    to.shutdown_send();
    return;
  }
  from.close();
  to.close();
}

// One direction, until its end.
asio::awaitable<Tunnel::DirectionEnd> Tunnel::carry(End from, Stream& to, std::uint64_t& carried) {
  while (true) {
    if (from.buffer.size() > 0) {
      to.expire_writes_in(idle_timeout_);
      const std::string_view data = from.buffer.view();
      const Error error = co_await to.write(data);
      if (error) co_return DirectionEnd::interrupted;
      carried += data.size();
      from.buffer.consume(data.size());
    }
    // Octets in either direction keep both alive.
    from.stream.expire_reads_in(idle_timeout_);
    to.expire_reads_in(idle_timeout_);
    const Error error = co_await from.stream.read(from.buffer);
    if (error == asio::error::eof) co_return DirectionEnd::in_order;
    if (error) co_return DirectionEnd::interrupted;
  }
}

asio::awaitable<void> Tunnel::carry_to_upstream() {
  std::uint64_t carried = 0;
  const DirectionEnd end = co_await carry(client_, upstream_.stream, carried);
  end_direction(end, client_.stream, upstream_.stream);
}

asio::awaitable<bool> Tunnel::run() {
  to_upstream_.start(carry_to_upstream());
  DirectionEnd end = DirectionEnd::interrupted;
  std::exception_ptr problem;
  try {
    end = co_await carry(upstream_, client_.stream, bytes_to_client_);
  } catch (...) {
    problem = std::current_exception();  // the other direction refers to this object, so it must end first
  }
  end_direction(end, upstream_.stream, client_.stream);
  co_await to_upstream_.wait();
  if (problem) std::rethrow_exception(problem);
  co_return end == DirectionEnd::in_order;
}

}  // namespace stead::proxy
