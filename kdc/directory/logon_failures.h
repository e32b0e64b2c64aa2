#pragma once
// The wrong passwords of one account since the last right one, and whether they lock it out (badPwdCount and lockoutTime
// of AD).
#include <atomic>
#include <chrono>
#include <cstdint>

#include "kdc/forest/account_policy.h"

namespace stead::kdc {

// Thread-safe without locks: count and time of the last failure are one word.
class LogonFailures {
 public:
  using Time = std::chrono::sys_seconds;

  // Counts one. Failures older than the policy's window are forgotten; a locked account counts no further. True: this
  // one locks the account.
  bool add(const AccountPolicy& policy, Time now);
  // The password was right: forgets the failures. False: the account is locked out, and stays so.
  [[nodiscard]] bool forgive(const AccountPolicy& policy, Time now);
  [[nodiscard]] bool is_locked(const AccountPolicy& policy, Time now) const;
  [[nodiscard]] std::uint32_t count() const;

 private:
  std::atomic<std::uint64_t> state_{0};  // the time, seconds since 1970, and in the low 16 bits the count
};

// True if an account that was locked at `since` (seconds since 1970; 0: it was not) is still locked.
[[nodiscard]] bool is_lockout_in_force(const AccountPolicy& policy, std::int64_t since, std::chrono::sys_seconds now);

}  // namespace stead::kdc
