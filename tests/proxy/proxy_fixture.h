#pragma once
// A proxy of one core in this process, between a client and a back end that are plain sockets: a test writes and reads
// every octet on both sides. Sign-in and tickets are scripted.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <future>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "proxy/accept_clients.h"
#include "proxy/core/core.h"
#include "proxy/http2/connection.h"
#include "proxy/pages/own_pages.h"
#include "sspi_shim/base/bytes.h"

namespace stead::proxy::test {

// A blocking socket with a timeout on every wait.
class Wire {
 public:
  explicit Wire(int descriptor) : descriptor_(descriptor) {
    const timeval limit{5, 0};
    const int one = 1;
    ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  }
  static Wire to(std::uint16_t port) {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return Wire(descriptor);
  }
  Wire(Wire&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)), held_(std::move(other.held_)) {}
  Wire& operator=(Wire&&) = delete;
  ~Wire() { close(); }
  void close() {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }
  void end() { ::shutdown(descriptor_, SHUT_WR); }
  void receive_little() {  // the kernel then buffers as little as it can
    const int least = 1;
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &least, sizeof least);
  }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }
  // Reads up to `mark`, which is included. Without it, returns what came before the end or the timeout.
  std::string until(std::string_view mark) {
    while (held_.find(mark) == std::string::npos && fill()) {
    }
    const std::size_t at = held_.find(mark);
    return take(at == std::string::npos ? held_.size() : at + mark.size());
  }
  std::string head() { return until("\r\n\r\n"); }
  std::string exactly(std::size_t size) {
    while (held_.size() < size && fill()) {
    }
    return take(std::min(size, held_.size()));
  }
  std::string rest() {
    while (fill()) {
    }
    return take(held_.size());
  }
  // True if the peer has closed and nothing else came.
  bool ended() { return held_.empty() && !fill() && !timed_out_; }
  // True if nothing comes for a short time.
  bool silent(int milliseconds = 150) {
    pollfd one{descriptor_, POLLIN, 0};
    return held_.empty() && ::poll(&one, 1, milliseconds) == 0;
  }

 private:
  bool fill() {
    std::array<char, 65536> block{};
    const ssize_t n = ::recv(descriptor_, block.data(), block.size(), 0);
    timed_out_ = n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    if (n <= 0) return false;
    held_.append(block.data(), static_cast<std::size_t>(n));
    return true;
  }
  std::string take(std::size_t size) {
    std::string out = held_.substr(0, size);
    held_.erase(0, size);
    return out;
  }
  int descriptor_;
  std::string held_;
  bool timed_out_ = false;
};

// Serves each connection on a thread of its own by a script, which gets the connection's number, from 0.
class BackEnd {
 public:
  using Script = std::function<void(Wire&, int)>;
  explicit BackEnd(Script script) : script_(std::move(script)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_, 128), 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
    accepting_ = std::thread([this] { accept(); });
  }
  ~BackEnd() {
    ::shutdown(listener_, SHUT_RDWR);
    accepting_.join();
    ::close(listener_);
    for (std::thread& thread : serving_) thread.join();
  }
  std::uint16_t port = 0;
  std::atomic<int> connections{0};

 private:
  void accept() {
    while (true) {
      const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (descriptor < 0) return;
      serving_.emplace_back([this, descriptor, number = connections++] {
        Wire wire(descriptor);
        script_(wire, number);
      });
    }
  }
  Script script_;
  int listener_ = -1;
  std::thread accepting_;
  std::list<std::thread> serving_;
};

// "Authorization: Test NAME" signs in NAME; there is no other sign-in.
class ScriptedSignIn final : public SignIn {
 public:
  boost::asio::awaitable<std::variant<SignedIn, OwnResponse>> decide(const RequestView& request,
                                                                     const Route&) override {
    std::variant<SignedIn, OwnResponse> out;
    if (request.authorization.starts_with("Test ")) {
      SignedIn user;
      user.session = {.id = std::string(request.authorization.substr(5)) + "-session" + session_suffix,
                      .user = std::string(request.authorization.substr(5)) + "@HOME.TEST",
                      .method = method,
                      .expires = std::chrono::system_clock::now() + std::chrono::hours(1),
                      .evidence = evidence};
      user.response_headers = {{"Set-Cookie", "stead=sealed"}};
      out = std::move(user);
    } else {
      out = OwnResponse{.status = 401, .headers = {{"WWW-Authenticate", "Negotiate"}}, .body = "sign in"};
    }
    co_return out;
  }
  boost::asio::awaitable<OwnResponse> own_page(const RequestView& request, std::string body) override {
    co_return OwnResponse{.status = 200,
                          .headers = {},
                          .body = std::string(request.method) + " " + std::string(request.target) + " " + body +
                                  (show_addresses ? " " + request.remote_address : "")};
  }
  bool is_over(const Session&) override { return over; }
  SignInMethod method = SignInMethod::forms;
  std::atomic<bool> over{false};            // every session
  std::atomic<bool> show_addresses{false};  // in own pages
  std::string session_suffix{};             // a different suffix makes a different session
  std::string evidence{};                   // of Kerberos sessions
};

