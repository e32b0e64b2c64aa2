#pragma once
// What every handler works with: which DC is asked, when, over which snapshot, and how a request stops short of a
// reply.
//
// Handling does no I/O and never blocks. A key that has not been made from its password yet stops it with NeedKeys: the
// server has it made on its thread pool and handles the same request again.
#include <boost/system/result.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "kdc/directory/directory.h"
#include "kdc/directory/functional_level.h"
#include "sspi_shim/protocol/messages/kdc_messages.h"
#include "sspi_shim/protocol/messages/krb_error.h"

namespace stead::kdc {

using Instant = std::chrono::sys_time<std::chrono::microseconds>;

// A KRB-ERROR in the making. `why` is for the log alone.
struct Refusal {
  KrbErrc code{};
  std::optional<NtStatus> status;  // becomes KERB-ERROR-DATA
  const char* why = "";
  Buffer e_data;       // METHOD-DATA, where there is no status
  std::string crealm;  // with KDC_ERR_WRONG_REALM: where to go
};

struct NeedKeys {
  std::vector<std::pair<std::shared_ptr<const Keys>, EncType>> keys;
};

struct Stop {
  std::variant<Refusal, NeedKeys> reason;
};
inline Stop refuse(KrbErrc code, const char* why) {
  return {Refusal{.code = code, .status = {}, .why = why, .e_data = {}, .crealm = {}}};
}
inline Stop refuse(KrbErrc code, NtStatus status, const char* why) {
  return {Refusal{.code = code, .status = status, .why = why, .e_data = {}, .crealm = {}}};
}

template <class T>
using Step = boost::system::result<T, Stop>;

// One line of the log for each request.
struct RequestLog {
  const char* kind = "?";  // AS, TGS, S4U2Self, S4U2Proxy
  std::string client, target, answer;
  std::optional<NtStatus> status;
  const char* why = "";
};

struct Context {
  const Snapshot& snapshot;
  const DomainEntry& domain;
  const Controller& controller;
  const LevelTraits& level;
  Instant now;
  RequestLog& log;

  [[nodiscard]] Time seconds() const { return std::chrono::floor<std::chrono::seconds>(now); }
  [[nodiscard]] const std::string& realm() const { return domain.domain->realm; }
};

constexpr std::chrono::seconds kClockSkew{300};
constexpr std::chrono::hours kTicketLifetime{10};
constexpr std::chrono::hours kRenewableLifetime{7 * 24};

// Asks for keys one after the other and remembers which are not there yet.
class KeyRequest {
 public:
  // Null: not made yet, or (refused()) the account cannot have one of this type.
  const Key* get(const std::shared_ptr<const Keys>& keys, EncType type) {
    if (!keys || !keys->can_have(type)) {
      impossible_ = true;
      return nullptr;
    }
    const Key* key = keys->find(type);
    if (!key) missing_.keys.emplace_back(keys, type);
    return key;
  }
  [[nodiscard]] bool complete() const { return missing_.keys.empty() && !impossible_; }
  [[nodiscard]] Stop stop() {
    if (impossible_)
      return refuse(KrbErrc::KDC_ERR_ETYPE_NOSUPP, NtStatus::STATUS_KDC_UNKNOWN_ETYPE, "no key of that type");
    return {std::move(missing_)};
  }

 private:
  NeedKeys missing_;
  bool impossible_ = false;
};

}  // namespace stead::kdc
