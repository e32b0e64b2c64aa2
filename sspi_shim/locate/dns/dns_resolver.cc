#include "sspi_shim/locate/dns/dns_resolver.h"

#include <ares.h>
#include <ares_nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <ctime>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace stead {
namespace asio = boost::asio;

struct DnsResolver::Query {
  explicit Query(const asio::any_io_executor& executor) : wake(executor, asio::steady_timer::time_point::max()) {}
  asio::steady_timer wake;
  bool done = false;
  Error error;
  Buffer message;                      // of an SRV query
  std::vector<std::string> addresses;  // of an address query
  std::vector<std::string> aliases;    // of an address query: the names for which the host is an alias
  std::vector<std::string> names;      // of a query for the names of an address
};

namespace {

constexpr int kTries = 2;
constexpr std::chrono::milliseconds kLookEvery{500};  // at the system's file, for a change

Error error_of(int status) {
  switch (status) {
    case ARES_SUCCESS:
      return {};
    case ARES_ENODATA:
    case ARES_ENOTFOUND:
      return make_error_code(asio::error::host_not_found);
    case ARES_ETIMEOUT:
      return make_error_code(asio::error::timed_out);
    case ARES_ECONNREFUSED:
      return make_error_code(asio::error::connection_refused);
    case ARES_ECANCELLED:
    case ARES_EDESTRUCTION:
      return make_error_code(asio::error::operation_aborted);
    default:
      return make_error_code(asio::error::no_recovery);
  }
}

void finish(DnsResolver::Query& query, int status) {
  query.error = error_of(status);
  query.done = true;
  query.wake.cancel();
}

std::string text_of(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
    return asio::ip::address_v4(ntohl(v4->sin_addr.s_addr)).to_string();
  }
  if (address->sa_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address);
    asio::ip::address_v6::bytes_type bytes;
    std::copy(std::begin(v6->sin6_addr.s6_addr), std::end(v6->sin6_addr.s6_addr), bytes.begin());
    return asio::ip::address_v6(bytes, v6->sin6_scope_id).to_string();
  }
  return {};
}

class AresResolver final : public DnsResolver, public std::enable_shared_from_this<AresResolver> {
 public:
  explicit AresResolver(asio::any_io_executor executor) : executor_(std::move(executor)), timer_(executor_) {}
  ~AresResolver() override {
    if (channel_ != nullptr) ares_destroy(channel_);
  }

  Error open(const std::vector<std::string>& nameservers, std::chrono::milliseconds timeout, const SystemDns& system) {
    static const int library = ares_library_init(ARES_LIB_INIT_ALL);
    if (library != ARES_SUCCESS) return make_error_code(asio::error::no_recovery);
    ares_options options{};
    options.flags = ARES_FLAG_NOSEARCH;
    options.timeout = static_cast<int>(timeout.count());  // c-ares doubles it for each further try
    options.tries = kTries;
    options.sock_state_cb = on_socket_state;
    options.sock_state_cb_data = this;
    std::string path = system.file;  // c-ares copies it
    options.resolvconf_path = path.data();
    options.udp_port = options.tcp_port = system.port;
    const int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB |
                     ARES_OPT_RESOLVCONF | ARES_OPT_UDP_PORT | ARES_OPT_TCP_PORT;
    if (ares_init_options(&channel_, &options, mask) != ARES_SUCCESS) return make_error_code(asio::error::no_recovery);
    std::string list;
    for (const std::string& server : nameservers) list += (list.empty() ? "" : ",") + server;
    if (!list.empty() && ares_set_servers_ports_csv(channel_, list.c_str()) != ARES_SUCCESS) {
      return make_error_code(asio::error::invalid_argument);
    }
    return {};
  }

  QueryPtr ask_srv(const std::string& name) override {
    auto query = std::make_shared<Query>(executor_);
    ares_query(channel_, name.c_str(), ns_c_in, ns_t_srv, on_message, new QueryPtr(query));
    restart_timer();
    return query;
  }

  QueryPtr ask_addresses(const std::string& host) override {
    auto query = std::make_shared<Query>(executor_);
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_DGRAM;
    ares_getaddrinfo(channel_, host.c_str(), nullptr, &hints, on_addresses, new QueryPtr(query));
    restart_timer();
    return query;
  }

