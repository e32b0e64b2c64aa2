#include "kdc/server/fault_delay.h"

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>

#include "sspi_shim/protocol/crypto/random.h"

namespace stead::kdc {
namespace {

constexpr std::size_t kMaxDelayed = 1024;  // of a core; each holds its request

class DelayedAnswer {
 public:
  explicit DelayedAnswer(Core& core) : core_(core) { ++core_.delayed_answers; }
  ~DelayedAnswer() { --core_.delayed_answers; }
  DelayedAnswer(const DelayedAnswer&) = delete;
  DelayedAnswer& operator=(const DelayedAnswer&) = delete;

 private:
  Core& core_;
};

}  // namespace

bool is_dropped(const Core& core, const Faults& faults) {
  if (faults.latency.count() != 0 && core.delayed_answers >= kMaxDelayed) return true;
  return faults.drop != 0 && random_nonce() % 100 < faults.drop;
}

asio::awaitable<void> wait_for_latency(Core& core, std::chrono::milliseconds latency) {
  if (latency.count() == 0) co_return;
  const DelayedAnswer counted(core);
  asio::steady_timer timer(core.io, latency);
  co_await timer.async_wait(as_result);
}

}  // namespace stead::kdc
