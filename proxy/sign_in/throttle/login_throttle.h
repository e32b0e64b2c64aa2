#pragma once
// Limits wrong passwords: of an account, of one address for an account, and of one address in all. Counts within a window
// that slides, so that no instant begins with a new allowance.
//
// An address that has used up its tries for an account gets no more; so has everybody once the account has `per_user`
// failures. From then on an address without a failure of its own has one try, until the account has nearly twice as many:
// a stranger who fails on purpose does not shut out the user at their own address. An address where the account signed
// in before always has its first two tries. Tries in progress count as if they failed, so that sending many posts
// together gains nothing.
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>

namespace stead::proxy {

// Thread-safe, with one lock: a login takes milliseconds for string-to-key anyway.
class LoginThrottle {
 public:
  using Clock = std::chrono::steady_clock;
  struct Options {
    int per_user = 5, per_address = 50;
    std::chrono::seconds window{1800};
    std::size_t entries = 100000;  // maximum number of counts of each kind; the oldest are dropped first
  };
  explicit LoginThrottle(Options options) : options_(options) {}
  void set_options(Options options) {  // from now on; what was counted stays
    const std::lock_guard lock(mutex_);
    options_ = options;
  }

  [[nodiscard]] std::chrono::seconds window() {
    const std::lock_guard lock(mutex_);
    return options_.window;
  }

  // The keys by which a failed try counts.
  struct Failure {
    std::string account, address;
  };
  // Called for each try that fails, on its thread; empty: nobody.
  void report_failures(std::function<void(const Failure&)> report) {
    const std::lock_guard lock(mutex_);
    report_ = std::move(report);
  }
  // A try that failed elsewhere, as another replica reported it.
  void add_failure(const Failure& failure, Clock::time_point when);

  // A login in progress. It ends by failed() or succeeded(); if it is destroyed before (no KDC, the client left), it does
  // not count.
  class Try {
   public:
    Try(std::shared_ptr<LoginThrottle> throttle, std::string account, std::string address);
    Try(Try&&) = default;
    Try& operator=(Try&& other) noexcept;
    ~Try();
    void failed(Clock::time_point now);
    void succeeded(Clock::time_point now);

   private:
    std::shared_ptr<LoginThrottle> throttle_;  // null: it has ended
    std::string account_, address_;            // the keys of the counts
  };
  struct Busy {};  // as many tries are in progress as may still fail: try again soon
  using Turn = std::variant<Try, Busy, std::chrono::seconds>;  // seconds: too many failures; the time to wait
  // `account`: as throttled_account gives it.
  [[nodiscard]] static Turn begin(const std::shared_ptr<LoginThrottle>& throttle, std::string account,
                                  std::string_view address, Clock::time_point now);

 private:
  struct Count {
    std::deque<Clock::time_point> failures;  // within the window
    int running = 0;
    bool signed_in_before = false;  // of an address for an account
    Clock::time_point last{};       // failure or success
  };
  using Counts = std::unordered_map<std::string, Count>;
  enum class End { failed, succeeded, neither };
  void report(const Failure& failure);
  void end(const std::string& account, const std::string& address, End how, Clock::time_point now);
  [[nodiscard]] Count& entry(Counts& counts, const std::string& key, Clock::time_point now);
  // Until fewer than `limit` failures are in the window; zero: that is so.
  [[nodiscard]] std::chrono::seconds left(const Count& count, std::size_t limit, Clock::time_point now) const;
  [[nodiscard]] std::variant<std::monostate, Busy, std::chrono::seconds> judge(const Count& account, const Count& pair,
                                                                               const Count& address,
                                                                               Clock::time_point now) const;

  std::mutex mutex_;
  Options options_;
  std::function<void(const Failure&)> report_;
  Counts accounts_, pairs_, addresses_;  // pairs: an account from an address
};

// The key by which an account is counted. `principal`: "alice@REALM", as the directory says it.
[[nodiscard]] std::string throttled_account(std::string_view principal);
// The same of a typed name that the directory does not know: as if it were one of this realm. `alice`, `ROOT\Alice` and
// `alice@root.example` have the same key.
[[nodiscard]] std::string throttled_unknown(std::string_view typed, std::string_view realm);
// The key by which an address is counted: for IPv6 its /64, which one host may have to itself.
[[nodiscard]] std::string throttled_address(std::string_view address);

}  // namespace stead::proxy