class ScriptedTickets final : public BackendTickets {
 public:
  boost::asio::awaitable<Outcome<TicketPtr>> get(Session session, std::string) override {
    ++gets;
    last_user = session.user;
    Outcome<TicketPtr> out = ticket;
    if (failure) out = *failure;
    co_return out;
  }
  void drop(const Session&, const std::string&) override {
    ++drops;
    if (broken) throw std::runtime_error("no memory");
    if (next_ticket) ticket = next_ticket;
  }
  boost::asio::awaitable<Outcome<std::string>> keep_evidence(Session, std::vector<std::uint8_t>) override {
    co_return std::string();
  }
  boost::asio::awaitable<bool> has_evidence(Session) override { co_return true; }
  void forget(const Session&) override {}
  boost::asio::awaitable<Outcome<std::string>> ask_for_user(Session session) override { co_return session.user; }
  boost::asio::any_io_executor executor() override { std::abort(); }
  Client& client() override { std::abort(); }

  TicketPtr ticket, next_ticket;
  std::optional<Failure> failure;
  bool broken = false;  // drop() throws
  std::atomic<int> gets{0}, drops{0};
  std::string last_user;
};

struct ProxyOptions {
  Delegation delegation = Delegation::none;
  bool sign_in = false;
  Limits limits{};
  std::string host{};
  std::string upstream_host = "127.0.0.1", base_path{};
  std::vector<std::string> trusted_proxies{};
  int send_buffer = 0;  // of connections to clients; 0: the kernel's
  MutualAuth mutual = MutualAuth::optional;
  bool http_2 = false;  // of clients, without TLS
};

