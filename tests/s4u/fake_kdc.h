#pragma once
// A KDC for the transport's tests: on one port, UDP and TCP, it answers as the test says. Lives on the test's
// io_context.
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sspi_shim/protocol/messages/krb_error.h"
#include "stead/locator.h"

namespace stead::test {

namespace asio = boost::asio;
constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

// Runs a coroutine to its end, and only so far.
template <class T>
T run(asio::io_context& io, asio::awaitable<T> work) {
  std::optional<T> out;
  asio::co_spawn(io, std::move(work), [&](std::exception_ptr error, T value) {
    if (error) std::rethrow_exception(error);
    out.emplace(std::move(value));
    io.stop();
  });
  io.restart();
  io.run();
  return std::move(*out);
}

inline Buffer tgs_request(std::size_t size = 100) {
  Buffer out{0x6c, 0x82, 0, 0};
  out.resize(size, 0x30);
  return out;
}
inline Buffer tgs_reply(std::uint8_t mark) {
  return {0x6d, 0x03, 0x02, 0x01, mark};
}
inline Buffer error_reply(KrbErrc code) {
  KrbError error;
  error.stime = Time(std::chrono::seconds(1700000000));
  error.code = code;
  error.realm = "TEST";
  error.sname = krbtgt_name("TEST");
  return encode(error);
}

class FakeKdc {
 public:
  enum class Tcp { answers, resets, truncates, promises_too_much, closes_after_each };

  // What a datagram gets, one after the other; nothing: silence.
  std::function<std::vector<Buffer>(Bytes)> on_datagram = [this](Bytes) { return std::vector<Buffer>{reply}; };
  std::chrono::milliseconds delay{0};
  Tcp tcp = Tcp::answers;
  Buffer reply = tgs_reply(1);
  int datagrams = 0, frames = 0, connections = 0;
  ControllerAddress where;

  FakeKdc(asio::io_context& io, std::string name, bool with_tcp = true)
      : io_(io),
        acceptor_(io, {asio::ip::make_address("127.0.0.1"), 0}),
        udp_(io, {asio::ip::make_address("127.0.0.1"), acceptor_.local_endpoint().port()}) {
    where = {std::move(name), "127.0.0.1", acceptor_.local_endpoint().port(), 1};
    asio::co_spawn(io_, serve_udp(), asio::detached);
    if (with_tcp) {
      asio::co_spawn(io_, serve_tcp(), asio::detached);
    } else {
      acceptor_.close();
    }
  }
  void stop_udp() { udp_.close(); }
  void silence() {
    on_datagram = [](Bytes) { return std::vector<Buffer>{}; };
  }

 private:
  asio::awaitable<void> serve_udp() {
    std::array<std::uint8_t, 65536> bytes;
    for (;;) {
      asio::ip::udp::endpoint peer;
      const auto [error, size] = co_await udp_.async_receive_from(asio::buffer(bytes), peer, as_result);
      if (error) co_return;
      ++datagrams;
      const std::vector<Buffer> replies = on_datagram({bytes.data(), size});
      if (delay.count() != 0) {
        asio::steady_timer timer(io_, delay);
        co_await timer.async_wait(as_result);
      }
      for (const Buffer& answer : replies) co_await udp_.async_send_to(asio::buffer(answer), peer, as_result);
    }
  }

  asio::awaitable<void> serve_tcp() {
    for (;;) {
      auto [error, socket] = co_await acceptor_.async_accept(as_result);
      if (error) co_return;
      ++connections;
      asio::co_spawn(io_, serve_connection(std::move(socket)), asio::detached);
    }
  }

  asio::awaitable<void> serve_connection(asio::ip::tcp::socket socket) {
    for (;;) {
      std::array<std::uint8_t, 4> head{};
      const auto [head_error, head_size] = co_await asio::async_read(socket, asio::buffer(head), as_result);
      if (head_error) co_return;
      Buffer body(load_be32(head.data()));
      const auto [body_error, body_size] = co_await asio::async_read(socket, asio::buffer(body), as_result);
      if (body_error) co_return;
      ++frames;
      Buffer out(4);
      store_be32(out.data(), static_cast<std::uint32_t>(reply.size()));
      append(out, reply);
      if (tcp == Tcp::truncates) out.resize(out.size() - 2);
      if (tcp == Tcp::promises_too_much) store_be32(out.data(), 0x7fffffff);
      if (tcp == Tcp::resets) {
        socket.set_option(asio::socket_base::linger(true, 0));
        co_return;
      }
      co_await asio::async_write(socket, asio::buffer(out), as_result);
      if (tcp == Tcp::truncates || tcp == Tcp::closes_after_each) co_return;
    }
  }

  asio::io_context& io_;
  asio::ip::tcp::acceptor acceptor_;
  asio::ip::udp::socket udp_;
};

}  // namespace stead::test
