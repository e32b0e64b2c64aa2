#pragma once
// Executes the actions of the state machines (s4u/action.h), and writes the trace: one step for each exchange and for
// each search for a DC. Belongs to one executor.
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sspi_shim/locate/dc_locator.h"
#include "sspi_shim/s4u/action.h"
#include "sspi_shim/s4u/circumstances.h"

namespace stead {

// What a call may use of our own tickets. `renewed`: its result replaces one that is about to end, so tickets in the
// last fifth of their life are fetched again first.
enum class Freshness { cached, renewed };

// One call of a Client: its trace, and what a diagnosis needs to know.
struct Call {
  Trace trace;
  Circumstances about;
  std::chrono::steady_clock::time_point deadline;
  std::size_t reported = 0;        // steps that on_step and on_event have seen
  SecretBuffer password;           // for DeriveKey
  std::string caller;              // who sent the password, for a fair queue
  bool check_logon_hours = false;  // S4U2Self is refused outside the user's logon hours
  Freshness freshness = Freshness::cached;
};
using CallPtr = std::shared_ptr<Call>;

class Driver {
 public:
  // Whether the trace has the level of a DC that no search asked for: `learned` waits briefly for a ping.
  enum class Levels { as_known, learned };

  Driver(boost::asio::any_io_executor executor, std::shared_ptr<KdcTransport> transport,
         std::shared_ptr<DcLocator> locator, Levels levels = Levels::as_known,
         std::function<void(const TraceStep&)> on_step = {}, std::function<void(const Event&)> on_event = {});

  // Runs a machine to its end. Returns nothing if the machine has its result. `machine` must outlive the coroutine.
  boost::asio::awaitable<std::optional<Refusal>> run(Machine& machine, CallPtr call);

  [[nodiscard]] Statistics statistics() const;  // from any thread

 private:
  // The ping of a DC whose level is not known.
  struct LevelPing {
    explicit LevelPing(const boost::asio::any_io_executor& executor) : done(executor) {}
    std::optional<DcLevel> level;
    bool was_awaited = false;
    boost::asio::steady_timer done;
  };

  boost::asio::awaitable<Action> exchange(Machine& machine, CallPtr call, SendToKdc send);
  boost::asio::awaitable<Action> locate(Machine& machine, CallPtr call, LocateDc wanted);
  boost::asio::awaitable<KdcExchangeResult> carry(const SendToKdc& send);
  boost::asio::awaitable<DcLevel> level_of(std::string realm, KnownController controller);
  void count(ExchangeKind kind);
  void silent_steps(Call& call, const SendToKdc& send, const std::vector<KdcAttempt>& silent);
  TraceStep& add_step(Call& call, TraceStep step);
  void report(Call& call);

  boost::asio::any_io_executor executor_;
  std::shared_ptr<KdcTransport> transport_;
  std::shared_ptr<DcLocator> locator_;
  std::function<void(const TraceStep&)> on_step_;
  Levels levels_;
  std::function<void(const Event&)> on_event_;
  std::map<std::string, std::shared_ptr<LevelPing>> pings_;  // by address
  std::atomic<std::uint64_t> as_{0}, tgs_{0}, s4u2self_{0}, s4u2proxy_{0}, timeouts_{0};
};

}  // namespace stead
