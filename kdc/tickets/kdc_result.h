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
  std::optional<NtStatus> status;  // becomes KERB-ERROR-DATA
  const char* why = "";            // for the log only
  PaDataList methods;              // METHOD-DATA, if there is no status
  std::string crealm;              // with KDC_ERR_WRONG_REALM: the realm to ask
};

// Keys that the request needs and that are not derived yet.
struct NeedKeys {
  std::vector<std::pair<std::shared_ptr<const Keys>, EncType>> keys;
};

struct Stop {
  std::variant<Rejection, NeedKeys> reason;
};

inline Stop refuse(KrbErrc code, const char* why) {
  return {Rejection{.code = code, .status = {}, .why = why, .methods = {}, .crealm = {}}};
}
inline Stop refuse(KrbErrc code, NtStatus status, const char* why) {
  return {Rejection{.code = code, .status = status, .why = why, .methods = {}, .crealm = {}}};
}

// A value, or the reason to stop.
template <class T>
using KdcResult = boost::system::result<T, Stop>;

}  // namespace stead::kdc
