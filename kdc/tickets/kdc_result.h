#pragma once
// How the handling of a request ends without a reply: with a KRB-ERROR, or to be repeated once keys are derived.
#include <boost/system/result.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "kdc/directory/keys.h"
#include "sspi_shim/protocol/messages/krb_error.h"

namespace stead::kdc {

// The KRB-ERROR to send.
struct Rejection {
  KrbErrc code{};
  std::optional<NtStatus> status;         // becomes KERB-ERROR-DATA
  const char* why = "";                   // for the log only
  PaDataList methods;                     // METHOD-DATA, if there is no status
  std::optional<NtStatus> bad_signature;  // what is wrong with a PAC's signature; sent in S4U2Proxy alone
  std::string crealm;                     // with KDC_ERR_WRONG_REALM: the realm to ask
  int event = 0;                          // what a DC writes to its System log (event_ids.h); 0: nothing
};

// Keys that the request needs and that are not derived yet.
struct NeedKeys {
  std::vector<std::pair<std::shared_ptr<const Keys>, EncType>> keys;
};

struct Stop {
  std::variant<Rejection, NeedKeys> reason;
};

inline Stop refuse(KrbErrc code, const char* why) {
  return {Rejection{.code = code, .status = {}, .why = why, .methods = {}, .bad_signature = {}, .crealm = {}}};
}
inline Stop refuse(KrbErrc code, NtStatus status, const char* why) {
  return {Rejection{.code = code, .status = status, .why = why, .methods = {}, .bad_signature = {}, .crealm = {}}};
}

// The refusal is one that a DC writes to its System log.
inline Stop with_event(Stop stop, int event) {
  if (auto* rejection = std::get_if<Rejection>(&stop.reason)) rejection->event = event;
  return stop;
}

// A signature of a PAC is missing or wrong.
inline Stop refuse_signature(KrbErrc code, NtStatus fault, const char* why) {
  Stop stop = refuse(code, why);
  std::get<Rejection>(stop.reason).bad_signature = fault;
  return stop;
}

// The answer to a client that asks for RBCD with a ticket whose signature is bad: another code where the signature is
// not made with a key. `status`: instead of what is wrong with it.
inline Stop in_rbcd(Stop stop, std::optional<NtStatus> status) {
  auto* rejection = std::get_if<Rejection>(&stop.reason);
  if (!rejection || !rejection->bad_signature) return stop;
  if (rejection->code == KrbErrc::KRB_AP_ERR_INAPP_CKSUM)
    rejection->code = rejection->bad_signature == NtStatus::STATUS_LOGON_FAILURE ? KrbErrc::KDC_ERR_SUMTYPE_NOSUPP
                                                                                 : KrbErrc::KRB_ERR_GENERIC;
  rejection->status = status ? status : rejection->bad_signature;
  return stop;
}

// A value, or the reason to stop.
template <class T>
using KdcResult = boost::system::result<T, Stop>;

}  // namespace stead::kdc