  QueryPtr ask_names(const std::string& address) override {
    auto query = std::make_shared<Query>(executor_);
    Error bad;
    const auto parsed = asio::ip::make_address(address, bad);
    if (bad) {
      finish(*query, ARES_EBADNAME);
      return query;
    }
    if (parsed.is_v4()) {
      const auto bytes = parsed.to_v4().to_bytes();
      ares_gethostbyaddr(channel_, bytes.data(), static_cast<int>(bytes.size()), AF_INET, on_names,
                         new QueryPtr(query));
    } else {
      const auto bytes = parsed.to_v6().to_bytes();
      ares_gethostbyaddr(channel_, bytes.data(), static_cast<int>(bytes.size()), AF_INET6, on_names,
                         new QueryPtr(query));
    }
    restart_timer();
    return query;
  }

  [[nodiscard]] std::vector<std::string> aliases(const QueryPtr& query) const override { return query->aliases; }

  asio::awaitable<Result<std::vector<std::string>>> names(QueryPtr query) override {
    const Error error = co_await wait(query);
    if (error) co_return error;
    co_return query->names;
  }

  asio::awaitable<Result<std::vector<SrvRecord>>> srv(QueryPtr query) override {
    const Error error = co_await wait(query);
    if (error) co_return error;
    co_return decode_srv_answer(query->message);
  }

  asio::awaitable<Result<std::vector<std::string>>> addresses(QueryPtr query) override {
    const Error error = co_await wait(query);
    if (error) co_return error;
    co_return query->addresses;
  }

 private:
  struct Socket {
    explicit Socket(const asio::any_io_executor& executor, int fd) : descriptor(executor, fd) {}
    asio::posix::stream_descriptor descriptor;  // c-ares owns the file descriptor
    bool wanted[2] = {false, false};            // to read, to write
    bool waiting[2] = {false, false};
    bool gone = false;
  };

  static asio::awaitable<Error> wait(QueryPtr query) {
    while (!query->done) {
      co_await query->wake.async_wait(asio::as_tuple(asio::use_awaitable));
      const auto state = co_await asio::this_coro::cancellation_state;
      if (state.cancelled() != asio::cancellation_type::none) co_return make_error_code(asio::error::operation_aborted);
    }
    co_return query->error;
  }

  static void on_message(void* argument, int status, int, unsigned char* message, int size) {
    const std::unique_ptr<QueryPtr> query(static_cast<QueryPtr*>(argument));
    if (status == ARES_SUCCESS) (*query)->message.assign(message, message + size);
    finish(**query, status);
  }

  static void on_addresses(void* argument, int status, int, ares_addrinfo* found) {
    const std::unique_ptr<QueryPtr> query(static_cast<QueryPtr*>(argument));
    for (const ares_addrinfo_node* node = found != nullptr ? found->nodes : nullptr; node != nullptr;
         node = node->ai_next) {
      std::string address = text_of(node->ai_addr);
      if (!address.empty()) (*query)->addresses.push_back(std::move(address));
    }
    for (const ares_addrinfo_cname* name = found != nullptr ? found->cnames : nullptr; name != nullptr;
         name = name->next) {
      if (name->name != nullptr && name->alias != nullptr) (*query)->aliases.emplace_back(name->name);
    }
    if (found != nullptr) ares_freeaddrinfo(found);
    finish(**query, status);
  }

  static void on_names(void* argument, int status, int, hostent* found) {
    const std::unique_ptr<QueryPtr> query(static_cast<QueryPtr*>(argument));
    if (found != nullptr && found->h_name != nullptr) {
      (*query)->names.emplace_back(found->h_name);
      for (char** name = found->h_aliases; name != nullptr && *name != nullptr; ++name)
        (*query)->names.emplace_back(*name);
    }
    finish(**query, status);
  }

  static void on_socket_state(void* self, ares_socket_t fd, int readable, int writable) {
    static_cast<AresResolver*>(self)->watch(fd, readable != 0, writable != 0);
  }

  void watch(int fd, bool readable, bool writable) {
    auto found = sockets_.find(fd);
    if (!readable && !writable) {  // about to be closed
      if (found == sockets_.end()) return;
      found->second->gone = true;
      found->second->descriptor.release();
      sockets_.erase(found);
      return;
    }
    if (found == sockets_.end()) found = sockets_.emplace(fd, std::make_shared<Socket>(executor_, fd)).first;
    found->second->wanted[0] = readable;
    found->second->wanted[1] = writable;
    wait_for(found->second, 0);
    wait_for(found->second, 1);
  }

  // Direction 0 reads, 1 writes.
  void wait_for(const std::shared_ptr<Socket>& socket, int direction) {
    if (!socket->wanted[direction] || socket->waiting[direction]) return;
    socket->waiting[direction] = true;
    const auto kind =
        direction == 0 ? asio::posix::stream_descriptor::wait_read : asio::posix::stream_descriptor::wait_write;
    socket->descriptor.async_wait(kind, [self = shared_from_this(), socket, direction](const Error& error) {
      socket->waiting[direction] = false;
      if (error || socket->gone) return;
      const int fd = socket->descriptor.native_handle();
      ares_process_fd(self->channel_, direction == 0 ? fd : ARES_SOCKET_BAD, direction == 1 ? fd : ARES_SOCKET_BAD);
      if (!socket->gone) self->wait_for(socket, direction);
      self->restart_timer();
    });
  }

