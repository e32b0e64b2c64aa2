#pragma once
// What belongs to one core: its loop and everything that a connection on it uses without a lock.
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "proxy/config/config.h"
#include "proxy/http/stream.h"
#include "proxy/observe/access_log.h"
#include "proxy/observe/metrics.h"
#include "proxy/server_tls.h"
#include "proxy/sign_in/sign_in.h"
#include "proxy/tickets/backend_tickets.h"
#include "proxy/upstream/refused_tokens.h"
#include "proxy/upstream/router.h"
#include "proxy/upstream/upstream_pool.h"
#include "proxy/upstream/upstream_tls.h"

namespace stead::proxy {

// What all cores share; none of it changes while they run.
struct Shared {
  Config config;
  Router router{config.routes};
  std::unique_ptr<UpstreamTls> upstream_tls;
  std::unique_ptr<AccessLog> access_log;

  explicit Shared(Config given) : config(std::move(given)) {}
};

// 32 hexadecimal digits that nobody else uses; unguessable ones are made elsewhere.
class RequestIds {
 public:
  RequestIds();
  void assign_next(std::string& out);  // into memory that is there already
  [[nodiscard]] std::string next() {
    std::string id;
    assign_next(id);
    return id;
  }

 private:
  std::uint64_t start_, state_;
};

struct Core {
  Core(unsigned number, Shared& common);
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  unsigned index;
  Shared& shared;
  boost::asio::io_context io{1};
  std::shared_ptr<ServerTls> server_tls;    // null: plain HTTP; another one when its files have changed
  std::shared_ptr<BackendTickets> tickets;  // null: no route needs one
  std::shared_ptr<SignIn> sign_in;          // null: no route wants a user
  Watchdog watchdog;
  CoreMetrics metrics;
  UpstreamPool pool;
  AccessLogWriter log;
  RequestIds request_ids;
  RefusedTokens refused_tokens;
  std::size_t connections = 0;
  bool draining = false;

  void start_ticking();
  // No new requests: idle connections are closed, the others end with their answer.
  void drain();
  // Ends what still waits; the loop's thread has ended.
  void end_connections();
  [[nodiscard]] const std::string& http_date();  // now, as RFC 9110 §5.6.7 has it

 private:
  void tick();
  boost::asio::steady_timer timer_;
  unsigned ticks_ = 0;
  std::time_t date_at_ = 0;
  std::string date_;
};

}  // namespace stead::proxy
