#pragma once
// What every handler of a request works with: the DC that is asked, the snapshot, and the time.
//
// A handler does no I/O and never blocks. It stops with NeedKeys if a key is not derived yet; the server derives it on
// its thread pool and handles the same request again.
#include <chrono>
#include <optional>
#include <string>

#include "kdc/forest/functional_level.h"
#include "kdc/lookup/domain_view.h"
#include "kdc/tickets/fast_armor.h"
#include "sspi_shim/protocol/messages/krb_error.h"

namespace stead::kdc {

using Instant = std::chrono::sys_time<std::chrono::microseconds>;

constexpr std::chrono::seconds kClockSkew{300};
constexpr std::chrono::hours kTicketLifetime{10};
constexpr std::chrono::hours kRenewableLifetime{7 * 24};
constexpr std::chrono::seconds kChangepwLifetime{120};  // of tickets to kadmin/changepw

// What the log says about a request, in one line.
struct RequestLog {
  const char* kind = "?";  // AS, TGS, S4U2Self, S4U2Proxy
  std::string client, target, answer;
  std::optional<NtStatus> status;
  const char* why = "";
  bool proved = false;                       // an AS-REQ with a password's proof, right or wrong
  int audit = 0;                             // the event of a DC's Security log, 0: none
  int event = 0;                             // of its System log: Rejection::event
  const AccountEntry* locked_out = nullptr;  // by this request's wrong password; the server records it
};

struct Context : DomainView {
  const Controller& controller;
  const LevelTraits& level;
  Instant now;
  RequestLog& log;
  std::optional<FastArmor>& fast;  // has a value once a request under FAST is opened

  [[nodiscard]] Time seconds() const { return std::chrono::floor<std::chrono::seconds>(now); }
  [[nodiscard]] const std::string& realm() const { return domain.domain->realm; }
};

}  // namespace stead::kdc
