#pragma once
// Slows down guessing before the directory locks the account: failed logins are counted for each user and each address within a
// window; past the limit the answer is 429 until the window has moved on. Successes are not counted, and a success clears the user's
// count. Shared by all cores: a login costs milliseconds of string-to-key anyway, so one lock is nothing here.
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

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

  // Zero where a try may go on, else how long to wait. User names are taken in any case of letters.
  [[nodiscard]] std::chrono::seconds wait_for(std::string_view user, std::string_view address, Clock::time_point now);
  void failed(std::string_view user, std::string_view address, Clock::time_point now);
  void succeeded(std::string_view user);

 private:
  struct Count {
    int failures = 0;
    Clock::time_point since;  // of the window's first failure
  };
  using Counts = std::unordered_map<std::string, Count>;
  [[nodiscard]] std::chrono::seconds left(const Counts& counts, const std::string& key, int limit, Clock::time_point now) const;
  void add(Counts& counts, std::string key, Clock::time_point now);

  const Options options_;
  std::mutex mutex_;
  Counts users_, addresses_;
};

}  // namespace stead::proxy
