#include "sspi_shim/transport/tcp_exchange.h"

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "sspi_shim/base/time_limit.h"

namespace stead {
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {
constexpr auto as_result = asio::as_tuple(asio::deferred);
constexpr std::size_t kHead = 4, kUsualFrame = 4096;

bool connection_was_dead(const Error& error) {
  return error == asio::error::eof || error == asio::error::connection_reset || error == asio::error::broken_pipe;
}

asio::awaitable<Result<Buffer>> exchange_frames(TcpPool::Socket socket, const Buffer& request) {
  std::array<std::uint8_t, kHead> head{};
  store_be32(head.data(), static_cast<std::uint32_t>(request.size()));
  const std::array<asio::const_buffer, 2> sent{asio::buffer(head), asio::buffer(request)};
  // An idle connection usually takes the whole request at once.
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
  // Most replies fit and arrive by one read.
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
    if (have > whole) co_return make_error_code(WireErrc::trailing_bytes);
    if (frame.size() < whole) frame.resize(whole);
  }
  frame.resize(whole);
  frame.erase(frame.begin(), frame.begin() + kHead);
  co_return frame;
}
}  // namespace

void TcpSlot::cancel() {
  is_cancelled = true;
  Error ignored;
  if (socket) socket->close(ignored);
}

asio::awaitable<Result<Buffer>> tcp_exchange(std::shared_ptr<TcpPool> pool, std::shared_ptr<TcpSlot> slot,
                                             asio::any_io_executor executor, tcp::endpoint peer, Buffer request,
                                             std::chrono::steady_clock::time_point until) {
  // A pooled connection may prove dead; a new one is tried then.
  for (bool try_pool = true;; try_pool = false) {
    if (slot->is_cancelled) co_return make_error_code(asio::error::operation_aborted);
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
    if (slot->is_cancelled) co_return make_error_code(asio::error::operation_aborted);
    if (limit.expired()) co_return make_error_code(asio::error::timed_out);
    if (!pooled || !connection_was_dead(error)) co_return error;
  }
}

}  // namespace stead
