#pragma once
// What the sign-in of all cores shares: keys, throttle, acceptor, the thread pool for what blocks, and the sessions
// that were signed out.
#include <atomic>
#include <boost/asio/thread_pool.hpp>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "proxy/config/config.h"
#include "proxy/sign_in/login_throttle.h"
#include "proxy/sign_in/session_cookie.h"
#include "sspi_shim/krb5/own_keys.h"
#include "stead/acceptor.h"

namespace stead::proxy {

// Ids of sessions that were signed out here, until they would have ended anyway. Readers keep a copy and look for a new
// generation, so that a request takes no lock.
class Revocations {
 public:
  using Ids = std::unordered_map<std::string, std::chrono::system_clock::time_point>;
  void add(const Session& session, std::chrono::system_clock::time_point now);
  [[nodiscard]] std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
  [[nodiscard]] Ids copy(std::uint64_t& generation) const;

 private:
  mutable std::mutex mutex_;
  Ids ids_;
  std::atomic<std::uint64_t> generation_{0};
};

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
  std::shared_ptr<const KerberosAcceptor> acceptor;  // null where Kerberos sign-in is off
  std::shared_ptr<OwnKeys> own_keys;                 // of the front end's account; read where certificates sign in
  boost::asio::thread_pool pool{2};
};

}  // namespace stead::proxy
