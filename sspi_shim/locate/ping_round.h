#pragma once
// Pings several DCs at once and waits until enough of them have answered.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "sspi_shim/locate/ping_cache.h"

namespace stead {

using PingAnswers = std::vector<std::optional<PingOutcome>>;  // nothing: not answered yet

// Whether a round may end with the answers it has. `after_grace`: slower DCs get a little more time.
enum class Enough { no, after_grace, yes };

struct PingRound {
  std::vector<PingTarget> targets;
  PingAnswers known;  // as `targets`; a DC whose answer is known already is not pinged
  std::chrono::milliseconds timeout{1000};
  std::chrono::milliseconds grace{100};
  std::function<Enough(const PingAnswers&)> enough;
};

// Returns the answers, as `targets`. Pings that are still under way go on and end in the cache.
[[nodiscard]] boost::asio::awaitable<PingAnswers> run_ping_round(boost::asio::any_io_executor executor,
                                                                 std::shared_ptr<PingCache> pings, PingRound round);

}  // namespace stead
