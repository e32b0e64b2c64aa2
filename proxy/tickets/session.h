#pragma once
// The session of a signed-in user, as its cookie carries it.
#include <chrono>
#include <string>

#include "proxy/config/config.h"

namespace stead::proxy {

struct Session {
  std::string id;    // random, 32 hex digits
  std::string user;  // "alice@ROOT.FABRIKAM.COM", canonical
  SignInMethod method = SignInMethod::kerberos;
  std::chrono::system_clock::time_point expires;
  bool forwarded_tgt = false;  // for this request: use the TGT that the client forwarded, not S4U
};

}  // namespace stead::proxy
