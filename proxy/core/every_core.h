#pragma once
// Asks all cores, each on its own loop, so that what belongs to a core alone needs no lock.
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "proxy/core/server_state.h"

namespace stead::proxy {

// What `look` finds in each core, in the order of the cores. On the first core. The answer of a core that does not turn
// within two seconds is left as T().
//
// A coroutine of the first core never ends on another one's loop, not even when the process ends: so it waits in steps
// until the others have written their answers.
template <class T>
boost::asio::awaitable<std::vector<T>> from_every_core(const Cores& cores, std::function<T(const Core&)> look) {
  namespace asio = boost::asio;
  struct Answer {
    T value;
    std::atomic<bool> given{false};
  };
  constexpr std::chrono::milliseconds kStep{1};
  constexpr int kSteps = 2000;
  const auto answers = std::make_shared<std::vector<Answer>>(cores.size());
  for (std::size_t i = 1; i < cores.size(); ++i)
    asio::post(cores[i]->io, [answers, look, i, core = cores[i].get()] {
      (*answers)[i].value = look(*core);
      (*answers)[i].given = true;
    });
  std::vector<T> out(cores.size());
  out[0] = look(*cores.front());
  asio::steady_timer timer(cores.front()->io);
  int steps = 0;
  for (std::size_t i = 1; i < cores.size(); ++i) {
    for (; !(*answers)[i].given && steps < kSteps; ++steps) {
      timer.expires_after(kStep);
      (void)co_await timer.async_wait(asio::as_tuple(asio::deferred));
    }
    if ((*answers)[i].given) out[i] = std::move((*answers)[i].value);
  }
  co_return out;
}

}  // namespace stead::proxy
