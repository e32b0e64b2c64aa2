#pragma once
// What one core of the server has: included by the server's own sources only.
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <list>

#include "kdc/exchange/dispatcher.h"
#include "kdc/server/server.h"

namespace stead::kdc {

namespace asio = boost::asio;

enum class Service { kerberos, kpasswd, cldap };

struct Core;

// One UDP socket: reads what is there, answers, waits again.
class UdpEndpoint {
 public:
  UdpEndpoint(Core& core, const ServedController& served, Service service, asio::ip::udp::socket socket);
  void start();

 private:
  void drain();
  void answer(Bytes request, const asio::ip::udp::endpoint& from);
  void send(Bytes reply, const asio::ip::udp::endpoint& to);

  Core& core_;
  const ServedController& served_;
  Service service_;
  asio::ip::udp::socket socket_;
};

// Accepts connections and serves each by a coroutine on this core.
void serve_tcp(Core& core, const ServedController& served, Service service, asio::ip::tcp::acceptor acceptor);

struct Core {
  Core(Directory& directory_, asio::thread_pool& pool_, const ServerOptions& options_)
      : directory(directory_), pool(pool_), options(options_), datagram(65536) {}

  // The directory as of now. Good until the next call on this core.
  [[nodiscard]] const Snapshot& snapshot() { return directory.snapshot(held_); }

  Directory& directory;
  asio::thread_pool& pool;
  const ServerOptions& options;
  // The sockets of connections, the one whose current message was begun longest ago first: where there is no room for
  // another connection, that one goes, so that peers who hold connections and say nothing keep nobody out. Outlives the
  // loop, whose coroutines leave it.
  std::list<asio::ip::tcp::socket*> connections;
  asio::io_context io{1};
  std::vector<std::unique_ptr<UdpEndpoint>> udp;
  Buffer datagram;  // shared by the core's UDP sockets, which are read one at a time
  std::size_t blocking_jobs = 0;

  // The answer where it can be had at once.
  struct Immediate {
    Buffer reply;
    NeedKeys missing;  // not empty: ask answer_later
  };
  [[nodiscard]] Immediate answer_now(const ServedController& served, Bytes request, bool datagram_reply);
  // Has keys made on the pool and handles the request again, until there is an answer; `done` runs on this core, with
  // an empty reply where the core has too much waiting already.
  void answer_later(const ServedController& served, Buffer request, NeedKeys missing, bool datagram_reply,
                    std::function<void(Buffer)> done);
  // A password change. `local`: the address the reply leaves from.
  void change_password(const ServedController& served, Buffer request, const asio::ip::address& local,
                       std::function<void(Buffer)> done);

 private:
  std::shared_ptr<const Snapshot> held_;
};

void log_request(const ServedController& served, const RequestLog& log);
void log_warning(const std::string& text);

}  // namespace stead::kdc
