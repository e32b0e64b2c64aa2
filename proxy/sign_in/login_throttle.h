#pragma once
// Limits password guessing before the directory locks the account. Failed logins are counted for each user and each
// address within a window; above the limit, logins are refused until the window has passed. A success clears the user's
// count. No more tries run at the same time than failures are left, so that sending many posts together gains nothing.
// Thread-safe, with one lock: a login takes milliseconds for string-to-key anyway.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>

namespace stead::proxy {

class LoginThrottle {
 public:
  using Clock = std::chrono::steady_clock;
  struct Options {
    int per_user = 5, per_address = 50;
    std::chrono::seconds window{300};
    std::size_t entries = 100000;  // maximum number of counts; the oldest are dropped first
  };
  explicit LoginThrottle(Options options) : options_(options) {}

  // A login in progress. It ends by failed() or succeeded(); if it is destroyed before (no KDC, the client left), it does
  // not count.
  class Try {
   public:
    Try(std::shared_ptr<LoginThrottle> throttle, std::string_view user, std::string_view address);
    Try(Try&&) = default;
    Try& operator=(Try&& other) noexcept;
    ~Try();
    void failed(Clock::time_point now);
    void succeeded();

   private:
    std::shared_ptr<LoginThrottle> throttle_;  // null: it has ended
    std::string name_, user_, address_;        // as typed; the keys of the counts
  };
  struct Busy {};  // as many tries are in progress as may still fail: try again soon
  using Turn = std::variant<Try, Busy, std::chrono::seconds>;  // seconds: too many failures; the time to wait
  [[nodiscard]] static Turn begin(const std::shared_ptr<LoginThrottle>& throttle, std::string_view user,
                                  std::string_view address, Clock::time_point now);

 private:
  struct Count {
    int failures = 0, running = 0;
    Clock::time_point since;  // of the window's first failure
    std::string spelling;     // of the user's name at the first failure
    bool several = false;     // the failures had different spellings
  };
  using Counts = std::unordered_map<std::string, Count>;
  enum class End { failed, succeeded, neither };
  void end(const std::string& name, const std::string& user, const std::string& address, End how,
           Clock::time_point now);
  [[nodiscard]] std::chrono::seconds left(const Counts& counts, const std::string& key, int limit,
                                          Clock::time_point now) const;
  [[nodiscard]] Count& entry(Counts& counts, const std::string& key, Clock::time_point now);
  void fail(Counts& counts, const std::string& key, const std::string& name, Clock::time_point now);

  const Options options_;
  std::mutex mutex_;
  Counts users_, addresses_;
};

// The key by which a user is counted. `alice`, `ROOT\Alice` and `alice@root.example` have the same key.
[[nodiscard]] std::string throttled_user(std::string_view typed);
// The key by which an address is counted: for IPv6 its /64, which one host may have to itself.
[[nodiscard]] std::string throttled_address(std::string_view address);

}  // namespace stead::proxy
