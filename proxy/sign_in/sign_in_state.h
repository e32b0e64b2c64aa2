#pragma once
// What the sign-in of all cores shares.
#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "proxy/config/config.h"
#include "proxy/sessions/revocations.h"
#include "proxy/sessions/session_cookie.h"
#include "proxy/sessions/sign_out_file.h"
#include "proxy/sign_in/answer_times.h"
#include "proxy/sign_in/login_throttle.h"
#include "proxy/tickets/evidence_sids.h"
#include "sspi_shim/krb5/own_keys.h"
#include "stead/acceptor.h"

namespace stead::proxy {

struct SignInState {
  SignInState(const Config& settings, SessionKeys session_keys)
      : config(settings),
        keys(std::move(session_keys)),
        throttle(std::make_shared<LoginThrottle>(
            LoginThrottle::Options{.per_user = settings.limits.login_failures_per_user,
                                   .per_address = settings.limits.login_failures_per_address,
                                   .window = settings.limits.login_window})) {}
  const Config config;
  const SessionKeys keys;
  const std::shared_ptr<LoginThrottle> throttle;
  AnswerTimes answer_times;
  Revocations revocations;
  std::unique_ptr<SignOutFile> sign_outs;            // null: sign-outs end with the process
  std::shared_ptr<const KerberosAcceptor> acceptor;  // null: Kerberos sign-in is off
  std::shared_ptr<OwnKeys> own_keys;                 // of the front end's account; null: nothing needs a user's SIDs
  boost::asio::thread_pool pool{2};                  // for calls that block

  // The user's among the groups that the configuration names; nothing: the ticket does not say.
  [[nodiscard]] std::optional<std::vector<std::uint8_t>> groups_in(const Ticket& evidence) const {
    if (config.groups.patterns.empty()) return std::vector<std::uint8_t>();
    const auto sids = own_keys ? sids_in_evidence(evidence, *own_keys) : std::nullopt;
    if (!sids) return std::nullopt;
    return config.groups.matching(sids->all);
  }
};

}  // namespace stead::proxy
