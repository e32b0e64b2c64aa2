#include "sspi_shim/locate/ping_round.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace stead {
namespace asio = boost::asio;

namespace {

struct State {
  State(const asio::any_io_executor& executor, PingAnswers known) : answers(std::move(known)), answered(executor) {}
  PingAnswers answers;
  std::size_t under_way = 0;
  asio::steady_timer answered;
};

asio::awaitable<void> ping_one(std::shared_ptr<PingCache> pings, std::shared_ptr<State> state, std::size_t index,
                               PingTarget target, std::chrono::milliseconds timeout) {
  PingOutcome outcome = co_await pings->ping(std::move(target), timeout);
  state->answers[index] = std::move(outcome);
  --state->under_way;
  state->answered.cancel();
}

}  // namespace

asio::awaitable<PingAnswers> run_ping_round(asio::any_io_executor executor, std::shared_ptr<PingCache> pings,
                                            PingRound round) {
  using Clock = std::chrono::steady_clock;
  round.known.resize(round.targets.size());
  const auto state = std::make_shared<State>(executor, std::move(round.known));
  if (round.enough(state->answers) == Enough::yes) co_return state->answers;
  for (std::size_t i = 0; i < round.targets.size(); ++i) {
    if (state->answers[i]) continue;
    ++state->under_way;
    asio::co_spawn(executor, ping_one(pings, state, i, round.targets[i], round.timeout), asio::detached);
  }
  auto until = Clock::time_point::max();
  while (state->under_way > 0) {
    const Enough enough = round.enough(state->answers);
    if (enough == Enough::yes || Clock::now() >= until) break;
    if (enough == Enough::after_grace) until = std::min(until, Clock::now() + round.grace);
    state->answered.expires_at(until);
    co_await state->answered.async_wait(asio::as_tuple(asio::use_awaitable));
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    if (cancellation.cancelled() != asio::cancellation_type::none) break;
  }
  co_return state->answers;
}

}  // namespace stead