  // Runs only while a query is open, so that an idle resolver does not keep the io_context running.
  void restart_timer() {
    timeval buffer{};
    const timeval* next = ares_timeout(channel_, nullptr, &buffer);
    if (next == nullptr) {
      timer_.cancel();
      return;
    }
    timer_.expires_after(std::chrono::seconds(next->tv_sec) + std::chrono::microseconds(next->tv_usec));
    timer_.async_wait([self = shared_from_this()](const Error& error) {
      if (error) return;
      ares_process_fd(self->channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
      self->restart_timer();
    });
  }

  asio::any_io_executor executor_;
  asio::steady_timer timer_;
  std::map<int, std::shared_ptr<Socket>> sockets_;
  ares_channel channel_ = nullptr;
};

// Which version of a file was read.
struct FileVersion {
  dev_t device = 0;
  ino_t number = 0;
  off_t size = 0;
  timespec changed{};
  friend bool operator==(const FileVersion& a, const FileVersion& b) {
    return a.device == b.device && a.number == b.number && a.size == b.size && a.changed.tv_sec == b.changed.tv_sec &&
           a.changed.tv_nsec == b.changed.tv_nsec;
  }
};
std::optional<FileVersion> version_of(const std::string& path) {
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0) return std::nullopt;
  return FileVersion{.device = found.st_dev, .number = found.st_ino, .size = found.st_size, .changed = found.st_mtim};
}

// Asks the nameservers of the system's file as it is now. c-ares 1.18 reads it once, so a change gets a new channel;
// queries under way end on the old one, which their sockets keep alive.
class SystemResolver final : public DnsResolver {
 public:
  SystemResolver(asio::any_io_executor executor, std::chrono::milliseconds timeout, SystemDns system)
      : executor_(std::move(executor)), timeout_(timeout), system_(std::move(system)) {}

  Error open() {
    const auto version = version_of(system_.file);
    auto made = std::make_shared<AresResolver>(executor_);
    if (const Error error = made->open({}, timeout_, system_)) return error;
    resolver_ = std::move(made);
    version_ = version;
    return {};
  }
  QueryPtr ask_srv(const std::string& name) override { return current().ask_srv(name); }
  QueryPtr ask_addresses(const std::string& host) override { return current().ask_addresses(host); }
  QueryPtr ask_names(const std::string& address) override { return current().ask_names(address); }
  // The answers are in the queries, so any resolver can give them.
  asio::awaitable<Result<std::vector<SrvRecord>>> srv(QueryPtr query) override {
    return resolver_->srv(std::move(query));
  }
  asio::awaitable<Result<std::vector<std::string>>> addresses(QueryPtr query) override {
    return resolver_->addresses(std::move(query));
  }
  [[nodiscard]] std::vector<std::string> aliases(const QueryPtr& query) const override {
    return resolver_->aliases(query);
  }
  asio::awaitable<Result<std::vector<std::string>>> names(QueryPtr query) override {
    return resolver_->names(std::move(query));
  }

 private:
  using Clock = std::chrono::steady_clock;

  AresResolver& current() {
    if (Clock::now() >= look_again_) {
      look_again_ = Clock::now() + kLookEvery;
      const auto version = version_of(system_.file);
      if (version && version != version_) (void)open();  // after a failure the old nameservers are asked
    }
    return *resolver_;
  }

  asio::any_io_executor executor_;
  std::chrono::milliseconds timeout_;
  SystemDns system_;
  std::optional<FileVersion> version_;
  Clock::time_point look_again_{};
  std::shared_ptr<AresResolver> resolver_;
};

}  // namespace

Result<std::shared_ptr<DnsResolver>> make_dns_resolver(asio::any_io_executor executor,
                                                       const std::vector<std::string>& nameservers,
                                                       std::chrono::milliseconds timeout, const SystemDns& system) {
  if (nameservers.empty()) {
    auto resolver = std::make_shared<SystemResolver>(std::move(executor), timeout, system);
    if (const Error error = resolver->open()) return error;
    return std::shared_ptr<DnsResolver>(std::move(resolver));
  }
  auto resolver = std::make_shared<AresResolver>(std::move(executor));
  if (const Error error = resolver->open(nameservers, timeout, system)) return error;
  return std::shared_ptr<DnsResolver>(std::move(resolver));
}

}  // namespace stead
