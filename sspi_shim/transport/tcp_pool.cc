#include "sspi_shim/transport/tcp_pool.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/write.hpp>

#include "sspi_shim/base/time_limit.h"

namespace stead {
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {
constexpr auto as_result = asio::as_tuple(asio::deferred);
constexpr std::size_t kMaxIdlePerPeer = 8;
constexpr std::chrono::seconds kIdleLife{60};
constexpr std::size_t kHead = 4, kUsualFrame = 4096;

// Open, and with nothing to read: neither a FIN nor bytes that nobody asked for.
bool looks_alive(tcp::socket& socket) {
  char byte;
  const auto n = ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

bool connection_was_dead(const Error& error) {
  return error == asio::error::eof || error == asio::error::connection_reset || error == asio::error::broken_pipe;
}

asio::awaitable<Result<Buffer>> exchange_frames(TcpPool::Socket socket, const Buffer& request) {
  std::array<std::uint8_t, kHead> head{};
  store_be32(head.data(), static_cast<std::uint32_t>(request.size()));
  const std::array<asio::const_buffer, 2> sent{asio::buffer(head), asio::buffer(request)};
  // A connection on which nothing else waits takes a request at once, as a rule.
  Error write_error;
  const std::size_t taken = socket->write_some(sent, write_error);
  if (write_error && write_error != asio::error::would_block) co_return write_error;
  if (taken < kHead + request.size()) {
    const std::size_t of_head = std::min(taken, kHead);
    const std::array<asio::const_buffer, 2> rest{asio::buffer(head) + of_head,
                                                 asio::buffer(request) + (taken - of_head)};
    const auto [rest_error, written] = co_await asio::async_write(*socket, rest, as_result);
    if (rest_error) co_return rest_error;
  }
  // More room than most answers take: they come whole by one read, and Asio knows that there is no more.
  Buffer frame(kUsualFrame);
  std::size_t have = 0, whole = kHead;
  while (have < whole) {
    const auto [error, size] =
        co_await socket->async_read_some(asio::buffer(frame.data() + have, frame.size() - have), as_result);
    if (error) co_return error;
    have += size;
    if (have < kHead) continue;
    const std::size_t body = load_be32(frame.data());
    if (body == 0 || body > kMaxKdcFrame) co_return make_error_code(WireErrc::bad_length);
    whole = kHead + body;
    if (have > whole) co_return make_error_code(WireErrc::trailing_bytes);  // nobody asked for what follows
    if (frame.size() < whole) frame.resize(whole);
  }
  frame.resize(whole);
  frame.erase(frame.begin(), frame.begin() + kHead);
  co_return frame;
}
}  // namespace

TcpPool::Socket TcpPool::take(const tcp::endpoint& peer) {
  const auto found = idle_.find(peer);
  if (found == idle_.end()) return nullptr;
  auto& idle = found->second;
  const auto oldest = std::chrono::steady_clock::now() - kIdleLife;
  while (!idle.empty() && idle.front().since < oldest) idle.pop_front();
  while (!idle.empty()) {
    Socket socket = std::move(idle.back().socket);
    idle.pop_back();
    if (looks_alive(*socket)) return socket;
  }
  idle_.erase(found);
  return nullptr;
}

void TcpPool::give_back(const tcp::endpoint& peer, Socket socket) {
  auto& idle = idle_[peer];
  idle.push_back({std::move(socket), std::chrono::steady_clock::now()});
  if (idle.size() > kMaxIdlePerPeer) idle.pop_front();
}

std::size_t TcpPool::idle() const {
  std::size_t count = 0;
  for (const auto& [peer, sockets] : idle_) count += sockets.size();
  return count;
}

void TcpSlot::give_up() {
  given_up = true;
  Error ignored;
  if (socket) socket->close(ignored);
}

asio::awaitable<Result<Buffer>> tcp_exchange(std::shared_ptr<TcpPool> pool, std::shared_ptr<TcpSlot> slot,
                                             asio::any_io_executor executor, tcp::endpoint peer, Buffer request,
                                             std::chrono::steady_clock::time_point until) {
  for (bool try_pool = true;; try_pool = false) {
    if (slot->given_up) co_return make_error_code(asio::error::operation_aborted);
    TcpPool::Socket socket = try_pool ? pool->take(peer) : nullptr;
    const bool pooled = socket != nullptr;
    if (!pooled) socket = std::make_shared<tcp::socket>(executor);
    slot->socket = socket;
    TimeLimit limit(executor, until, [socket] {
      Error ignored;
      socket->close(ignored);
    });
    Error error;
    if (!pooled) {
      const auto [connect_error] = co_await socket->async_connect(peer, as_result);
      error = connect_error;
      Error ignored;
      if (!error) socket->set_option(tcp::no_delay(true), ignored);
      if (!error) socket->non_blocking(true, error);
    }
    if (!error) {
      Result<Buffer> answer = co_await exchange_frames(socket, request);
      if (answer) {
        slot->socket = nullptr;
        pool->give_back(peer, std::move(socket));
        co_return answer;
      }
      error = answer.error();
    }
    slot->socket = nullptr;
    if (slot->given_up) co_return make_error_code(asio::error::operation_aborted);
    if (limit.expired()) co_return make_error_code(asio::error::timed_out);
    if (!pooled || !connection_was_dead(error)) co_return error;
  }
}

}  // namespace stead
