#pragma once
// A domain's rules for passwords and lock-out, and when an account may sign in. The names are those of AD's attributes.
#include <array>
#include <chrono>
#include <cstdint>

namespace stead::kdc {

// The attributes of AD's domain object. The defaults switch every rule off.
struct AccountPolicy {
  std::uint32_t lockout_threshold = 0;  // lockoutThreshold; 0: no account is locked out
  std::chrono::seconds lockout_duration{
      std::chrono::minutes{30}};                                  // lockoutDuration; 0: until an administrator unlocks
  std::chrono::seconds lockout_window{std::chrono::minutes{30}};  // lockOutObservationWindow
  std::uint32_t password_min_length = 0;                          // minPwdLength, in characters
  std::uint32_t password_history = 0;                             // pwdHistoryLength
  bool password_complexity = false;                               // pwdProperties & 1
  std::chrono::seconds password_min_age{0};                       // minPwdAge
  std::chrono::seconds password_max_age{0};                       // maxPwdAge; 0: passwords do not expire
  friend bool operator==(const AccountPolicy&, const AccountPolicy&) = default;
};

// logonHours: a bit for each hour of a week in UTC, from Sunday 0 o'clock on, the lowest bit of an octet first.
using LogonHours = std::array<std::uint8_t, 21>;

}  // namespace stead::kdc
