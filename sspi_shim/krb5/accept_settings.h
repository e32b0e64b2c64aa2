#pragma once
// What judge_plain_token needs besides the token: the keytab's keys and settings from krb5.conf and the environment.
// libgssapi reads all of it for each token, which takes most of its time; KerberosAcceptor keeps it for two seconds.
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "sspi_shim/krb5/keytab.h"
#include "sspi_shim/krb5/replay_cache.h"
#include "sspi_shim/protocol/messages/ticket.h"

namespace stead {

struct AcceptSettings {
  std::vector<KeytabEntry> keys;   // AES keys of the services whose tickets are accepted
  std::vector<EncType> permitted;  // permitted_enctypes, or libkrb5's default
  std::chrono::seconds clock_skew{};
  ReplayCache replay_cache;

  [[nodiscard]] bool permits(EncType type) const;
  // How long an authenticator is remembered: one from a clock that is fast by the skew stays valid for twice the skew.
  [[nodiscard]] std::chrono::seconds replay_life() const { return 2 * clock_skew; }
  // The key of the ticket's service, kvno and encryption type; null: the keytab has none.
  [[nodiscard]] const Key* key_for(const Ticket& ticket) const;
};

// `services`: whose keys are read. Nothing: something cannot be read, or needs what only libkrb5 has. Blocks.
[[nodiscard]] std::optional<AcceptSettings> read_accept_settings(const std::string& keytab,
                                                                 const std::vector<Principal>& services);

}  // namespace stead
