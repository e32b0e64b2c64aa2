#include <boost/asio/as_tuple.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "kdc/server/server_core.h"

namespace stead::kdc {
namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::seconds kLinger{2};
constexpr std::chrono::milliseconds kAcceptPause{100};  // after running out of descriptors

// A connection with the moment it is given up. Shared with its timer, which may fire last.
struct Connection {
  explicit Connection(asio::ip::tcp::socket accepted) : socket(std::move(accepted)), deadline(socket.get_executor()) {}
  asio::ip::tcp::socket socket;
  asio::steady_timer deadline;
};
using ConnectionPtr = std::shared_ptr<Connection>;

void give_until(const ConnectionPtr& connection, std::chrono::seconds patience) {
  connection->deadline.expires_after(patience);
  connection->deadline.async_wait([weak = std::weak_ptr(connection)](const Error& error) {
    if (error) return;
    Error ignored;
    if (const ConnectionPtr held = weak.lock()) held->socket.close(ignored);
  });
}

// A connection's place among the core's, for as long as it lives.
class Place {
 public:
  Place(Core& core, asio::ip::tcp::socket& socket)
      : core_(core), at_(core.connections.insert(core.connections.end(), &socket)) {}
  ~Place() { core_.connections.erase(at_); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  void begin_message() { core_.connections.splice(core_.connections.end(), core_.connections, at_); }

 private:
  Core& core_;
  std::list<asio::ip::tcp::socket*>::iterator at_;
};

// Its coroutine ends at once; a socket that was closed already is on its way out.
void close_the_longest_silent(Core& core) {
  for (asio::ip::tcp::socket* const socket : core.connections) {
    if (!socket->is_open()) continue;
    Error ignored;
    socket->close(ignored);
    return;
  }
}

asio::awaitable<Buffer> blocking_answer(Core& core, const ServedController& served, Service service, Buffer request,
                                        NeedKeys missing, asio::ip::address local) {
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Buffer)>(
      [&](auto handler) {
        // std::function wants copies; the handler moves.
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        auto done = [shared](Buffer reply) { std::move (*shared)(std::move(reply)); };
        if (service == Service::kpasswd)
          core.change_password(served, std::move(request), local, std::move(done));
        else
          core.answer_later(served, std::move(request), std::move(missing), false, std::move(done));
      },
      asio::use_awaitable);
}

asio::awaitable<Buffer> answer(Core& core, const ServedController& served, Service service, Buffer request,
                               asio::ip::address local) {
  if (service == Service::kpasswd) {
    Buffer reply = co_await blocking_answer(core, served, service, std::move(request), {}, local);
    co_return reply;
  }
  Core::Immediate now = core.answer_now(served, request, false);
  if (now.missing.keys.empty()) co_return std::move(now.reply);
  Buffer reply = co_await blocking_answer(core, served, service, std::move(request), std::move(now.missing), local);
  co_return reply;
}

asio::awaitable<bool> write_frame(asio::ip::tcp::socket& socket, Buffer reply) {
  std::array<std::uint8_t, 4> head{};
  store_be32(head.data(), std::uint32_t(reply.size()));
  const std::array<asio::const_buffer, 2> parts{asio::buffer(head), asio::buffer(reply)};
  const auto [error, size] = co_await asio::async_write(socket, parts, as_result);
  co_return !error;
}

// Closing with bytes unread would reset the connection, and the peer might lose what was sent to him last.
asio::awaitable<void> linger(ConnectionPtr connection) {
  give_until(connection, kLinger);
  Error ignored;
  connection->socket.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  std::array<std::uint8_t, 4096> discarded{};
  for (;;) {
    const auto [error, size] = co_await connection->socket.async_read_some(asio::buffer(discarded), as_result);
    if (error) co_return;
  }
}

asio::awaitable<void> serve_connection(Core& core, const ServedController& served, Service service,
                                       ConnectionPtr connection) {
  asio::ip::tcp::socket& socket = connection->socket;
  Place place(core, socket);
  Error ignored;
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  const asio::ip::address local = socket.local_endpoint(ignored).address();
  while (socket.is_open()) {
    give_until(connection, core.options.idle_timeout);
    place.begin_message();
    std::array<std::uint8_t, 4> head{};
    const auto [head_error, head_size] = co_await asio::async_read(socket, asio::buffer(head), as_result);
    if (head_error) break;
    const std::uint32_t size = load_be32(head.data());
    if (size == 0) break;
    if (size > core.options.max_frame) {
      const DomainEntry* domain = core.snapshot().domain(served.realm);
      if (service == Service::kerberos && domain) {
        const auto at = std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
        const bool sent = co_await write_frame(socket, field_too_long(*domain, at));
        if (sent) co_await linger(connection);
      }
      break;
    }
    Buffer request(size);
    const auto [body_error, body_size] = co_await asio::async_read(socket, asio::buffer(request), as_result);
    if (body_error) break;
    Buffer reply = co_await answer(core, served, service, std::move(request), local);
    if (reply.empty()) break;
    const bool sent = co_await write_frame(socket, std::move(reply));
    if (!sent) break;
  }
  connection->deadline.cancel();
  socket.close(ignored);
}

asio::awaitable<void> accept_connections(Core& core, const ServedController& served, Service service,
                                         asio::ip::tcp::acceptor acceptor) {
  for (;;) {
    auto [error, socket] = co_await acceptor.async_accept(as_result);
    if (error == asio::error::operation_aborted) co_return;
    if (error) {
      asio::steady_timer pause(core.io, kAcceptPause);
      co_await pause.async_wait(as_result);
      continue;
    }
    if (core.connections.size() >= core.options.max_connections) close_the_longest_silent(core);
    auto connection = std::make_shared<Connection>(std::move(socket));
    asio::co_spawn(core.io, serve_connection(core, served, service, std::move(connection)), asio::detached);
  }
}

}  // namespace

void serve_tcp(Core& core, const ServedController& served, Service service, asio::ip::tcp::acceptor acceptor) {
  asio::co_spawn(core.io, accept_connections(core, served, service, std::move(acceptor)), asio::detached);
}

}  // namespace stead::kdc
