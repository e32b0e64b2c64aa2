#pragma once
// The session of a signed-in user, as its cookie carries it.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proxy/config/config.h"
#include "sspi_shim/base/bytes.h"

namespace stead::proxy {

struct Session {
  std::string id;    // random, 32 hex digits
  std::string user;  // "alice@ROOT.FABRIKAM.COM", canonical
  SignInMethod method = SignInMethod::kerberos;
  std::chrono::system_clock::time_point expires;
  // Those of the configuration's groups that the user is in, by their numbers; nothing: the groups are not known.
  std::optional<std::vector<std::uint8_t>> groups = std::vector<std::uint8_t>();
  // evidence_digest() of the ticket that the user signed in with; empty with other methods. Sessions with the
  // same user and evidence are alike for every back end: their tickets come from the same one.
  std::string evidence{};
  bool forwarded_tgt = false;  // for this request: use the TGT that the client forwarded, not S4U
};

// The first 16 octets of SHA-256 of a ticket in DER.
[[nodiscard]] std::string evidence_digest(Bytes ticket);

}  // namespace stead::proxy
