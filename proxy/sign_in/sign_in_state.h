#pragma once
// What the sign-in of all cores shares.
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <utility>

#include "proxy/config/config.h"
#include "proxy/sign_in/login_throttle.h"
#include "proxy/sign_in/revocations.h"
#include "proxy/sign_in/session_cookie.h"
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
  Revocations revocations;
  std::shared_ptr<const KerberosAcceptor> acceptor;  // null: Kerberos sign-in is off
  std::shared_ptr<OwnKeys> own_keys;                 // of the front end's account; null: certificate sign-in is off
  boost::asio::thread_pool pool{2};                  // for calls that block
};

}  // namespace stead::proxy
