#pragma once
// What the judgment of a client's token depends on besides the token: the keytab's keys, and what krb5.conf and the
// environment say. libgssapi reads all of it for each token, which takes longer than the rest of its work; read once,
// it serves for a few seconds.
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "sspi_shim/krb5/keytab.h"
#include "sspi_shim/krb5/replay_cache.h"
#include "sspi_shim/protocol/messages/ticket.h"

namespace stead {

struct AcceptSettings {
  std::vector<KeytabEntry> keys;   // AES keys of the services whose tickets are taken
  std::vector<EncType> permitted;  // permitted_enctypes, or libkrb5's default
  std::chrono::seconds clock_skew{};
  ReplayCache replay_cache;

  [[nodiscard]] bool permits(EncType type) const;
  // How long an authenticator must be remembered: of a client whose clock is ahead by the skew it holds for twice the
  // skew.
  [[nodiscard]] std::chrono::seconds replay_life() const { return 2 * clock_skew; }
  // The key that a ticket says it is encrypted with; null: the keytab has none of that name, version and type.
  [[nodiscard]] const Key* key_for(const Ticket& ticket) const;
};

// Blocks. `services`: whose keys are wanted. Nothing: something is as only libkrb5 can judge it, or cannot be read.
[[nodiscard]] std::optional<AcceptSettings> read_accept_settings(const std::string& keytab,
                                                                 const std::vector<Principal>& services);

}  // namespace stead
