#include "sspi_shim/s4u/action.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "sspi_shim/base/text.h"

namespace stead {
namespace {

// The Driver called a function of a machine that did not ask for it.
Refusal out_of_turn() {
  return rejected(make_error_code(WireErrc::unsupported), {}, {}, {}, "the exchange got an answer it did not ask for");
}

}  // namespace

std::string_view to_string(Stage stage) {
  switch (stage) {
    case Stage::own_tgt:
      return "own_tgt";
    case Stage::password:
      return "password";
    case Stage::user_realm:
      return "user_realm";
    case Stage::user_tgt:
      return "user_tgt";
    case Stage::s4u2self:
      return "s4u2self";
    case Stage::s4u2proxy:
      return "s4u2proxy";
    case Stage::own_referral:
      return "own_referral";
    case Stage::proxy_referral:
      return "proxy_referral";
    case Stage::target:
      return "target";
    case Stage::as_user:
      return "as_user";
  }
  return {};
}

Action Machine::on_level(DcLevel) {
  return out_of_turn();
}
Action Machine::on_located(const Located&) {
  return out_of_turn();
}
Action Machine::on_key(Result<Key>) {
  return out_of_turn();
}

Refusal refusal_of(const KrbError& error, Stage stage, std::string realm, const KnownController& by) {
  Refusal out;
  out.error = make_error_code(error.code);
  out.status = nt_status_of(error);
  out.stage = stage;
  out.realm = std::move(realm);
  out.by = by;
  return out;
}

StepAnswer answer_of(const KrbError& error) {
  const auto status = nt_status_of(error);
  return {AnswerKind::error, krb_error_name(static_cast<std::int32_t>(error.code)),
          status ? nt_status_name(static_cast<std::uint32_t>(*status)) : ""};
}

Refusal unreachable(Error error, Stage stage, std::string realm) {
  Refusal out;
  out.kind = FailureKind::unreachable;
  out.error = error;
  out.stage = stage;
  out.realm = std::move(realm);
  return out;
}

Refusal rejected(Error error, Stage stage, std::string realm, const KnownController& by, std::string what) {
  Refusal out;
  out.kind = FailureKind::rejected;
  out.error = error;
  out.stage = stage;
  out.realm = std::move(realm);
  out.by = by;
  out.what = std::move(what);
  return out;
}

bool note_clock_skew(ExchangeContext& context, const std::string& realm, const KrbError& error) {
  // A KDC whose clock is behind ours answers TKT_NYV instead of SKEW.
  if (error.code != KrbErrc::KRB_AP_ERR_SKEW && error.code != KrbErrc::KRB_AP_ERR_TKT_NYV) return false;
  // In microseconds: the system clock's nanoseconds cannot hold every time that a KRB-ERROR can name.
  using std::chrono::microseconds;
  const std::chrono::sys_time<microseconds> theirs = error.stime + microseconds(error.susec);
  const microseconds offset = theirs - std::chrono::floor<microseconds>(context.now());
  if (offset > kMaxClockOffset || offset < -kMaxClockOffset) return false;
  context.clock_offsets[realm] = offset;
  return true;
}

bool RealmPath::enter(const std::string& realm) {
  if (visited_.size() > kMaxReferrals) return false;
  const bool seen = std::any_of(visited_.begin(), visited_.end(),
                                [&](const auto& known) { return equal_ignoring_case(known, realm); });
  if (!seen) visited_.push_back(realm);
  return !seen;
}

}  // namespace stead
