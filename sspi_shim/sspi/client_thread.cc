#include "sspi_shim/sspi/client_thread.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "sspi_shim/client/client_open.h"
#include "sspi_shim/locate/dc_locator.h"

namespace stead::sspi {
namespace asio = boost::asio;

namespace {

// One for the process, made at the first use and never destroyed: other threads may call while the process exits.
class ClientThread {
 public:
  static ClientThread& instance() {
    static auto* one = new ClientThread;
    return *one;
  }
  asio::any_io_executor executor() { return io_.get_executor(); }

  // Runs `make()`, an awaitable<void>, to its end.
  template <class Make>
  void wait(Make make) {
    if (std::this_thread::get_id() == thread_.get_id())
      throw std::logic_error("a callback must not call a function that blocks");
    std::promise<void> done;
    asio::co_spawn(io_, std::move(make),
                   [&](std::exception_ptr failed) { failed ? done.set_exception(failed) : done.set_value(); });
    done.get_future().get();
  }
  template <class Make, class Done>
  void start(Make make, Done done) {
    asio::co_spawn(io_, std::move(make), std::move(done));
  }

  // For wait_for_controller; used on the thread only.
  std::shared_ptr<DcLocator> locator;
  LocatorOptions locator_options;

 private:
  ClientThread() : work_(asio::make_work_guard(io_)), thread_([this] { io_.run(); }) {}
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::thread thread_;
};

}  // namespace

Checked<ClientPtr> open_client(ClientOptions options) {
  std::string message;
  auto client = Client::open(ClientThread::instance().executor(), options, message);
  if (!client) return Problem{.message = message, .code = client.error()};
  return std::make_shared<const OpenClient>(OpenClient{std::move(*client), std::move(options)});
}

ClientPtr open_keyless_client(ClientOptions options, const std::string& realm) {
  auto client = stead::open_keyless_client(ClientThread::instance().executor(), options, realm);
  return std::make_shared<const OpenClient>(OpenClient{std::move(client), std::move(options)});
}

Outcome<Identity> wait_for_user(ClientPtr client, std::string name, LogonHours hours,
                                std::vector<std::uint8_t> certificate, CertificateHints hints) {
  std::optional<Outcome<Identity>> out;
  ClientThread::instance().wait([&]() -> asio::awaitable<void> {
    if (hours == LogonHours::checked)
      out = co_await client->client->user_within_logon_hours(name, certificate, hints);
    else if (!certificate.empty())
      out = co_await client->client->user_by_certificate(certificate, hints);
    else
      out = co_await client->client->user(name);
  });
  return std::move(*out);
}

Outcome<Identity> wait_for_password(ClientPtr client, std::string name, SecretBuffer password) {
  std::optional<Outcome<Identity>> out;
  ClientThread::instance().wait([&]() -> asio::awaitable<void> {
    std::string text(as_text(password));  // wiped by the callee
    out = co_await client->client->user_by_password(name, std::move(text));
  });
  return std::move(*out);
}

Outcome<Identity> wait_for_self(ClientPtr client) {
  std::optional<Outcome<Identity>> out;
  ClientThread::instance().wait([&]() -> asio::awaitable<void> { out = co_await client->client->self(); });
  return std::move(*out);
}

Outcome<ProxyCredentialPtr> wait_for_proxy_credential(ClientPtr client, Identity identity) {
  std::optional<Outcome<ProxyCredentialPtr>> out;
  ClientThread::instance().wait(
      [&]() -> asio::awaitable<void> { out = co_await client->client->proxy_credential(identity); });
  return std::move(*out);
}

Result<Identity> wait_for_evidence(ClientPtr client, std::vector<std::uint8_t> ticket_der) {
  std::optional<Result<Identity>> out;
  ClientThread::instance().wait([&]() -> asio::awaitable<void> {
    out = client->client->from_ticket(ticket_der);
    co_return;
  });
  return std::move(*out);
}

Outcome<TicketPtr> wait_for_ticket(ClientPtr client, Identity identity, std::string spn) {
  std::optional<Outcome<TicketPtr>> out;
  ClientThread::instance().wait(
      [&]() -> asio::awaitable<void> { out = co_await client->client->ticket_for(identity, spn); });
  return std::move(*out);
}

void start_ticket(ClientPtr client, Identity identity, std::string spn,
                  std::function<void(const Outcome<TicketPtr>&)> done) {
  const auto out = std::make_shared<std::optional<Outcome<TicketPtr>>>();
  ClientThread::instance().start(
      [client, identity, spn, out]() -> asio::awaitable<void> {
        *out = co_await client->client->ticket_for(identity, spn);
      },
      [out, done](std::exception_ptr failed) {
        if (!failed) {
          done(**out);
          return;
        }
        Failure failure;
        failure.kind = FailureKind::cancelled;
        failure.text = "the search for a ticket failed by an exception";
        done(failure);
      });
}

Result<FoundController> wait_for_controller(const LocatorOptions& options, ControllerWish wish) {
  ClientThread& thread = ClientThread::instance();
  std::optional<Result<FoundController>> out;
  thread.wait([&]() -> asio::awaitable<void> {
    if (!thread.locator || !(thread.locator_options == options)) {
      thread.locator = make_dc_locator(thread.executor(), options);
      thread.locator_options = options;
    }
    const auto locator = thread.locator;
    out = co_await locator->find_controller(wish);
  });
  return std::move(*out);
}

}  // namespace stead::sspi
