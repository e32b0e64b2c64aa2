#include "proxy/core_loops.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <exception>

#include "proxy/core/other_threads.h"
#include "proxy/observe/log_exception.h"
#include "proxy/process/service_manager.h"

namespace stead::proxy {

namespace asio = boost::asio;

void run_loop(Core& core) {
  core.start_ticking();
  const auto work = asio::make_work_guard(core.io);
  while (!core.io.stopped()) {
    try {
      core.io.run();
    } catch (...) {
      log_exception(std::current_exception());
    }
  }
}

asio::awaitable<void> feed_watchdog(const Cores& cores, std::chrono::microseconds every) {
  asio::steady_timer timer(cores.front()->io);
  while (true) {
    co_await all_loops_turn(cores);
    notify_service_manager("WATCHDOG=1");
    timer.expires_after(every);
    (void)co_await timer.async_wait(asio::as_tuple(asio::deferred));
  }
}

}  // namespace stead::proxy
