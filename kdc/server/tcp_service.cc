#include "kdc/server/tcp_service.h"

#include <algorithm>
#include <array>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "kdc/server/fault_delay.h"

namespace stead::kdc {
namespace {

using asio::ip::tcp;

constexpr std::chrono::seconds kLinger{2};
// A message's buffer begins with this and at most doubles with what has arrived, whatever length the peer announced.
constexpr std::size_t kFirstRead = 512;
constexpr std::chrono::milliseconds kAcceptPause{100};  // after the process has run out of descriptors

using SocketPtr = std::shared_ptr<tcp::socket>;

void close(tcp::socket& socket) {
  Error ignored;
  socket.close(ignored);
}

asio::awaitable<Buffer> answer(Core& core, const ServedController& served, Service service, Buffer request,
                               asio::ip::address local) {
  const Faults faults = core.controller(served).faults;
  const bool dropped = is_dropped(core, faults);
  // What is lost on a connection is silence, too: the client waits for its time-out.
  co_await wait_for_latency(core, dropped ? core.options.idle_timeout : faults.latency);
  if (dropped) co_return Buffer{};
  if (service == Service::kpasswd) {
    Buffer reply = co_await core.change_password(served, std::move(request), local);
    co_return reply;
  }
  Core::Immediate first = core.answer_now(served, request, Transport::tcp);
  if (first.missing.keys.empty()) co_return std::move(first.reply);
  Buffer reply = co_await core.answer_later(served, std::move(request), std::move(first.missing), Transport::tcp);
  co_return reply;
}

// False: the connection failed.
asio::awaitable<bool> write_frame(tcp::socket& socket, Buffer reply) {
  std::array<std::uint8_t, 4> head{};
  store_be32(head.data(), std::uint32_t(reply.size()));
  const std::array<asio::const_buffer, 2> parts{asio::buffer(head), asio::buffer(reply)};
  const auto [error, size] = co_await asio::async_write(socket, parts, as_result);
  co_return !error;
}

asio::awaitable<void> close_after(SocketPtr socket, std::chrono::seconds delay) {
  asio::steady_timer timer(socket->get_executor(), delay);
  co_await timer.async_wait(as_result);
  close(*socket);
}

// Reads and discards what the peer still sends. Closing with unread bytes would reset the connection, and the peer
// might not receive the last reply.
asio::awaitable<void> linger(Core& core, SocketPtr socket) {
  core.spawn(close_after(socket, kLinger));
  Error ignored;
  socket->shutdown(tcp::socket::shutdown_send, ignored);
  std::array<std::uint8_t, 4096> discarded{};
  for (;;) {
    const auto [error, size] = co_await socket->async_read_some(asio::buffer(discarded), as_result);
    if (error) co_return;
  }
}

asio::awaitable<void> refuse_long_frame(Core& core, const ServedController& served, Service service, SocketPtr socket) {
  const DomainEntry* domain = core.snapshot().domain(served.realm);
  if (service != Service::kerberos || !domain) co_return;
  Buffer reply = field_too_long(*domain, current_instant());
  const bool sent = co_await write_frame(*socket, std::move(reply));
  if (sent) co_await linger(core, socket);
}

// Reads one message and answers it. False: the connection is over.
asio::awaitable<bool> serve_message(Core& core, const ServedController& served, Service service, SocketPtr socket,
                                    asio::ip::address local) {
  std::array<std::uint8_t, 4> head{};
  const auto [head_error, head_size] = co_await asio::async_read(*socket, asio::buffer(head), as_result);
  if (head_error) co_return false;
  const std::uint32_t size = load_be32(head.data());
  if (size == 0) co_return false;
  if (size > core.options.max_frame) {
    co_await refuse_long_frame(core, served, service, socket);
    co_return false;
  }
  Buffer request;
  while (request.size() < size) {
    const std::size_t had = request.size();
    request.resize(had + std::min<std::size_t>(size - had, std::max(had, kFirstRead)));
    const auto rest = asio::buffer(request.data() + had, request.size() - had);
    const auto [body_error, body_size] = co_await asio::async_read(*socket, rest, as_result);
    if (body_error) co_return false;
  }
  Buffer reply = co_await answer(core, served, service, std::move(request), local);
  if (reply.empty()) co_return false;
  const bool sent = co_await write_frame(*socket, std::move(reply));
  co_return sent;
}

asio::awaitable<void> serve_connection(Core& core, const ServedController& served, Service service, SocketPtr socket) {
  ConnectionList::Listed listed(core.connections, *socket);
  Error ignored;
  socket->set_option(tcp::no_delay(true), ignored);
  const asio::ip::address local = socket->local_endpoint(ignored).address();
  while (socket->is_open()) {
    listed.begin_message();
    const bool more = co_await serve_message(core, served, service, socket, local);
    if (!more) break;
  }
  close(*socket);
}

}  // namespace

asio::awaitable<void> serve_tcp(Core& core, const ServedController& served, Service service, tcp::acceptor acceptor) {
  for (;;) {
    auto [error, socket] = co_await acceptor.async_accept(as_result);
    if (error == asio::error::operation_aborted) co_return;
    if (error) {
      asio::steady_timer pause(core.io, kAcceptPause);
      co_await pause.async_wait(as_result);
      continue;
    }
    core.connections.make_room(core.options.max_connections);
    core.spawn(serve_connection(core, served, service, std::make_shared<tcp::socket>(std::move(socket))));
  }
}

}  // namespace stead::kdc
