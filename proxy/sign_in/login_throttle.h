#pragma once
// Slows down guessing before the directory locks the account: failed logins are counted for each user and each address
// within a window; past the limit the answer is 429 until the window has moved on. Successes are not counted, and a
// success clears the user's count. A try that is under way may still fail, so no more run at once than failures are
// left: many posts sent together gain nothing. Shared by all cores: a login costs milliseconds of string-to-key anyway,
// so one lock is nothing here.
#include <chrono>
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
    std::size_t entries = 100000;  // remembered at the most; the oldest go first
  };
  explicit LoginThrottle(Options options) : options_(options) {}

  // One try under way. It ends as failed or succeeded, or else (no KDC, a client that went away) counts for nothing.
  class Try {
   public:
    Try(std::shared_ptr<LoginThrottle> throttle, std::string_view user, std::string_view address);
    Try(Try&&) = default;
    Try& operator=(Try&& other) noexcept;
    ~Try();
    void failed(Clock::time_point now);
    void succeeded();

   private:
    std::shared_ptr<LoginThrottle> throttle_;  // null: ended
    std::string name_, user_, address_;        // as typed; the keys of the counts
  };
  struct Busy {};  // as many tries are under way as may still fail: ask again in a moment
  using Turn = std::variant<Try, Busy, std::chrono::seconds>;  // seconds: too many failures, how long to wait
  [[nodiscard]] static Turn begin(const std::shared_ptr<LoginThrottle>& throttle, std::string_view user,
                                  std::string_view address, Clock::time_point now);

 private:
  struct Count {
    int failures = 0, running = 0;
    Clock::time_point since;  // of the window's first failure
    std::string spelling;     // of the user's name at the first failure
    bool several = false;     // spellings
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

// What is counted as one user: `alice`, `ROOT\Alice` and `alice@root.example` are, whatever letters' case.
[[nodiscard]] std::string throttled_user(std::string_view typed);
// What is counted as one address: of IPv6 the /64 that one host gets.
[[nodiscard]] std::string throttled_address(std::string_view address);

}  // namespace stead::proxy
