#pragma once
// One core of the server: its io_context, and how it answers a request. Included by the server's own sources only.
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <memory>

#include "kdc/exchange/dispatcher.h"
#include "kdc/server/connection_list.h"
#include "kdc/server/server.h"

namespace stead::kdc {

// Errors of socket operations come back as values.
constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

enum class Service { kerberos, kpasswd, ldap, ldaps };  // LDAP by UDP answers netlogon pings
enum class Transport { udp, tcp };

[[nodiscard]] Instant current_instant();

struct Core {
  Core(Directory& directory_, asio::thread_pool& pool_, const ServerOptions& options_)
      : directory(directory_),
        pool(pool_),
        options(options_),
        datagram(65536),
        connections(options_.idle_timeout),
        ldap_connections(options_.ldap_idle_timeout) {}

  struct Immediate {
    Buffer reply;
    NeedKeys missing;  // not empty: there is no reply yet, call answer_later
  };

  // The directory as of now. Valid until the next call on this core.
  [[nodiscard]] const Snapshot& snapshot() { return directory.snapshot(held_); }
  // The same, for as long as the caller holds it.
  [[nodiscard]] std::shared_ptr<const Snapshot> shared_snapshot() {
    (void)directory.snapshot(held_);
    return held_;
  }

  // The DC as the directory has it now: an administrator may have changed its faults.
  [[nodiscard]] const Controller& controller(const ServedController& served);
  // Answers a Kerberos request if all its keys are derived.
  [[nodiscard]] Immediate answer_now(const ServedController& served, Bytes request, Transport transport);
  // Derives the missing keys on the pool and handles the request again until there is a reply. Empty reply: the core
  // has too many blocking jobs already.
  [[nodiscard]] asio::awaitable<Buffer> answer_later(const ServedController& served, Buffer request, NeedKeys missing,
                                                     Transport transport);
  // Handles a kpasswd request on the pool. `local`: the address that the reply leaves from. Empty reply: nothing is
  // sent.
  [[nodiscard]] asio::awaitable<Buffer> change_password(const ServedController& served, Buffer request,
                                                        asio::ip::address local);
  // A wrong password has locked the account: writes it to the directory, on the pool.
  void record_lockout(const ServedController& served, const AccountEntry& account, Instant at);
  // Starts a coroutine on this core. An exception that leaves it is logged.
  void spawn(asio::awaitable<void> coroutine);
  // False: a request that needs the pool is to be refused.
  [[nodiscard]] bool has_room_for_job() const { return blocking_jobs < options.max_blocking_jobs; }

  Directory& directory;
  asio::thread_pool& pool;
  const ServerOptions& options;
  Buffer datagram;  // shared by the core's UDP sockets, which are read one at a time
  // Declared before `io`, because coroutines that are destroyed with it still change these two.
  ConnectionList connections;  // Kerberos and kpasswd
  ConnectionList ldap_connections;
  std::size_t blocking_jobs = 0;
  std::size_t delayed_answers = 0;  // by a fault
  asio::io_context io{1};

 private:
  std::shared_ptr<const Snapshot> held_;
};

// Counts a blocking job of the core for as long as it lives.
class BlockingJob {
 public:
  explicit BlockingJob(Core& core) : core_(core) { ++core_.blocking_jobs; }
  ~BlockingJob() { --core_.blocking_jobs; }
  BlockingJob(const BlockingJob&) = delete;
  BlockingJob& operator=(const BlockingJob&) = delete;

 private:
  Core& core_;
};

}  // namespace stead::kdc
