#pragma once
// Waits of a coroutine on one core for what runs elsewhere: on another core's loop, or on a thread that may block.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <utility>

#include "proxy/core/server_state.h"

namespace stead::proxy {

// `work` must be a variable of the caller: g++ 12 destroys a lambda twice if it is a temporary of a co_await expression.
template <class T>
boost::asio::awaitable<T> run_on_thread(boost::asio::thread_pool& threads,
                                        std::function<boost::asio::awaitable<T>()> work) {
  namespace asio = boost::asio;
  co_return co_await asio::co_spawn(threads, std::move(work),
                                    asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable));
}

// Ends when the loop of each core has turned once.
[[nodiscard]] boost::asio::awaitable<void> all_loops_turn(const Cores& cores);

}  // namespace stead::proxy
