#include "proxy/core/other_threads.h"

namespace stead::proxy {

namespace asio = boost::asio;

asio::awaitable<void> all_loops_turn(const Cores& cores) {
  for (const auto& core : cores) {
    std::function<asio::awaitable<bool>()> turn = []() -> asio::awaitable<bool> { co_return true; };
    (void)co_await asio::co_spawn(core->io, std::move(turn),
                                  asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable));
  }
}

}  // namespace stead::proxy
