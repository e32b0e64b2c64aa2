#pragma once
// Decides which DCs are asked for one request, and when: the first one, the next one beside it if no answer comes, and
// the first good answer wins. KdcRace does the sending.
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sspi_shim/transport/kdc_race.h"
#include "sspi_shim/transport/kdc_transport.h"

namespace stead {

// When each DC last answered a request of this transport, by address and port.
class LastAnswers {
 public:
  using Time = std::chrono::steady_clock::time_point;
  void note(const ControllerAddress& where, Time now) { times_[{where.address, where.kerberos_port}] = now; }
  [[nodiscard]] Time of(const ControllerAddress& where) const {
    const auto found = times_.find({where.address, where.kerberos_port});
    return found == times_.end() ? Time() : found->second;
  }

 private:
  std::map<std::pair<std::string, std::uint16_t>, Time> times_;
};

struct HedgeTimes {
  std::chrono::milliseconds answer;  // for one DC, datagram and connection together
  std::chrono::milliseconds silent;  // the next DC is asked beside one that answers nobody for this long
  std::chrono::milliseconds slow;    // and beside one that answers other requests, after this long
};

// For one request. Notifies the locator of DCs that answer and of those that do not.
class HedgedExchange {
 public:
  // `controllers`: at least one, in the order in which they are asked.
  HedgedExchange(std::shared_ptr<KdcRace> race, std::vector<KnownController> controllers, HedgeTimes times,
                 std::shared_ptr<DcLocator> locator, std::shared_ptr<LastAnswers> last_answers);
  HedgedExchange(const HedgedExchange&) = delete;
  HedgedExchange& operator=(const HedgedExchange&) = delete;
  ~HedgedExchange() { race_->close(); }  // however the coroutine ends

  [[nodiscard]] boost::asio::awaitable<KdcExchangeResult> run();

 private:
  using Clock = std::chrono::steady_clock;
  // Starts the next attempt if it is due. False: nothing is under way and no DC is left.
  bool start_next();
  [[nodiscard]] Clock::time_point wake_time() const;
  // True: this outcome ends the exchange, and `result_` has the reply.
  bool take(KdcRace::Attempt& attempt);
  void ask_next_now();
  void note_silent(const KdcRace::Attempt& attempt, Clock::duration took);
  // DCs that had the time to answer when another one did.
  void note_overtaken();
  [[nodiscard]] Result<KdcReply> last_resort();

  std::shared_ptr<KdcRace> race_;
  std::vector<KnownController> controllers_;
  HedgeTimes times_;
  std::shared_ptr<DcLocator> locator_;
  std::shared_ptr<LastAnswers> last_answers_;

  std::size_t next_ = 0;  // the next of `controllers_`
  Clock::time_point next_at_;
  const KdcRace::Attempt* hedged_ = nullptr;  // the attempt whose silence decides when the next one starts
  KdcExchangeResult result_;
  std::optional<KdcReply> unavailable_;  // a SVC_UNAVAILABLE: the reply if no other DC answers
  Error last_error_;
  bool has_timed_out_ = false;
};

}  // namespace stead
