#include "sspi_shim/sspi/clients/client_thread.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "sspi_shim/base/process/fork_gate.h"
#include "sspi_shim/client/client_open.h"
#include "sspi_shim/locate/dc_locator.h"

namespace stead::sspi {
namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds kForkWaits{1};

// One for each process, made at the first use and never destroyed: other threads may call while the process exits. A
// child of fork() keeps its parent's untouched: its sockets and its epoll instance are shared with the parent.
class ClientThread {
 public:
  static ClientThread& instance();
  asio::any_io_executor executor() { return io_.get_executor(); }

  // Runs `make()`, an awaitable<void>, to its end.
  template <class Make>
  void wait(Make make) {
    if (is_caller()) throw std::logic_error("a callback must not call a function that blocks");
    std::promise<void> done;
    asio::co_spawn(io_, std::move(make),
                   [&](std::exception_ptr failed) { failed ? done.set_exception(failed) : done.set_value(); });
    const ForkGate::Away waiting;
    done.get_future().get();
  }
  template <class Make, class Done>
  void start(Make make, Done done) {
    asio::co_spawn(io_, std::move(make), std::move(done));
  }

  // Stops the thread between two pieces of work until resume(). Gives up after a second: a callback may hang.
  void pause() {
    if (is_caller()) return;
    pause_ = std::make_shared<Pause>();
    asio::post(io_, [pause = pause_] {
      pause->reached.set_value();
      pause->over.get_future().wait();
    });
    pause_->reached.get_future().wait_for(kForkWaits);
  }
  void resume() {
    if (pause_) pause_->over.set_value();
    pause_ = nullptr;
  }

  // For wait_for_controller; used on the thread only.
  std::shared_ptr<DcLocator> locator;
  LocatorOptions locator_options;

 private:
  struct Pause {
    std::promise<void> reached, over;
  };
  explicit ClientThread(const ClientThread* of_parent)
      : of_parent_(of_parent), work_(asio::make_work_guard(io_)), thread_([this] { io_.run(); }) {}
  [[nodiscard]] bool is_caller() const { return std::this_thread::get_id() == thread_.get_id(); }

  const ClientThread* const of_parent_;  // stays in memory
  std::shared_ptr<Pause> pause_;
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::thread thread_;
};

struct Process {
  std::mutex mutex;
  ClientThread* thread = nullptr;
  pid_t owner = 0;                                  // whose thread it is
  std::vector<std::shared_ptr<Client>> of_parents;  // not destroyed, as the parent's ClientThread is not
};
Process& process() {
  static auto* one = new Process;
  return *one;
}

ClientThread& ClientThread::instance() {
  Process& here = process();
  const std::lock_guard lock(here.mutex);
  if (here.owner != this_process()) {
    here.thread = new ClientThread(here.thread);
    here.owner = this_process();
  }
  return *here.thread;
}

}  // namespace

void pause_client_thread() {
  ClientThread* thread = nullptr;
  {
    const std::lock_guard lock(process().mutex);
    if (process().owner == this_process()) thread = process().thread;
  }
  if (thread != nullptr) thread->pause();
}

void hold_client_thread() {
  process().mutex.lock();
}

void release_client_thread() {
  Process& here = process();
  if (here.owner == this_process()) here.thread->resume();
  here.mutex.unlock();
}

OpenClient::OpenClient(ClientOptions opened_with, Make make)
    : options(std::move(opened_with)),
      make_(std::move(make)),
      client_(make_(ClientThread::instance().executor())),
      owner_(this_process()) {}

OpenClient::~OpenClient() {
  if (owner_ == this_process()) return;
  const std::lock_guard lock(process().mutex);
  process().of_parents.push_back(std::move(client_));
}

std::shared_ptr<Client> OpenClient::client() const {
  const asio::any_io_executor executor = ClientThread::instance().executor();
  const std::lock_guard lock(process().mutex);
  if (owner_ != this_process()) {
    process().of_parents.push_back(client_);
    client_ = make_(executor);
    owner_ = this_process();
  }
  return client_;
}

Checked<ClientPtr> open_client(ClientOptions options) {
  auto own = read_own_key_set(options);
  if (!own) return own.error();
  auto make = [options, own = std::move(*own)](const asio::any_io_executor& executor) {
    return open_client_of(executor, options, own);
  };
  return std::make_shared<const OpenClient>(std::move(options), std::move(make));
}

ClientPtr open_keyless_client(ClientOptions options, const std::string& realm) {
  auto make = [options, realm](const asio::any_io_executor& executor) {
    return stead::open_keyless_client(executor, options, realm);
  };
  return std::make_shared<const OpenClient>(std::move(options), std::move(make));
}

Outcome<Identity> wait_for_user(ClientPtr client, std::string name, LogonHours hours,
                                std::vector<std::uint8_t> certificate, CertificateHints hints) {
  const std::shared_ptr<Client> open = client->client();
  std::optional<Outcome<Identity>> out;
  ClientThread::instance().wait([&]() -> asio::awaitable<void> {
    if (hours == LogonHours::checked)
      out = co_await open->user_within_logon_hours(name, certificate, hints);
    else if (!certificate.empty())
      out = co_await open->user_by_certificate(certificate, hints);
    else
      out = co_await open->user(name);
  });
  return std::move(*out);
}

Outcome<Identity> wait_for_password(ClientPtr client, std::string name, SecretBuffer password) {
  const std::shared_ptr<Client> open = client->client();
  std::optional<Outcome<Identity>> out;
  ClientThread::instance().wait([&]() -> asio::awaitable<void> {
    std::string text(as_text(password));  // wiped by the callee
    out = co_await open->user_by_password(name, std::move(text));
  });
  return std::move(*out);
}

Outcome<Identity> wait_for_self(ClientPtr client) {
  const std::shared_ptr<Client> open = client->client();
  std::optional<Outcome<Identity>> out;
  ClientThread::instance().wait([&]() -> asio::awaitable<void> { out = co_await open->self(); });
  return std::move(*out);
}

Outcome<ProxyCredentialPtr> wait_for_proxy_credential(ClientPtr client, Identity identity) {
  const std::shared_ptr<Client> open = client->client();
  std::optional<Outcome<ProxyCredentialPtr>> out;
  ClientThread::instance().wait([&]() -> asio::awaitable<void> { out = co_await open->proxy_credential(identity); });
  return std::move(*out);
}

Result<Identity> wait_for_evidence(ClientPtr client, std::vector<std::uint8_t> ticket_der) {
  const std::shared_ptr<Client> open = client->client();
  std::optional<Result<Identity>> out;
  ClientThread::instance().wait([&]() -> asio::awaitable<void> {
    out = open->from_ticket(ticket_der);
    co_return;
  });
  return std::move(*out);
}

Outcome<TicketPtr> wait_for_ticket(ClientPtr client, Identity identity, std::string spn) {
  const std::shared_ptr<Client> open = client->client();
  std::optional<Outcome<TicketPtr>> out;
  ClientThread::instance().wait([&]() -> asio::awaitable<void> { out = co_await open->ticket_for(identity, spn); });
  return std::move(*out);
}

void start_ticket(ClientPtr client, Identity identity, std::string spn,
                  std::function<void(const Outcome<TicketPtr>&)> done) {
  const std::shared_ptr<Client> open = client->client();
  const auto out = std::make_shared<std::optional<Outcome<TicketPtr>>>();
  ClientThread::instance().start(
      [open, identity, spn, out]() -> asio::awaitable<void> { *out = co_await open->ticket_for(identity, spn); },
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
