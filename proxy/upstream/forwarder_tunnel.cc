// What becomes of a connection that both ends agreed to use otherwise (101): octets both ways.
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>

#include "proxy/upstream/forwarder.h"

namespace stead::proxy {

namespace asio = boost::asio;

namespace {

constexpr auto as_result = asio::as_tuple(asio::deferred);

// One direction of a tunnel, until its end. True: it ended in order.
asio::awaitable<bool> carry(Stream& from, ReadBuffer& buffer, Stream& to, std::chrono::milliseconds patience,
                            std::uint64_t& carried) {
  while (true) {
    if (buffer.size() > 0) {
      to.expire_writes_in(patience);
      const std::string_view data = buffer.view();
      const Error error = co_await to.write(data);
      if (error) co_return false;
      carried += data.size();
      buffer.consume(data.size());
    }
    from.expire_reads_in(patience);
    to.expire_reads_in(patience);
    const Error error = co_await from.read(buffer);
    if (error == asio::error::eof) co_return true;
    if (error) co_return false;
  }
}

// The other direction may go on where the transport can tell a half-closed connection.
void end_direction(bool in_order, Stream& from, Stream& to) {
  if (in_order && !to.tls() && !from.tls()) {
    to.shutdown_send();
    return;
  }
  from.close();
  to.close();
}

}  // namespace

asio::awaitable<void> Forwarder::pump_tunnel() {
  std::uint64_t carried = 0;
  const bool in_order = co_await carry(client_, client_buffer_, upstream_->stream,
                                       core_.shared.config.limits.tunnel_idle_timeout, carried);
  end_direction(in_order, client_, upstream_->stream);
}

asio::awaitable<void> Forwarder::tunnel() {
  result_.status = 101;
  result_.upstream = core_.pool.name(upstream_->upstream);
  out_.clear();
  write_response_head(out_, {.head = answer_, .upgrade = true}, job_.request_id,
                      job_.signed_in != nullptr ? &job_.signed_in->response_headers : nullptr);
  client_.expire_writes_in(core_.shared.config.limits.body_idle_timeout);
  Error error = co_await client_.write(out_);
  if (error) co_return;
  pumping_ = true;
  pump_ended_.emplace(core_.io, asio::steady_timer::time_point::max());
  asio::co_spawn(core_.io, pump_tunnel(), [this](const std::exception_ptr&) {
    pumping_ = false;
    pump_ended_->cancel();
  });
  const bool in_order = co_await carry(upstream_->stream, upstream_->buffer, client_,
                                       core_.shared.config.limits.tunnel_idle_timeout, result_.bytes_out);
  end_direction(in_order, upstream_->stream, client_);
  while (pumping_) (void)co_await pump_ended_->async_wait(as_result);
  result_.broken = !in_order;
}

}  // namespace stead::proxy