class Proxy {
 public:
  explicit Proxy(std::vector<std::uint16_t> back_ends, ProxyOptions options = {}) {
    logs_.access_log = std::move(LogWriter::open("/dev/null", "the access log").value());
    core = std::make_unique<Core>(0, logs_);
    begin(back_ends, options);
    send_buffer_ = options.send_buffer;
    http_2_ = options.http_2;
    acceptor_ = std::make_unique<boost::asio::ip::tcp::acceptor>(
        core->io, boost::asio::ip::tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
    port = acceptor_->local_endpoint().port();
    boost::asio::co_spawn(core->io, accept(), boost::asio::detached);
    boost::asio::co_spawn(core->io, sweep(), boost::asio::detached);
    thread_ = std::thread([this] { core->io.run(); });
  }
  ~Proxy() {
    on_core([this] { core->io.stop(); });
    thread_.join();
    acceptor_.reset();
    core.reset();
  }
  [[nodiscard]] Wire connect() const { return Wire::to(port); }
  // As a reload does it; on the core, or before it runs.
  void begin(const std::vector<std::uint16_t>& back_ends, const ProxyOptions& options) {
    auto next = std::make_shared<Generation>(Settings::open(make_config(back_ends, options)).value(), *core);
    next->sign_in = sign_in;
    if (options.delegation != Delegation::none) next->tickets = tickets;
    core->begin(std::move(next));
  }
  void on_core(std::function<void()> what) {
    std::promise<void> done;
    boost::asio::post(core->io, [&] {
      what();
      done.set_value();
    });
    done.get_future().wait();
  }
  std::shared_ptr<ScriptedSignIn> sign_in = std::make_shared<ScriptedSignIn>();
  std::shared_ptr<ScriptedTickets> tickets = std::make_shared<ScriptedTickets>();
  std::unique_ptr<Core> core;
  std::uint16_t port = 0;

 private:
  static Config make_config(const std::vector<std::uint16_t>& back_ends, const ProxyOptions& options) {
    Config config;
    Route route;
    route.host = options.host;
    route.delegation = options.delegation;
    route.spn = "HTTP/web.corp.test";
    route.mutual = options.mutual;
    if (options.sign_in) route.sign_in = {SignInMethod::forms};
    for (const std::uint16_t at : back_ends)
      route.upstreams.push_back(
          {.tls = false, .host = options.upstream_host, .port = at, .base_path = options.base_path});
    config.routes.push_back(route);
    config.limits = options.limits;
    for (const std::string& text : options.trusted_proxies) EXPECT_TRUE(config.trusted_proxies.add(text));
    return config;
  }
  static boost::asio::awaitable<void> serve_http_2(std::unique_ptr<ClientConnection> connection) {
    const bool open = co_await connection->open();
    if (!open) co_return;
    const auto http_2 = std::make_shared<Http2Connection>(std::move(connection));
    co_await http_2->run();
  }
  boost::asio::awaitable<void> accept() {
    while (true) {
      auto socket = co_await acceptor_->async_accept(boost::asio::use_awaitable);
      const auto address = socket.remote_endpoint().address();
      if (send_buffer_ > 0) socket.set_option(boost::asio::socket_base::send_buffer_size(send_buffer_));
      if (http_2_) {
        boost::asio::co_spawn(core->io,
                              serve_http_2(std::make_unique<ClientConnection>(*core, std::move(socket), address)),
                              boost::asio::detached);
        continue;
      }
      boost::asio::co_spawn(core->io,
                            serve_client(std::make_unique<ClientConnection>(*core, std::move(socket), address)),
                            boost::asio::detached);
    }
  }
  // As Core::tick, but more often.
  boost::asio::awaitable<void> sweep() {
    boost::asio::steady_timer timer(core->io);
    while (true) {
      timer.expires_after(std::chrono::milliseconds(20));
      co_await timer.async_wait(boost::asio::use_awaitable);
      if (!core) co_return;  // the core is being destroyed and runs its loop a last time
      core->watchdog.sweep(Clock::now());
      core->end_tunnels();
    }
  }
  Logs logs_;
  int send_buffer_ = 0;
  bool http_2_ = false;
  std::unique_ptr<boost::asio::ip::tcp::acceptor> acceptor_;
  std::thread thread_;
};

// A back end that sends the same response to every request and records the requests.
inline BackEnd::Script echo() {
  return [](Wire& wire, int number) {
    while (true) {
      const std::string head = wire.head();
      if (!head.ends_with("\r\n\r\n")) return;
      std::string body;
      const std::size_t length = head.find("\r\nContent-Length: ");
      if (length != std::string::npos) {
        body = wire.exactly(std::stoul(head.substr(length + 18)));
      } else if (head.find("\r\nTransfer-Encoding: chunked\r\n") != std::string::npos) {
        while (true) {
          const std::string line = wire.until("\r\n");
          if (!line.ends_with("\r\n")) return;
          const std::size_t size = std::stoul(line, nullptr, 16);
          const std::string chunk = wire.exactly(size + 2);
          if (chunk.size() != size + 2) return;
          if (size == 0) break;
          body += chunk.substr(0, size);
        }
      }
      const std::string seen = "connection=" + std::to_string(number) + "\n" + head + body;
      if (!wire.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(seen.size()) + "\r\n\r\n" +
                     (head.starts_with("HEAD") ? "" : seen)))
        return;
    }
  };
}

// Reads one response, head and body, with a Content-Length or chunked.
struct Answer {
  std::string head, body;
  [[nodiscard]] int status() const { return head.size() > 12 ? std::atoi(head.c_str() + 9) : 0; }
};
inline Answer read_answer(Wire& wire, bool to_head = false) {
  Answer out;
  out.head = wire.head();
  const std::size_t length = out.head.find("\r\nContent-Length: ");
  if (to_head) return out;
  if (length != std::string::npos) {
    out.body = wire.exactly(std::stoul(out.head.substr(length + 18)));
  } else if (out.head.find("\r\nTransfer-Encoding: chunked\r\n") != std::string::npos) {
    for (std::size_t size = 1; size > 0;) {
      const std::string line = wire.until("\r\n");
      if (!line.ends_with("\r\n")) return out;
      size = std::stoul(line, nullptr, 16);
      out.body += wire.exactly(size);
      (void)wire.exactly(2);
    }
  }
  return out;
}
inline Answer ask(Wire& wire, const std::string& bytes) {
  EXPECT_TRUE(wire.send(bytes));
  return read_answer(wire);
}

}  // namespace stead::proxy::test
