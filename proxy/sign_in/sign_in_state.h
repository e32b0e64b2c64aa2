#pragma once
// What the sign-in of all cores shares, by one reading of the configuration.
#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "proxy/config/config.h"
#include "proxy/sessions/revocations.h"
#include "proxy/sessions/session_cookie.h"
#include "proxy/sessions/session_list.h"
#include "proxy/sessions/sign_out_file.h"
#include "proxy/shared/shared_state.h"
#include "proxy/sign_in/throttle/answer_times.h"
#include "proxy/sign_in/throttle/login_throttle.h"
#include "proxy/tickets/evidence_sids.h"
#include "sspi_shim/base/problem.h"
#include "sspi_shim/krb5/own_keys.h"
#include "stead/acceptor.h"

namespace stead::proxy {

[[nodiscard]] inline LoginThrottle::Options throttle_options(const Limits& limits) {
  return {.per_user = limits.login_failures_per_user,
          .per_address = limits.login_failures_per_address,
          .window = limits.login_window};
}

// made: a session key that is missing is made, as is the file of sign-outs beside it.
enum class KeyFiles { made, only_read };

// What sign-in remembers longer than one reading of the configuration: failed passwords, sign-outs, and the threads on
// which it waits. One for the process; it outlives every SignInState, whose threads must not end on one of them.
struct SignInMemory {
  explicit SignInMemory(KeyFiles use) : files(use) {}
  const KeyFiles files;
  const std::shared_ptr<LoginThrottle> throttle = std::make_shared<LoginThrottle>(LoginThrottle::Options());
  AnswerTimes answer_times;
  Revocations revocations;
  SessionList sessions;
  // The sign-outs beside the key file that was read last. Used by make_sign_in() only.
  std::string key_file;
  std::shared_ptr<SignOutFile> sign_outs;
  boost::asio::thread_pool pool{2};  // for calls that block
  // Other replicas. It calls the members above, so that it ends before them. `shared_settings`, `shared_keys`: what it was
  // made of.
  SharedSettings shared_settings;
  std::optional<SessionKeys> shared_keys;
  std::shared_ptr<SharedState> shared;
};

struct SignInState {
  SignInState(const Config& settings, SessionKeys session_keys, std::shared_ptr<SignInMemory> of_process)
      : config(settings), keys(std::move(session_keys)), memory(std::move(of_process)) {}
  const Config config;
  const SessionKeys keys;
  const std::shared_ptr<SignInMemory> memory;
  const std::shared_ptr<LoginThrottle>& throttle = memory->throttle;
  AnswerTimes& answer_times = memory->answer_times;
  Revocations& revocations = memory->revocations;
  std::shared_ptr<SignOutFile> sign_outs;            // null: sign-outs end with the process
  std::shared_ptr<SharedState> shared;               // null: this replica is alone
  std::shared_ptr<const KerberosAcceptor> acceptor;  // null: Kerberos sign-in is off
  std::shared_ptr<OwnKeys> own_keys;                 // of the front end's account; null: nothing needs a user's SIDs
  boost::asio::thread_pool& pool = memory->pool;     // for calls that block

  // The user's among the groups that the configuration names; nothing: the ticket does not say.
  [[nodiscard]] std::optional<std::vector<std::uint8_t>> groups_in(const Ticket& evidence) const {
    if (config.groups.patterns.empty()) return std::vector<std::uint8_t>();
    const auto sids = own_keys ? sids_in_evidence(evidence, *own_keys) : std::nullopt;
    if (!sids) return std::nullopt;
    return config.groups.matching(sids->all);
  }
};

[[nodiscard]] std::shared_ptr<SignInMemory> make_sign_in_memory(KeyFiles files);

// Blocking.
[[nodiscard]] Checked<std::shared_ptr<SignInState>> open_sign_in_state(const Config& config,
                                                                       const std::shared_ptr<SignInMemory>& memory);

}  // namespace stead::proxy
