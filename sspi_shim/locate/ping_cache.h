#pragma once
// What DCs answered to netlogon pings: the one cache of them, for every kind of search. Works on one executor.
#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "sspi_shim/locate/controller_health.h"
#include "sspi_shim/locate/locator_times.h"
#include "sspi_shim/locate/ping/netlogon_ping.h"
#include "sspi_shim/locate/shared_work.h"

namespace stead {

// A DC, and the domain for which it is asked.
struct PingTarget {
  std::string domain;  // upper case; empty: the DC's own, whichever that is
  ControllerAddress where;
};

class PingCache : public std::enable_shared_from_this<PingCache> {
 public:
  using Clock = std::chrono::steady_clock;
  struct Entry {
    PingOutcome outcome;
    Clock::time_point since;
  };

  // `health` is notified when a DC pauses or resumes.
  PingCache(boost::asio::any_io_executor executor, LocatorTimes times, std::shared_ptr<ControllerHealth> health);

  // Pings the DC, or joins a ping of the same target that is under way. The outcome is kept, PingAnswer::silent too.
  [[nodiscard]] boost::asio::awaitable<PingOutcome> ping(PingTarget target, std::chrono::milliseconds timeout);
  // The same without waiting.
  void refresh(const PingTarget& target, std::chrono::milliseconds timeout);

  // The last outcome, however old; null: there is none.
  [[nodiscard]] const Entry* find(const PingTarget& target) const;
  [[nodiscard]] Clock::duration age_of(const Entry& entry) const { return times_.now() - entry.since; }
  // True for an answer within kPingLife and for any other outcome within kFailureLife.
  [[nodiscard]] bool is_fresh(const PingTarget& target) const;
  // The level that the DC last gave, for whichever domain it was asked.
  [[nodiscard]] DcLevel last_level(const ControllerAddress& where) const;
  // Our site, as a DC of this domain last named it; empty: none did.
  [[nodiscard]] std::string site_of(const std::string& domain) const;

  void put(const PingTarget& target, Entry entry);
  void forget(const PingTarget& target);
  void forget_domain(const std::string& domain);
  // How many pings were sent; thread-safe.
  [[nodiscard]] std::uint64_t sent() const { return sent_; }

 private:
  [[nodiscard]] SharedWork<PingOutcome>::Work work(const PingTarget& target, std::chrono::milliseconds timeout);
  static boost::asio::awaitable<PingOutcome> send(std::shared_ptr<PingCache> self, PingTarget target,
                                                  std::chrono::milliseconds timeout);
  void keep(const PingTarget& target, const PingOutcome& outcome);

  boost::asio::any_io_executor executor_;
  LocatorTimes times_;
  std::shared_ptr<ControllerHealth> health_;
  std::shared_ptr<SharedWork<PingOutcome>> under_way_;
  std::map<std::string, Entry> entries_;
  std::map<std::string, std::string> sites_;  // by domain
  std::atomic<std::uint64_t> sent_{0};
};

}  // namespace stead
